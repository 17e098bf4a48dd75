"""Slips of the keyboard behind a syntax fault: full-width signs, odd spaces, a space left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from engine.rulebook.strict.source import SourceText
from engine.rulebook.strict.width import OPENING, plain_sign

_ODD: Final = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_WORD: Final = "[A-Za-z_][A-Za-z0-9_]*"
_QUOTED: Final = "(?:'[^']*'|\"[^\"\\\\]*\")"
_FORMS: Final = (
    ("odd_space", re.compile(rf" *(?:- +)?([{_ODD}])[{_ODD} ]*(?:- *)?[{{]?{_WORD} *:")),
    ("full_width", re.compile(rf" *(?:- +)*{_WORD} *(：)")),
    ("full_width", re.compile(rf".*[{{,，] *{_WORD} *(：)")),
    ("odd_space", re.compile(rf" *(?:- +)*{_WORD}:([{_ODD}])")),
    ("full_width", re.compile(rf".*?[^ ](，) *{_WORD} *[:：]")),
    ("full_width_sign", re.compile(rf" *(?:- +)*(?:{_WORD}: *)?([{OPENING}])")),
    ("full_width_sign", re.compile(r".*{[^}]*(｝)\s*(?:#.*)?$")),
    ("full_width_sign", re.compile(r".*\[[^\]]*([］】])\s*(?:#.*)?$")),
    ("full_width_sign", re.compile(rf" *([－—–−]) *{_WORD}: ")),
    ("full_width_sign", re.compile(r" *(＃)")),
    ("no_space", re.compile(r" *(-)[A-Za-z_{\['\"]")),
    ("no_space", re.compile(rf" *(?:- +)*{_WORD}(:)[^\s:：]")),
    ("after_quote", re.compile(rf"(?: *(?:- +)*|.*[{{,] *){_WORD}: *{_QUOTED} +([^ #,}}\]])")),
)
_CONFLICT: Final = re.compile("^<{7} ", re.MULTILINE)
_BEFORE: Final = 3
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Slip:
    """What was probably mistyped: the wording, where, the sign, its number and the plain one instead."""

    wording: str
    index: int
    sign: str
    character: str
    plain: str


def slip_before(source: SourceText, index: int) -> Slip | None:
    """The slip on the line of a fault, or on one of the two above, nearest first; before all an unfinished merge.

    >>> slip_before(SourceText.of("b2b.yaml", "market：B2B\\nscorecard: 1\\n"), 21).sign
    '：'
    """
    conflict = _CONFLICT.search(source.text)
    if conflict:
        return Slip("merge_conflict", conflict.start(), "<", "U+003C", "")
    line = source.place(index).line - 1
    for number in range(line, max(line - _BEFORE, -1), -1):
        start = source.starts[number]
        end = source.starts[number + 1] if number + 1 < len(source.starts) else len(source.text)
        found = _slip(source.text[start : min(end, start + _LONGEST)])
        if found is not None:
            return replace(found, index=start + found.index)
    return None


def _slip(line: str) -> Slip | None:
    for wording, form in _FORMS:
        found = form.match(line)
        if found:
            sign = found.group(1)
            return Slip(wording, found.start(1), sign, f"U+{ord(sign):04X}", plain_sign(sign))
    return None
