"""Tasks: what a person has to do."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated

import strawberry

from engine.access import mask
from engine.store.reading import (
    DispatchView,
    Kind,
    TaskView,
    count_tasks,
    dispatches_by_ids,
    slice_of,
    tasks_page,
)
from engine.store.reading import (
    TaskFilter as KeptTasks,
)
from engine.vocabulary import Locale
from schema.basics import Actor, ActorSource
from schema.context import Info, LocaleArgument
from schema.describing import answered, backed_by, described, given, given_or, identified, told
from schema.lists import ReviewReason, TaskKind, TaskState
from schema.lookups import customer_of, decision_of
from schema.pointers import CustomerLater, DecisionLater, DispatchLater
from schema.relay import After, Before, Connection, First, Last, Node, Paged, listed


async def _dispatch(root: TaskView, info: Info) -> DispatchView | None:
    """Iff CAMPAIGN."""
    return None if root.dispatch_id is None else await info.context.load(dispatches_by_ids, root.dispatch_id)


def _title(root: TaskView, info: Info, locale: LocaleArgument = None) -> str:
    """What to do, in a few words; the customer's name in it is masked for who may not see it."""
    chinese = info.context.in_locale(locale) is Locale.ZH
    title, colon = (root.title_zh, "：") if chinese and root.title_zh else (root.title_en, ": ")
    if info.context.caller.local:
        return title
    what, between, name = title.partition(colon)
    return f"{what}{between}{mask(name)}" if between else what


def _completed_by(root: TaskView) -> ActorSource | None:
    """Who closed it; null while OPEN, and where a run did."""
    return None if root.completed_by is None else ActorSource(root.completed_by)


@described
class Task(Node):
    """Something a person has to do."""

    is_type_of = backed_by(TaskView)

    id: strawberry.ID = identified(Kind.TASK)
    kind: TaskKind = told("What it is about.")
    state: TaskState = told("Whether it is still to be done.")
    title: str = answered(_title)
    customer: CustomerLater = answered(customer_of)
    decision: DecisionLater = answered(decision_of)
    dispatch: DispatchLater | None = answered(_dispatch)
    review_reason: ReviewReason | None = told(
        "Iff REVIEW: unknown data held, near a threshold with high value, or a guardrail."
    )
    assignee: str | None = told("Null: nobody.")
    due_at: datetime | None = told("Until when; null: no time was set.")
    outcome: str | None = told(
        "What came of it; null while OPEN. LAPSED: a later decision no longer had the review's reason."
    )
    completed_by: Actor | None = answered(_completed_by)
    completed_at: datetime | None = told("When it was closed; null while OPEN.")
    version: int = told("For `expectedVersion`; rises with every change.")


@given
class TaskFilter:
    """All given parts must hold."""

    kind: TaskKind | None = given_or(None, "What it is about.")
    state: list[TaskState] | None = given_or(None, "Any of these.")
    assignee: str | None = given_or(None, "Who is to do it.")
    due_before: datetime | None = given_or(None, "Due earlier than this.")


async def _tasks(
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    filter: Annotated[TaskFilter | None, strawberry.argument(description="Which tasks.")] = None,
) -> Paged:
    """Ordered by due time, soonest first."""
    kept = KeptTasks()
    if filter is not None:
        kept = KeptTasks(
            kind=filter.kind,
            states=None if filter.state is None else tuple(filter.state),
            assignee=filter.assignee,
            due_before=await info.context.instant_or_none(filter.due_before),
        )
    slice_ = slice_of(first, after, last, before)
    return await listed(info, partial(tasks_page, filter_=kept, slice_=slice_), partial(count_tasks, filter_=kept))


@described
class TaskQueries:
    """Questions about tasks."""

    tasks: Connection[Task] | None = answered(_tasks)
