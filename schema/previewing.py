"""Sources of previews: computed once per request for a book and instant, attribution only when it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from engine.operations.previewing import Preview, attribute, preview
from engine.rulebook import Book
from engine.store.reading import Page, Slice, bad_cursor, cursor_parts, write_cursor
from engine.trials.preview import Attribution, Mover, Movers
from schema.context import Info, OneBook
from schema.explaining import WhatIfSource

_COUNTS: Final = ("customers", "moved", "held", "newly_unknown", "matrix", "scores", "campaigns", "guardrails")
"""What `Comparison` counts once; `movers` and `snapshot` cost more and are made, in a thread too, when asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class PreviewSource:
    """Source of `Preview`; equal to itself alone, so that it is the key of its attribution."""

    done: Preview

    def __getattr__(self, name: str) -> Any:
        return getattr(self.done.comparison, name)

    @property
    def as_of(self) -> datetime:
        """The instant."""
        return self.done.as_of

    @property
    def base(self) -> str:
        """The live revision."""
        return self.done.comparison.live.revision

    @property
    def candidate(self) -> str:
        """The revision tried."""
        return self.done.comparison.candidate.revision

    @property
    def held_by_stability(self) -> int:
        """Whom stability keeps for now."""
        return sum(self.done.comparison.held.values())


@dataclass(frozen=True, slots=True)
class MoverSource:
    """Source of `Mover`."""

    mover: Mover
    as_known_at: datetime

    @property
    def customer_id(self) -> int:
        """Row number of the customer."""
        return self.mover.customer_id

    @property
    def live(self) -> WhatIfSource:
        """The live book's decision."""
        return WhatIfSource(self.mover.live, self.customer_id, self.mover.ref, self.as_known_at)

    @property
    def candidate(self) -> WhatIfSource:
        """The candidate's decision."""
        return WhatIfSource(self.mover.candidate, self.customer_id, self.mover.ref, self.as_known_at)


async def preview_of(info: Info, book: Book, as_of: datetime | None) -> PreviewSource | None:
    """A book, stored or a draft, against the live one; None: nothing is live to compare with."""
    if await info.context.live_book() is None:
        return None
    info.context.keep_book(book)
    instant = await info.context.instant_or_none(as_of)
    return await info.context.load(_previews, OneBook.of(book), instant, info.context.now)


def _previews(
    session: Session, keys: Sequence[OneBook], as_of: datetime | None, now: datetime
) -> Mapping[OneBook, PreviewSource]:
    return {key: counted(PreviewSource(preview(session, key.book, as_of, now))) for key in keys}


def counted(source: PreviewSource) -> PreviewSource:
    """Count here, in the worker thread, what fields only read later: a base is large, and the event loop waits."""
    for name in _COUNTS:
        getattr(source.done.comparison, name)
    return source


async def attribution_of(info: Info, source: PreviewSource) -> Attribution:
    """Which edit moves how many."""
    found = await info.context.load(_attributions, source)
    assert found is not None
    return found


def _attributions(session: Session, sources: Sequence[PreviewSource]) -> Mapping[PreviewSource, Attribution]:
    return {source: attribute(session, source.done) for source in sources}


def movers_page(movers: Movers, slice_: Slice, as_known_at: datetime) -> Page[MoverSource]:
    """A page in the order of revenue and customer; a cursor names that place, whoever stands there.

    Raises:
        InputError: BAD_CURSOR.
    """
    start, stop = 0, len(movers)
    if slice_.cursor is not None:
        revenue, customer_id = _numbers(slice_.cursor)
        if slice_.backward:
            stop = movers.beyond(revenue, customer_id - 1)
        else:
            start = movers.beyond(revenue, customer_id)
    if slice_.backward:
        start = max(start, stop - slice_.size)
    else:
        stop = min(stop, start + slice_.size)
    rows = tuple(MoverSource(movers.at(index), as_known_at) for index in range(start, stop))
    cursors = tuple(write_cursor((row.mover.revenue, row.customer_id)) for row in rows)
    return Page(rows, cursors, has_next=stop < len(movers), has_previous=start > 0)


def _numbers(cursor: str) -> tuple[int, int]:
    revenue, customer_id = cursor_parts(cursor, 2)
    for part in (revenue, customer_id):
        if type(part) is not int or abs(part) >= 2**62:
            raise bad_cursor()
    return revenue, customer_id
