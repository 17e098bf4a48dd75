"""What customers did within a horizon: revenue, margin, and whether they bought at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.churn import ChurnSettings, label
from engine.value import NO_MARGIN, AsOf, EventFrame, as_known

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Brought:
    """What came of an instant, (customers,) each.

    Attributes:
        revenue: Net of purchases minus money given back within the horizon, in minor units.
        margin: Alike, of margins; None: not every purchase within the horizon has a cost.
        active, churned: As the churn model is taught: bought within the 180 days before; bought nothing within
            the horizon.
    """

    revenue: Integers
    margin: Integers | None
    active: Flags
    churned: Flags

    def take(self, rows: NDArray[np.intp]) -> Brought:
        """Those of some of the customers."""
        margin = None if self.margin is None else self.margin[rows]
        return Brought(self.revenue[rows], margin, self.active[rows], self.churned[rows])


def brought_after(frame: EventFrame, as_of: AsOf, horizon_days: int, known_at: int) -> Brought:
    """What customers did from an instant until the local day `horizon_days` after it.

    Args:
        frame: Purchases of all time, every version.
        known_at: Microseconds; of each purchase the version known by then counts.
    """
    settings = ChurnSettings(horizon_days=horizon_days)
    labels = label(frame, as_known(frame, as_of), as_of, known_at, settings)
    events = frame.purchases
    later = (events.occurred >= as_of.at) & (events.day < as_of.day + horizon_days) & events.known_at(known_at)
    rows, margin = events.customer[later], None
    if events.margin is not None and not (events.margin[later] == NO_MARGIN).any():
        margin = _summed(rows, events.margin[later], frame.customers)
    return Brought(_summed(rows, events.net[later], frame.customers), margin, labels.active, labels.churned)


def _summed(rows: NDArray[np.int32], amounts: Integers, customers: int) -> Integers:
    sums = np.zeros(customers, np.int64)
    np.add.at(sums, rows, amounts)
    return sums
