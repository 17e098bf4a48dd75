"""Both tiers side by side: what the live book and the candidate gave the same customers in the same runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from engine.store import decision_numbers, open_shadow_chunk, read_chunk, shadow_chunk_name, unpack_members
from engine.store.chunks import NOBODY, Chunk
from engine.store.rows import table_of
from engine.store.standings import RowsOfChunk
from engine.store.tables import ChunkRow, RunRow, ShadowChunkRow
from engine.vocabulary import UNRATED, Market

Integers = NDArray[np.int64]
Tiers = NDArray[np.int16]

MARKETS: Final = tuple(Market)
_chunk, _beside = table_of(ChunkRow).c, table_of(ShadowChunkRow).c


@dataclass(frozen=True, slots=True)
class Day:
    """One run: how many were compared, and how many have another tier by the candidate."""

    run: int
    as_of: datetime
    compared: int
    differing: int


@dataclass(frozen=True, slots=True)
class Both:
    """A customer's effective tiers in the last run that decided it by both; None: unrated.

    Attributes:
        decision_id: Of the live book's decision.
        chunk_id, row: Where the candidate's is.
    """

    customer_id: int
    market: Market
    live: str | None
    candidate: str | None
    decision_id: int
    chunk_id: int
    row: int

    @property
    def differs(self) -> bool:
        """Whether the candidate gives another tier."""
        return self.live != self.candidate


class _Names:
    """Keys of tiers by code; UNRATED is the first."""

    def __init__(self) -> None:
        self._codes = {UNRATED: 0}

    def codes(self, chunk: Chunk, rows: NDArray[np.intp]) -> Tiers:
        """(rows,) codes of effective tiers."""
        told = RowsOfChunk(chunk, rows).told("effective")
        own = np.array([self._codes.setdefault(key, len(self._codes)) for key in told.texts] or [0], np.int16)
        return np.where(told.causes == 0, own[told.values], np.int16(0))

    @property
    def listed(self) -> tuple[str, ...]:
        """The keys in the order of their codes."""
        return tuple(self._codes)


class SideBySide:
    """What a candidate and the live book gave, each customer as the last run by both left it.

    Args:
        names: Keys of tiers by code.
        columns: (customers,) rising by `customer`: `market`, `live` and `candidate` as codes; `decision`, the
            number of the live decision; `chunk` and `row` of the candidate's.
    """

    def __init__(self, names: Sequence[str], columns: dict[str, Integers]) -> None:
        self._names, self._columns = names, columns

    def __len__(self) -> int:
        return len(self._columns["customer"])

    @property
    def customers(self) -> Integers:
        """(customers,) row numbers, rising."""
        return self._columns["customer"]

    @cached_property
    def matrix(self) -> Counter[tuple[Market, str | None, str | None]]:
        """Customers by market, tier by the live book and by the candidate; None: unrated."""
        shape = (len(MARKETS), len(self._names), len(self._names))
        codes = [self._columns[name] for name in ("market", "live", "candidate")]
        counts = np.bincount(np.ravel_multi_index(codes, shape), minlength=int(np.prod(shape))).reshape(shape)
        found = Counter[tuple[Market, str | None, str | None]]()
        for market, live, candidate in np.argwhere(counts).tolist():
            cell = MARKETS[market], self._key(live), self._key(candidate)
            found[cell] = int(counts[market, live, candidate])
        return found

    def rows(self, differs: bool | None = None, market: Market | None = None) -> NDArray[np.intp]:
        """Rows of those who differ (or do not), of one market; None: of all."""
        kept = np.ones(len(self), np.bool_)
        if differs is not None:
            kept &= (self._columns["live"] != self._columns["candidate"]) == differs
        if market is not None:
            kept &= self._columns["market"] == MARKETS.index(market)
        return np.flatnonzero(kept)

    def at(self, row: int) -> Both:
        """One customer."""
        found = {name: int(column[row]) for name, column in self._columns.items()}
        return Both(
            customer_id=found["customer"],
            market=MARKETS[found["market"]],
            live=self._key(found["live"]),
            candidate=self._key(found["candidate"]),
            decision_id=found["decision"],
            chunk_id=found["chunk"],
            row=found["row"],
        )

    def _key(self, code: int) -> str | None:
        return self._names[code] if code else None


_COLUMNS: Final = ("customer", "market", "live", "candidate", "decision", "chunk", "row")


def side_by_side(session: Session, shadow: int) -> SideBySide:
    """Compare a shadow with the decisions it was made beside; decisions that are gone are not compared.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    names, parts = _Names(), [np.zeros((len(_COLUMNS), 0), np.int64)]
    chunks = _chunks_of(session, shadow)
    taken = np.zeros(max((chunk.last_customer for chunk in chunks), default=0) + 1, np.bool_)
    for (run, market), found in groupby(reversed(chunks), key=lambda chunk: (chunk.run_id, chunk.market)):
        parts.append(_compared(session, run, market, list(found), names, taken))
    told = np.concatenate(parts, axis=1)
    told = told[:, np.argsort(told[0])]
    return SideBySide(names.listed, dict(zip(_COLUMNS, told, strict=True)))


def days_of(session: Session, shadow: int) -> tuple[Day, ...]:
    """Compare run by run, oldest first.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    names, days = _Names(), []
    for run, found in groupby(_chunks_of(session, shadow), key=lambda chunk: chunk.run_id):
        told = [
            _compared(session, run, market, list(chunks), names, None)
            for market, chunks in groupby(found, key=lambda chunk: chunk.market)
        ]
        _, _, live, candidate, *_ = np.concatenate(told, axis=1)
        as_of = session.execute(select(table_of(RunRow).c.as_of).where(table_of(RunRow).c.id == run)).scalar_one()
        days.append(Day(run, as_of, len(live), int((live != candidate).sum())))
    return tuple(days)


def _chunks_of(session: Session, shadow: int) -> list[Row[Any]]:
    """A shadow's chunks without their bodies, oldest first, by run and market."""
    wanted = (_beside.id, _beside.run_id, _beside.market, _beside.rows, _beside.last_customer, _beside.members)
    query = select(*wanted).where(_beside.shadow_id == shadow)
    return list(session.execute(query.order_by(_beside.run_id, _beside.market, _beside.ordinal)))


def _compared(
    session: Session, run: int, market: str, chunks: Sequence[Row[Any]], names: _Names, taken: NDArray[np.bool_] | None
) -> Integers:
    """(columns, customers) of one market of one run: those not yet `taken`, who are taken with it."""
    who, parts = [], []
    for chunk in chunks:
        members = unpack_members(bytes(chunk.members), chunk.rows, shadow_chunk_name(chunk.id))
        rows = np.flatnonzero((members != NOBODY) & (True if taken is None else ~taken[members]))
        if not len(rows):
            continue
        if taken is not None:
            taken[members[rows]] = True
        tiers = names.codes(open_shadow_chunk(session, chunk.id), rows)
        who.append(members[rows])
        parts.append(np.stack([tiers.astype(np.int64), np.full(len(rows), chunk.id), rows]))
    if not who:
        return np.zeros((len(_COLUMNS), 0), np.int64)
    ids, (candidate, chunk_ids, places) = np.concatenate(who), np.concatenate(parts, axis=1)
    order = np.argsort(ids)
    live, decisions = _live(session, run, market, ids[order], names)
    columns = [ids[order], np.full(len(ids), MARKETS.index(Market(market))), live]
    columns += [candidate[order], decisions, chunk_ids[order], places[order]]
    return np.stack(columns)[:, decisions > 0]


def _live(session: Session, run: int, market: str, ids: Integers, names: _Names) -> tuple[Integers, Integers]:
    """(customers,) codes of the tiers the live book gave in a run, and the decisions' numbers; 0: it is gone."""
    tiers, decisions = np.zeros(len(ids), np.int64), np.zeros(len(ids), np.int64)
    for number, members in _members(session, run, market, int(ids[0]), int(ids[-1])):
        place = np.minimum(np.searchsorted(ids, members), len(ids) - 1)
        rows = np.flatnonzero(ids[place] == members)
        if len(rows):
            tiers[place[rows]] = names.codes(read_chunk(session, number), rows)
            decisions[place[rows]] = decision_numbers(np.full(len(rows), number), rows)
    return tiers, decisions


def _members(session: Session, run: int, market: str, first: int, last: int) -> Iterator[tuple[int, Integers]]:
    """Chunks of a run that may hold some customers, with whose rows they have."""
    query = select(_chunk.id, _chunk.rows, _chunk.members).where(
        _chunk.run_id == run,
        _chunk.market == market,
        _chunk.dropped_at.is_(None),
        _chunk.last_customer >= first,
        _chunk.first_customer <= last,
    )
    for number, rows, packed in session.execute(query.order_by(_chunk.ordinal)).all():
        yield number, unpack_members(bytes(packed), rows, f"chunk {number}")
