"""Historic value: what a customer has brought so far."""

from __future__ import annotations

import numpy as np

from engine.value.frame import NO_MARGIN, AsOf, EventFrame, Integers, as_known
from engine.value.lifetime import ValueColumns
from engine.vocabulary import EXACT_LIMIT


def historic_margin(
    frame: EventFrame, as_of: AsOf, *,
    service_cost: Integers | None = None, acquisition_cost: Integers | None = None, known_at: int | None = None,
) -> ValueColumns:  # fmt: skip
    """Σ margin − cost to serve − acquisition cost until an instant, undiscounted (Berger & Nasr 1998).

    Exact whole numbers. Unknown for customers without a purchase, and where the margin of any of their
    purchases is unknown: a sum with a gap in it is no sum.

    Args:
        service_cost, acquisition_cost: (customers,) minor units to take off; None: none is taken off.
    """
    events = as_known(frame, as_of, known_at).purchases
    method = "historic_margin"
    if events.margin is None:
        zeros = np.zeros(frame.customers, np.int64)
        return ValueColumns(zeros, zeros, zeros, np.zeros(frame.customers, np.bool_), method)
    lacking = events.margin == NO_MARGIN
    margin = np.where(lacking, 0, events.margin)
    amount = np.zeros(frame.customers, np.int64)
    np.add.at(amount, events.customer, margin)
    rough = np.bincount(events.customer, np.abs(margin.astype(np.float64)), minlength=frame.customers)
    for cost in (service_cost, acquisition_cost):
        if cost is not None:
            amount -= cost
            rough += np.abs(cost.astype(np.float64))
    known = np.bincount(events.customer[events.net > 0], minlength=frame.customers) > 0
    known &= np.bincount(events.customer[lacking], minlength=frame.customers) == 0
    known &= rough < EXACT_LIMIT
    if acquisition_cost is not None:
        method += "-cac"
    if service_cost is not None:
        method += "-service"
    amount = np.where(known, amount, 0)
    return ValueColumns(amount, amount, amount, known, method)
