"""Stored numbers as the text of a typed value, and back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from engine.vocabulary import Unit, minor_exponent, scale_of
from schema.scalars import Value

_EPOCH = date(1970, 1, 1)
_DIGITS = {Unit.RATIO: 6, Unit.PROBABILITY: 6, Unit.POINTS: 4}


def value_text(unit: Unit, number: int | None, text: str | None, currency: str | None) -> Value | None:
    """A stored value as text: exact decimal, `true`/`false`, text or date.

    >>> value_text(Unit.MONEY, 12345, None, "CNY"), value_text(Unit.BOOL, 1, None, None)
    ('123.45', 'true')
    """
    if unit is Unit.TEXT:
        return None if text is None else Value(text)
    if number is None:
        return None
    if unit is Unit.BOOL:
        return Value("true" if number else "false")
    if unit is Unit.DATE:
        return Value((_EPOCH + timedelta(days=number)).isoformat())
    digits = minor_exponent(currency or "") if unit is Unit.MONEY else _DIGITS.get(unit, 0)
    exact = Decimal(number) / scale_of(unit, currency or "")
    return Value(format(exact.quantize(Decimal(1).scaleb(-digits)), "f"))
