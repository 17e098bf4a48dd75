"""Ledger entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected
from engine.store.reading.ids import Kind, read_subject, subject_of
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_rows, read_page
from engine.store.reading.views import EntryView
from engine.store.tables import CheckpointRow, LedgerRow
from engine.vocabulary import EntryKind

_entry = columns_of(LedgerRow)
_NAMING_CUSTOMERS: Final = (EntryKind.OVERRIDE.value, EntryKind.TASK.value, EntryKind.PERSONAL_DATA_READ.value)
"""Kinds whose entries are about something else, or about many customers, and name customers in their body."""


@dataclass(frozen=True, slots=True)
class CheckpointView:
    """A signed head of the ledger's tree; `root` is 32 bytes, `note` the signed text."""

    entries: int
    root: bytes
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """All given parts must hold; `from_at ≤ at < to_at`.

    Attributes:
        subject: What an entry is about; entries about a customer are also those about a tier set by hand, a task or a
            review of theirs, and those that tell who saw personal data of theirs.
    """

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


def steps_of_changes(session: Session, changes: Sequence[int]) -> Mapping[int, tuple[EntryView, ...]]:
    """The entries about each rule change, oldest first."""
    subjects = {subject_of(Kind.RULE_CHANGE, number): number for number in changes}
    query = selected(LedgerRow, EntryView).where(_entry["subject"].in_(subjects)).order_by(_entry["position"])
    found: dict[int, list[EntryView]] = {}
    for entry in (EntryView(*row) for row in session.execute(query)):
        found.setdefault(subjects[entry.subject or ""], []).append(entry)
    return {number: tuple(entries) for number, entries in found.items()}


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
    query = _entries(session, filter_)
    return read_page(session, Listing(query, (Sort(_entry["position"], True),), EntryView), slice_)


def count_entries(session: Session, filter_: EntryFilter) -> int:
    """How many entries there are."""
    return count_rows(session, _entries(session, filter_))


def _entries(session: Session, filter_: EntryFilter) -> Select[Any]:
    query = selected(LedgerRow, EntryView)
    if filter_.subject is not None:
        query = query.where(_is_about(session, filter_.subject))
    conditions = (
        (filter_.kinds, _entry["kind"].in_),
        (filter_.actor, _entry["actor"].__eq__),
        (filter_.from_at, _entry["at"].__ge__),
        (filter_.to_at, _entry["at"].__lt__),
    )
    return query.where(*(condition(given) for given, condition in conditions if given is not None))


def _is_about(session: Session, subject: str) -> ColumnElement[bool]:
    about: ColumnElement[bool] = _entry["subject"] == subject
    named = read_subject(subject)
    if named is None or named[0] is not Kind.CUSTOMER:
        return about
    return or_(about, and_(_entry["kind"].in_(_NAMING_CUSTOMERS), _names(session, named[1])))


def _names(session: Session, customer: int) -> ColumnElement[bool]:
    """Whether an entry's body names a customer, as `customer` or among `customers`."""
    body = _entry["body"]
    if session.get_bind().dialect.name == "sqlite":
        listed = func.json_each(body, "$.body.customers").table_valued("value")
        among = select(listed.c.value).where(listed.c.value == customer).exists()
        made = func.json_each(body, "$.body.made").table_valued("value", name="made")
        put_before = select(made.c.value).where(func.json_extract(made.c.value, "$[1]") == customer).exists()
        named = or_(func.json_extract(body, "$.body.customer") == customer, among, put_before)
        return and_(func.json_valid(body) == 1, named)
    said = cast(body, JSONB)["body"]
    way = cast(f"$.made[*][1] ? (@ == {int(customer)})", JSONPATH)
    reviews = func.jsonb_path_exists(said, way)
    return or_(said["customer"] == cast(customer, JSONB), said["customers"].contains([customer]), reviews)
