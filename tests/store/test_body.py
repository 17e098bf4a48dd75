"""The bytes of a chunk come out as they were stored; what is no bytes, or cannot be read, is not taken for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from engine.errors import DamagedDatabaseError, DamagedError
from engine.store import Database, chunk_hash, open_chunk, open_database, place_of_decision, read_body
from tests.store.test_located import fill

LONG = np.random.default_rng(1).bytes(300_000)
PAGE = 4_096


def _with_body(database: Database, body: object) -> int:
    """A chunk that has something in the place of its bytes."""
    _, number = fill(database, [[1, 2]], 2)[1][0]
    chunk = place_of_decision(number)[0]
    with database.write() as session:
        session.execute(text("update chunk set body = :body where id = :id"), {"body": body, "id": chunk})
    return chunk


@pytest.mark.parametrize("length", [0, 1, PAGE, len(LONG)])
def test_bytes_come_out_as_they_are(database: Database, length: int) -> None:
    chunk = _with_body(database, LONG[:length])
    with database.read() as session:
        found = read_body(session, chunk)
        assert isinstance(found, bytes)
        assert found == LONG[:length]
        assert read_body(session, chunk + 1) is None


def test_a_text_of_the_same_bytes_is_no_chunk(database: Database) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL keeps no text in a column of bytes")
    chunk = _with_body(database, "TSC3")
    with database.read() as session:
        found = read_body(session, chunk)
    with pytest.raises(DamagedError, match="chunk 0 of B2C in run 1"):
        open_chunk(found, chunk_hash(b"TSC3"), "chunk 0 of B2C in run 1")


def test_a_broken_page_behind_the_bytes_is_told_as_a_damaged_database(sqlite_url: str) -> None:
    with open_database(sqlite_url) as database:
        chunk = _with_body(database, LONG)
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(file.read_bytes())
    page = content.index(LONG[100_000:100_016]) // PAGE * PAGE
    content[page : page + 4] = b"\xff" * 4  # the number of the page that goes on
    file.write_bytes(content)
    with open_database(sqlite_url) as database, pytest.raises(DamagedDatabaseError), database.read() as session:
        read_body(session, chunk)
