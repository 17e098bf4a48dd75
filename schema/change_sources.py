"""Sources of changes: the parts of the difference between two decisions, and what stands behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from engine.decisions.record import CriterionDelta
from engine.operations.evidence import edits_behind, record_ids_behind
from engine.operations.explaining import change_since_before
from engine.operations.records_behind import WITH_RECORDS
from engine.rulebook import Book, Edit
from engine.vocabulary import UNRATED, UNRATED_TEXT, Market
from schema.basics import Titled, tier_of
from schema.context import Info, OneBook
from schema.lookups import or_fault

_RULE: Final = "RULE"


@dataclass(frozen=True, slots=True)
class PartSource:
    """Source of a part of a change.

    Attributes:
        decision_id: Row number of the later decision.
        revisions: Rule books of both decisions, the earlier first.
    """

    cause: str
    delta: Decimal | None
    tier: Titled | None
    tier_before: Titled | None
    criteria: tuple[CriterionDelta, ...]
    decision_id: int
    market: str
    revisions: tuple[str, str]


@dataclass(frozen=True, slots=True)
class ChangeSource:
    """Source of `ScoreChange`."""

    since_id: int
    delta: Decimal | None
    parts: tuple[PartSource, ...]


def changes_since_before(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    """What changed between each decision and the one before; a damaged one is its own fault alone."""
    return {number: or_fault(partial(change_since_before, session, number)) for number in ids}


async def change_of(info: Info, decision_id: int, revision: str, market: str) -> ChangeSource | None:
    """What changed since the customer's decision before; None: it is the first.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    change = await info.context.load(changes_since_before, decision_id)
    if change is None:
        return None
    revisions = change.since_revision, revision
    old, new = [await info.context.book(one) for one in revisions] if change.parts else (None, None)
    parts, ruled = [], False
    for part in change.parts:
        before = _titled(new if ruled else old, market, part.tier_before)
        ruled = ruled or part.cause == _RULE
        tier = _titled(new if ruled else old, market, part.tier)
        parts.append(PartSource(part.cause, part.delta, tier, before, part.criteria, decision_id, market, revisions))
    return ChangeSource(change.since, change.delta, tuple(parts))


def _titled(book: Book | None, market: str, key: str | None) -> Titled | None:
    return Titled(UNRATED, UNRATED_TEXT) if key == UNRATED else tier_of(book, market, key)


async def records_behind_part(info: Info, part: PartSource) -> tuple[int, ...]:
    """Row numbers of the records behind a part of a change, newest first.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    if part.cause not in WITH_RECORDS:
        return ()
    behind = await info.context.load(_behind_changes, part.decision_id)
    return () if behind is None else behind.get(part.cause, ())


def _behind_changes(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    return {number: or_fault(partial(record_ids_behind, session, number)) for number in ids}


async def edits_behind_part(info: Info, part: PartSource) -> tuple[Edit, ...]:
    """The rule edits behind a part of a change."""
    before, after = part.revisions
    if part.cause != _RULE or before == after:
        return ()
    books = [OneBook.of(await info.context.book(revision)) for revision in (before, after)]
    return await info.context.load(_edits_behind, (*books, Market(part.market))) or ()


def _edits_behind(
    _session: Session, keys: Sequence[tuple[OneBook, OneBook, Market]]
) -> Mapping[tuple[OneBook, OneBook, Market], tuple[Edit, ...]]:
    """Once per pair of books, however many customers were decided by them; in the thread that reads."""
    return {key: edits_behind(key[0].book, key[1].book, key[2]) for key in keys}
