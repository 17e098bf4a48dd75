"""The back-tested band of value predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.value.frame import AsOf, EventFrame, Flags, Floats
from engine.value.summary import amounts

GROUPS: Final = 10
MIN_PER_GROUP: Final = 20
SHARES: Final = (0.1, 0.9)


@dataclass(frozen=True, slots=True)
class Band:
    """Back-tested band: what customers brought, relative to what was predicted, by size of prediction.

    The history is cut `days` before the instant, the model fitted on what lay before, and what came after
    compared with it.

    Attributes:
        edges: Ascending predictions (minor units a day) between the groups.
        low, high: Per group, 10 % and 90 % quantile of actual ÷ the group's mean prediction.
        total: Actual ÷ predicted money of all customers together.
    """

    days: int
    edges: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    total: float


def measure_band(frame: EventFrame, before: AsOf, predicted: Floats, bought: Flags, days: int) -> Band | None:
    """Compare predictions made at an instant with what customers brought in the days after it.

    Args:
        frame: With the events after `before` in it; only customers who had bought by then count.
        predicted: (customers,) minor units over those days.
    """
    money, _ = amounts(frame.purchases)
    later = frame.purchases.day >= before.day
    actual = np.bincount(frame.purchases.customer[later], money[later], minlength=frame.customers)
    predicted, actual = predicted[bought], actual[bought]
    groups = min(GROUPS, len(predicted) // MIN_PER_GROUP)
    if groups < 1 or float(predicted.sum()) <= 0:
        return None
    edges = np.unique(np.quantile(predicted, np.arange(1, groups) / groups))
    group = np.searchsorted(edges, predicted, side="right")
    low, high = [], []
    for index in range(len(edges) + 1):
        rows = group == index
        mean = float(predicted[rows].mean()) if rows.any() else 0.0
        bounds = np.quantile(actual[rows], SHARES) / mean if mean > 0 else np.array([1.0, 1.0])
        low.append(_rounded(min(bounds[0], 1.0)))
        high.append(_rounded(max(bounds[1], 1.0)))
    total = float(actual.sum()) / float(predicted.sum())
    return Band(days, tuple(_rounded(e / days) for e in edges), tuple(low), tuple(high), _rounded(total))


def _rounded(value: float) -> float:
    return float(f"{value:.10g}")
