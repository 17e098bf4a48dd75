"""Which sources are too old to be believed as of an instant, by `fresh_within` of a rule book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.metrics import FromRecords, local_day
from engine.operations.facts import metrics_read
from engine.operations.freshness import is_stale
from engine.operations.publishing import book_of
from engine.rulebook import Book
from engine.store import read_watermarks
from engine.store.reading import runs_by_ids
from engine.store.tables import from_microseconds, to_microseconds
from engine.vocabulary import Market


@dataclass(frozen=True, slots=True)
class StaleSource:
    """A source that was not heard of for longer than a book allows, so that what is taken from it is unknown.

    Attributes:
        complete_until: None: nobody ever said.
    """

    source: str
    complete_until: datetime | None


def stale_sources(
    session: Session, book: Book, as_of: datetime, as_known_at: datetime, markets: Iterable[Market] | None = None
) -> tuple[StaleSource, ...]:
    """Sources that the book's rules (of some markets; None: of all) read and that are stale as of an instant."""
    watermarks = read_watermarks(session, to_microseconds(as_known_at))
    day = local_day(to_microseconds(as_of), book.timezone)
    found = []
    for source in limited_sources(book, markets):
        watermark = watermarks.get(source)
        if is_stale(book, source, watermark, day):
            found.append(StaleSource(source, None if watermark is None else from_microseconds(watermark)))
    return tuple(found)


def stale_for_run(session: Session, run_id: int, market: Market) -> tuple[StaleSource, ...]:
    """Sources that were stale for a stored run, by the book it was made by and what was known to it."""
    run = runs_by_ids(session, [run_id])[run_id]
    return stale_sources(session, book_of(session, run.revision), run.as_of, run.as_known_at, [market])


def limited_sources(book: Book, markets: Iterable[Market] | None = None) -> Iterator[str]:
    """Sources whose age the book limits and of which its rules read something, each once."""
    asked = book.markets if markets is None else [market for market in markets if market in book.markets]
    names = {name for market in asked for name in metrics_read(book, market)}
    origins = (book.metrics[name].origin for name in names)
    read = {origin.source for origin in origins if isinstance(origin, FromRecords)}
    yield from sorted(read & set(book.fresh_within_days))
