"""The tree a rule file is read into; every node knows its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from engine.errors import Place
from engine.rulebook.strict.origins import origins
from engine.rulebook.strict.source import SourceText

Value = str | bool | Decimal | date | None


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """One written value.

    Attributes:
        value: Text, truth, number, date, or None for the word `null`.
        text: The characters of the value, without quotes and with escapes resolved.
        style: `'`, `"`, `|`, `>`, or empty for a plain one.
        start, end: Where it stands in the file's text.
    """

    value: Value
    text: str
    style: str
    source: SourceText
    start: int
    end: int

    @property
    def place(self) -> Place:
        """Where it begins; for a quoted text that is the quote."""
        return self.source.place(self.start)

    @property
    def shown(self) -> str:
        """The value as somebody wrote it, with its quotes."""
        return f"{self.style}{self.text}{self.style}" if self.style in ("'", '"') else self.text

    def origin(self, offset: int) -> Place:
        """The place of a character of `text`, through quotes, escapes and folded lines."""
        found = origins(self.source.text[self.start : self.end], self.text, self.style)
        return self.source.place(self.start + found[min(max(offset, 0), len(found) - 1)])


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A key with its value."""

    key: Scalar
    value: Node


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A mapping, in written order."""

    entries: Mapping[str, Entry]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A list."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True, eq=False)
class Broken:
    """Something already reported; readers pass over it without a word."""

    place: Place


Node = Scalar | Table | Series | Broken
