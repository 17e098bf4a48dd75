"""One typed value given as text: an exact decimal, `true` or `false`, a date, or the text itself."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from engine.intake.columns import LIMIT_TEXT
from engine.vocabulary import EXACT_LIMIT, Unit, scale_of

_EPOCH: Final = date(1970, 1, 1).toordinal()
_DECIMAL: Final = re.compile(r"(-?)(\d{1,18})(?:\.(\d{1,18}))?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHARES: Final = {Unit.PROBABILITY: 1, Unit.POINTS: 100}


class UnfitValueError(ValueError):
    """A text that is no value of its type; the argument is a reason of `engine.intake.reasons.REASONS`."""


def read_value(text: str, unit: Unit, currency: str = "", allowed: tuple[str, ...] = ()) -> int | str:
    """The stored value of a typed text.

    Args:
        currency: Of money; its minor unit is what is stored.
        allowed: The words a text may be; empty: any.

    Raises:
        UnfitValueError: The text is no such value.

    >>> read_value("1234.5", Unit.MONEY, "CNY"), read_value("true", Unit.BOOL), read_value("1970-01-02", Unit.DATE)
    (123450, 1, 1)
    """
    if unit is Unit.TEXT:
        return _word(text, allowed)
    if unit is Unit.BOOL:
        if text not in ("true", "false"):
            raise UnfitValueError("not_a_truth")
        return int(text == "true")
    if unit is Unit.DATE:
        try:
            return date.fromisoformat(text).toordinal() - _EPOCH
        except ValueError as error:
            raise UnfitValueError("not_a_date") from error
    return _number(text, unit, scale_of(unit, currency))


def _word(text: str, allowed: tuple[str, ...]) -> str:
    if _CONTROL.search(text):
        raise UnfitValueError("control_character")
    if len(text) > LIMIT_TEXT:
        raise UnfitValueError("too_long")
    if allowed and text not in allowed:
        raise UnfitValueError("not_allowed")
    return text


def _number(text: str, unit: Unit, scale: int) -> int:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        raise UnfitValueError("not_a_number")
    part = (found[3] or "").rstrip("0")
    over = 10 ** len(part)
    if scale % over:
        raise UnfitValueError("too_precise")
    value: int = int(found[2] + part) * (scale // over)
    value = -value if found[1] else value
    highest = _SHARES.get(unit)
    if abs(value) > EXACT_LIMIT or (highest is not None and not 0 <= value <= highest * scale):
        raise UnfitValueError("out_of_range")
    return value
