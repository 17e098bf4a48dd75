"""Customers whose tier moved, found in the chunks of some runs without making views of everybody decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.store.chunks import NOBODY, Chunk, decision_number, read_chunk, unpack_members
from engine.store.emptied import present_rows
from engine.store.located import Window, locate_latest
from engine.store.reading.columns import columns_of
from engine.store.rows import table_of
from engine.store.standings import RowsOfChunk
from engine.store.tables import ChunkRow, RunRow, to_microseconds

_BATCH: Final = 100
_chunk, _run = columns_of(ChunkRow), columns_of(RunRow)


def moved_rows(chunk: Chunk) -> NDArray[np.int64]:
    """Rows of a chunk, rising, whose effective tier is another than that of the decision before; none is a tier."""
    present = present_rows(chunk)
    some = RowsOfChunk(chunk, present)
    now, before = some.told("effective"), some.told("previous")
    place = {text: code for code, text in enumerate(now.texts)}
    same = np.array([*(place.get(text, -2) for text in before.texts), -1], np.int64)
    old = same[np.where(before.causes == 0, before.values, len(before.texts))]
    return np.asarray(present[old != np.where(now.causes == 0, now.values, -1)])


def first_moves(session: Session, runs: Sequence[int]) -> list[tuple[int, int]]:
    """Of the first decision that each customer has in some runs, those with another effective tier than before.

    Who was never decided before has no tier to move from. Decisions whose facts are gone by policy tell no tiers.

    Args:
        runs: Row numbers.

    Returns:
        (number, that of the decision before), rising.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    last = session.execute(select(func.max(_chunk["last_customer"]))).scalar_one() or NOBODY
    seen, found = np.zeros(last + 1, np.bool_), []
    columns = (_chunk["id"], _chunk["rows"], _chunk["members"], _chunk["dropped_at"], _run["as_of"])
    query = select(*columns).join(table_of(RunRow), _run["id"] == _chunk["run_id"])
    page = query.where(_chunk["run_id"].in_(runs)).order_by(_chunk["id"]).limit(_BATCH)
    while True:
        batch = session.execute(page).all()
        for number, rows, packed, dropped_at, as_of in batch:
            members = unpack_members(bytes(packed), rows, f"chunk {number}")
            first = ~seen[members] & (members != NOBODY)
            seen[members] = True
            if first.any() and dropped_at is None:
                found += _moved_of(session, number, first, to_microseconds(as_of))
        if len(batch) < _BATCH:
            return found
        page = page.where(_chunk["id"] > batch[-1][0])


def _moved_of(session: Session, number: int, first: NDArray[np.bool_], as_of: int) -> list[tuple[int, int]]:
    """Decisions of one chunk, of rows that are somebody's first, with another tier than an earlier decision gave."""
    chunk = read_chunk(session, number)
    rows = moved_rows(chunk)
    rows = rows[first[rows]]
    before = Window(until=as_of - 1, newest_chunk=number - 1)
    earlier = locate_latest(session, chunk["customer"][rows].astype(np.int64), before).numbers
    pairs = zip(rows.tolist(), earlier.tolist(), strict=True)
    return [(decision_number(number, row), other) for row, other in pairs if other >= 0]
