"""Records and data quality issues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_by_owner, count_rows, read_page, read_pages
from engine.store.reading.views import IssueView, RecordView
from engine.store.tables import IssueRow, RecordRow, WatermarkRow

_record, _issue, _watermark = columns_of(RecordRow), columns_of(IssueRow), columns_of(WatermarkRow)
_NEWEST = (Sort(_record["occurred_at"], True), Sort(_record["id"], True))
_FOUND = (Sort(_issue["found_at"], True), Sort(_issue["id"], True))


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records: kinds, `from_at ≤ occurred_at < to_at`, in the version known at `as_known_at` (None: now)."""

    kinds: tuple[str, ...] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    as_known_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssueFilter:
    """All given parts must hold; `open_`: not resolved."""

    severities: tuple[str, ...] | None = None
    source: str | None = None
    check: str | None = None
    open_: bool | None = None


def records_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, RecordView]:
    """Record versions by row number."""
    query = selected(RecordRow, RecordView).where(_record["id"].in_(ids))
    return {row[0]: RecordView(*row) for row in session.execute(query)}


def record_pages(
    session: Session, customers: Sequence[int], filter_: RecordFilter, slice_: Slice
) -> Mapping[int, Page[RecordView]]:
    """A page of each customer's records by `occurred_at`, newest first."""
    query, owner = _kept(selected(RecordRow, RecordView), filter_), _record["customer_id"]
    return read_pages(session, Listing(query, _NEWEST, RecordView), slice_, owner, customers)


def count_records(session: Session, customers: Sequence[int], filter_: RecordFilter) -> Mapping[int, int]:
    """How many such records each customer has."""
    return count_by_owner(session, _kept(select(_record["id"]), filter_), _record["customer_id"], customers)


def _kept(query: Select[Any], filter_: RecordFilter) -> Select[Any]:
    known_at, superseded = filter_.as_known_at, _record["superseded_at"]
    if known_at is None:
        query = query.where(superseded.is_(None))
    else:
        query = query.where(_record["recorded_at"] <= known_at, or_(superseded.is_(None), superseded > known_at))
    if filter_.kinds is not None:
        query = query.where(_record["kind"].in_(filter_.kinds))
    if filter_.from_at is not None:
        query = query.where(_record["occurred_at"] >= filter_.from_at)
    return query if filter_.to_at is None else query.where(_record["occurred_at"] < filter_.to_at)


def issues_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, IssueView]:
    """Issues by row number."""
    query = selected(IssueRow, IssueView).where(_issue["id"].in_(ids))
    return {row[0]: IssueView(*row) for row in session.execute(query)}


def issues_page(session: Session, filter_: IssueFilter, slice_: Slice) -> Page[IssueView]:
    """A page of issues, the newest found first."""
    return read_page(session, Listing(_issues(filter_), _FOUND, IssueView), slice_)


def count_issues(session: Session, filter_: IssueFilter) -> int:
    """How many issues there are."""
    return count_rows(session, _issues(filter_))


def issue_counts(session: Session, filter_: IssueFilter) -> tuple[tuple[str, str, str, int], ...]:
    """(source, check, severity, issues), the most frequent first."""
    keys = (_issue["source"], _issue["check_name"], _issue["severity"])
    query = _issues(filter_).with_only_columns(*keys, func.count()).group_by(*keys)
    rows = session.execute(query.order_by(func.count().desc(), *keys))
    return tuple((row[0], row[1], row[2], row[3]) for row in rows)


def _issues(filter_: IssueFilter) -> Select[Any]:
    query = selected(IssueRow, IssueView)
    if filter_.severities is not None:
        query = query.where(func.upper(_issue["severity"]).in_(filter_.severities))
    if filter_.source is not None:
        query = query.where(_issue["source"] == filter_.source)
    if filter_.check is not None:
        query = query.where(_issue["check_name"] == filter_.check)
    if filter_.open_ is not None:
        resolved = _issue["resolved_at"]
        query = query.where(resolved.is_(None) if filter_.open_ else resolved.is_not(None))
    return query


def watermarks(session: Session) -> Mapping[str, datetime]:
    """Up to when each source is complete, as is known now."""
    rows = session.execute(
        select(_watermark["source"], _watermark["complete_until"]).order_by(_watermark["recorded_at"], _watermark["id"])
    )
    return {row[0]: row[1] for row in rows}
