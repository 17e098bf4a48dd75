"""Tasks: listing, giving them to somebody, and saying what came of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import Actor
from engine.audit import Json
from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations.anchors import said_digest
from engine.operations.customers import without_names
from engine.operations.idempotency import recall, remember
from engine.operations.overriding import Standing, overrides_of, standing_of
from engine.store import Database, append_entry
from engine.store.rows import table_of
from engine.store.tables import TaskRow
from engine.vocabulary import EntryKind, Text

OUTCOMES: Final = ("CONFIRMED", "OVERRIDDEN", "DATA_REQUESTED")
"""Usual outcomes of a review; any other words are as good, but OVERRIDDEN has to be true."""


def open_tasks(
    session: Session, assignee: str | None = None, limit: int = 1000, kind: str | None = None
) -> list[TaskRow]:
    """Open tasks, the ones due soonest first, those without a due time last."""
    task = table_of(TaskRow)
    query = select(TaskRow).where(task.c.state == "OPEN")
    if assignee is not None:
        query = query.where(task.c.assignee == assignee)
    if kind is not None:
        query = query.where(task.c.kind == kind)
    soonest = query.order_by(task.c.due_at.is_(None), task.c.due_at, task.c.id)
    return list(session.execute(soonest.limit(limit)).scalars())


def assign_task(
    database: Database,
    task_id: int,
    assignee: str | None,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> int:
    """Give an open task to somebody; gives its row number.

    Args:
        assignee: A name; None: nobody has it any more.

    Raises:
        NotFoundError: No such task.
        InputError: It is closed (WRONG_STATE), or the name is none.
        ConflictError: It changed since it was read.
    """
    key = [task_id, assignee, expected_version, actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "assignTask", key, now)
        if known is not None:
            return int(known["task"])
        task = _open(session, task_id, expected_version)
        task.assignee = None if assignee is None else Actor.named(assignee).name
        task.version += 1
        body: dict[str, Json] = {
            "task": task_id,
            "customer": task.customer_id,
            **_given_to(session, task.customer_id, task.assignee),
        }
        append_entry(session, EntryKind.TASK, actor, None, f"task:{task_id}", body, now)
        remember(session, actor, idempotency_key, "assignTask", key, {"task": task_id}, now)
        return task_id


def complete_task(
    database: Database,
    task_id: int,
    state: str,
    outcome: str,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> int:
    """Close a task as DONE or DISMISSED with what came of it; gives its row number.

    A review is not made again for the same reason and tier until a later decision has been without the reason.

    Raises:
        NotFoundError: No such task.
        InputError: Another state, or no outcome (INVALID); or the task is closed already, or a review was to be
            OVERRIDDEN without a tier set by hand that is in force or waits (WRONG_STATE).
        ConflictError: The task changed since it was read.
    """
    key = [task_id, state, outcome, expected_version, actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "completeTask", key, now)
        if known is not None:
            return int(known["task"])
        task = _open(session, task_id, expected_version, lambda: _check_closing(state, outcome))
        if task.kind == "REVIEW" and outcome == "OVERRIDDEN":
            _check_overridden(session, task, now)
        task.state, task.outcome = state, outcome
        task.completed_by, task.completed_at = actor, now
        task.version += 1
        body: dict[str, Json] = {
            "task": task_id,
            "customer": task.customer_id,
            "state": state,
            "said": said_digest(session, task.customer_id, [outcome]),
        }
        if task.review_reason is not None:
            body["review"] = task.review_reason
        append_entry(session, EntryKind.TASK, actor, None, f"task:{task_id}", body, now)
        remember(session, actor, idempotency_key, "completeTask", key, {"task": task_id}, now)
        return task_id


def _open(
    session: Session, task_id: int, expected_version: int | None, check: Callable[[], None] | None = None
) -> TaskRow:
    """The task, if it is as its reader saw it, the rest of what was given is right, and it is open."""
    task = session.get(TaskRow, task_id)
    if task is None:
        raise NotFoundError(
            Text(f"There is no task {task_id}.", f"没有任务 {task_id}。"),
            Text("`touchstone tasks` lists them.", "`touchstone tasks` 可列出任务。"),
        )
    if expected_version is not None and expected_version != task.version:
        raise ConflictError(
            Text(
                f"The task is at version {task.version}, not {expected_version}.",
                f"任务版本是 {task.version}，而不是 {expected_version}。",
            ),
            Text("Read the task again.", "请重新读取该任务。"),
        )
    if check is not None:
        check()
    if task.state != "OPEN":
        raise InputError(
            Text(f"The task is {task.state} already.", f"任务状态已是 {task.state}。"),
            Text("Nothing is left to do.", "无需再处理。"),
            code="WRONG_STATE",
        )
    return task


def _given_to(session: Session, customer_id: int, assignee: str | None) -> dict[str, Json]:
    """Who has a task, for the ledger: a name in which the customer's was found stands there as a digest besides."""
    if assignee is None:
        return {"assignee": None}
    told = without_names(session, customer_id, assignee)
    beside: dict[str, Json] = {"assignee_said": said_digest(session, customer_id, [assignee])}
    return {"assignee": told, **(beside if told != assignee else {})}


def _check_closing(state: str, outcome: str) -> None:
    if state not in ("DONE", "DISMISSED") or not outcome.strip():
        raise InputError(
            Text(
                "A task is closed as DONE or DISMISSED, with an outcome.",
                "任务须以 DONE 或 DISMISSED 关闭，并说明结果。",
            ),
            Text("Say what came of it.", "请说明处理结果。"),
            code="INVALID",
        )


def _check_overridden(session: Session, task: TaskRow, now: datetime) -> None:
    standing = {standing_of(one, now) for one in overrides_of(session, task.customer_id)}
    if not standing & {Standing.ACTIVE, Standing.PENDING}:
        raise InputError(
            Text("This customer has no tier set by hand.", "该客户没有人工评级。"),
            Text("Set it first with `touchstone override`.", "请先用 `touchstone override` 人工评级。"),
            code="WRONG_STATE",
        )
