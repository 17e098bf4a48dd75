"""Deciding 100,000 customers from stored facts, to the commit.

Facts are a customer's metrics; a run keeps them in chunks. The first run makes them from records, estimates
and predictions, the second one, a month later, is measured on the facts the first one stored.
"""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.decisions import stored_fact
from engine.expressions import Column
from engine.metrics import SOURCES
from engine.operations import computing
from engine.operations.deciding import decide
from engine.operations.facts import Assembled, Clocks, instant_of
from engine.operations.publishing import publish
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import Book
from engine.store import Database, insert_rows, open_database, read_chunk, read_customers, upgrade_database
from engine.store.tables import ChunkRow, CustomerRow, PredictionRow, RecordRow, ValueEstimateRow, WatermarkRow
from engine.vocabulary import Market, RecordKind
from tests.bench.measure import Measured
from tests.bench.synthetic import ROOT, shipped_book

Integers = NDArray[np.int64]
CUSTOMERS = 100_000
ORDERS = 2
"""Of each customer, beside a prediction, a lifetime value and an acquisition cost."""
AS_OF = datetime(2026, 10, 31, 16, tzinfo=UTC)
BEFORE = AS_OF - timedelta(hours=2)
FIRST_ORDERS = datetime(2024, 9, 1, tzinfo=UTC)


def measure() -> Measured:
    """Seconds of one run: stored facts and states read, decisions, chunks, rows, ledger, commit."""
    shipped_book()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        database = open_database(url)
        publish(database, read_rule_folder(ROOT / "rules"), "bench", "measuring", BEFORE)
        with database.write() as session:
            _fill(session)
        first = run_of(database, AS_OF, CUSTOMERS)
        with patch.object(computing, "assemble", stored_facts):
            second = run_of(database, AS_OF + timedelta(days=30), CUSTOMERS)
        size = round(sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6)
    detail = f"{first:.1f} s when facts are made from {CUSTOMERS * ORDERS:,} orders first; database {size} MB"
    return Measured("100,000 customers decided and committed", round(second, 2), "s", 3, False, detail)


def run_of(database: Database, as_of: datetime, customers: int) -> float:
    """Seconds of one run of all customers, who must be so many."""
    started = time.perf_counter()
    report = decide(database, None, as_of, "bench", as_of + timedelta(hours=1))
    seconds = time.perf_counter() - started
    if report.decided != customers:
        raise AssertionError(f"{report.decided} customers were decided, not {customers}")
    return seconds


def stored_facts(session: Session, book: Book, market: Market, clocks: Clocks, ids: Integers) -> Assembled:
    """The facts of the first run of the database, instead of `assemble`."""
    customers = read_customers(session, market, ids)
    of_first = (ChunkRow.run_id == 1, ChunkRow.market == market.value)
    around = (ChunkRow.last_customer >= int(ids[0]), ChunkRow.first_customer <= int(ids[-1]))
    query = select(ChunkRow.id).where(*of_first, *around).order_by(ChunkRow.ordinal)
    chunks = [read_chunk(session, number) for number in session.execute(query).scalars()]
    names = chunks[0].header["facts"] if chunks else {}
    rows = np.searchsorted(np.concatenate([chunk["customer"] for chunk in chunks]), ids)
    columns = {name: _joined([stored_fact(chunk.header, chunk, name) for chunk in chunks]).take(rows) for name in names}
    return Assembled(customers, columns, instant_of(book, clocks.as_of))


def _joined(parts: list[Column]) -> Column:
    values, causes = (np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "causes"))
    return Column(values, causes, parts[0].unit, parts[0].texts)


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
