"""The stored customers as a base that rule books are tried on; nothing is decided or written."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.decisions import Moment
from engine.operations.facts import Clocks, assemble, metrics_read
from engine.operations.states import read_states
from engine.rulebook import Book
from engine.store import locate_latest, read_customers
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, RunRow
from engine.trials import Base, metrics_asked
from engine.vocabulary import Market


def base_of(session: Session, book: Book, clocks: Clocks) -> dict[Market, Base]:
    """Facts and states of all customers, by market, with everything a book's rules and invariants read.

    Markets without a customer are left out.
    """
    found = {}
    for market in sorted(book.markets):
        base = base_of_market(session, book, market, clocks)
        if len(base.states.tier):
            found[market] = base
    return found


def base_of_market(session: Session, book: Book, market: Market, clocks: Clocks) -> Base:
    """Facts and states of one market's customers."""
    names = {*metrics_read(book, market), *metrics_asked(book.invariants, market)}
    assembled = assemble(session, book, market, clocks, names=sorted(names))
    moment = Moment(clocks.as_of, assembled.instant.day)
    states, _ = read_states(session, book.markets[market], assembled.customers, clocks, moment)
    return Base(assembled.columns, states, moment)


def decided_alike(session: Session, book: Book, market: Market, when: datetime) -> NDArray[np.bool_]:
    """(customers,) whose latest decision is as of an instant by this revision, in the order of `base_of_market`."""
    ids = read_customers(session, market).ids
    located = locate_latest(session, ids)
    chunk, run = table_of(ChunkRow), table_of(RunRow)
    query = select(chunk.c.id).join(run, run.c.id == chunk.c.run_id)
    query = query.where(run.c.revision == book.revision, run.c.as_of == when, chunk.c.market == market.value)
    alike = session.execute(query).scalars().all()
    return np.isin(located.chunks, np.array(alike, np.int64))


def last_decided(session: Session, now: datetime) -> datetime:
    """The latest instant anybody was decided as of; now if nobody was."""
    latest = session.execute(select(func.max(RunRow.as_of))).scalar_one()
    return now.astimezone(UTC) if latest is None else latest
