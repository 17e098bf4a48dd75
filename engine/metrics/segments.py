"""Exact sums, extremes, medians and gaps of the records of each customer.

Every function takes the selected records of all customers at once, cut into one segment a customer,
and gives a numerator and a divisor of whole numbers, so that dividing happens once and a customer's
value does not depend on who else is in the frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions.columns import CAUSE_CODE, Bytes, Column, Integers
from engine.vocabulary import UnknownCause

_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]
_BEYOND: Final = CAUSE_CODE[UnknownCause.OUT_OF_RANGE]
_KNOWN: Final = 255


@dataclass(frozen=True, slots=True)
class Segments:
    """Selected records, cut by customer.

    Attributes:
        column: (selected,) the field taken.
        starts: (segments,) first record of each customer that has any.
        counts: (segments,) how many records each of them has.
    """

    column: Column
    starts: NDArray[np.intp]
    counts: Integers

    @property
    def customer(self) -> Integers:
        """(selected,) segment of each record."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


@dataclass(frozen=True, slots=True)
class Taken:
    """One quotient of whole numbers for each segment.

    Attributes:
        total: (segments,) numerator.
        divisor: (segments,) positive.
        causes: (segments,) why it is unknown; 0: known.
    """

    total: Integers
    divisor: Integers
    causes: Bytes


def take(function: str, segments: Segments) -> Taken:
    """Take one function of every segment.

    Raises:
        KeyError: No such function; the checker of rule files knows the names in `TAKES`.
    """
    return TAKES[function](segments)


def _ones(segments: Segments) -> Integers:
    return np.ones(len(segments.counts), np.int64)


def _known(segments: Segments) -> Bytes:
    return np.zeros(len(segments.counts), np.uint8)


def _first_cause(segments: Segments) -> Bytes:
    """Cause of each segment: that of any record without a value, missing before the others."""
    causes = segments.column.causes
    if not causes.any():
        return _known(segments)
    ranked = np.where(causes == 0, _KNOWN, causes).astype(np.uint8)
    least = np.minimum.reduceat(ranked, segments.starts)
    return np.where(least == _KNOWN, 0, least).astype(np.uint8)


def _total(segments: Segments) -> tuple[Integers, Bytes]:
    """Sums with their causes; a sum that could leave 64 bits is out of range."""
    values, causes = segments.column.values, _first_cause(segments)
    total = np.add.reduceat(values, segments.starts)
    largest = int(np.abs(values).max())
    if largest * int(segments.counts.max()) >= 2**62:
        beyond = np.abs(np.add.reduceat(values.astype(np.float64), segments.starts)) > 2.0**61
        causes = np.where((causes == 0) & beyond, _BEYOND, causes).astype(np.uint8)
    return total, causes


def _sum(segments: Segments) -> Taken:
    total, causes = _total(segments)
    return Taken(total, _ones(segments), causes)


def _mean(segments: Segments) -> Taken:
    total, causes = _total(segments)
    return Taken(total, segments.counts, causes)


def _count(segments: Segments) -> Taken:
    return Taken(segments.counts, _ones(segments), _known(segments))


def _count_distinct(segments: Segments) -> Taken:
    changes = new_values(segments).astype(np.int64)
    return Taken(np.add.reduceat(changes, segments.starts), _ones(segments), _first_cause(segments))


def new_values(segments: Segments) -> NDArray[np.bool_]:
    """(selected,) true where a record's value is the first of its kind in its segment."""
    order = _rising(segments)
    values = segments.column.values[order]
    differs = np.ones(len(order), np.bool_)
    differs[1:] = np.diff(values) != 0
    differs[segments.starts] = True
    first = np.zeros(len(order), np.bool_)
    first[order] = differs
    return first


def _rising(segments: Segments) -> NDArray[np.intp]:
    """(selected,) records ordered by value within each segment; days of `occurred_at` already are."""
    values = segments.column.values
    falls = np.zeros(len(values), np.bool_)
    falls[1:] = np.diff(values) < 0
    falls[segments.starts] = False
    return np.lexsort((values, segments.customer)) if falls.any() else np.arange(len(values))


def _min(segments: Segments) -> Taken:
    lowest = np.minimum.reduceat(segments.column.values, segments.starts)
    return Taken(lowest, _ones(segments), _first_cause(segments))


def _max(segments: Segments) -> Taken:
    highest = np.maximum.reduceat(segments.column.values, segments.starts)
    return Taken(highest, _ones(segments), _first_cause(segments))


def _any(segments: Segments) -> Taken:
    """True as soon as one record is; otherwise unknown as soon as one record is."""
    true = np.add.reduceat(segments.column.values * (segments.column.causes == 0), segments.starts) > 0
    causes = np.where(true, 0, _first_cause(segments)).astype(np.uint8)
    return Taken(true.astype(np.int64), _ones(segments), causes)


def _all(segments: Segments) -> Taken:
    """False as soon as one record is; otherwise unknown as soon as one record is."""
    false = np.logical_or.reduceat((segments.column.values == 0) & (segments.column.causes == 0), segments.starts)
    causes = np.where(false, 0, _first_cause(segments)).astype(np.uint8)
    return Taken((~false).astype(np.int64), _ones(segments), causes)


def _single(segments: Segments, rows: NDArray[np.intp]) -> Taken:
    column = segments.column
    return Taken(column.values[rows], _ones(segments), column.causes[rows])


def _first(segments: Segments) -> Taken:
    return _single(segments, segments.starts)


def _latest(segments: Segments) -> Taken:
    return _single(segments, segments.starts + segments.counts - 1)


def _median(segments: Segments) -> Taken:
    total, divisor = _middle(segments.column.values[_rising(segments)], segments.starts, segments.counts)
    return Taken(total, divisor, _first_cause(segments))


def _middle(ordered: Integers, starts: NDArray[np.intp], counts: Integers) -> tuple[Integers, Integers]:
    """Numerator and divisor of the medians of ordered segments, none of them empty."""
    low, high = ordered[starts + (counts - 1) // 2], ordered[starts + counts // 2]
    even = low != high
    return np.where(even, low + high, low), np.where(even, 2, 1)


def _distinct_days(segments: Segments) -> tuple[Integers, Integers, Integers]:
    """Distinct days in rising order, with their segment, and their number in each segment."""
    customer, days = segments.customer, segments.column.values
    order = _rising(segments)
    kept = order[new_values(segments)[order]]
    return days[kept], customer[kept], np.bincount(customer[kept], minlength=len(segments.counts))


def _median_gap(segments: Segments) -> Taken:
    days, customer, counts = _distinct_days(segments)
    gaps = np.diff(days)[np.diff(customer) == 0]
    owner = customer[1:][np.diff(customer) == 0]
    gap_counts = counts - 1
    some = gap_counts > 0
    total, divisor = np.zeros(len(counts), np.int64), _ones(segments)
    if some.any():
        starts = (np.cumsum(gap_counts) - gap_counts)[some]
        ordered = gaps[np.lexsort((gaps, owner))]
        total[some], divisor[some] = _middle(ordered, starts, gap_counts[some])
    return Taken(total, divisor, _no_gap(some, segments))


def _last_gap(segments: Segments) -> Taken:
    days, _, counts = _distinct_days(segments)
    ends = np.cumsum(counts) - 1
    some = counts > 1
    total = np.where(some, days[ends] - days[np.maximum(ends - 1, 0)], 0)
    return Taken(total, _ones(segments), _no_gap(some, segments))


def _no_gap(some: NDArray[np.bool_], segments: Segments) -> Bytes:
    causes = _first_cause(segments)
    return np.where((causes == 0) & ~some, _MISSING, causes).astype(np.uint8)


TAKES: Final[dict[str, Callable[[Segments], Taken]]] = {
    "sum": _sum,
    "count": _count,
    "count_distinct": _count_distinct,
    "mean": _mean,
    "median": _median,
    "min": _min,
    "max": _max,
    "any": _any,
    "all": _all,
    "latest": _latest,
    "first": _first,
    "median_gap": _median_gap,
    "last_gap": _last_gap,
}
"""Functions over records by the name rule files use; around `min` and `max` of a date stand those of `SINCE`."""

SINCE: Final = ("days_since", "months_since", "days_until")
"""Functions of a day and the day asked about: `days_since(max(occurred_at))`."""
