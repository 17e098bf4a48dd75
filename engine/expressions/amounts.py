"""Stored values as texts: exact ones for machines, readable ones for people."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from engine.vocabulary import Locale, Text, Unit

# Looked up once, for it is slow to reach a member of an enumeration (Python 3.11).
_BOOL, _DATE = Unit.BOOL, Unit.DATE
_EPOCH: Final = date(1970, 1, 1)
_SUFFIX: Final = {
    Unit.DAYS: Text(" days", " 天"),
    Unit.MONTHS: Text(" months", " 个月"),
    Unit.POINTS: Text(" points", " 分"),
}
_TRUTHS: Final = {0: Text("no", "否"), 1: Text("yes", "是")}
_KINDS: Final = {Unit.RATIO: Text(" (ratio)", "（比值）"), Unit.COUNT: Text(" (number)", "（个数）")}
"""What is said of numbers that have no unit of their own."""

UNKNOWN: Final = Text("unknown", "未知")
"""A value there is none of."""


def exact(value: int | str | None, unit: Unit, scale: int) -> str | None:
    """A stored value as text: decimal with all digits of its scale, true or false, an ISO date, or the text.

    >>> exact(90_000_000, Unit.MONEY, 100), exact(50_000, Unit.PROBABILITY, 1_000_000), exact(1, Unit.BOOL, 1)
    ('900000.00', '0.050000', 'true')
    >>> exact(-5, Unit.MONEY, 100), exact(-5, Unit.COUNT, 1)
    ('-0.05', '-5')
    """
    if value is None or isinstance(value, str):
        return value
    if unit is _BOOL:
        return "true" if value else "false"
    if unit is _DATE:
        return (_EPOCH + timedelta(days=value)).isoformat()
    if scale == 1:
        return f"{value:d}"
    whole, rest = divmod(abs(value), scale)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{len(str(scale)) - 1}}"


def spoken(value: int | str | None, unit: Unit, scale: int, currency: str) -> Text:
    """A stored value as people write it.

    >>> spoken(123_456_700, Unit.MONEY, 100, "CNY").en, spoken(312_000, Unit.PROBABILITY, 1_000_000, "CNY").en
    ('1,234,567 CNY', '31.2 %')
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, str) or unit is Unit.DATE:
        return Text(str(exact(value, unit, scale)))
    return _TRUTHS[value] if unit is Unit.BOOL else amount(Decimal(value) / scale, unit, currency)


def worded(value: str | None, unit: Unit, currency: str, *, kind: bool = False) -> Text:
    """An exact text, as `exact` writes it, as people write the value.

    Args:
        value: None: unknown.
        kind: Say of a bare number what kind it is.

    >>> worded("true", Unit.BOOL, "CNY").zh, worded("0.5", Unit.RATIO, "CNY", kind=True).en, worded(None, Unit.DATE, "")
    ('是', '0.5 (ratio)', Text(en='unknown', zh='未知'))
    """
    if value is None:
        return UNKNOWN
    if unit is Unit.BOOL:
        return _TRUTHS[int(value == "true")]
    if unit in (Unit.TEXT, Unit.DATE):
        return Text(value)
    told, of = amount(Decimal(value), unit, currency), _KINDS.get(unit) if kind else None
    return told if of is None else Text(f"{told.en}{of.en}", f"{told.zh or told.en}{of.zh}")


def amount(number: Decimal, unit: Unit, currency: str) -> Text:
    """A number of a unit as people write it.

    >>> amount(Decimal(91), Unit.DAYS, "CNY").zh, amount(Decimal(1), Unit.DAYS, "CNY").en
    ('91 天', '1 day')
    """
    if unit is Unit.PROBABILITY:
        return Text(f"{plain(number * 100)} %")
    if unit is Unit.MONEY:
        return Text(f"{plain(number)} {currency}")
    suffix = _SUFFIX.get(unit, Text(""))
    english = suffix.en.removesuffix("s") if abs(number) == 1 else suffix.en
    return Text(plain(number) + english, plain(number) + suffix.within(Locale.ZH))


def plain(number: Decimal) -> str:
    """A number with thousands separated and without trailing zeros.

    >>> plain(Decimal("12000.50")), plain(Decimal("-0.10")), plain(Decimal("100"))
    ('12,000.5', '-0.1', '100')
    """
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
