"""Owner tasks: listing, and saying what came of one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations.idempotency import recall, remember
from engine.store import Database, append_entry
from engine.store.rows import table_of
from engine.store.tables import TaskRow
from engine.vocabulary import EntryKind, Text


def open_tasks(session: Session, assignee: str | None = None, limit: int = 1000) -> list[TaskRow]:
    """Open tasks, the ones due soonest first, those without a due time last."""
    task = table_of(TaskRow)
    query = select(TaskRow).where(task.c.state == "OPEN")
    if assignee is not None:
        query = query.where(task.c.assignee == assignee)
    soonest = query.order_by(task.c.due_at.is_(None), task.c.due_at, task.c.id)
    return list(session.execute(soonest.limit(limit)).scalars())


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

    Raises:
        NotFoundError: No such task.
        InputError: Another state, or no outcome; or the task is closed already (WRONG_STATE).
        ConflictError: The task changed since it was read.
    """
    key = [task_id, state, outcome, expected_version, actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "completeTask", key, now)
        if known is not None:
            return int(known["task"])
        task = session.get(TaskRow, task_id)
        if task is None:
            raise NotFoundError(
                Text(f"There is no task {task_id}.", f"没有任务 {task_id}。"),
                Text("`touchstone tasks` lists them.", "`touchstone tasks` 可列出任务。"),
            )
        _check(task, state, outcome, expected_version)
        task.state, task.outcome = state, outcome
        task.completed_by, task.completed_at = actor, now
        task.version += 1
        body: dict[str, Json] = {"task": task_id, "state": state}
        append_entry(session, EntryKind.TASK, actor, None, f"task:{task_id}", body, now)
        remember(session, actor, idempotency_key, "completeTask", key, {"task": task_id}, now)
        return task_id


def _check(task: TaskRow, state: str, outcome: str, expected_version: int | None) -> None:
    if expected_version is not None and expected_version != task.version:
        raise ConflictError(
            Text(
                f"The task is at version {task.version}, not {expected_version}.",
                f"任务版本是 {task.version}，而不是 {expected_version}。",
            ),
            Text("Read the task again.", "请重新读取该任务。"),
        )
    if state not in ("DONE", "DISMISSED") or not outcome.strip():
        raise InputError(
            Text(
                "A task is closed as DONE or DISMISSED, with an outcome.",
                "任务须以 DONE 或 DISMISSED 关闭，并说明结果。",
            ),
            Text("Say what came of it.", "请说明处理结果。"),
            code="INVALID",
        )
    if task.state != "OPEN":
        raise InputError(
            Text(f"The task is {task.state} already.", f"任务状态已是 {task.state}。"),
            Text("Nothing is left to do.", "无需再处理。"),
            code="WRONG_STATE",
        )
