"""Deciding 1,000,000 customers from stored facts, to the commit, beside a pipeline that goes row by row.

The first run stores made-up facts; the second one, a month later, reads them and is measured. The pipeline beside
it is what an application writes without thinking of columns: a customer's rows as objects, the traced evaluator, the
standing changed as an object, the leaf of the decision; measured on a sample of the same customers.
"""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.audit import leaf
from engine.decisions import Moment, decide, row_bytes, single_rows
from engine.operations import computing
from engine.operations.capacity import Used
from engine.operations.computing import compute_market
from engine.operations.facts import Assembled, Clocks, instant_of
from engine.operations.publishing import publish, require_live_book
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import Book
from engine.store import Database, insert_rows, open_database, read_customer_ids, read_customers, upgrade_database
from engine.store.tables import CustomerRow, StandingRow
from engine.vocabulary import UNRATED, Market
from tests.bench.deciding import AS_OF, BEFORE, run_of, stored_facts
from tests.bench.measure import Measured
from tests.bench.synthetic import ROOT, shipped_book, synthetic_columns

CUSTOMERS = 1_000_000
SAMPLE = 500
Integers = NDArray[np.int64]
MONTH = timedelta(days=30)
TIMES = 100
"""How much faster than row by row columns are to be."""


def measure() -> Measured:
    """Seconds of one run of a million; the row-by-row pipeline's rate in the detail."""
    shipped_book()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        database = open_database(url)
        publish(database, read_rule_folder(ROOT / "rules"), "bench", "measuring", BEFORE)
        with database.write() as session:
            fill_customers(session, CUSTOMERS)
        with patch.object(computing, "assemble", made_up_facts):
            run_of(database, AS_OF, CUSTOMERS)
        with patch.object(computing, "assemble", stored_facts):
            seconds = run_of(database, AS_OF + MONTH, CUSTOMERS)
        rate = _row_by_row(database)
        size = round(sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6)
    times = CUSTOMERS / seconds / rate
    detail = f"{times:,.0f} times a row-by-row pipeline ({TIMES} wanted; {rate:,.0f} rows/s); database {size:,} MB"
    return Measured(f"{CUSTOMERS:,} customers decided and committed", round(seconds, 2), "s", 3, False, detail)


def fill_customers(session: Session, customers: int) -> None:
    """Store so many persons."""
    chance = np.random.default_rng(1)
    names = [f"bench:P-{number:07d}" for number in range(1, customers + 1)]
    salts = [chance.bytes(16) for _ in names]
    times = {"created_at": BEFORE, "updated_at": BEFORE}
    insert_rows(session, CustomerRow, {"market": Market.B2C, "ref": names, "name": names, "salt": salts, **times})


def made_up_facts(session: Session, book: Book, market: Market, clocks: Clocks, ids: Integers) -> Assembled:
    """Facts nobody stored, instead of `assemble`."""
    customers = read_customers(session, market, ids)
    columns = synthetic_columns(book, len(customers), seed=int(ids[0]))
    return Assembled(customers, columns, instant_of(book, clocks.as_of))


def _row_by_row(database: Database) -> float:
    """Customers a second of the pipeline of objects, which gets facts and states for nothing."""
    as_of = AS_OF + 2 * MONTH
    with database.read() as session:
        book = require_live_book(session)
        moment = Moment(as_of, instant_of(book, as_of).day)
        ids = read_customer_ids(session, Market.B2C)[:SAMPLE]
        with patch.object(computing, "assemble", stored_facts):
            found = compute_market(session, book, Market.B2C, Clocks(as_of, as_of), moment, ids, Used())
    started = time.perf_counter()
    columns, states = found.assembled.columns, found.states
    outcomes = decide(found.rules, columns, states, moment, "traced")
    rows = single_rows(row_bytes(columns, states, outcomes))
    with database.write() as session:
        for row, own in enumerate(rows):
            customer = session.get_one(CustomerRow, int(found.assembled.customers.ids[row]))
            standing = session.get_one(StandingRow, customer.id)
            leaf(customer.salt, own)
            tier, score = int(outcomes.effective[row]), int(outcomes.score[row])
            standing.effective = found.rules.tiers[tier].key if tier >= 0 else UNRATED
            standing.score = score if score >= 0 else None
            standing.as_of = as_of
    return SAMPLE / (time.perf_counter() - started)
