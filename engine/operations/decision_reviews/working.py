"""Reviews in people's hands: who takes one, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import Actor
from engine.audit import Json
from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations.customers import without_names
from engine.operations.idempotency import recall, remember
from engine.operations.overriding import Standing, standing_of
from engine.store import Database, append_entry
from engine.store.tables import DecisionReviewRow, OverrideRow
from engine.vocabulary import EntryKind, Text

OUTCOMES: Final = ("CONFIRMED", "OVERRIDDEN", "DATA_REQUESTED", "DISMISSED")
"""What a person can say of a decision; LAPSED is said by a run."""


def assign_review(
    database: Database,
    review_id: int,
    assignee: str | None,
    actor: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> int:
    """Give an open review to somebody; gives its row number.

    Args:
        assignee: A name; None: nobody has it any more.

    Raises:
        NotFoundError: No such review.
        InputError: It is closed (WRONG_STATE), or the name is none.
        ConflictError: It changed since it was read.
    """
    given = [review_id, assignee, expected_version, actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "assignReview", given, now)
        if known is not None:
            return int(known["review"])
        row = _open(session, review_id, expected_version)
        row.assignee = None if assignee is None else Actor.named(assignee).name
        row.version += 1
        body: dict[str, Json] = {"review": review_id, "customer": row.customer_id, "assignee": row.assignee}
        append_entry(session, EntryKind.TASK, actor, None, f"review:{review_id}", body, now)
        remember(session, actor, idempotency_key, "assignReview", given, {"review": review_id}, now)
        return review_id


def close_review(
    database: Database,
    review_id: int,
    outcome: str,
    actor: str,
    now: datetime,
    note: str | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> int:
    """Say what came of a review; gives its row number.

    It is not made again for the same reason and tier until a later decision has been without the reason.

    Args:
        outcome: One of `OUTCOMES`; OVERRIDDEN needs a tier set by hand that is in force or waits for approval.

    Raises:
        NotFoundError: No such review.
        InputError: Another outcome (INVALID), it is closed already, or nothing was overridden (WRONG_STATE).
        ConflictError: It changed since it was read.
    """
    given = [review_id, outcome, note, expected_version, actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "closeReview", given, now)
        if known is not None:
            return int(known["review"])
        row = _open(session, review_id, expected_version)
        _check_outcome(session, row, outcome, now)
        row.state, row.outcome, row.note = "CLOSED", outcome, note
        row.closed_by, row.closed_at = actor, now
        row.version += 1
        body: dict[str, Json] = {
            "review": review_id,
            "customer": row.customer_id,
            "decision": row.decision_id,
            "reason": row.reason,
            "outcome": outcome,
        }
        because = None if note is None else without_names(session, row.customer_id, note)
        append_entry(session, EntryKind.TASK, actor, because, f"review:{review_id}", body, now)
        remember(session, actor, idempotency_key, "closeReview", given, {"review": review_id}, now)
        return review_id


def _open(session: Session, review_id: int, expected_version: int | None) -> DecisionReviewRow:
    row = session.get(DecisionReviewRow, review_id)
    if row is None:
        raise NotFoundError(
            Text(f"There is no review {review_id}.", f"没有复核 {review_id}。"),
            Text("`touchstone reviews list` lists them.", "`touchstone reviews list` 可列出复核。"),
        )
    if expected_version is not None and expected_version != row.version:
        raise ConflictError(
            Text(
                f"The review is at version {row.version}, not {expected_version}.",
                f"复核的版本是 {row.version}，而不是 {expected_version}。",
            ),
            Text("Read it again.", "请重新读取。"),
        )
    if row.state != "OPEN":
        raise InputError(
            Text(f"The review is closed already: {row.outcome}.", f"该复核已关闭：{row.outcome}。"),
            Text("Nothing is left to do.", "无需再处理。"),
            code="WRONG_STATE",
        )
    return row


def _check_outcome(session: Session, row: DecisionReviewRow, outcome: str, now: datetime) -> None:
    if outcome not in OUTCOMES:
        raise InputError(
            Text(f"{outcome!r} is no outcome of a review.", f"{outcome!r} 不是复核结果。"),
            Text(f"Outcomes are {', '.join(OUTCOMES)}.", f"复核结果有：{'、'.join(OUTCOMES)}。"),
            code="INVALID",
        )
    if outcome != "OVERRIDDEN":
        return
    query = select(OverrideRow).where(OverrideRow.customer_id == row.customer_id)  # type: ignore[arg-type]
    standing = {standing_of(one, now) for one in session.execute(query).scalars()}
    if not standing & {Standing.ACTIVE, Standing.PENDING}:
        raise InputError(
            Text("This customer has no tier set by hand.", "该客户没有人工评级。"),
            Text("Set it first with `touchstone override`.", "请先用 `touchstone override` 人工评级。"),
            code="WRONG_STATE",
        )
