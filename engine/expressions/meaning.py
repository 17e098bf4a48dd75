"""What every function and operator means for known numbers: the one definition both evaluators follow.

Numbers are IEEE doubles. `min`, `max` and `clamp` are written with comparisons, because "the lesser of
0.0 and -0.0" is answered differently by Python and NumPy. Rounding never gives a negative zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from engine.expressions.tree import Comparison
from engine.vocabulary import EXACT_LIMIT, UnknownCause

FIRST_DAY: Final = -719_162
"""0001-01-01 in days since 1970-01-01: the calendar of dates begins here."""

LAST_DAY: Final = 2_932_896
"""9999-12-31 in days since 1970-01-01."""


def smallest(*numbers: float) -> float:
    """The least; of equal ones the first."""
    least = numbers[0]
    for number in numbers[1:]:
        least = number if number < least else least
    return least


def greatest(*numbers: float) -> float:
    """The greatest; of equal ones the first."""
    most = numbers[0]
    for number in numbers[1:]:
        most = number if number > most else most
    return most


def clamped(number: float, low: float, high: float) -> float:
    """`number` between `low` and `high`; `high` wins where they cross."""
    raised = low if number < low else number
    return high if high < raised else raised


def rounded(number: float) -> float:
    """The nearest whole number, half to even."""
    return float(round(number))


def floored(number: float) -> float:
    """The next whole number below."""
    return float(math.floor(number))


def ceiled(number: float) -> float:
    """The next whole number above."""
    return float(math.ceil(number))


def days_since(day: int, date: float) -> float:
    """Local days from a date to today."""
    return float(day) - date


def in_last(day: int, date: float, days: float) -> bool:
    """Whether today - days <= date < today."""
    return float(day) - days <= date < float(day)


def months_between(start: float, end: float) -> float | UnknownCause:
    """Whole months from one date to another, below zero if the second is earlier.

    A month is whole once the day of the month is reached again: from 31 January to 28 February is none.
    Dates outside of the years 1 to 9999 are out of range.

    >>> months_between(0.0, 31.0), months_between(0.0, 30.0), months_between(31.0, 0.0)
    (1.0, 0.0, -1.0)
    """
    if not (FIRST_DAY <= start <= LAST_DAY and FIRST_DAY <= end <= LAST_DAY):
        return UnknownCause.OUT_OF_RANGE
    first, last = (start, end) if start <= end else (end, start)
    (month, day), (later, day_later) = _month(math.floor(first)), _month(math.floor(last))
    months = later - month - (day_later < day)
    return float(months if start <= end else -months)


def quantised(value: float, scale: int) -> int | UnknownCause:
    """A double as a stored whole number: half to even of the double product value x scale.

    >>> quantised(0.00005, 10_000), quantised(1e300, 100)
    (0, <UnknownCause.OUT_OF_RANGE: 'out_of_range'>)
    """
    product = value * float(scale)
    return round(product) if abs(product) <= EXACT_LIMIT else UnknownCause.OUT_OF_RANGE


def _month(day: int) -> tuple[int, int]:
    """Months since year 0 and the day of the month; the era counting of Hinnant (2014), in whole numbers."""
    shifted = day + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * day_of_year + 2) // 153
    months = (era * 400 + year_of_era) * 12 + march_month + 2
    return months, day_of_year - (153 * march_month + 2) // 5 + 1


NUMBERS: Final[Mapping[str, Callable[..., float | bool | UnknownCause]]] = {
    "min": smallest,
    "max": greatest,
    "abs": abs,
    "round": rounded,
    "floor": floored,
    "ceil": ceiled,
    "clamp": clamped,
    "days_since": days_since,
    "months_between": months_between,
    "in_last": in_last,
}
"""Functions by name; all of them unknown as soon as an argument is. The others look at unknowns themselves."""

NEEDS_DAY: Final = frozenset({"days_since", "in_last"})
"""Functions whose first argument is today's local day."""

MIRRORED: Final = {
    Comparison.LESS: Comparison.GREATER,
    Comparison.LESS_EQUAL: Comparison.GREATER_EQUAL,
    Comparison.GREATER: Comparison.LESS,
    Comparison.GREATER_EQUAL: Comparison.LESS_EQUAL,
    Comparison.EQUAL: Comparison.EQUAL,
    Comparison.NOT_EQUAL: Comparison.NOT_EQUAL,
}
"""The operator with its sides swapped."""


def required_day(day: int | None) -> int:
    """Today, for the functions that need it.

    Raises:
        ValueError: The caller handed in no day.
    """
    if day is None:
        raise ValueError("days_since and in_last need the local day: hand in `day`")
    return day
