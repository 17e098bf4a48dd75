"""Turns of writing within one process."""

from __future__ import annotations

import gc
import threading

from sqlalchemy import text

from engine.store import open_database


def test_a_forgotten_database_does_not_wait_for_the_writer_it_is_cleared_by(sqlite_url: str) -> None:
    finished = threading.Event()

    def write() -> None:
        with open_database(sqlite_url) as writing:
            forgotten = open_database(sqlite_url)
            with forgotten.read() as session:
                session.execute(text("select 1"))
            with writing.write() as session:
                session.execute(text("select 1"))
                del forgotten
                gc.collect()
        finished.set()

    threading.Thread(target=write, daemon=True).start()
    assert finished.wait(30), "the writer waits for itself"
