"""Numbers of an explanation as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final

from engine.expressions.amounts import exact, plain, spoken
from engine.metrics import day_start

__all__ = ["apportioned", "exact", "midnight", "plain", "points", "rough", "short", "signed", "spoken"]

_POINTS_DIGITS: Final = 4


def points(stored: int) -> Decimal:
    """Points or a score as a decimal number of four digits.

    >>> points(962727)
    Decimal('96.2727')
    """
    return Decimal(stored).scaleb(-_POINTS_DIGITS)


def short(score: Decimal) -> str:
    """A score for people: one digit after the point, and never a whole number that it does not reach.

    >>> short(Decimal("96.2727")), short(Decimal("70.0000")), short(Decimal("69.9999")), short(Decimal("70.0039"))
    ('96.3', '70.0', '69.9', '70.0')
    """
    rounded = round(score, 1)
    if rounded > score and rounded == rounded.to_integral_value():
        rounded -= Decimal("0.1")
    return f"{rounded:.1f}"


def signed(delta: Decimal | int) -> str:
    """A difference of points with its sign, the minus as long as the plus; nothing has no sign.

    >>> signed(Decimal("1.25")), signed(Decimal("-3")), signed(Decimal("-0.04"))
    ('+1.2', '−3.0', '0.0')
    """
    rounded = round(Decimal(delta), 1)
    return f"{rounded:+.1f}".replace("-", "−") if rounded else "0.0"


def rough(number: Decimal) -> str:
    """A number for people, rounded to one digit after the point.

    >>> rough(Decimal("20.9860")), rough(Decimal("0.04"))
    ('21', '0')
    """
    return plain(abs(rounded) if (rounded := round(number, 1)) == 0 else rounded)


@lru_cache(maxsize=1_024)  # a run decides on one day, and asking for its zone costs as much as a criterion
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
