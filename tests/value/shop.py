"""Small frames of purchases for tests of value."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.value import NO_MARGIN, AsOf, EventFrame, Purchases

DAY = 86_400_000_000


def frame(rows: Sequence[tuple[int, int, int, int | None]], customers: int) -> EventFrame:
    """From (customer, day, net, margin); recorded when they happened, at eight in the morning."""
    customer = np.array([row[0] for row in rows], np.int32)
    day = np.array([row[1] for row in rows], np.int32)
    occurred = day.astype(np.int64) * DAY + DAY // 3
    net = np.array([row[2] for row in rows], np.int64)
    margin = np.array([NO_MARGIN if row[3] is None else row[3] for row in rows], np.int64)
    without = all(row[3] is None for row in rows)
    purchases = Purchases(customer, occurred, day, net, occurred, None if without else margin)
    return EventFrame(np.arange(customers, dtype=np.int64) + 100, purchases)


def shop(customers: int = 400, days: int = 720, seed: int = 1, related: bool = False) -> EventFrame:
    """Buyers by the BG/NBD and Gamma-Gamma story; `related`: who buys often spends far more."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[int, int, int, int | None]] = []
    for customer in range(customers):
        rate, leaves = chance.gamma(1.5, 1 / 45), 0.02 if related else chance.beta(1.0, 5.0)
        typical = 1_000_000 * rate if related else 20_000.0 * chance.lognormal(0, 0.5)
        day = float(chance.integers(0, days - 200))
        while day < days:
            margin = max(1, int(chance.gamma(5.0, typical / 5)))
            rows.append((customer, int(day), 2 * margin, margin))
            if chance.random() < leaves:
                break
            day += chance.exponential(1 / max(rate, 0.002))
    return frame(rows, customers)


def at(day: int) -> AsOf:
    """Midnight of a day."""
    return AsOf.midnight(day, "UTC")
