"""Texts between braces that were cut at a comma because nobody quoted them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from yaml.events import Event, ScalarEvent

from engine.rulebook.strict.findings import Findings
from engine.rulebook.strict.located import Broken, Entry, Scalar
from engine.rulebook.strict.scalars import THOUSANDS
from engine.rulebook.strict.source import SourceText
from engine.rulebook.strict.width import OPENING, QUOTES, plain_sign, unquoted

_FULL_COLON: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]* *：", re.ASCII)
_NO_SPACE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*:\S", re.ASCII)


@dataclass(slots=True)
class _Cut:
    """The rest of one text: after which key's value it came, and where it stands."""

    before: str | None
    start: int
    end: int


class Cuts:
    """What stands alone between the commas of one flow mapping.

    Args:
        source: The file.
        findings: Where problems go.
    """

    def __init__(self, source: SourceText, findings: Findings) -> None:
        self._source = source
        self._findings = findings
        self._cuts: list[_Cut] = []
        self._open = False

    def alone(self, key: ScalarEvent, value: Event) -> bool:
        """Whether a key has neither a colon nor a value."""
        if not isinstance(value, ScalarEvent) or value.value or value.style or not key.value:
            return False
        return not self._source.text[_end(key) : _start(value)].rstrip().endswith(":")

    def add(self, key: ScalarEvent, before: str | None) -> None:
        """Note a key that stands alone, behind the value of another one (None: it is the first)."""
        if self._open:
            self._cuts[-1].end = _end(key)
        else:
            self._cuts.append(_Cut(before, _start(key), _end(key)))
        self._open = True

    def close(self) -> None:
        """A proper key follows: the text before it ends."""
        self._open = False

    def report(self, entries: dict[str, Entry]) -> None:
        """Report each cut text once, and withdraw the piece that was left of it."""
        for cut in self._cuts:
            entry = entries.get(cut.before) if cut.before is not None else None
            written = self._source.text[cut.start : cut.end]
            place = self._source.place(cut.start)
            value = entry.value if entry is not None else None
            if _FULL_COLON.match(written):
                at = self._source.place(cut.start + written.index("："))
                self._findings.add("full_width", at, sign="：", plain=":")
            elif _NO_SPACE.match(written):
                self._findings.add("no_space", self._source.place(cut.start + written.index(":")), sign=":")
            elif entry is None or not isinstance(value, Scalar) or value.style:
                self._findings.add("bare_key", place, key=written)
            else:
                self._report_cut(entry.key.text, value, cut)
                entries[entry.key.text] = Entry(entry.key, Broken(value.place))

    def _report_cut(self, key: str, value: Scalar, cut: _Cut) -> None:
        place = self._source.place(cut.start)
        joined = " ".join(self._source.text[value.start : cut.end].split())
        if THOUSANDS.fullmatch(joined):
            self._findings.add("thousands", place, text=joined, plain=joined.replace(",", "").replace(" ", ""))
            return
        if joined[0] in OPENING:
            sign = joined[0]
            self._findings.add("full_width_sign", self._source.place(value.start), sign=sign, plain=plain_sign(sign))
            return
        if joined[0] in QUOTES:
            whole = f'{key}: "{unquoted(joined)}"'
            place = self._source.place(value.start)
            self._findings.add("full_width_quote", place, sign=joined[0], plain='"', whole=whole)
            return
        quoted = f'"{joined}"' if '"' not in joined else "'" + joined.replace("'", "''") + "'"
        self._findings.add("cut_text", place, key=key, whole=f"{key}: {quoted}")


def _start(event: ScalarEvent) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: ScalarEvent) -> int:
    return event.end_mark.index if event.end_mark else 0
