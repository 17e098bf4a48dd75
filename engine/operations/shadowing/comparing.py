"""Both tiers side by side: what the live book and the candidate gave the same customers in the same runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.store import open_shadow_chunk, read_chunk
from engine.store.chunks import Chunk
from engine.store.emptied import present_rows
from engine.store.rows import table_of
from engine.store.standings import RowsOfChunk
from engine.store.tables import ChunkRow, CustomerRow, RunRow, ShadowChunkRow, ShadowRow
from engine.vocabulary import UNRATED


@dataclass(frozen=True, slots=True)
class Day:
    """One run: how many were compared, and how many have another tier by the candidate."""

    run: int
    as_of: datetime
    compared: int
    differing: int


@dataclass(frozen=True, slots=True)
class Both:
    """A customer's effective tiers in the last run that decided it by both; UNRATED: none."""

    ref: str
    market: str
    live: str
    candidate: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Beside:
    """What a candidate gave beside the live book.

    Attributes:
        days: Run by run.
        matrix: Customers by market, tier by the live book and by the candidate, each as its last run left it.
        movers: Who has another tier by the candidate, by ref.
    """

    row: ShadowRow
    days: tuple[Day, ...]
    matrix: Counter[tuple[str, str, str]]
    movers: tuple[Both, ...]

    @property
    def compared(self) -> int:
        """How many customers both decided."""
        return self.matrix.total()


def beside_of(session: Session, row: ShadowRow) -> Beside:
    """Compare, run by run; decisions whose facts are gone by policy are not compared any more.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    run, chunk = table_of(RunRow).c, table_of(ShadowChunkRow).c
    query = select(run.id, run.as_of).where(run.id.in_(select(chunk.run_id).where(chunk.shadow_id == row.id)))
    days, last = [], dict[int, tuple[str, str, str, datetime]]()
    for number, as_of in session.execute(query.order_by(run.id)).all():
        candidate, live = _tiers(session, number, row.id), _tiers(session, number, None)
        both = {who: (*candidate[who][:1], live[who][1], candidate[who][1]) for who in candidate.keys() & live.keys()}
        days.append(Day(number, as_of, len(both), sum(had != has for _, had, has in both.values())))
        last.update({who: (*tiers, as_of) for who, tiers in both.items()})
    matrix = Counter((market, had, has) for market, had, has, _ in last.values())
    moved = {who: told for who, told in last.items() if told[1] != told[2]}
    customer = table_of(CustomerRow).c
    refs = {number: ref for number, ref in session.execute(select(customer.id, customer.ref)) if number in moved}
    movers = (Both(refs[who], *told) for who, told in moved.items() if who in refs)
    return Beside(row, tuple(days), matrix, tuple(sorted(movers, key=lambda one: one.ref)))


def _tiers(session: Session, run: int, shadow: int | None) -> dict[int, tuple[str, str]]:
    """Market and effective tier by customer: of a run's decisions, or of a shadow's beside them."""
    if shadow is None:
        table = table_of(ChunkRow).c
        numbers = session.execute(select(table.id).where(table.run_id == run, table.dropped_at.is_(None))).scalars()
        chunks = [read_chunk(session, number) for number in numbers.all()]
    else:
        beside = table_of(ShadowChunkRow).c
        found = session.execute(select(beside.id).where(beside.run_id == run, beside.shadow_id == shadow)).scalars()
        chunks = [open_shadow_chunk(session, number) for number in found.all()]
    tiers: dict[int, tuple[str, str]] = {}
    for chunk in chunks:
        tiers.update(_tiers_of(chunk))
    return tiers


def _tiers_of(chunk: Chunk) -> dict[int, tuple[str, str]]:
    rows = present_rows(chunk)
    some = RowsOfChunk(chunk, rows)
    names = zip(some["customer"].tolist(), some.told("effective").listed(), strict=True) if len(rows) else ()
    return {who: (str(chunk.header["market"]), tier or UNRATED) for who, tier in names}
