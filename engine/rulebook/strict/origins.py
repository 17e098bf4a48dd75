"""From a character of a value back to the character of the file it was written as."""

from __future__ import annotations

import re
from typing import Final

_BREAK: Final = re.compile("\r\n|\r|\n")
_ESCAPES: Final = {"x": 2, "u": 4, "U": 8}
_SIMPLE: Final = {"0": "\0", "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
                  " ": " ", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029"}  # fmt: skip


def origins(raw: str, value: str, style: str) -> list[int]:
    """Index in `raw` of every character of `value`, and of its end.

    Line folding only changes white space, so the other characters are found in written order;
    white space gets the place after the character before it.

    Args:
        raw: The scalar as it stands in the file, quotes and block header included.
        value: What YAML makes of it.
        style: `'`, `"`, `|`, `>`, or empty for plain.

    >>> origins("'a''b c'", "a'b c", "'")
    [1, 2, 4, 5, 6, 7]
    """
    at = _content(raw, style)
    found = []
    for character in value:
        if character.isspace():
            found.append(at)
            at += at < len(raw) and raw[at] == " "
            continue
        at, width = _seek(raw, at, character, style)
        found.append(at)
        at += width
    return [*found, min(at, len(raw))]


def _content(raw: str, style: str) -> int:
    """Where the characters begin, after a quote or a block's header line."""
    if style in ("'", '"'):
        return 1
    if style not in ("|", ">"):
        return 0
    header = _BREAK.search(raw)
    return header.end() if header else len(raw)


def _seek(raw: str, at: int, character: str, style: str) -> tuple[int, int]:
    """Where a visible character is next written, and how many characters that takes."""
    while at < len(raw):
        written, width = _read(raw, at, style)
        if written == character:
            return at, width
        at += width
    return len(raw), 0


def _read(raw: str, at: int, style: str) -> tuple[str, int]:
    """The character written at an index, and how many characters it is written with."""
    if style == "'" and raw.startswith("''", at):
        return "'", 2
    if style != '"' or raw[at] != "\\" or at + 1 >= len(raw):
        return raw[at], 1
    letter = raw[at + 1]
    if letter in _ESCAPES:
        digits = raw[at + 2 : at + 2 + _ESCAPES[letter]]
        return chr(int(digits, 16)), 2 + len(digits)
    return _SIMPLE.get(letter, letter), 2
