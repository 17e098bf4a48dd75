"""Statistics of a back-test: intervals of shares and means, and how well a ranking finds what customers bring."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

LEVEL: Final = 0.95
RESAMPLES: Final = 1_000
DIFFERENCES: Final = (50, 400)
"""Resamples for a difference of two orders: fewest, for very many customers, and most."""
SEED: Final = 20_100_601
_NORMAL: Final = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""
_BATCH: Final = 2_000_000
"""Draws held in memory at once."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A statistic with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(happened: int, customers: int) -> Interval | None:
    """A share with its score interval (Wilson 1927); None without customers.

    >>> wilson(0, 10)
    Interval(value=0.0, low=0.0, high=0.2775327998628892)
    """
    if customers == 0:
        return None
    share, square = happened / customers, _NORMAL**2
    whole = 1 + square / customers
    middle = (share + square / (2 * customers)) / whole
    half = _NORMAL * sqrt(share * (1 - share) / customers + square / (4 * customers**2)) / whole
    low = middle - half if happened else 0.0  # exactly, whatever the rounding
    high = middle + half if happened < customers else 1.0
    return Interval(share, low, high)


def bootstrap_mean(values: Floats) -> Interval | None:
    """A mean with its percentile bootstrap interval (Efron 1979), widened for few values (Hesterberg 2015).

    The same values in any order give the same interval: they are sorted, and the seed is fixed.

    Args:
        values: (customers,)

    Returns:
        None for fewer than two values, which say nothing about how they scatter.
    """
    count = len(values)
    if count < 2:
        return None
    from scipy.stats import norm, t

    # A resample scatters by sqrt((n − 1) / n) too little, and a normal tail is too thin: take wider percentiles.
    tail = norm.cdf(sqrt(count / (count - 1)) * t.ppf((1 - LEVEL) / 2, count - 1))
    chance = np.random.Generator(np.random.PCG64(SEED))
    ordered, means = np.sort(values), np.empty(RESAMPLES)
    step = max(1, _BATCH // count)
    for start in range(0, RESAMPLES, step):
        drawn = chance.integers(0, count, (min(step, RESAMPLES - start), count))
        means[start : start + len(drawn)] = ordered[drawn].mean(axis=1)
    low, high = np.quantile(means, (tail, 1 - tail))
    mean = float(ordered.mean())
    return Interval(mean, min(mean, float(low)), max(mean, float(high)))


@dataclass(frozen=True, slots=True)
class Order:
    """Customers from the best rank down.

    Attributes:
        rows: (customers,) their rows, best first.
        starts: Where each group of equal ranks begins in `rows`.
    """

    rows: NDArray[np.intp]
    starts: NDArray[np.intp]

    @staticmethod
    def by(rank: NDArray[np.integer] | Floats) -> Order:
        """From the highest rank to the lowest, (customers,)."""
        rows = np.argsort(-rank, kind="stable")
        ordered = rank[rows]
        changes = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
        return Order(rows, np.flatnonzero(changes))


def gini(order: Order, brought: Floats, weights: Floats | None = None) -> float | None:
    """How well an order finds what customers brought: 1 as well as possible, 0 as chance does, −1 backwards.

    Twice the area between the curve of cumulated shares and its diagonal (the concentration index of Kakwani
    1977), divided by the same of the best possible order; customers of equal rank share alike. If everybody
    brought 0 or 1 it is 2·AUC − 1.

    Args:
        brought: (customers,)
        weights: (customers,) how often each counts; None: once.

    Returns:
        None if nothing was brought, or by everybody the same.
    """
    best = concentration(Order.by(brought), brought, weights)
    found = concentration(order, brought, weights)
    return None if best is None or found is None or best <= 0 else found / best


def concentration(order: Order, brought: Floats, weights: Floats | None = None) -> float | None:
    """Twice the area between the curve of cumulated shares and its diagonal; None if nothing was brought."""
    if not len(order.rows):
        return None
    heads = np.ones(len(order.rows)) if weights is None else weights[order.rows]
    money = brought[order.rows] * heads
    heads, money = np.add.reduceat(heads, order.starts), np.add.reduceat(money, order.starts)
    total = money.sum()
    if total <= 0:
        return None
    before = np.cumsum(money) - money
    return float(2 * np.sum(heads * (before + money / 2)) / (heads.sum() * total) - 1)


def gini_difference(one: Order, other: Order, brought: Floats) -> Interval | None:
    """By how much one order is better than another, with an interval.

    Normal, by the scatter over resamples of the same customers for both (paired bootstrap, Efron 1979).
    """
    first, second = gini(one, brought), gini(other, brought)
    if first is None or second is None:
        return None
    best, count = Order.by(brought), len(brought)
    chance = np.random.Generator(np.random.PCG64(SEED))
    found = []
    fewest, most = DIFFERENCES
    for _ in range(min(most, max(fewest, 10 * _BATCH // count))):
        weights = np.bincount(chance.integers(0, count, count), minlength=count).astype(np.float64)
        top = concentration(best, brought, weights)
        ours, theirs = (concentration(order, brought, weights) for order in (one, other))
        if top and ours is not None and theirs is not None:
            found.append((ours - theirs) / top)
    if not found:
        return None
    half = _NORMAL * float(np.std(found))
    return Interval(first - second, first - second - half, first - second + half)


def lift(part: float, whole: float, members: float, customers: int) -> float | None:
    """A group's share of what was brought ÷ its share of customers; None if either is nothing."""
    if whole <= 0 or members <= 0:
        return None
    return (part / whole) / (members / customers)


def top_lift(order: Order, brought: Floats, members: int) -> float | None:
    """Lift of the first so many customers of an order; of equal ranks at its end each counts in part."""
    heads = np.diff(np.append(order.starts, len(order.rows)))
    taken = np.clip(members - (np.cumsum(heads) - heads), 0, heads)
    money = np.add.reduceat(brought[order.rows], order.starts) if len(heads) else np.zeros(0)
    return lift(float(np.sum(money * taken / np.maximum(heads, 1))), float(brought.sum()), members, len(brought))
