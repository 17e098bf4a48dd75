"""Where customers stand by a candidate that decides beside the live book, read from its own chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.expressions.columns import Column
from engine.store.chunks import NOBODY, Chunk, damaged_chunk, open_chunk, unpack_members
from engine.store.frames.fetching import Integers
from engine.store.rows import table_of
from engine.store.standings import RowsOfChunk, StandingsFrame, spread, together
from engine.store.tables import ShadowChunkRow

_chunk = table_of(ShadowChunkRow).c


def shadow_chunk_name(number: int) -> str:
    """A chunk of a shadow for messages."""
    return f"shadow chunk {number}"


def open_shadow_chunk(session: Session, number: int) -> Chunk:
    """A shadow's chunk, after checking its hash.

    Raises:
        DamagedError: Its bytes do not fit their hash, or it is gone.
    """
    found = session.execute(select(_chunk.body, _chunk.hash).where(_chunk.id == number)).one_or_none()
    if found is None:
        raise damaged_chunk(shadow_chunk_name(number))
    return open_chunk(found.body, found.hash, shadow_chunk_name(number))


def with_shadow(session: Session, shadow: int, ids: Integers, live: StandingsFrame) -> StandingsFrame:
    """Standings in which whoever a shadow has decided stands as the shadow left them, the others as the live book did.

    Args:
        ids: (customers,) ids, rising, as in `live`.

    Raises:
        DamagedError: A chunk of the shadow does not fit its hash.
    """
    names = list(live.columns)
    parts: dict[str, list[Column]] = {name: [] for name in names}
    places: list[NDArray[np.intp]] = []
    for chunk, mine, rows in _latest(session, shadow, ids):
        some = RowsOfChunk(chunk, rows)
        if (some["customer"] != ids[mine]).any():
            raise damaged_chunk(chunk.name)
        places.append(mine)
        for name in names:
            parts[name].append(some.told(name))
    if not places:
        return live
    rest = np.setdiff1d(np.arange(len(ids)), np.concatenate(places))
    order = np.concatenate([rest, *places])
    columns = {
        name: spread(together([live.columns[name].take(rest), *parts[name]], live.columns[name].unit), len(ids), order)
        for name in names
    }
    return replace(live, columns=columns)


def shadow_chunks_of_latest(session: Session, shadow: int) -> set[int]:
    """The chunks that hold somebody's latest decision by a shadow.

    Raises:
        DamagedError: The index of a chunk is not what it should be.
    """
    found: set[int] = set()
    query = select(_chunk.id, _chunk.rows, _chunk.members, _chunk.last_customer).where(_chunk.shadow_id == shadow)
    chunks = session.execute(query.order_by(_chunk.id.desc())).all()
    seen = np.zeros(max((chunk.last_customer for chunk in chunks), default=0) + 1, np.bool_)
    seen[NOBODY] = True
    for number, rows, packed, _ in chunks:
        members = unpack_members(bytes(packed), rows, shadow_chunk_name(number))
        if not seen[members].all():
            found.add(number)
        seen[members] = True
    return found


def _latest(session: Session, shadow: int, ids: Integers) -> Iterator[tuple[Chunk, NDArray[np.intp], NDArray[np.intp]]]:
    """The chunks that hold somebody's latest decision by a shadow, with their places among the ids and their rows."""
    if not len(ids):
        return
    open_ = np.ones(len(ids), np.bool_)
    query = select(_chunk.id, _chunk.rows, _chunk.members).where(
        _chunk.shadow_id == shadow, _chunk.last_customer >= int(ids.min()), _chunk.first_customer <= int(ids.max())
    )
    for number, count, packed in session.execute(query.order_by(_chunk.id.desc())).all():
        members = unpack_members(bytes(packed), count, shadow_chunk_name(number))
        place = np.minimum(np.searchsorted(ids, members), len(ids) - 1)
        hit = np.flatnonzero((ids[place] == members) & open_[place])
        if len(hit):
            open_[place[hit]] = False
            yield open_shadow_chunk(session, number), place[hit], hit
        if not open_.any():
            return
