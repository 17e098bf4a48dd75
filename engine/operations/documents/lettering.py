"""How much room a text takes in a drawing, where nothing wraps by itself."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WIDE: Final = frozenset("WFA")
_PIECES: Final = re.compile(
    r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]+|\s+"
)
_LATIN_EM: Final = 0.6
"""Mean width of a letter that is not wide, on the safe side for the fonts a page may be shown in."""


def width(text: str) -> float:
    """Width in em, estimated: Chinese characters are as wide as high.

    >>> width("得分"), width("ab")
    (2.0, 1.2)
    """
    return sum(1.0 if unicodedata.east_asian_width(sign) in _WIDE else _LATIN_EM for sign in text)


def wrapped(text: str, room: float, most: int = 2) -> list[str]:
    """A text in at most so many lines of a width in em; what is left over gives way to an ellipsis.

    >>> wrapped("Cost to serve, share of gross margin", 13)
    ['Cost to serve, share', 'of gross margin']
    >>> wrapped("客户生命周期价值", 5), wrapped("a very long word: incomprehensibilities", 9)
    (['客户生命周', '期价值'], ['a very long', 'word: incompr…'])
    """
    lines = [""]
    for piece in _PIECES.findall(text):
        if width(lines[-1] + piece.rstrip()) <= room:
            lines[-1] += piece
        elif lines[-1]:
            lines.append(piece.lstrip())
        else:
            lines[-1] = piece
    lines = [line.strip() for line in lines if line.strip()]
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1]} {lines[most]}"]
    return [line if width(line) <= room else cut(line, room) for line in lines]


def cut(text: str, room: float) -> str:
    """A text cut to a width in em.

    >>> cut("incomprehensible", 4)
    'incom…'
    """
    kept = text
    while kept and width(kept + "…") > room:
        kept = kept[:-1]
    return kept + "…"
