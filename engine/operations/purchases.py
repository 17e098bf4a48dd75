"""What counts as a purchase where no rule says it: for the models, for figures over a period, to rank customers."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.expressions import Column
from engine.metrics import Instant
from engine.store import read_records

BOUGHT: Final = ("placed", "paid", "fulfilled")
"""Statuses of an order that is a purchase, as the shipped `rules/metrics.yaml` has it; not cancelled, not returned."""

BOUGHT_SQL: Final = f"({', '.join(repr(status) for status in BOUGHT)})"
"""The same for the right side of `status in …`."""

_YEAR_DAYS: Final = 365


def revenue_of_year(session: Session, ids: NDArray[np.int64], instant: Instant, as_known_at: int) -> NDArray[np.int64]:
    """(customers,) revenue of the 365 local days before an instant, in minor units of its currency.

    Purchases in other currencies do not count, and whoever bought nothing has 0: this ranks, it decides nothing.

    Args:
        ids: (customers,) row numbers, each once.
        as_known_at: Microseconds since 1970.
    """
    frame = read_records(session, "orders", ids, instant.as_of, as_known_at, ("net", "status"), instant.zone)
    net, status = frame.columns["net"], frame.columns["status"]
    counts = (net.causes == 0) & _one_of(status, BOUGHT) & _one_of(frame.currencies, (instant.currency,))
    counts &= frame.day >= instant.day - _YEAR_DAYS
    total = np.zeros(len(ids), np.int64)
    np.add.at(total, frame.customer[counts], net.values[counts])
    return total


def _one_of(column: Column, texts: tuple[str, ...]) -> NDArray[np.bool_]:
    codes = [code for code, text in enumerate(column.texts) if text in texts]
    found: NDArray[np.bool_] = (column.causes == 0) & np.isin(column.values, codes)
    return found
