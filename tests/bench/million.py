"""Deciding 1,000,000 customers from stored facts, to the commit, beside a pipeline that goes row by row.

The first run stores made-up facts; the second one, a month later, reads them and is measured. The pipeline beside
it is what an application writes without thinking of columns: a customer's rows as objects, the traced evaluator, the
standing changed as an object, the leaf of the decision; measured on a sample of the same customers.
"""

from __future__ import annotations

import time
from unittest.mock import patch

from engine.audit import leaf
from engine.decisions import Moment, decide, row_bytes, single_rows
from engine.operations import computing
from engine.operations.capacity import Used
from engine.operations.computing import compute_market
from engine.operations.facts import Clocks, instant_of
from engine.operations.publishing import require_live_book
from engine.store import Database, read_customer_ids
from engine.store.tables import CustomerRow, StandingRow
from engine.vocabulary import UNRATED, Market
from tests.bench.filled import AS_OF, MONTH, decided, megabytes, run_of, stored_facts
from tests.bench.measure import Measured

CUSTOMERS = 1_000_000
SAMPLE = 500
TIMES = 100
"""How much faster than row by row columns are to be."""


def measure() -> Measured:
    """Seconds of one run of a million; the row-by-row pipeline's rate in the detail."""
    with decided(CUSTOMERS) as database:
        with patch.object(computing, "assemble", stored_facts):
            processor = time.process_time()
            seconds = run_of(database, AS_OF + MONTH, CUSTOMERS)
            processor = time.process_time() - processor
        rate = _row_by_row(database)
        size = megabytes(database)
    times = CUSTOMERS / seconds / rate
    pipeline = f"{times:,.0f} times a row-by-row pipeline ({TIMES} wanted; {rate:,.0f} rows/s)"
    detail = f"{processor:.1f} s of processor time; {pipeline}; database {size:,} MB"
    return Measured(f"{CUSTOMERS:,} customers decided and committed", round(seconds, 2), "s", 3, False, detail)


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
