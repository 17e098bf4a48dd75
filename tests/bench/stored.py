"""Reading and explaining one stored decision of a run of 100,000, and making all of them again."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from unittest.mock import patch

import numpy as np
from sqlalchemy import select

from engine.operations import computing
from engine.operations.explaining import explain_by_itself
from engine.operations.publishing import publish
from engine.operations.replaying import replay
from engine.operations.rule_folder import read_rule_folder
from engine.store import Database, forget_unpacked, open_database, upgrade_database
from engine.store.tables import StandingRow
from engine.vocabulary import Locale
from tests.bench.deciding import AS_OF, BEFORE, run_of, stored_facts
from tests.bench.measure import Measured
from tests.bench.million import fill_customers, made_up_facts
from tests.bench.synthetic import ROOT, shipped_book

CUSTOMERS = 100_000
EXPLAINED = 100


def measure() -> Measured:
    """Milliseconds of one explanation whose chunk nobody has opened yet, the median."""
    with decided(CUSTOMERS) as database:
        with database.read() as session:
            numbers = np.array(session.execute(select(StandingRow.decision_id)).scalars().all())
        some = np.random.default_rng(1).choice(numbers, EXPLAINED, replace=False).tolist()
        _milliseconds(database, some[0])  # links the rule book
        times = sorted(_milliseconds(database, number) for number in some)
    detail = f"95 of 100 under {times[EXPLAINED * 95 // 100]:.1f} ms, slowest {times[-1]:.1f} ms"
    return Measured("one stored decision read and explained", round(median(times), 2), "ms", 10, False, detail)


@contextmanager
def decided(customers: int, runs: int = 1) -> Iterator[Database]:
    """A database in which so many customers were decided so many times."""
    shipped_book()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        with open_database(url) as database:
            publish(database, read_rule_folder(ROOT / "rules"), "bench", "measuring", BEFORE)
            with database.write() as session:
                fill_customers(session, customers)
            for number in range(runs):
                facts = stored_facts if number else made_up_facts
                with patch.object(computing, "assemble", facts):
                    run_of(database, AS_OF + timedelta(days=30 * number), customers)
            yield database


def seconds_to_replay(database: Database, customers: int) -> float:
    """Seconds to make every stored decision again, the roots and standings included."""
    started = time.perf_counter()
    with database.read() as session:
        report = replay(session)
    seconds = time.perf_counter() - started
    if (report.checked, report.identical) != (customers, customers):
        raise AssertionError(f"{report.identical} of {report.checked} decisions came out the same")
    return seconds


def _milliseconds(database: Database, number: int) -> float:
    forget_unpacked()
    started = time.perf_counter()
    with database.read() as session:
        explained = explain_by_itself(session, number)
        for locale in Locale:
            explained.narration(locale)
    return (time.perf_counter() - started) * 1000
