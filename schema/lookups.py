"""Fields that fetch one thing by row number, through the request's loaders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from engine.errors import (
    DamagedError,
    GoneError,
    NotFoundError,
    OtherEngineError,
    RevisionUnreadableError,
    TouchstoneError,
)
from engine.store.reading import (
    CustomerView,
    DecisionView,
    RunView,
    customers_by_ids,
    decisions_by_ids,
    digests_of_decisions,
    latest_decision_ids,
    runs_by_ids,
)
from engine.vocabulary import Text
from schema.context import Info

V = TypeVar("V")


def found(thing: V | None, what: Text) -> V:
    """The thing, which has to be there.

    Raises:
        NotFoundError: It is not (any more).
    """
    if thing is None:
        raise NotFoundError(
            Text(f"The {what.en} is no longer there.", f"{what.zh}已不存在。"),
            Text("Read the list again.", "请重新读取列表。"),
        )
    return thing


def or_fault(ask: Callable[[], V]) -> V | TouchstoneError:
    """An answer; damage, what is gone or needs another engine is its key's fault alone: the loader raises it there."""
    try:
        return ask()
    except (DamagedError, GoneError, OtherEngineError, RevisionUnreadableError) as error:
        return error


def stored_decisions(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    """Decisions by number; beside a damaged chunk, or decisions that are gone, only these are faults."""
    return _each_by_itself(decisions_by_ids, session, ids)


def stored_digests(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    """Digests of decisions by number, alike."""
    return _each_by_itself(digests_of_decisions, session, ids)


def decisions_at(
    session: Session, customers: Sequence[int], as_of: datetime | None, as_known_at: datetime | None
) -> Mapping[int, Any]:
    """The latest decision of each customer at or before an instant that had been made by another, alike."""
    numbers = latest_decision_ids(session, customers, as_of, as_known_at)
    views = stored_decisions(session, [number for number, _ in numbers.values()])
    return {customer: views[number] for customer, (number, _) in numbers.items()}


def _each_by_itself(
    question: Callable[[Session, Sequence[int]], Mapping[int, V]], session: Session, ids: Sequence[int]
) -> Mapping[int, V | TouchstoneError | None]:
    """All at once, or one by one where that meets damage or what is gone."""
    try:
        return question(session, ids)
    except (DamagedError, GoneError):
        return {number: or_fault(partial(_one, question, session, number)) for number in ids}


def _one(question: Callable[[Session, Sequence[int]], Mapping[int, V]], session: Session, number: int) -> V | None:
    return question(session, [number]).get(number)


async def customer_of(root: Any, info: Info) -> CustomerView:
    """The customer it is about."""
    customer = await info.context.load(customers_by_ids, root.customer_id)
    return found(customer, Text("customer", "客户"))


async def customer_or_none(root: Any, info: Info) -> CustomerView | None:
    """The customer it is about; null: not assigned to anybody."""
    if root.customer_id is None:
        return None
    return await info.context.load(customers_by_ids, root.customer_id)


async def decision_of(root: Any, info: Info) -> DecisionView:
    """The decision it comes from."""
    decision: DecisionView | None = await info.context.load(stored_decisions, root.decision_id)
    return found(decision, Text("decision", "决定"))


async def run_of(root: Any, info: Info) -> RunView:
    """The run it was made in."""
    run = await info.context.load(runs_by_ids, root.run_id)
    return found(run, Text("run", "运行"))
