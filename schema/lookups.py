"""Fields that fetch one thing by row number, through the request's loaders."""

from __future__ import annotations

from typing import Any, TypeVar

from engine.errors import NotFoundError
from engine.store.reading import (
    CustomerView,
    DecisionView,
    RunView,
    customers_by_ids,
    decisions_by_ids,
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
    decision = await info.context.load(decisions_by_ids, root.decision_id)
    return found(decision, Text("decision", "决定"))


async def run_of(root: Any, info: Info) -> RunView:
    """The run it was made in."""
    run = await info.context.load(runs_by_ids, root.run_id)
    return found(run, Text("run", "运行"))
