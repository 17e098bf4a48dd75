"""Decisions and runs: by id, by customer, as of an instant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, func, select
from sqlalchemy.orm import Session

from engine.store.reading.columns import columns_of, selected, stored, table_of
from engine.store.reading.pages import Listing, Page, Slice, Sort, count_by_owner, read_pages
from engine.store.reading.views import DecisionView, RunView
from engine.store.tables import DecisionRow, RunRow, StandingRow, to_microseconds

_decision, _run, _standing = columns_of(DecisionRow), columns_of(RunRow), columns_of(StandingRow)
_NEWEST = (Sort(_decision["as_of"], True), Sort(_decision["id"], True))


def _decisions() -> Select[Any]:
    """Decisions, each with what its run was made by."""
    made_by = (_run["revision"], _run["model_digest"], _run["engine_version"])
    query = select(*stored(DecisionRow, DecisionView), *made_by)
    return query.join(table_of(RunRow), _run["id"] == _decision["run_id"])


def decisions_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, DecisionView]:
    """Decisions by row number."""
    query = _decisions().where(_decision["id"].in_(ids))
    return {row[0]: DecisionView(*row) for row in session.execute(query)}


def runs_by_ids(session: Session, ids: Sequence[int]) -> Mapping[int, RunView]:
    """Runs by row number."""
    query = selected(RunRow, RunView).where(_run["id"].in_(ids))
    return {row[0]: RunView(*row) for row in session.execute(query)}


def newest_runs(session: Session, limit: int) -> tuple[RunView, ...]:
    """The newest runs, newest first."""
    query = selected(RunRow, RunView).order_by(_run["id"].desc()).limit(limit)
    return tuple(RunView(*row) for row in session.execute(query))


def latest_decisions(
    session: Session, customers: Sequence[int], as_of: datetime | None, as_known_at: datetime | None
) -> Mapping[int, DecisionView]:
    """The latest decision of each customer at or before `as_of` that had been made by `as_known_at`."""
    query = _decisions().where(_decision["customer_id"].in_(customers))
    ranked = _until(query, as_of, as_known_at).add_columns(_place().label("place")).subquery()
    columns = list(ranked.c)
    newest = select(*columns[:-1]).where(columns[-1] == 1)
    found = (DecisionView(*row) for row in session.execute(newest))
    return {decision.customer_id: decision for decision in found}


def latest_decision_ids(session: Session, customers: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Row number and `as_of` (microseconds) of the latest decision of each customer that has one."""
    query = select(_standing["customer_id"], _standing["decision_id"], _standing["as_of"])
    rows = session.execute(query.where(_standing["customer_id"].in_(list(customers))))
    return {row[0]: (row[1], to_microseconds(row[2])) for row in rows}


def decision_pages(session: Session, customers: Sequence[int], slice_: Slice) -> Mapping[int, Page[DecisionView]]:
    """A page of each customer's decisions, newest first."""
    query, owner = _decisions(), _decision["customer_id"]
    return read_pages(session, Listing(query, _NEWEST, DecisionView), slice_, owner, customers)


def count_decisions(session: Session, customers: Sequence[int]) -> Mapping[int, int]:
    """How many decisions each customer has."""
    owner = _decision["customer_id"]
    return count_by_owner(session, select(_decision["id"]), owner, customers)


def changed_decisions(session: Session, run: int, after: int, limit: int) -> tuple[DecisionView, ...]:
    """A run's decisions with another effective tier than before, by id, beyond a row number."""
    query = _decisions().where(_decision["run_id"] == run, _decision["id"] > after)
    moved = _decision["effective"].is_distinct_from(_decision["previous"])
    rows = session.execute(query.where(moved).order_by(_decision["id"]).limit(limit))
    return tuple(DecisionView(*row) for row in rows)


def tiers_of_runs(session: Session, runs: Sequence[int]) -> Mapping[int, tuple[tuple[str, str | None, int], ...]]:
    """(market, effective tier, customers) of each run's decisions."""
    found: dict[int, list[tuple[str, str | None, int]]] = {number: [] for number in runs}
    keys = (_decision["run_id"], _decision["market"], _decision["effective"])
    query = select(*keys, func.count()).where(_decision["run_id"].in_(runs)).group_by(*keys)
    for run, market, tier, customers in session.execute(query):
        found[run].append((market, tier, customers))
    return {number: tuple(shares) for number, shares in found.items()}


def tier_counts(
    session: Session, market: str | None, as_of: datetime | None
) -> tuple[tuple[str, str | None, int], ...]:
    """(market, effective tier, customers) by the latest decisions at or before `as_of`."""
    latest = _latest(market, as_of)
    keys = (latest.c.market, latest.c.effective)
    return tuple((row[0], row[1], row[2]) for row in session.execute(select(*keys, func.count()).group_by(*keys)))


def tier_moves(
    session: Session, market: str | None, earlier: datetime, later: datetime
) -> tuple[tuple[str, str | None, str | None, int], ...]:
    """(market, tier at `earlier`, tier at `later`, customers) of customers with a decision at both."""
    before, after = _latest(market, earlier), _latest(market, later)
    keys = (after.c.market, before.c.effective, after.c.effective)
    joined = before.join(after, before.c.customer_id == after.c.customer_id)
    query = select(*keys, func.count()).select_from(joined).group_by(*keys)
    return tuple((row[0], row[1], row[2], row[3]) for row in session.execute(query))


def _place() -> ColumnElement[int]:
    """1 for the newest decision of each customer."""
    newest = (_decision["as_of"].desc(), _decision["id"].desc())
    return func.row_number().over(partition_by=_decision["customer_id"], order_by=newest)


def _until(query: Select[Any], as_of: datetime | None, as_known_at: datetime | None) -> Select[Any]:
    if as_of is not None:
        query = query.where(_decision["as_of"] <= as_of)
    return query if as_known_at is None else query.where(_decision["recorded_at"] <= as_known_at)


def _latest(market: str | None, as_of: datetime | None) -> Subquery:
    """Customer, market and effective tier of the latest decisions; without an instant the standings say it."""
    table = _standing if as_of is None else _decision
    columns = (table["customer_id"], table["market"], table["effective"])
    query = select(*columns) if market is None else select(*columns).where(table["market"] == market)
    if as_of is None:
        return query.subquery()
    ranked = _until(query, as_of, None).add_columns(_place().label("place")).subquery()
    return select(*list(ranked.c)[:-1]).where(ranked.c.place == 1).subquery()
