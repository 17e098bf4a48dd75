"""Dispatches, tasks and overrides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from engine.store.chunks import numbers_of_chunk
from engine.store.reading.columns import columns_of, selected, table_of
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_by_owner, count_rows, read_page, read_pages
from engine.store.reading.views import DispatchView, OverrideView, TaskView
from engine.store.tables import ChunkRow, CustomerRow, DispatchRow, OverrideRow, TaskRow

_dispatch, _task, _override = columns_of(DispatchRow), columns_of(TaskRow), columns_of(OverrideRow)
_chunk, _customer = columns_of(ChunkRow), columns_of(CustomerRow)
_NEWEST = (Sort(_dispatch["created_at"], True), Sort(_dispatch["id"], True))
_DUE = (Sort(_task["due_at"], nullable=True), Sort(_task["id"]))
_LATEST = (Sort(_override["from_at"], True), Sort(_override["id"], True))


@dataclass(frozen=True, slots=True)
class DispatchFilter:
    """All given parts must hold; `from_at ≤ created_at < to_at`."""

    campaign: str | None = None
    channel: str | None = None
    states: tuple[str, ...] | None = None
    suppressed_by: tuple[str, ...] | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """All given parts must hold."""

    kind: str | None = None
    states: tuple[str, ...] | None = None
    assignee: str | None = None
    due_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class OverrideFilter:
    """Which tiers set by hand; `states` (None: any) are those at `now`."""

    now: datetime
    states: tuple[str, ...] | None = None


def dispatches_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, DispatchView]:
    """Dispatches by row number."""
    query = selected(DispatchRow, DispatchView).where(_dispatch["id"].in_(ids))
    return {row[0]: DispatchView(*row) for row in session.execute(query)}


def dispatches_page(session: Session, filter_: DispatchFilter, slice_: Slice) -> Page[DispatchView]:
    """A page of dispatches, newest first."""
    return read_page(
        session, Listing(_sent(selected(DispatchRow, DispatchView), filter_), _NEWEST, DispatchView), slice_
    )


def count_dispatches(session: Session, filter_: DispatchFilter) -> int:
    """How many dispatches there are."""
    return count_rows(session, _sent(select(_dispatch["id"]), filter_))


def dispatch_pages(
    session: Session, customers: Sequence[int], filter_: DispatchFilter, slice_: Slice
) -> Mapping[int, Page[DispatchView]]:
    """A page of each customer's dispatches, newest first."""
    query, owner = _sent(selected(DispatchRow, DispatchView), filter_), _dispatch["customer_id"]
    return read_pages(session, Listing(query, _NEWEST, DispatchView), slice_, owner, customers)


def count_customer_dispatches(session: Session, customers: Sequence[int], filter_: DispatchFilter) -> Mapping[int, int]:
    """How many dispatches each customer has."""
    return count_by_owner(session, _sent(select(_dispatch["id"]), filter_), _dispatch["customer_id"], customers)


def dispatches_of_decisions(session: Session, decisions: Sequence[int]) -> Mapping[int, tuple[DispatchView, ...]]:
    """What each decision's campaigns did, suppressed ones too."""
    found: dict[int, list[DispatchView]] = {number: [] for number in decisions}
    query = selected(DispatchRow, DispatchView).where(_dispatch["decision_id"].in_(decisions))
    for row in session.execute(query.order_by(_dispatch["id"])):
        view = DispatchView(*row)
        found[view.decision_id].append(view)
    return {number: tuple(views) for number, views in found.items()}


def alerts_of_run(session: Session, run: int, owner: str | None, after: int, limit: int) -> tuple[DispatchView, ...]:
    """A run's contacts with a due time, by id, beyond a row number; only those of an owner's customers if given."""
    chunks = session.execute(select(_chunk["id"]).where(_chunk["run_id"] == run)).scalars().all()
    if not chunks:
        return ()
    numbers = numbers_of_chunk(min(chunks)).start, numbers_of_chunk(max(chunks)).stop - 1  # one run's follow each other
    query = selected(DispatchRow, DispatchView).where(_dispatch["decision_id"].between(*numbers))
    query = query.where(_dispatch["due_at"].is_not(None), _dispatch["id"] > after, _dispatch["state"] != "SUPPRESSED")
    if owner is not None:
        query = query.join(table_of(CustomerRow), _customer["id"] == _dispatch["customer_id"])
        query = query.where(_customer["owner"] == owner)
    return tuple(DispatchView(*row) for row in session.execute(query.order_by(_dispatch["id"]).limit(limit)))


def pending_dispatches(session: Session) -> int:
    """How many dispatches wait in the outbox."""
    return count_dispatches(session, DispatchFilter(states=("PENDING",)))


def _sent(query: Select[Any], filter_: DispatchFilter) -> Select[Any]:
    conditions = (
        (filter_.campaign, _dispatch["campaign"].__eq__),
        (filter_.channel, _dispatch["channel"].__eq__),
        (filter_.states, _dispatch["state"].in_),
        (filter_.suppressed_by, _dispatch["suppressed_by"].in_),
        (filter_.from_at, _dispatch["created_at"].__ge__),
        (filter_.to_at, _dispatch["created_at"].__lt__),
    )
    return query.where(*(condition(given) for given, condition in conditions if given is not None))


def tasks_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, TaskView]:
    """Tasks by row number."""
    query = selected(TaskRow, TaskView).where(_task["id"].in_(ids))
    return {row[0]: TaskView(*row) for row in session.execute(query)}


def tasks_of_dispatches(session: Session, dispatches: Sequence[int]) -> Mapping[int, TaskView]:
    """The owner task of each dispatch that made one."""
    query = selected(TaskRow, TaskView).where(_task["dispatch_id"].in_(dispatches)).order_by(_task["id"])
    found = (TaskView(*row) for row in session.execute(query))
    return {task.dispatch_id: task for task in found if task.dispatch_id is not None}


def tasks_page(session: Session, filter_: TaskFilter, slice_: Slice) -> Page[TaskView]:
    """A page of tasks, soonest due first, those without a due time last."""
    return read_page(session, Listing(_due(filter_), _DUE, TaskView), slice_)


def count_tasks(session: Session, filter_: TaskFilter) -> int:
    """How many tasks there are."""
    return count_rows(session, _due(filter_))


def _due(filter_: TaskFilter) -> Select[Any]:
    query = selected(TaskRow, TaskView)
    conditions = (
        (filter_.kind, _task["kind"].__eq__),
        (filter_.states, _task["state"].in_),
        (filter_.assignee, _task["assignee"].__eq__),
        (filter_.due_before, _task["due_at"].__lt__),
    )
    return query.where(*(condition(given) for given, condition in conditions if given is not None))


def overrides_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, OverrideView]:
    """Overrides by row number."""
    query = selected(OverrideRow, OverrideView).where(_override["id"].in_(ids))
    return {row[0]: OverrideView(*row) for row in session.execute(query)}


def override_pages(session: Session, customers: Sequence[int], slice_: Slice) -> Mapping[int, Page[OverrideView]]:
    """A page of each customer's overrides, the latest first."""
    query, owner = selected(OverrideRow, OverrideView), _override["customer_id"]
    return read_pages(session, Listing(query, _LATEST, OverrideView), slice_, owner, customers)


def overrides_page(session: Session, filter_: OverrideFilter, slice_: Slice) -> Page[OverrideView]:
    """A page of everybody's overrides, the latest first."""
    return read_page(session, Listing(_by_hand(filter_), _LATEST, OverrideView), slice_)


def _by_hand(filter_: OverrideFilter) -> Select[Any]:
    query, row, now = selected(OverrideRow, OverrideView), _override, filter_.now
    if filter_.states is None:
        return query
    running = and_(row["ended_at"].is_(None), row["expires_at"] > now)
    waits = and_(row["needs_approval"].is_(True), row["approved"].is_(None))
    counts = row["approved"].is_not(False)
    conditions = {
        "PENDING": and_(waits, running),
        "ACTIVE": and_(or_(row["needs_approval"].is_(False), row["approved"].is_(True)), running),
        "EXPIRED": and_(counts, row["ended_at"].is_(None), row["expires_at"] <= now),
        "ENDED": and_(counts, row["ended_at"].is_not(None)),
        "REFUSED": row["approved"].is_(False),
    }
    return query.where(or_(*(conditions[state] for state in filter_.states)))
