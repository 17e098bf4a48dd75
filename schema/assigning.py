"""Giving tasks to people."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Final

import strawberry

from engine.operations.tasks import assign_task
from engine.store.reading import Kind, read_number, tasks_by_ids
from schema.commands import Payload, Refused, attempt
from schema.context import Info
from schema.describing import answered, described, given, given_or, told
from schema.writing import TaskPayload

_PLACES: Final = {
    "CONFLICT": "expectedVersion",
    "NOT_FOUND": "task",
    "WRONG_STATE": "task",
    "INVALID": "assignee",
    "REQUIRED": "assignee",
}


@given
class AssignTaskInput:
    """Who is to do it."""

    idempotency_key: str = told("The same key with the same input gives the first answer again; kept 24 hours.")
    task: strawberry.ID = told("Global id of the task.")
    assignee: str | None = given_or(None, "Null: nobody.")
    expected_version: int = told("Of the task.")


async def _assign_task(
    info: Info, input: Annotated[AssignTaskInput, strawberry.argument(description="Which task, and who.")]
) -> Payload:
    """Gives an open task to somebody, or back to everybody."""
    context = info.context
    command = partial(
        assign_task,
        context.services.database,
        read_number(input.task, Kind.TASK),
        input.assignee,
        context.actor,
        context.now,
        input.expected_version,
        input.idempotency_key,
    )
    done = await attempt(info, command, _PLACES)
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"task": await context.load(tasks_by_ids, done)})


@described
class TaskMutations:
    """Commands over tasks."""

    assign_task: TaskPayload | None = answered(_assign_task)
