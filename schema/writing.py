"""Commands over decisions, overrides and tasks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Final

import strawberry

from engine.errors import InputError
from engine.operations.deciding import RunReport, decide
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.tasks import complete_task
from engine.store.reading import (
    Kind,
    overrides_by_ids,
    read_number,
    rule_changes_by_ids,
    runs_by_ids,
    tasks_by_ids,
)
from engine.vocabulary import Locale, Text
from schema.basics import UserError
from schema.commands import Payload, Refused, attempt, refusals, refuse
from schema.context import Context, Info
from schema.deadlines import to_the_end
from schema.decisions import Decision
from schema.describing import answered, described, given, given_or, told
from schema.error_codes import ErrorCode
from schema.lists import TaskState
from schema.lookups import stored_decisions
from schema.overrides import Override
from schema.rule_changes import RuleChange
from schema.runs import DamagedChunk, Run
from schema.scalars import Ref
from schema.tasks import Task

MOST_NAMED: Final = 100
PATIENCE_SECONDS: Final = 4.0
"""How long an answer waits for a run over all customers before it goes on in the background."""

_LOG: Final = logging.getLogger("touchstone.graphql")

_DECIDE_PLACES: Final = {"NOT_FOUND": "customers", "WRONG_STATE": "asOf"}
_OVERRIDE_PLACES: Final = {
    "CONFLICT": "expectedVersion",
    "NOT_FOUND": "customer",
    "UNKNOWN_TIER": "tier",
    "REQUIRED": "reason",
    "INVALID": "expiresAt",
}
_TASK_PLACES: Final = {"CONFLICT": "expectedVersion", "NOT_FOUND": "task", "WRONG_STATE": "task"}
_CLOSED: Final = (TaskState.DONE, TaskState.DISMISSED)


_KEY = "The same key with the same input gives the first answer again; kept 24 hours."
_ERRORS = "What the caller can correct; empty: it was done."


@given
class DecideInput:
    """Whom to decide, as of when."""

    idempotency_key: str = told(_KEY)
    customers: list[Ref] | None = given_or(None, "Null: all.")
    as_of: datetime | None = given_or(
        None, "Default: now. Before a customer's latest decision it is a what-if and refused."
    )


@given
class OverrideTierInput:
    """A tier by hand, until `expiresAt`."""

    idempotency_key: str = told(_KEY)
    customer: Ref = told("Any of the customer's identities.")
    tier: str = told("Key of a tier of the customer's market.")
    reason: str = told("Reason code.")
    note: str | None = given_or(None, "In words.")
    evidence: list[str] = given_or([], "Links or record ids.")
    expires_at: datetime = told("In force until here, this instant not included.")
    expected_version: int = told("Of the customer.")


@given
class CompleteTaskInput:
    """DONE or DISMISSED, with what came of it."""

    idempotency_key: str = told(_KEY)
    task: strawberry.ID = told("Global id of the task.")
    state: TaskState = given_or(TaskState.DONE, "DONE or DISMISSED.")
    outcome: str = told("What came of it.")
    expected_version: int = told("Of the task.")


@described
class DecidePayload:
    """`decisions`: of named customers, in the order given; empty for all."""

    run: Run | None = told(
        "Null with user errors, when nobody was due, and while all customers are still being decided."
    )
    decisions: list[Decision] = told("Of named customers.")
    already_decided: int = told(
        "Named customers who had a decision for this very instant and keep it: what became known since counts from a "
        "later `asOf`. For all: how many, when nobody else was due."
    )
    left_out: list[DamagedChunk] = told("Who was due and could not be decided, by damaged chunk; all others were.")
    activated: list[RuleChange] = told(
        "Scheduled rules whose time had come: live since, or stopped with `attention`; empty while all are being "
        "decided."
    )
    user_errors: list[UserError] = told(_ERRORS)


@described
class OverridePayload:
    """The thing, or why not."""

    override: Override | None = told("Null with user errors.")
    user_errors: list[UserError] = told(_ERRORS)


@described
class TaskPayload:
    """The thing, or why not."""

    task: Task | None = told("Null with user errors.")
    user_errors: list[UserError] = told(_ERRORS)


async def _decide(
    info: Info, input: Annotated[DecideInput, strawberry.argument(description="Whom, as of when.")]
) -> Payload:
    """Named customers (at most 100) are decided before the answer; all customers in the background, see
    `runProgress`."""
    context = info.context
    if input.customers is not None and not 0 < len(input.customers) <= MOST_NAMED:
        code = ErrorCode.TOO_MANY if input.customers else ErrorCode.INVALID
        hint = (_SPLIT if input.customers else _NOBODY).within(context.locale)
        return _with_decisions(refuse(code, _between(context.locale), ("customers",), hint))
    command = partial(
        decide,
        context.services.database,
        input.customers,
        await context.instant_or_none(input.as_of),
        context.actor,
        context.now,
        idempotency_key=input.idempotency_key,
    )
    done = await (_decide_all(context, command) if input.customers is None else attempt(info, command, _DECIDE_PLACES))
    if isinstance(done, Refused):
        return _with_decisions(Payload(done.errors))
    if done is None:
        return _with_decisions(Payload())
    run = None if done.run_id is None else await context.load(runs_by_ids, done.run_id)
    decisions = await asyncio.gather(*(context.load(stored_decisions, number) for number in done.decision_ids))
    activated = await asyncio.gather(*(context.load(rule_changes_by_ids, one.change_id) for one in done.activated))
    told_of = {"already_decided": done.already, "left_out": done.left_out, "activated": activated}
    return Payload(things={"run": run, "decisions": decisions, **told_of})


_SPLIT: Final = Text(
    "Name them in several calls, or leave `customers` out: then all are decided.",
    "请分多次调用，或不写 `customers`：那样会评级全部客户。",
)
_NOBODY: Final = Text(
    "Name somebody, or leave `customers` out: then all are decided.",
    "请写明客户，或不写 `customers`：那样会评级全部客户。",
)


def _between(locale: Locale) -> str:
    if locale is Locale.ZH:
        return f"请给出 1 到 {MOST_NAMED} 位客户，或用 null 表示全部。"
    return f"Name 1 to {MOST_NAMED} customers, or null for all."


def _with_decisions(payload: Payload) -> Payload:
    payload.things.update(decisions=[], already_decided=0, left_out=[], activated=[])
    return payload


async def _decide_all(context: Context, command: Callable[[], RunReport]) -> RunReport | Refused | None:
    """Decide everybody; None while it goes on in the background.

    Raises:
        TouchstoneError: Not ready, or something else the caller cannot correct.
    """
    task: asyncio.Task[RunReport] = asyncio.ensure_future(to_the_end(command))
    context.services.background.add(task)
    task.add_done_callback(partial(_finished, context))
    done, _ = await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    context.forget()
    if not done:
        return None
    try:
        return task.result()
    except InputError as error:
        return Refused(refusals(error, context.locale, _DECIDE_PLACES))


def _finished(context: Context, task: asyncio.Task[RunReport]) -> None:
    context.services.background.discard(task)
    if not task.cancelled() and task.exception() is not None:
        _LOG.error("request %s: deciding all failed: %s", context.request_id, type(task.exception()).__name__)


async def _override_tier(
    info: Info, input: Annotated[OverrideTierInput, strawberry.argument(description="Whose tier, which, why.")]
) -> Payload:
    """Sets a tier by hand; it takes effect in the next decision."""
    context = info.context
    wanted = OverrideInput(
        ref=input.customer,
        tier=input.tier,
        reason=input.reason,
        expires_at=await context.instant(input.expires_at),
        note=input.note,
        evidence=tuple(input.evidence),
        expected_version=input.expected_version,
    )
    command = partial(
        override_tier, context.services.database, wanted, context.actor, context.now, input.idempotency_key
    )
    done = await attempt(info, command, _OVERRIDE_PLACES)
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"override": await context.load(overrides_by_ids, done)})


async def _complete_task(
    info: Info, input: Annotated[CompleteTaskInput, strawberry.argument(description="Which task, what came of it.")]
) -> Payload:
    """Closes a task."""
    context = info.context
    command = partial(
        complete_task,
        context.services.database,
        read_number(input.task, Kind.TASK),
        str(input.state),
        input.outcome,
        context.actor,
        context.now,
        input.expected_version,
        input.idempotency_key,
    )
    places = {**_TASK_PLACES, "INVALID": "state" if input.state not in _CLOSED else "outcome"}
    done = await attempt(info, command, places)
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"task": await context.load(tasks_by_ids, done)})


@described
class WorkMutations:
    """Commands over decisions, overrides and tasks."""

    decide: DecidePayload | None = answered(_decide)
    override_tier: OverridePayload | None = answered(_override_tier)
    complete_task: TaskPayload | None = answered(_complete_task)
