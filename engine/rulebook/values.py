"""Readers of single values: each gives the value, or reports the problem and gives None."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Final

from engine.errors import Place
from engine.rulebook.blank import Blank, Form
from engine.rulebook.strict import Broken, Entry, Findings, Node, Scalar, Series, Table
from engine.rulebook.strict.width import plainly, written_plainly
from engine.vocabulary import POINTS_SCALE, SHARE_SCALE, Text

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
_DAYS: Final = re.compile(r"(0|[1-9][0-9]{0,4})d", re.ASCII)
_PERCENT: Final = re.compile(r"((?:0|[1-9][0-9]{0,2})(?:\.[0-9]{1,4})?)%", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_TEXT: Final[Form] = {"type": "string", "pattern": r"\S"}


class Values:
    """Readers that report to one list of findings."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings

    def scalar(self, node: Node, wording: str = "want_text") -> Scalar | None:
        """A single value, as opposed to a list or mapping; never `null`."""
        if isinstance(node, Scalar) and node.value is not None:
            return node
        if isinstance(node, Scalar):
            self.findings.add("scalar_nothing", node.place, text="null")
        elif not isinstance(node, Broken):
            self.findings.add(wording, node.place, text="[…]" if isinstance(node, Series) else "{…}")
        return None

    def text(self, node: Node) -> str | None:
        """A text that is not empty."""
        if isinstance(node, Blank):
            return node.note(_TEXT)
        scalar = self.scalar(node)
        if scalar is None:
            return None
        if not isinstance(scalar.value, str) or not scalar.value.strip():
            self.findings.add("want_text", scalar.place)
            return None
        return scalar.value

    def written(self, node: Node) -> str | None:
        """The characters of any value, e.g. of an expression that is only a number."""
        scalar = self.scalar(node)
        return scalar.text if scalar else None

    def name(self, node: Node) -> str | None:
        """A name in lower case."""
        return self.matching(node, NAME, "want_name")

    def open_name(self, kind: Text) -> Callable[[Node], str | None]:
        """A name in lower case that nobody declares; editors offer those in use."""

        def read(node: Node) -> str | None:
            if isinstance(node, Blank):
                return node.note({"names": kind.en, "open": _matching(NAME)})
            return self.name(node)

        return read

    def key(self, node: Node) -> str | None:
        """A key or code in either case."""
        return self.matching(node, KEY, "want_key")

    def matching(self, node: Node, pattern: re.Pattern[str], wording: str) -> str | None:
        """A text of a given form."""
        if isinstance(node, Blank):
            return node.note(_matching(pattern))
        scalar = self.scalar(node, wording)
        if scalar is None:
            return None
        if not isinstance(scalar.value, str) or not pattern.fullmatch(scalar.value):
            self._refuse(wording, scalar, _as_name(scalar.text, pattern))
            return None
        return scalar.value

    def choice(self, allowed: Iterable[str]) -> Callable[[Node], str | None]:
        """One of some words."""
        words = tuple(allowed)

        def read(node: Node) -> str | None:
            if isinstance(node, Blank):
                return node.note({"enum": [str(word) for word in words]})
            text = self.text(node)
            if text is None or text in words:
                return text
            self.findings.add("not_a_choice", node.place, text=text, hint=self.findings.suggestion(text, words))
            return None

        return read

    def known(self, kind: Text, names: Iterable[str] | None) -> Callable[[Node], str | None]:
        """The name of something declared elsewhere; None: where it is declared cannot be read."""
        words = None if names is None else tuple(names)

        def read(node: Node) -> str | None:
            if isinstance(node, Blank):
                return node.note({"names": kind.en, "enum": list(words or ())})
            text = self.text(node)
            if text is None or words is None or text in words:
                return text
            self.findings.add(
                "unknown_name", node.place, kind=kind, name=text, hint=self.findings.suggestion(text, words)
            )
            return None

        return read

    def number(self, node: Node) -> Decimal | None:
        """A decimal number."""
        if isinstance(node, Blank):
            node.note({"type": "number"})
        scalar = self.scalar(node, "want_number")
        if scalar is None:
            return None
        if not isinstance(scalar.value, Decimal):
            percent = _PERCENT.fullmatch(plainly(scalar.text))
            hint = Text(f"Write {percent[1]} without %.", f"请写 {percent[1]}，不加 %。") if percent else None
            self._refuse("want_number", scalar, hint)
            return None
        return scalar.value

    def whole(self, low: int, high: int) -> Callable[[Node], int | None]:
        """A whole number within bounds."""

        def read(node: Node) -> int | None:
            if isinstance(node, Blank):
                node.note({"type": "integer", "minimum": low, "maximum": high})
                return None
            number = self.number(node)
            if number is None:
                return None
            if number != number.to_integral_value():
                self.findings.add("want_whole", node.place, text=number)
                return None
            return self.within(int(number), low, high, node.place)

        return read

    def within(self, number: int, low: int, high: int, place: Place) -> int | None:
        """The number itself if it lies within bounds."""
        if low <= number <= high:
            return number
        self.findings.add("out_of_range", place, text=number, low=low, high=high)
        return None

    def scaled(self, node: Node, scale: int, low: int, high: int, unit: Text) -> int | None:
        """A number in stored units, exactly; `low` and `high` are in written units."""
        if isinstance(node, Blank):
            node.note({"type": "number", "minimum": low, "maximum": high})
            return None
        number = self.number(node)
        if number is None:
            return None
        stored = number * scale
        if stored != stored.to_integral_value():
            self.findings.add("too_precise", node.place, text=number, unit=unit, digits=len(str(scale)) - 1)
            return None
        if not low <= number <= high:
            self.findings.add("out_of_range", node.place, text=number, low=low, high=high)
            return None
        return int(stored)

    def points(self, node: Node) -> int | None:
        """Points from 0 to 100, in 0.0001."""
        return self.scaled(node, POINTS_SCALE, 0, 100, Text("points", "分数"))

    def days(self, node: Node) -> int | None:
        """A number of days, written `28d`."""
        if isinstance(node, Blank):
            node.note(_matching(_DAYS))
            return None
        scalar = self.scalar(node, "want_days")
        if scalar is None:
            return None
        found = _DAYS.fullmatch(scalar.text)
        if not found:
            bare = isinstance(scalar.value, Decimal) and scalar.text.isdigit()
            hint = Text(f"Write {scalar.text}d.", f"请写 {scalar.text}d。") if bare else None
            self._refuse("want_days", scalar, hint)
            return None
        return self.within(int(found[1]), 0, 36500, scalar.place)

    def share(self, node: Node) -> int | None:
        """A share written `10%`, in 0.000001."""
        if isinstance(node, Blank):
            node.note(_matching(_PERCENT))
            return None
        scalar = self.scalar(node, "want_percent")
        if scalar is None:
            return None
        found = _PERCENT.fullmatch(scalar.text)
        if not found or Decimal(found[1]) > 100:
            self._refuse("want_percent", scalar)
            return None
        return int(Decimal(found[1]) * (SHARE_SCALE // 100))

    def date(self, node: Node) -> date | None:
        """A calendar date, quoted or not."""
        if isinstance(node, Blank):
            node.note(_matching(_DATE))
            return None
        scalar = self.scalar(node, "want_date")
        if scalar is None:
            return None
        if isinstance(scalar.value, date):
            return scalar.value
        try:
            if _DATE.fullmatch(scalar.text):
                return date.fromisoformat(scalar.text)
        except ValueError:
            self.findings.add("scalar_no_such_date", scalar.place, text=scalar.shown)
            return None
        self._refuse("want_date", scalar)
        return None

    def truth(self, node: Node) -> bool | None:
        """true or false."""
        if isinstance(node, Blank):
            node.note({"type": "boolean"})
            return None
        scalar = self.scalar(node, "want_truth")
        if scalar is None:
            return None
        if not isinstance(scalar.value, bool):
            self._refuse("want_truth", scalar)
            return None
        return scalar.value

    def hours(self, node: Node) -> tuple[int, int] | None:
        """A span of local hours, written `"21:00-09:00"`, as minutes of the day."""
        if isinstance(node, Blank):
            node.note(_matching(_HOURS))
            return None
        scalar = self.scalar(node, "want_hours")
        if scalar is None:
            return None
        found = _HOURS.fullmatch(scalar.text)
        if not found or scalar.text[:5] == scalar.text[6:]:
            self._refuse("want_hours", scalar)
            return None
        first, second, third, fourth = (int(part) for part in found.groups())
        return first * 60 + second, third * 60 + fourth

    def items(self, node: Node, key: str) -> tuple[Node, ...]:
        """The items of a list; none when it is no list."""
        if isinstance(node, Blank):
            return node.listed(key)
        if isinstance(node, Series):
            return node.items
        if not isinstance(node, Broken):
            hint = written_plainly(node.text) if isinstance(node, Scalar) else None
            self.findings.add("want_list", node.place, key=key, hint=hint)
        return ()

    def _refuse(self, wording: str, scalar: Scalar, hint: Text | None = None) -> None:
        """Report a value of another form than is wanted; without a better hint by its full-width character."""
        self.findings.add(wording, scalar.place, text=scalar.shown, hint=hint or written_plainly(scalar.text))

    def pair(self, node: Node) -> tuple[Node, ...]:
        """The items of a list of two, e.g. of a point of a curve."""
        if isinstance(node, Blank):
            return node.pair()
        return node.items if isinstance(node, Series) else ()

    def entries(self, node: Node, owner: Text) -> dict[str, Entry]:
        """The entries of a mapping whose keys the author chooses."""
        if isinstance(node, Blank):
            return node.mapped(owner.en)
        if isinstance(node, Table):
            return dict(node.entries)
        if not isinstance(node, Broken):
            self.findings.add("want_table", node.place, owner=owner)
        return {}


def _matching(pattern: re.Pattern[str]) -> Form:
    """A text of a given form, for editors."""
    return {"type": "string", "pattern": f"^(?:{pattern.pattern})$"}


def _as_name(text: str, pattern: re.Pattern[str]) -> Text | None:
    """A remedy that writes the same words as a name, if that gives one."""
    name = re.sub(r"[\s\-.]+", "_", text.strip().lower() if pattern is NAME else text.strip())
    return Text(f"Write for example `{name}`.", f"例如写成 `{name}`。") if pattern.fullmatch(name) else None
