"""Reading one change with its reviews, and whether its approval still holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Protocol

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations.publishing import live_change
from engine.operations.rule_life.states import OPEN, State
from engine.store.ledger import instant_text
from engine.store.tables import ReviewRow, RuleChangeRow
from engine.vocabulary import Text

UNSCHEDULED: Final[Mapping[str, None]] = dict.fromkeys(
    ("activate_at", "activate_zone", "scheduled_by", "schedule_reason", "attention_en", "attention_zh")
)
"""Columns of a change that is not to go live by itself."""


class Bound(Protocol):
    """What reviews and changes say they are of, as rows or as views."""

    @property
    def revision(self) -> str:
        """Content hash."""

    @property
    def round(self) -> int:
        """Rises with every edit."""

    @property
    def preview_digest(self) -> str | None:
        """Of the preview."""

    @property
    def snapshot(self) -> str | None:
        """Of the facts and states it was made on."""


def change_of(session: Session, change_id: int) -> RuleChangeRow:
    """A change by number.

    Raises:
        NotFoundError: There is none.
    """
    row = session.get(RuleChangeRow, change_id)
    if row is None:
        raise NotFoundError(
            Text(f"There is no rule change {change_id}.", f"没有规则变更 {change_id}。"),
            Text("`touchstone rules log` lists them.", "`touchstone rules log` 可列出所有变更。"),
        )
    return row


def state_of(row: RuleChangeRow) -> State:
    """Its state."""
    return State(row.state)


def reviews_of(session: Session, change_id: int) -> list[ReviewRow]:
    """Every review of a change, oldest first, those of earlier rounds too."""
    query = select(ReviewRow).where(ReviewRow.change_id == change_id).order_by(ReviewRow.id)  # type: ignore[arg-type]
    return list(session.execute(query).scalars())


def approvals_of(session: Session, row: RuleChangeRow) -> list[ReviewRow]:
    """The reviews that approve exactly what the change is now."""
    found = reviews_of(session, row.id or 0)
    return [review for review in found if review.approved and void_review(review, row) is None]


def crossed_of(row: RuleChangeRow) -> tuple[str, ...]:
    """Names of the guardrails that its preview crossed."""
    stored: dict[str, Any] = orjson.loads(row.preview) if row.preview else {}
    return tuple(sorted({name for name, *_, crossed in stored.get("guardrails", ()) if crossed}))


def void_review(review: Bound, row: Bound) -> Text | None:
    """Why a review no longer counts, the live rules and the time apart; None: it counts."""
    if review.revision != row.revision:
        return Text("The change was edited afterwards.", "此后变更内容已被修改。")
    if (review.round, review.preview_digest, review.snapshot) != (row.round, row.preview_digest, row.snapshot):
        return Text("The change was previewed again afterwards.", "此后变更已重新预览。")
    return None


def void_change(session: Session, row: RuleChangeRow, now: datetime) -> Text | None:
    """Why what was previewed does not count any more; None: it does, or the change is not open."""
    if state_of(row) not in OPEN or row.preview_digest is None:
        return None
    live = live_change(session)
    if live is None or live.revision != row.base_revision:
        return Text(
            "Other rules went live since it was previewed.",
            "预览之后已有其他规则生效。",
        )
    if row.valid_until is None or now > row.valid_until:
        return Text(
            "Its preview is older than the rule book allows.",
            "其预览已超过规则库规定的有效期。",
        )
    return None


def refuse_void(session: Session, row: RuleChangeRow, now: datetime) -> None:
    """Refuse what was previewed on a base that is not the present one.

    Raises:
        ConflictError: APPROVAL_VOID.
    """
    why = void_change(session, row, now)
    if why is not None:
        raise void_error(why, row)


def void_error(why: Text, row: RuleChangeRow) -> ConflictError:
    """An approval that does not count, with what to do."""
    command = f"touchstone rules propose --change {row.id}"
    return ConflictError(
        why,
        Text(f"Its author proposes it again: {command}.", f"请由作者重新提交：{command}。"),
        code="APPROVAL_VOID",
    )


def move(session: Session, row: RuleChangeRow, **values: object) -> None:
    """Change a row as it was read, version included.

    Raises:
        ConflictError: Somebody else has changed it meanwhile.
    """
    done = session.execute(
        update(RuleChangeRow)
        .where(RuleChangeRow.id == row.id, RuleChangeRow.version == row.version)  # type: ignore[arg-type]
        .values(**values, version=row.version + 1)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise ConflictError(
            Text("Somebody else has just changed this.", "该变更刚刚被他人修改。"),
            Text("Read it again.", "请重新读取。"),
        )
    session.refresh(row)


def expect_version(row: RuleChangeRow, expected: int | None) -> None:
    """Refuse an edit of a change that is not the one the caller had read.

    Raises:
        ConflictError: Another version is stored.
    """
    if expected is not None and row.version != expected:
        raise ConflictError(
            Text(
                f"The change is at version {row.version}, not {expected}.",
                f"该变更的版本是 {row.version}，而不是 {expected}。",
            ),
            Text("Read it again.", "请重新读取。"),
        )


def require_reason(reason: str) -> None:
    """Refuse to act without a reason.

    Raises:
        InputError: REQUIRED.
    """
    if not reason.strip():
        raise InputError(
            Text("A reason is needed.", "必须说明原因。"), Text("Give --reason.", "请使用 --reason。"), code="REQUIRED"
        )


def bound(row: RuleChangeRow) -> dict[str, Json]:
    """What an entry about a change is bound to."""
    return {
        "change": row.id,
        "round": row.round,
        "revision": row.revision,
        "base": row.base_revision,
        "preview": row.preview_digest,
        "snapshot": row.snapshot,
        "valid_until": None if row.valid_until is None else instant_text(row.valid_until),
        "author": row.actor,
        "on_behalf_of": row.on_behalf_of,
        "approvers_needed": row.approvers_needed,
        "guardrails_crossed": list(crossed_of(row)),
    }
