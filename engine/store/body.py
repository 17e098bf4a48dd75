"""The bytes of a chunk as the database holds them, read as directly as it lets us."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.store.rows import table_of
from engine.store.tables import ChunkRow

_table = table_of(ChunkRow)
_BODY: Final = select(_table.c.body).where(_table.c.id == bindparam("chunk_id"))
_KIND: Final = "SELECT typeof(body) FROM chunk WHERE id = ?"


def read_body(session: Session, chunk_id: int) -> object:
    """What stands in the place of a chunk's bytes, for `open_chunk` to judge; None: there is no such chunk.

    SQLite puts a row of most of a megabyte together before it hands it over, which takes as long as hashing it; from
    an opened value the bytes are copied once.
    """
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        body = _opened(connection.connection.driver_connection, chunk_id)
        if body is not None:
            return body
    return session.execute(_BODY, {"chunk_id": chunk_id}).scalar_one_or_none()


def _opened(driver: Any, chunk_id: int) -> bytes | None:
    """The bytes; None where there are none, or SQLite says that something is wrong: the statement tells what it is."""
    try:
        if driver.execute(_KIND, (chunk_id,)).fetchone() != ("blob",):
            return None
        with driver.blobopen(_table.name, "body", chunk_id, readonly=True) as stored:
            return bytes(stored.read())
    except sqlite3.Error:
        return None
