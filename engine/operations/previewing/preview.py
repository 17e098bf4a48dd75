"""The preview of a candidate rule book, and which of its edits does what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.orm import Session

from engine.errors import InputError
from engine.operations.facts import Clocks
from engine.operations.left_out import LeftOut
from engine.operations.local_time import local_words
from engine.operations.previewing.comparing import Deciding, compare
from engine.operations.previewing.instants import usual_instant
from engine.operations.previewing.stored_base import StoredBase
from engine.operations.publishing import require_live_book
from engine.operations.stale_sources import StaleSource, stale_sources
from engine.rulebook import Book, Edit, Portion, diff_books, portions
from engine.trials.preview import Attribution, Comparison, Impact, attributed, contacts, moved_by
from engine.vocabulary import Text

MOST_EDITS: Final = 60
"""More edits than these are not tried one by one."""


@dataclass(frozen=True)
class Preview:
    """What a candidate would change, were it published and everybody decided as of the instant.

    Attributes:
        clocks: As of when, and by what was known when.
        chosen: The instant is not the one asked for, or now: the data are fresh only until then.
        stale: Sources that are stale as of the instant by the candidate.
        left_out: Customers with a decision at or after the instant; these would not be decided.
        damaged: Customers who would not be decided for a damaged chunk.
        edits: The semantic edits that lead from the live book to the candidate.
    """

    clocks: Clocks
    chosen: bool
    stale: tuple[StaleSource, ...]
    left_out: int
    damaged: tuple[LeftOut, ...]
    edits: tuple[Edit, ...]
    comparison: Comparison
    deciding: Deciding

    @property
    def as_of(self) -> datetime:
        """The instant, in UTC."""
        return self.clocks.as_of


def preview(session: Session, candidate: Book, as_of: datetime | None, now: datetime) -> Preview:
    """Decide the whole base by the live book and by a candidate, and compare; nothing is written.

    For the same base and instant this is what publishing the candidate and deciding then does.

    Args:
        as_of: None: see `usual_instant`.
        now: By what was known then.

    Raises:
        NotReadyError: No rule book is published.
        InputError: Everybody has a decision at or after the instant.
    """
    live = require_live_book(session)
    now = now.astimezone(UTC)
    instant = usual_instant(session, (live, candidate), now) if as_of is None else as_of.astimezone(UTC)
    base = StoredBase(session, live, Clocks(instant, now))
    deciding = Deciding(base)
    comparison = compare(deciding, live, candidate)
    if base.left_out and not comparison.customers:
        raise _all_later(instant, live.timezone)
    return Preview(
        clocks=base.clocks,
        chosen=as_of is None and instant != now,
        stale=stale_sources(session, candidate, instant, now),
        left_out=base.left_out,
        damaged=tuple(base.damaged),
        edits=diff_books(live, candidate),
        comparison=comparison,
        deciding=deciding,
    )


def attribute(session: Session, done: Preview) -> Attribution:
    """Each edit applied alone (with what it cannot stand without) over the same base, and what remains.

    Facts and states that were read stay; only what an edit needs besides is read from `session`.
    """
    if isinstance(done.deciding.base, StoredBase):
        done.deciding.base.again(session)
    moved = done.comparison.moved
    if len(done.edits) > MOST_EDITS:
        return Attribution((), moved, too_many=len(done.edits))
    parts = portions(done.comparison.live, done.comparison.candidate, done.edits)
    return attributed([_impact(done, part, alone=len(parts) == 1) for part in parts], moved)


def _impact(done: Preview, portion: Portion, *, alone: bool) -> Impact:
    if portion.book is None:
        return Impact(portion.edits, 0, 0, {})
    comparison = done.comparison
    book = comparison.candidate if alone else portion.book
    sides = done.deciding.by(book)
    after = {pair.market: pair.coded(sides.get(pair.market), "effective") for pair in comparison.pairs}
    before = [pair.live for pair in comparison.pairs if pair.live is not None]
    more = contacts(list(sides.values())) - contacts(before)
    return Impact(portion.edits, moved_by(comparison.pairs, after), more, after)


def _all_later(instant: datetime, zone: str) -> InputError:
    when = local_words(instant, zone)
    return InputError(
        Text(
            f"Everybody has a decision as of {when} or later; nobody would be decided then.",
            f"所有客户已有截至 {when} 或更晚的决定，届时不会再评级。",
        ),
        Text("Name a later instant, or none.", "请指定更晚的时间，或不指定。"),
        code="WRONG_STATE",
    )
