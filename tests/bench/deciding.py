"""Deciding 100,000 customers from stored facts, to the commit.

Facts are a customer's metrics; a run keeps them in chunks. The first run makes them from records, estimates
and predictions, the second one, a month later, is measured on the facts the first one stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from unittest.mock import patch

import numpy as np
from sqlalchemy.orm import Session

from engine.metrics import SOURCES
from engine.operations import computing
from engine.store import insert_rows
from engine.store.tables import PredictionRow, RecordRow, ValueEstimateRow, WatermarkRow
from engine.vocabulary import RecordKind
from tests.bench.filled import AS_OF, BEFORE, MONTH, fill_customers, megabytes, opened, run_of, stored_facts
from tests.bench.measure import Measured

CUSTOMERS = 100_000
ORDERS = 2
"""Of each customer, beside a prediction, a lifetime value and an acquisition cost."""
FIRST_ORDERS = datetime(2024, 9, 1, tzinfo=UTC)


def measure() -> Measured:
    """Seconds of one run: stored facts and states read, decisions, chunks, rows, ledger, commit."""
    with opened() as database:
        with database.write() as session:
            _fill(session)
        first = run_of(database, AS_OF, CUSTOMERS)
        with patch.object(computing, "assemble", stored_facts):
            second = run_of(database, AS_OF + MONTH, CUSTOMERS)
        size = megabytes(database)
    detail = f"{first:.1f} s when facts are made from {CUSTOMERS * ORDERS:,} orders first; database {size} MB"
    return Measured("100,000 customers decided and committed", round(second, 2), "s", 3, False, detail)


def _fill(session: Session) -> None:
    chance = np.random.default_rng(1)
    ids = fill_customers(session, CUSTOMERS)
    stored = {"customer_id": ids, "as_of": BEFORE, "recorded_at": BEFORE}
    shares = (chance.random(CUSTOMERS) ** 2 * 1_000_000).astype(np.int64)
    insert_rows(session, PredictionRow, {"name": "churn", "status": "MODEL", "probability": shares, **stored})
    for value, horizon, top in (("clv", 365, 200_000), ("cac", None, 15_000), ("margin", None, 300_000)):
        amounts = (chance.random(CUSTOMERS) ** 3 * top).astype(np.int64)
        given = {"name": value, "horizon_days": horizon, "amount": amounts, "currency": "CNY", "method": "bench"}
        insert_rows(session, ValueEstimateRow, {**given, **stored})
    _fill_orders(session, np.repeat(ids, ORDERS), chance)
    for source in SOURCES:
        insert_rows(session, WatermarkRow, {"source": [source], "complete_until": AS_OF, "recorded_at": BEFORE})


def _fill_orders(session: Session, customers: np.ndarray, chance: np.random.Generator) -> None:
    count = len(customers)
    first = int(FIRST_ORDERS.timestamp()) * 1_000_000
    last = int(BEFORE.timestamp()) * 1_000_000
    occurred = chance.integers(first, last, count)
    net = chance.integers(5_000, 80_000, count)
    columns = {
        "customer_id": customers,
        "kind": RecordKind.ORDER,
        "source": "bench",
        "key": [f"O-{number:07d}" for number in range(count)],
        "occurred_at": occurred,
        "recorded_at": occurred,
        "currency": "CNY",
        "net": net,
        "cost": net * 6 // 10,
        "status": "paid",
    }
    insert_rows(session, RecordRow, columns)
