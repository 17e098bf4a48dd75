"""Where decisions are: the chunks and rows of customers' decisions, found without unpacking a chunk's body."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.errors import DamagedError
from engine.store.chunks import (
    NOBODY,
    damaged_chunk,
    decision_number,
    decision_numbers,
    forget_opened,
    read_chunk,
    unpack_members,
)
from engine.store.frames.fetching import NO_INSTANT, Integers, among, matched, places, rows_of
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, RunRow, StandingRow, from_microseconds

_BATCH: Final = 100
_chunk, _run = table_of(ChunkRow).c, table_of(RunRow).c


@dataclass(frozen=True, slots=True)
class Located:
    """One decision of each customer, (customers,).

    Attributes:
        chunks, rows: The chunk that holds it and the row therein; -1: there is none.
        as_of: Microseconds since 1970, NO_INSTANT: there is none.
    """

    chunks: Integers
    rows: Integers
    as_of: Integers

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Whether there is one."""
        return self.chunks >= 0

    @property
    def numbers(self) -> Integers:
        """The decisions' numbers, -1: there is none."""
        return np.where(self.decided, decision_numbers(self.chunks, self.rows), -1)


@dataclass(frozen=True, slots=True)
class Window:
    """Which decisions count; None: any.

    Attributes:
        until, known_at: As of an instant or earlier, made by another; microseconds.
        newest_chunk: In this chunk or an older one.
    """

    until: int | None = None
    known_at: int | None = None
    newest_chunk: int | None = None

    def within(self, query: Select[Any]) -> Select[Any]:
        """The same query of chunks, of these decisions only."""
        if self.until is not None:
            query = query.where(_run["as_of"] <= from_microseconds(self.until))
        if self.newest_chunk is not None:
            query = query.where(_chunk["id"] <= self.newest_chunk)
        return query if self.known_at is None else query.where(_run["finished_at"] <= from_microseconds(self.known_at))


EVER: Final = Window()


def locate_latest(session: Session, ids: Integers, window: Window = EVER) -> Located:
    """The latest decision of each customer.

    Chunks are gone through from the newest; who was never decided is left out as soon as that pays.

    Args:
        ids: (customers,) ids, each once.
    """
    found = Located(*(np.full(len(ids), none) for none in (-1, -1, NO_INSTANT)))
    order = np.argsort(ids, kind="stable")
    rising, open_ = ids[order], np.ones(len(ids), np.bool_)
    seen, asked = 0, False
    for number, as_of, rows, first, last, packed in _chunks_of(session, ids, window):
        if not asked and seen >= len(ids):
            open_[_never_decided(session, rising, open_)], asked = False, True
        if not open_.any():
            break
        seen += rows
        low, high = np.searchsorted(rising, (first, last + 1))
        if not open_[low:high].any():
            continue
        members = _members_of(session, number, (rows, first, last, packed))
        place = np.minimum(np.searchsorted(rising, members), len(rising) - 1)
        hit = np.flatnonzero((rising[place] == members) & open_[place])
        mine = order[place[hit]]
        found.chunks[mine], found.rows[mine], found.as_of[mine] = number, hit, as_of
        open_[place[hit]] = False
    return found


def locate_all(
    session: Session, ids: Sequence[int], window: Window = EVER, *, dropped: bool = False
) -> dict[int, list[tuple[int, int]]]:
    """Number and `as_of` (microseconds) of every decision of some customers, newest first.

    Args:
        ids: Customer ids, each once.
        dropped: Those too whose facts are gone by policy; the latest decision is looked for among all of them, or an
            earlier one would pass for it.
    """
    wanted = np.array(ids, np.int64)
    found: dict[int, list[tuple[int, int]]] = {number: [] for number in ids}
    for number, as_of, rows, first, last, packed in _chunks_of(session, wanted, window, dropped=dropped):
        members = _members_of(session, number, (rows, first, last, packed))
        place, hit = places(wanted, members)
        for row in np.flatnonzero(hit).tolist():
            decision = decision_number(number, row)
            found[int(wanted[place[row]])].append((decision, as_of))
    return found


def chunks_of_latest(session: Session, times: int) -> set[int]:
    """The chunks that hold one of the so many latest decisions of somebody."""
    found: set[int] = set()
    last = session.execute(select(func.max(_chunk["last_customer"]))).scalar_one() or NOBODY
    seen = np.zeros(last + 1, np.int64)
    columns = (_chunk["id"], _chunk["rows"], _chunk["members"])
    cursor = rows_of(session, select(*columns).order_by(_chunk["id"].desc()))
    while batch := cursor.fetchmany(_BATCH):
        for number, rows, packed in batch:
            members = unpack_members(bytes(packed), rows, f"chunk {number}")
            members = members[members != NOBODY]
            if (seen[members] < times).any():
                found.add(number)
            seen[members] += 1
    cursor.close()
    return found


def forget_unpacked() -> None:
    """Keep nothing of chunks in memory: what was taken away from the database is not to be found there either."""
    _members.cache_clear()
    forget_opened()


def revisions_of_chunks(session: Session, chunk_ids: Sequence[int]) -> dict[int, str]:
    """The revision each chunk's run decided by."""
    query = select(_chunk["id"], _run["revision"]).join(table_of(RunRow), _run["id"] == _chunk["run_id"])
    return {row[0]: row[1] for row in session.execute(query.where(_chunk["id"].in_(chunk_ids)))}


def _chunks_of(
    session: Session, ids: Integers, window: Window, *, dropped: bool = True
) -> Iterator[tuple[int, int, int, int, int, bytes]]:
    """Id, `as_of`, rows, first and last customer, packed members of chunks that may hold customers, newest first."""
    if not len(ids):
        return
    columns = (_chunk["id"], _run["as_of"], _chunk["rows"], _chunk["first_customer"], _chunk["last_customer"])
    query = select(*columns, _chunk["members"]).join(table_of(RunRow), _run["id"] == _chunk["run_id"])
    query = query.where(_chunk["last_customer"] >= int(ids.min()), _chunk["first_customer"] <= int(ids.max()))
    if not dropped:
        query = query.where(_chunk["dropped_at"].is_(None))
    page = window.within(query).order_by(_chunk["id"].desc()).limit(_BATCH)
    while True:  # in pages, since a driver may fetch all that a statement finds before the first row is looked at
        cursor = rows_of(session, page)
        batch = cursor.fetchall()
        cursor.close()
        for number, as_of, rows, first, last, packed in batch:
            yield number, as_of, rows, first, last, bytes(packed)
        if len(batch) < _BATCH:
            return
        page = page.where(_chunk["id"] < batch[-1][0])


def _members_of(session: Session, number: int, index: tuple[int, int, int, bytes]) -> Integers:
    """The customers of a chunk's rows by its index; by its body, which has a hash, where the index is damaged.

    Args:
        index: Rows, first and last customer, packed members.

    Raises:
        DamagedError: Both are.
    """
    try:
        return _members(*index)
    except DamagedError:
        chunk = read_chunk(session, number)
        if "customer" not in chunk:  # dropped by policy
            raise
        return chunk["customer"].astype(np.int64)


@lru_cache(maxsize=1024)
def _members(rows: int, first: int, last: int, packed: bytes) -> Integers:
    members = unpack_members(packed, rows, f"a chunk of {rows} customers from {first} to {last}")
    there = members[members != NOBODY]
    if len(there) and not first <= int(there.min()) <= int(there.max()) <= last:
        raise damaged_chunk(f"a chunk of {rows} customers from {first} to {last}")
    return members


def _never_decided(session: Session, rising: Integers, open_: NDArray[np.bool_]) -> Integers:
    """Places of those still looked for that have no standing: none of their decisions is in an older chunk."""
    places_ = np.flatnonzero(open_)
    table = table_of(StandingRow)
    query = select(table.c.customer_id, table.c.decision_id)
    rows, _ = matched(
        session, [query.where(one) for one in among(table.c.customer_id, rising[places_])], rising[places_]
    )
    known = np.zeros(len(places_), np.bool_)
    known[rows] = True
    return np.asarray(places_[~known], np.int64)
