"""Reading and explaining one stored decision of a run of 100,000, and making all of them again."""

from __future__ import annotations

import time
from statistics import median

import numpy as np
from sqlalchemy import select

from engine.operations.explaining import explain_by_itself
from engine.operations.replaying import replay
from engine.store import Database, forget_unpacked
from engine.store.tables import StandingRow
from engine.vocabulary import Locale
from tests.bench.filled import decided
from tests.bench.measure import Measured

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
