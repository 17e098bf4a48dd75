"""What an unquoted value means: text, true, false, a decimal number, a date, or nothing that is sure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DATE_LIKE: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?", re.ASCII | re.DOTALL)
_CLOCK_LIKE: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?", re.ASCII)
_NUMBER_LIKE: Final = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_,]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF|nan|NaN|NAN))",
    re.ASCII,
)
THOUSANDS: Final = re.compile(r"-?[0-9]{1,3}(?:, ?[0-9]{3})+(?:\.[0-9]+)?", re.ASCII)
"""A number as people write it; a comma is none of a number's characters here."""

_SWITCHES: Final = frozenset(("yes", "no", "on", "off", "true", "false"))
_NOTHING: Final = frozenset(("~", "null", "nil"))
_DIGITS: Final = 30


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An unquoted value that different YAML readers take differently; `wording` names the problem."""

    wording: str


def meaning_of(text: str) -> str | bool | Decimal | date | Doubtful | None:
    """Classify the characters of an unquoted value.

    >>> meaning_of("12"), meaning_of("true"), meaning_of("365d")
    (Decimal('12'), True, '365d')
    >>> meaning_of("NO"), meaning_of("010"), meaning_of("12:30")
    (Doubtful(wording='scalar_switch'), Doubtful(wording='scalar_number'), Doubtful(wording='scalar_clock'))
    """
    if text in ("true", "false"):
        return text == "true"
    if text == "null":
        return None
    if text.casefold() in _SWITCHES:
        return Doubtful("scalar_switch")
    if text.casefold() in _NOTHING or not text:
        return Doubtful("scalar_nothing")
    if text[0].isascii() and text[0] in "-+.0123456789":
        return _numeric(text)
    if text == "<<":
        return Doubtful("merge_key")
    return Doubtful("scalar_special") if text == "=" else text


def _numeric(text: str) -> str | Decimal | date | Doubtful:
    """Classify a value that begins like a number."""
    if _NUMBER.fullmatch(text) and text != "-0":
        return Decimal(text) if len(text) <= _DIGITS else Doubtful("scalar_number")
    if _DATE.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return Doubtful("scalar_no_such_date")
    if _DATE_LIKE.fullmatch(text):
        return Doubtful("scalar_date")
    if _CLOCK_LIKE.fullmatch(text):
        return Doubtful("scalar_clock")
    if THOUSANDS.fullmatch(text):
        return Doubtful("thousands")
    return Doubtful("scalar_number") if _NUMBER_LIKE.fullmatch(text) else text
