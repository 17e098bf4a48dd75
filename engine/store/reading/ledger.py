"""Ledger entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected
from engine.store.reading.ids import Kind, subject_of
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_rows, read_page
from engine.store.reading.views import EntryView
from engine.store.tables import CheckpointRow, LedgerRow
from engine.vocabulary import EntryKind

_entry = columns_of(LedgerRow)
_PUBLISHING: Final = (EntryKind.RULES_PUBLISHED.value, EntryKind.RULES_ROLLED_BACK.value)


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A signed head of the ledger's tree; `root` is 32 bytes, `note` the signed text."""

    entries: int
    root: bytes
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """All given parts must hold; `from_at ≤ at < to_at`."""

    kinds: tuple[str, ...] | None = None
    actor: str | None = None
    subject: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


def entries_by_positions(session: Session, positions: Sequence[int]) -> Mapping[int, EntryView]:
    """Entries by position."""
    query = selected(LedgerRow, EntryView).where(_entry["position"].in_(positions))
    return {row[0]: EntryView(*row) for row in session.execute(query)}


def entries_of_subjects(session: Session, subjects: Sequence[str]) -> Mapping[str, EntryView]:
    """The latest entry about each subject."""
    query = selected(LedgerRow, EntryView).where(_entry["subject"].in_(subjects)).order_by(_entry["position"])
    found = (EntryView(*row) for row in session.execute(query))
    return {entry.subject: entry for entry in found if entry.subject is not None}


def publishing_entries(session: Session, changes: Sequence[int]) -> Mapping[int, EntryView]:
    """The latest entry of each rule change that made it live; a change that never was is left out."""
    subjects = {subject_of(Kind.RULE_CHANGE, number): number for number in changes}
    query = selected(LedgerRow, EntryView).where(_entry["subject"].in_(subjects), _entry["kind"].in_(_PUBLISHING))
    found = (EntryView(*row) for row in session.execute(query.order_by(_entry["position"])))
    return {subjects[entry.subject]: entry for entry in found if entry.subject is not None}


def entries_after(session: Session, position: int, kinds: Sequence[str], limit: int) -> tuple[EntryView, ...]:
    """Entries of some kinds beyond a position, in ledger order."""
    query = selected(LedgerRow, EntryView).where(_entry["position"] > position, _entry["kind"].in_(kinds))
    return tuple(EntryView(*row) for row in session.execute(query.order_by(_entry["position"]).limit(limit)))


def newest_checkpoint(session: Session) -> CheckpointView | None:
    """The newest signed head; None: nothing was signed yet."""
    query = selected(CheckpointRow, CheckpointView).order_by(columns_of(CheckpointRow)["entries"].desc()).limit(1)
    row = session.execute(query).first()
    return None if row is None else CheckpointView(*row)


def head_position(session: Session) -> int:
    """Position of the last entry; 0 while the ledger is empty."""
    return session.execute(select(func.max(_entry["position"]))).scalar_one() or 0


def entries_page(session: Session, filter_: EntryFilter, slice_: Slice) -> Page[EntryView]:
    """A page of the ledger, newest first."""
    return read_page(session, Listing(_entries(filter_), (Sort(_entry["position"], True),), EntryView), slice_)


def count_entries(session: Session, filter_: EntryFilter) -> int:
    """How many entries there are."""
    return count_rows(session, _entries(filter_))


def _entries(filter_: EntryFilter) -> Select[Any]:
    query = selected(LedgerRow, EntryView)
    conditions = (
        (filter_.kinds, _entry["kind"].in_),
        (filter_.actor, _entry["actor"].__eq__),
        (filter_.subject, _entry["subject"].__eq__),
        (filter_.from_at, _entry["at"].__ge__),
        (filter_.to_at, _entry["at"].__lt__),
    )
    return query.where(*(condition(given) for given, condition in conditions if given is not None))
