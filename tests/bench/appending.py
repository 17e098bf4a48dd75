"""What a ledger entry costs beside the commit of the operation it belongs to."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from engine.store import append_entry, open_database, upgrade_database
from engine.vocabulary import EntryKind
from tests.bench.measure import Measured

OPERATIONS = 500
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def measure() -> Measured:
    """Milliseconds of appending, the median; the commit is told beside it."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        appending, whole = [], []
        with open_database(url) as database:
            for number in range(OPERATIONS):
                begun = time.perf_counter()
                with database.write() as session:
                    started = time.perf_counter()
                    append_entry(session, EntryKind.RUN, "bench", None, f"run:{number}", {"decided": number}, AT)
                    appending.append((time.perf_counter() - started) * 1000)
                whole.append((time.perf_counter() - begun) * 1000)
    detail = f"the operation with its commit {median(whole):.2f} ms; {OPERATIONS} operations"
    return Measured("a ledger entry appended", round(median(appending), 3), "ms", 1, False, detail)
