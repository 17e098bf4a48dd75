"""Revisions of rule books and the changes that brought them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_rows, read_page
from engine.store.reading.rule_views import ReviewView, RevisionView, RuleChangeView
from engine.store.tables import ReviewRow, RevisionRow, RuleChangeRow

_revision, _change = columns_of(RevisionRow), columns_of(RuleChangeRow)


@dataclass(frozen=True, slots=True)
class RuleChangeFilter:
    """All given parts must hold; `ids`: only these; `from_at ≤ at < to_at`."""

    states: tuple[str, ...] | None = None
    actor: str | None = None
    ids: tuple[int, ...] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


def stored_revisions(session: Session, hashes: Sequence[str]) -> Mapping[str, RevisionView]:
    """Stored rule books by content hash."""
    query = selected(RevisionRow, RevisionView).where(_revision["hash"].in_(hashes))
    return {row[0]: RevisionView(*row) for row in session.execute(query)}


def revisions_page(session: Session, slice_: Slice) -> Page[RevisionView]:
    """A page of stored rule books, newest first."""
    sorts = (Sort(_revision["created_at"], True), Sort(_revision["hash"], True))
    return read_page(session, Listing(selected(RevisionRow, RevisionView), sorts, RevisionView), slice_)


def rule_changes_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, RuleChangeView]:
    """Rule changes by row number."""
    query = selected(RuleChangeRow, RuleChangeView).where(_change["id"].in_(ids))
    return {row[0]: RuleChangeView(*row) for row in session.execute(query)}


def reviews_of_changes(session: Session, ids: Sequence[int]) -> Mapping[int, tuple[ReviewView, ...]]:
    """The reviews of rule changes, oldest first."""
    review = columns_of(ReviewRow)
    query = selected(ReviewRow, ReviewView).where(review["change_id"].in_(ids)).order_by(review["id"])
    found: dict[int, tuple[ReviewView, ...]] = dict.fromkeys(ids, ())
    for row in session.execute(query):
        found[row[0]] = (*found[row[0]], ReviewView(*row))
    return found


def changes_of_revisions(session: Session, hashes: Sequence[str]) -> Mapping[str, RuleChangeView]:
    """The newest change that brought each revision: the one last live, else the one last proposed."""
    query = (
        selected(RuleChangeRow, RuleChangeView)
        .where(_change["revision"].in_(hashes))
        .order_by(_change["live_from"].is_not(None), _change["id"])
    )
    found = (RuleChangeView(*row) for row in session.execute(query))
    return {change.revision: change for change in found}


def change_behind(session: Session, revision: str, at: datetime) -> RuleChangeView | None:
    """The change by which a revision was live at an instant; None: it never was.

    A revision may be published again and again. If a clock went back, so that it was live only after the instant, the
    first change counts.
    """
    query = selected(RuleChangeRow, RuleChangeView).where(
        _change["revision"] == revision, _change["live_from"].isnot(None)
    )
    found = [RuleChangeView(*row) for row in session.execute(query.order_by(_change["live_from"], _change["id"]))]
    before = [change for change in found if change.live_from is not None and change.live_from <= at]
    return before[-1] if before else found[0] if found else None


def revision_bases(session: Session) -> tuple[tuple[int, str, str | None], ...]:
    """(row number, revision, base revision) of every change, oldest first."""
    query = select(_change["id"], _change["revision"], _change["base_revision"]).order_by(_change["id"])
    return tuple((row[0], row[1], row[2]) for row in session.execute(query))


def rule_changes_page(session: Session, filter_: RuleChangeFilter, slice_: Slice) -> Page[RuleChangeView]:
    """A page of rule changes, newest first."""
    return read_page(session, Listing(_changes(filter_), (Sort(_change["id"], True),), RuleChangeView), slice_)


def count_rule_changes(session: Session, filter_: RuleChangeFilter) -> int:
    """How many rule changes there are."""
    return count_rows(session, _changes(filter_))


def _changes(filter_: RuleChangeFilter) -> Select[Any]:
    query = selected(RuleChangeRow, RuleChangeView)
    conditions = (
        (filter_.states, _change["state"].in_),
        (filter_.actor, _change["actor"].__eq__),
        (filter_.ids, _change["id"].in_),
        (filter_.from_at, _change["at"].__ge__),
        (filter_.to_at, _change["at"].__lt__),
    )
    return query.where(*(condition(given) for given, condition in conditions if given is not None))
