"""A customer's own purchase rhythm, and counts over windows of days, for many customers at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.value import AsOf, PurchaseDays
from engine.value.frame import Days, Floats, Rows

DEFAULT_GAP_DAYS = 30.0
PRIOR_GAPS = 3.0
"""A customer's own median gap counts against the usual gap of all as if that had been seen three times."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Gaps between purchase days, (customers,).

    Attributes:
        gaps: How many there are.
        median: Days; NaN without any.
        variation: Standard deviation ÷ mean; NaN with fewer than 3.
    """

    gaps: NDArray[np.int64]
    median: Floats
    variation: Floats


def measure_rhythm(days: PurchaseDays, customers: int) -> Rhythm:
    """Gaps of every customer."""
    same = np.diff(days.customer) == 0
    owner, gap = days.customer[1:][same], np.diff(days.day)[same].astype(np.float64)
    order = np.lexsort((gap, owner))
    owner, gap = owner[order], gap[order]
    count = np.bincount(owner, minlength=customers)
    start = np.cumsum(count) - count
    median, some = np.full(customers, np.nan), count > 0
    low, high = (start + (count - 1) // 2)[some], (start + count // 2)[some]
    median[some] = (gap[low] + gap[high]) / 2
    total = np.bincount(owner, gap, minlength=customers)
    squares = np.bincount(owner, gap * gap, minlength=customers)
    variation, many = np.full(customers, np.nan), count >= 3
    mean = total[many] / count[many]
    variation[many] = np.sqrt(np.maximum(squares[many] / count[many] - mean * mean, 0.0)) / mean
    return Rhythm(count, median, variation)


def usual_gap_of_all(rhythm: Rhythm) -> float:
    """Median of the customers' median gaps in days; a month where nobody bought twice."""
    known = rhythm.median[rhythm.gaps > 0]
    return float(np.median(known)) if len(known) else DEFAULT_GAP_DAYS


def shrunken_gap(rhythm: Rhythm, prior: float) -> Floats:
    """The customer's usual gap in days, nearer to that of all the fewer gaps there are."""
    own = np.where(rhythm.gaps > 0, np.nan_to_num(rhythm.median), 0.0)
    return (rhythm.gaps * own + PRIOR_GAPS * prior) / (rhythm.gaps + PRIOR_GAPS)


def within(
    customer: Rows,
    day: Days,
    as_of: AsOf,
    *,
    window: int,
    customers: int,
    weights: Floats | None = None,
    offset: int = 0,
) -> Floats:
    """Count (or sum of weights) of events in the `window` days before `as_of − offset`, (customers,).

    Events are already those that lie before the instant; today's count to the first window.
    """
    inside = day >= as_of.day - offset - window
    if offset:
        inside &= day < as_of.day - offset
    chosen = None if weights is None else weights[inside]
    return np.bincount(customer[inside], chosen, minlength=customers).astype(np.float64)
