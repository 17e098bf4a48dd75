"""Deciding 100,000 customers from facts in the store, to the commit."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from sqlalchemy.orm import Session

from engine.metrics import SOURCES
from engine.operations.deciding import decide
from engine.operations.publishing import publish, read_rule_folder
from engine.store import insert_rows, open_database, upgrade_database
from engine.store.tables import CustomerRow, PredictionRow, RecordRow, ValueEstimateRow, WatermarkRow
from engine.vocabulary import Market, RecordKind
from tests.bench.measure import Measured
from tests.bench.synthetic import ROOT, shipped_book

CUSTOMERS = 100_000
ORDERS = 2
"""Of each customer, beside a prediction, a lifetime value and an acquisition cost."""
AS_OF = datetime(2026, 10, 31, 16, tzinfo=UTC)
BEFORE = AS_OF - timedelta(hours=2)
FIRST_ORDERS = datetime(2024, 9, 1, tzinfo=UTC)


def measure() -> Measured:
    """Seconds of one run over a base of its own: read, facts, decisions, chunks, rows, ledger, commit."""
    shipped_book()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        database = open_database(url)
        publish(database, read_rule_folder(ROOT / "rules"), "bench", "measuring", BEFORE)
        with database.write() as session:
            _fill(session)
        started = time.perf_counter()
        report = decide(database, None, AS_OF, "bench", AS_OF + timedelta(hours=1))
        seconds = time.perf_counter() - started
        detail = f"{report.decided:,} decided, {CUSTOMERS * ORDERS:,} orders read, database {_megabytes(folder)} MB"
    return Measured("customers decided and committed", round(seconds, 2), "s", 3, False, detail)


def _fill(session: Session) -> None:
    chance = np.random.default_rng(1)
    names = [f"bench:P-{number:06d}" for number in range(1, CUSTOMERS + 1)]
    salts = [chance.bytes(16) for _ in names]
    times = {"created_at": BEFORE, "updated_at": BEFORE}
    ids = insert_rows(session, CustomerRow, {"market": Market.B2C, "ref": names, "name": names, "salt": salts, **times})
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


def _megabytes(folder: str) -> int:
    return round(sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6)
