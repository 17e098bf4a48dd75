"""`engine.expressions.meaning` for arrays of doubles, bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions.meaning import FIRST_DAY, LAST_DAY
from engine.expressions.tree import Arithmetic, Comparison

Numbers = Any
"""An array of doubles or one double that stands for all."""

COMPARISONS: Final[Mapping[Comparison, Callable[[Numbers, Numbers], NDArray[np.bool_]]]] = {
    Comparison.LESS: np.less,
    Comparison.LESS_EQUAL: np.less_equal,
    Comparison.GREATER: np.greater,
    Comparison.GREATER_EQUAL: np.greater_equal,
    Comparison.EQUAL: np.equal,
    Comparison.NOT_EQUAL: np.not_equal,
}

OPERATIONS: Final[Mapping[Arithmetic, np.ufunc]] = {
    Arithmetic.ADD: np.add,
    Arithmetic.SUBTRACT: np.subtract,
    Arithmetic.MULTIPLY: np.multiply,
    Arithmetic.DIVIDE: np.divide,
}


def smallest(*numbers: Numbers) -> Numbers:
    """The least; of equal ones the first."""
    least = numbers[0]
    for number in numbers[1:]:
        least = np.where(number < least, number, least)
    return least


def greatest(*numbers: Numbers) -> Numbers:
    """The greatest; of equal ones the first."""
    most = numbers[0]
    for number in numbers[1:]:
        most = np.where(number > most, number, most)
    return most


def clamped(number: Numbers, low: Numbers, high: Numbers) -> Numbers:
    """`number` between `low` and `high`; `high` wins where they cross."""
    raised = np.where(number < low, low, number)
    return np.where(high < raised, high, raised)


def rounded(number: Numbers) -> Numbers:
    """The nearest whole number, half to even; adding 0.0 takes the sign off a zero."""
    return np.rint(number) + 0.0


def floored(number: Numbers) -> Numbers:
    """The next whole number below."""
    return np.floor(number) + 0.0


def ceiled(number: Numbers) -> Numbers:
    """The next whole number above."""
    return np.ceil(number) + 0.0


def days_since(day: int, date: Numbers) -> Numbers:
    """Local days from a date to today."""
    return float(day) - date


def in_last(day: int, date: Numbers, days: Numbers) -> Numbers:
    """Whether today - days <= date < today."""
    return (float(day) - days <= date) & (date < float(day))


def months_between(start: Numbers, end: Numbers) -> Numbers:
    """Whole months from one date to another; NaN outside of the calendar."""
    inside = (start >= FIRST_DAY) & (start <= LAST_DAY) & (end >= FIRST_DAY) & (end <= LAST_DAY)
    forward = start <= end
    first = np.floor(np.where(inside, np.where(forward, start, end), 0.0)).astype(np.int64)
    last = np.floor(np.where(inside, np.where(forward, end, start), 0.0)).astype(np.int64)
    (month, day), (later, day_later) = _month(first), _month(last)
    months = (later - month - (day_later < day)).astype(np.float64)
    return np.where(inside, np.where(forward, months, 0.0 - months), np.nan)


def _month(days: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    return months.astype(np.int64), (dates - months.astype("datetime64[D]")).astype(np.int64)


NUMBERS: Final[Mapping[str, Callable[..., Numbers]]] = {
    "min": smallest,
    "max": greatest,
    "abs": np.abs,
    "round": rounded,
    "floor": floored,
    "ceil": ceiled,
    "clamp": clamped,
    "days_since": days_since,
    "months_between": months_between,
    "in_last": in_last,
}
"""By name; a result that is no finite number is out of range."""
