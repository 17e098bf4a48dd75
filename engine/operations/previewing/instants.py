"""As of when a preview is made if nobody says: now, or the last day for which the data are fresh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.metrics import FromRecords, day_start, local_day
from engine.operations.facts import metrics_read
from engine.operations.freshness import is_stale
from engine.rulebook import Book
from engine.store import read_watermarks
from engine.store.tables import RunRow, from_microseconds, to_microseconds


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A source that was not heard of for longer than a book allows, so that what is taken from it is unknown.

    Attributes:
        complete_until: None: nobody ever said.
    """

    source: str
    complete_until: datetime | None


def usual_instant(session: Session, books: Sequence[Book], now: datetime) -> datetime:
    """Now, if every source these books limit the age of is fresh; else the first instant of the last day they all were.

    Missing data never moves anybody, so with stale sources a preview would show next to nothing. It stays now where
    no such day is later than the latest decision.
    """
    known_at = to_microseconds(now)
    watermarks = read_watermarks(session, known_at)
    lasts = []
    for book in books:
        for source in _limited_sources(book):
            if source in watermarks:
                lasts.append(local_day(watermarks[source], book.timezone) + book.fresh_within_days[source])
    zone = books[0].timezone
    if not lasts or min(lasts) >= local_day(known_at, zone):
        return now
    instant = from_microseconds(day_start(min(lasts), zone))
    latest = session.execute(select(func.max(RunRow.as_of))).scalar_one()
    return instant if latest is None or latest < instant else now


def stale_sources(session: Session, book: Book, as_of: datetime, as_known_at: datetime) -> tuple[StaleSource, ...]:
    """Sources the book's rules read that are stale as of an instant."""
    watermarks = read_watermarks(session, to_microseconds(as_known_at))
    day = local_day(to_microseconds(as_of), book.timezone)
    found = []
    for source in _limited_sources(book):
        watermark = watermarks.get(source)
        if is_stale(book, source, watermark, day):
            found.append(StaleSource(source, None if watermark is None else from_microseconds(watermark)))
    return tuple(found)


def _limited_sources(book: Book) -> Iterator[str]:
    """Sources whose age the book limits and of which its rules read something, each once."""
    names = {name for market in book.markets for name in metrics_read(book, market)}
    origins = (book.metrics[name].origin for name in names)
    read = {origin.source for origin in origins if isinstance(origin, FromRecords)}
    yield from sorted(read & set(book.fresh_within_days))
