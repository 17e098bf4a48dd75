"""A million ledger entries verified in the database, every checkpoint included."""

from __future__ import annotations

import tempfile
import time
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson
from sqlalchemy.orm import Session

from engine.audit.sealed import verify_sealed
from engine.operations.verifying_together import verify_together
from engine.store import insert_rows, ledger_links, open_database, upgrade_database
from engine.store.tables import LedgerRow, to_microseconds
from tests.bench.measure import Measured
from tests.bench.outside import ENTRIES, made_up


def measure() -> Measured:
    """Seconds to read and check all of them."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        notes: list[str] = []
        with open_database(url) as database:
            with database.write() as session:
                entries = made_up(ENTRIES, notes)
                while some := tuple(islice(entries, 5_000)):
                    _store(session, some)
            started = time.perf_counter()
            with database.read() as session:
                found = verify_together(session, url, notes) or verify_sealed(ledger_links(session), notes)
            seconds = time.perf_counter() - started
    if not found.ok or found.entries != ENTRIES:
        raise AssertionError(f"entry {found.first_bad} does not fit: {found.problem}")
    detail = f"{ENTRIES / seconds:,.0f} entries/s, {len(notes)} signatures"
    return Measured(f"{ENTRIES:,} entries verified in the database", round(seconds, 1), "s", 5, False, detail)


def _store(session: Session, some: tuple[tuple[str, bytes], ...]) -> None:
    entries = [orjson.loads(body) for _, body in some]
    columns = {
        name: [entry[name] for entry in entries]
        for name in ("position", "kind", "actor", "reason", "subject", "previous_hash")
    }
    at = [to_microseconds(datetime.fromisoformat(entry["at"])) for entry in entries]
    bodies = [body.decode() for _, body in some]
    insert_rows(session, LedgerRow, {**columns, "at": at, "body": bodies, "hash": [one for one, _ in some]})
