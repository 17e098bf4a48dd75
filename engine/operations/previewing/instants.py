"""As of when a preview is made if nobody says: now, or the last day for which the data are fresh."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.metrics import day_start, local_day
from engine.operations.stale_sources import limited_sources
from engine.rulebook import Book
from engine.store import read_watermarks
from engine.store.tables import RunRow, from_microseconds, to_microseconds


def usual_instant(session: Session, books: Sequence[Book], now: datetime) -> datetime:
    """Now, if every source these books limit the age of is fresh; else the first instant of the last day they all were.

    Missing data never moves anybody, so with stale sources a preview would show next to nothing. It stays now where
    no such day is later than the latest decision.
    """
    known_at = to_microseconds(now)
    watermarks = read_watermarks(session, known_at)
    lasts = []
    for book in books:
        for source in limited_sources(book):
            if source in watermarks:
                lasts.append(local_day(watermarks[source], book.timezone) + book.fresh_within_days[source])
    zone = books[0].timezone
    if not lasts or min(lasts) >= local_day(known_at, zone):
        return now
    instant = from_microseconds(day_start(min(lasts), zone))
    latest = session.execute(select(func.max(RunRow.as_of))).scalar_one()
    return instant if latest is None or latest < instant else now
