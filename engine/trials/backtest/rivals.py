"""Simple rankings a rule book has to be better than: last year's revenue, RFM quintiles, recency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.value import AsOf, EventFrame, as_known
from engine.vocabulary import Text

Integers = NDArray[np.int64]

YEAR: Final = 365

RIVALS: Final[Mapping[str, Text]] = {
    "revenue_12m": Text("last year's revenue", "去年销售额"),
    "rfm": Text("RFM quintiles", "RFM五分位"),
    "recency": Text("recency", "最近购买"),
}
"""The rivals by name, with what people call them."""


def rival_ranks(frame: EventFrame, as_of: AsOf, rows: Integers) -> dict[str, Integers]:
    """How each rival ranks the customers known at an instant by what was known then, (rows,) each; more is better.

    RFM sums the quintiles 1 to 5 of recency, of the days with a purchase and of the money of the last 365 days
    (Hughes 1994), the fifths of these customers alone: who came later would shift them. Who never bought comes
    last everywhere.

    Args:
        frame: Purchases, every version; later ones are left out here.
        rows: Of the customers known at the instant, in the frame.
    """
    events = as_known(frame, as_of).purchases
    bought, recent = events.net > 0, events.day >= as_of.day - YEAR
    last = np.full(frame.customers, as_of.day - 1_000_000, np.int64)
    np.maximum.at(last, events.customer[bought], events.day[bought])
    money = np.zeros(frame.customers, np.int64)
    np.add.at(money, events.customer[recent], events.net[recent])
    days = np.unique(np.stack([events.customer, events.day], axis=1)[bought & recent], axis=0)
    visits = np.bincount(days[:, 0], minlength=frame.customers).astype(np.int64)
    last, visits, money = last[rows], visits[rows], money[rows]
    return {"revenue_12m": money, "rfm": quintiles(last) + quintiles(visits) + quintiles(money), "recency": last}


def quintiles(values: Integers) -> Integers:
    """The fifth of the customers each belongs to, 1 to 5; equal values are in one fifth, by their middle.

    >>> quintiles(np.array([10, 20, 30, 40, 50]))
    array([1, 2, 3, 4, 5])
    """
    ordered = np.sort(values)
    below = np.searchsorted(ordered, values, side="left")
    upto = np.searchsorted(ordered, values, side="right")
    fifths = 1 + (5 * (below + upto)) // max(2 * len(values), 1)
    return np.asarray(np.minimum(5, fifths), np.int64)
