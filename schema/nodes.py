"""Things by global id."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

import strawberry

from engine.errors import InputError
from engine.store.reading import (
    LARGEST_PAGE,
    Kind,
    customers_by_ids,
    dispatches_by_ids,
    entries_by_positions,
    issues_by_ids,
    model_versions_by_ids,
    overrides_by_ids,
    read_id,
    records_by_ids,
    rule_changes_by_ids,
    runs_by_ids,
    tasks_by_ids,
    tokens_by_ids,
)
from engine.vocabulary import Text
from schema.context import Info
from schema.describing import answered, described
from schema.lookups import stored_decisions
from schema.permissions import of_type
from schema.relay import Node
from schema.rulebooks import stored_book

_QUESTIONS: Final[Mapping[Kind, Callable[..., Mapping[Any, Any]]]] = {
    Kind.CUSTOMER: customers_by_ids,
    Kind.RECORD: records_by_ids,
    Kind.ISSUE: issues_by_ids,
    Kind.DECISION: stored_decisions,
    Kind.RUN: runs_by_ids,
    Kind.RULE_CHANGE: rule_changes_by_ids,
    Kind.MODEL_VERSION: model_versions_by_ids,
    Kind.DISPATCH: dispatches_by_ids,
    Kind.TASK: tasks_by_ids,
    Kind.OVERRIDE: overrides_by_ids,
    Kind.ENTRY: entries_by_positions,
    Kind.TOKEN: tokens_by_ids,
}

_TYPES: Final[Mapping[Kind, str]] = {
    Kind.CUSTOMER: "Customer",
    Kind.RECORD: "Record",
    Kind.ISSUE: "DataQualityIssue",
    Kind.DECISION: "Decision",
    Kind.RUN: "Run",
    Kind.RULE_CHANGE: "RuleChange",
    Kind.RULEBOOK: "Rulebook",
    Kind.MODEL_VERSION: "ModelVersion",
    Kind.DISPATCH: "Dispatch",
    Kind.TASK: "Task",
    Kind.OVERRIDE: "Override",
    Kind.ENTRY: "LedgerEntry",
    Kind.TOKEN: "Token",
}
"""What a kind of id names in the API: its permission is that of the type."""

NodeId = Annotated[strawberry.ID, strawberry.argument(description="A global id, as answers give it.")]


async def thing_by_id(info: Info, kind: Kind, number: int | str) -> object | None:
    """The source of a node; None: no such thing, or no right to know."""
    permission = of_type(_TYPES[kind])
    if permission is not None and not info.context.caller.may(permission):
        return None
    if kind is Kind.RULEBOOK:
        return await stored_book(info, str(number))
    return await info.context.load(_QUESTIONS[kind], number)


async def _node(info: Info, id: NodeId) -> object | None:
    """Null: no such thing (or no right to know); an id that is not ours is fault BAD_ID."""
    return await thing_by_id(info, *read_id(id))


async def _nodes(
    info: Info,
    ids: Annotated[list[strawberry.ID], strawberry.argument(description="Global ids, as answers give them.")],
) -> list[object | None]:
    """At most 100, in the order asked."""
    if len(ids) > LARGEST_PAGE:
        raise InputError(
            Text(f"At most {LARGEST_PAGE} ids, not {len(ids)}.", f"最多 {LARGEST_PAGE} 个 id，而不是 {len(ids)} 个。"),
            Text("Ask in several requests.", "请分多次查询。"),
        )
    named = [read_id(text) for text in ids]
    found = await asyncio.gather(*(thing_by_id(info, *one) for one in named), return_exceptions=True)
    return list(found)  # an error among them is the fault of its own place alone


@described
class NodeQueries:
    """Things by global id."""

    node: Node | None = answered(_node)
    nodes: list[Node | None] = answered(_nodes)
