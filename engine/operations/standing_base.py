"""The base as it stands: facts and states of a market's customers as of the instant they were last decided."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.decisions import Moment
from engine.operations.facts import Assembled, Clocks, assemble, instant_of
from engine.operations.states import read_states
from engine.rulebook import Book
from engine.store.tables import StandingRow
from engine.trials import Base
from engine.vocabulary import Market


def standing_instant(session: Session, now: datetime) -> datetime:
    """The latest instant anybody was decided as of; now if nobody was."""
    latest = session.execute(select(func.max(StandingRow.as_of))).scalar_one()
    return now.astimezone(UTC) if latest is None else latest


def read_base(
    session: Session, book: Book, market: Market, as_of: datetime, as_known_at: datetime
) -> tuple[Assembled, Base]:
    """A market's customers for rules to be tried on, by what is known at `as_known_at`."""
    clocks = Clocks(as_of, as_known_at)
    moment = Moment(as_of, instant_of(book, as_of).day)
    assembled = assemble(session, book, market, clocks)
    states, _ = read_states(session, book.markets[market], assembled.customers, clocks, moment)
    return assembled, Base(assembled.columns, states, moment)
