"""A line of a rule file with a caret under one of its characters, as it stands on a terminal."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_BREAK: Final = re.compile("\r\n|\r|\n")
_ROOM: Final = 100
"""Columns of a line that are shown; a longer one is cut on both sides of the caret."""


def lines_of(text: str) -> list[str]:
    """The lines of a file, counted as places count them; a byte order mark is no character.

    >>> lines_of("\\ufeffa\\r\\nb\\x0bc\\rd")
    ['a', 'b\\x0bc', 'd']
    """
    return _BREAK.split(text.removeprefix("\ufeff"))


def width(text: str) -> int:
    """Columns a text takes on a terminal: Chinese characters take two, combining ones none.

    >>> width("ab客户"), width("e\\u0301")
    (6, 1)
    """
    return sum(_columns(character) for character in text)


def excerpt(line: str, column: int) -> tuple[str, str]:
    """A line and what stands below it: blanks, and a caret under the character of a column (from 1).

    >>> excerpt("zh: 客户 x", 8)
    ('zh: 客户 x', '         ^')
    """
    at = min(max(column - 1, 0), len(line))
    start, end = _window(line, at)
    before, after = _visible(line[start:at]), _visible(line[at:end])
    head, tail = "…" if start else "", "…" if end < len(line) else ""
    return f"{head}{before}{after}{tail}", " " * width(head + before) + "^"


def _window(line: str, at: int) -> tuple[int, int]:
    """The part of a line that is shown: all of it, or as much around a character as there is room for."""
    if len(line) <= _ROOM and width(line) <= 2 * _ROOM:
        return 0, len(line)
    start = max(0, at - _ROOM // 2)
    return start, min(len(line), start + _ROOM)


def _visible(text: str) -> str:
    """Characters that cannot be seen, or that would move what is seen, written out; a tab as a blank."""
    return "".join(_written(character) for character in text)


def _written(character: str) -> str:
    if character == "\t":
        return " "
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
