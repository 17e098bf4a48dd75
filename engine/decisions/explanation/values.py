"""Stored numbers as exact texts for machines and as readable ones for people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final

from engine.metrics import day_start
from engine.vocabulary import Locale, Text, Unit

_POINTS_DIGITS: Final = 4
_EPOCH: Final = date(1970, 1, 1)
_SUFFIX: Final = {
    Unit.DAYS: Text(" days", " 天"),
    Unit.MONTHS: Text(" months", " 个月"),
    Unit.POINTS: Text(" points", " 分"),
}
_TRUTHS: Final = {0: Text("no", "否"), 1: Text("yes", "是")}


def points(stored: int) -> Decimal:
    """Points or a score as a decimal number of four digits.

    >>> points(962727)
    Decimal('96.2727')
    """
    return Decimal(stored).scaleb(-_POINTS_DIGITS)


def exact(value: int | str | None, unit: Unit, scale: int) -> str | None:
    """A stored value as text: decimal with all digits of its scale, true or false, an ISO date, or the text.

    >>> exact(90_000_000, Unit.MONEY, 100), exact(50_000, Unit.PROBABILITY, 1_000_000), exact(1, Unit.BOOL, 1)
    ('900000.00', '0.050000', 'true')
    """
    if value is None or isinstance(value, str):
        return value
    if unit is Unit.BOOL:
        return "true" if value else "false"
    if unit is Unit.DATE:
        return (_EPOCH + timedelta(days=value)).isoformat()
    return f"{Decimal(value).scaleb(1 - len(str(scale))):f}"


def spoken(value: int | str | None, unit: Unit, scale: int, currency: str) -> Text:
    """A stored value as people write it.

    >>> spoken(123_456_700, Unit.MONEY, 100, "CNY").en, spoken(312_000, Unit.PROBABILITY, 1_000_000, "CNY").en
    ('1,234,567 CNY', '31.2 %')
    """
    if value is None:
        return Text("unknown", "未知")
    if isinstance(value, str) or unit is Unit.DATE:
        return Text(str(exact(value, unit, scale)))
    if unit is Unit.BOOL:
        return _TRUTHS[value]
    number = Decimal(value) / scale
    if unit is Unit.PROBABILITY:
        return Text(f"{plain(number * 100)} %")
    if unit is Unit.MONEY:
        return Text(f"{plain(number)} {currency}")
    suffix = _SUFFIX.get(unit, Text(""))
    return Text(plain(number) + suffix.en, plain(number) + suffix.within(Locale.ZH))


def plain(number: Decimal) -> str:
    """A number with thousands separated and without trailing zeros.

    >>> plain(Decimal("12000.50")), plain(Decimal("-0.10")), plain(Decimal("100"))
    ('12,000.5', '-0.1', '100')
    """
    text = f"{number:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def short(score: Decimal) -> str:
    """A score or points for people: at most one digit after the point where that loses nothing that matters.

    >>> short(Decimal("96.2727")), short(Decimal("70.0000")), short(Decimal("69.9999"))
    ('96.3', '70', '69.9999')
    """
    rounded = round(score, 1)
    return plain(score if rounded == rounded.to_integral_value() != score else rounded)


def rough(number: Decimal) -> str:
    """A number for people, rounded to one digit after the point.

    >>> rough(Decimal("20.9860")), rough(Decimal("0.04"))
    ('21', '0')
    """
    return plain(abs(rounded) if (rounded := round(number, 1)) == 0 else rounded)


def midnight(day: int, zone: str) -> datetime:
    """The instant a local day begins (aware UTC)."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=day_start(day, zone))


def apportioned(total: int, weights: list[int], names: list[str]) -> list[int]:
    """Split a whole number by weights so that the parts sum to it: largest remainder, ties by name.

    >>> apportioned(100, [1, 1, 1], ["c", "a", "b"])
    [33, 34, 33]
    """
    whole = sum(weights)
    if whole == 0:
        return [0] * len(weights)
    parts = [total * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), names[i]))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return parts
