"""Emptying a person's rows in the chunks of all runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import leaves
from engine.decisions import from_kept, row_bytes, single_rows
from engine.store import (
    NOBODY,
    Chunk,
    RowsOfChunk,
    chunk_hash,
    open_shadow_chunk,
    pack_numbers,
    place_of_decision,
    read_chunk,
    shadow_chunk_name,
    unpack_members,
    unpack_numbers,
    update_rows,
    without_rows,
)
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, ShadowChunkRow


def empty_rows(session: Session, decisions: Sequence[int], salt: bytes) -> Counter[int]:
    """Empty the rows of one customer's decisions, and keep their leaves; gives how many by run.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    rows: dict[int, list[int]] = {}
    for number in decisions:
        chunk_id, row = place_of_decision(number)
        rows.setdefault(chunk_id, []).append(row)
    table, emptied = table_of(ChunkRow), Counter[int]()
    for chunk_id, mine in sorted(rows.items()):
        query = select(table.c.run_id, table.c.members, table.c.dropped_at).where(table.c.id == chunk_id)
        run, packed, dropped_at = session.execute(query).one()
        columns = {"id": [chunk_id], **_index(bytes(packed), mine)}
        if dropped_at is None:
            body = _emptied(read_chunk(session, chunk_id), mine, salt)
            columns |= {"body": [body], "hash": [chunk_hash(body)]}
        update_rows(session, ChunkRow, columns)
        emptied[run] += len(mine)
    return emptied


def empty_shadow_rows(session: Session, customer: int, salt: bytes) -> int:
    """Empty one customer's rows in the chunks of shadows, and keep their leaves; gives how many.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    table, emptied = table_of(ShadowChunkRow), 0
    query = select(table.c.id, table.c.rows, table.c.members).where(
        table.c.first_customer <= customer, table.c.last_customer >= customer
    )
    for number, rows, packed in session.execute(query.order_by(table.c.id)).all():
        members = unpack_members(bytes(packed), rows, shadow_chunk_name(number))
        mine = np.flatnonzero(members == customer).tolist()
        if mine:
            body = _emptied(open_shadow_chunk(session, number), mine, salt)
            columns = {"id": [number], **_index(bytes(packed), mine), "body": [body], "hash": [chunk_hash(body)]}
            update_rows(session, ShadowChunkRow, columns)
            emptied += len(mine)
    return emptied


def _index(packed: bytes, rows: list[int]) -> dict[str, list[object]]:
    """The columns that say whose rows a chunk has, without some of them."""
    members = unpack_numbers(packed).copy()
    members[rows] = NOBODY
    left: NDArray[np.int64] = members[members != NOBODY]
    first, last = (int(left.min()), int(left.max())) if len(left) else (NOBODY, NOBODY)
    return {"members": [pack_numbers(members)], "first_customer": [first], "last_customer": [last]}


def _emptied(chunk: Chunk, rows: list[int], salt: bytes) -> bytes:
    given = from_kept(chunk.header, RowsOfChunk(chunk, np.array(rows, np.int64)))
    grown = leaves([salt] * len(rows), single_rows(row_bytes(*given)))
    return without_rows(chunk, dict(zip(rows, grown, strict=True)))
