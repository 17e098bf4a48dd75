"""Reviewing a change: by somebody else than its author, of exactly what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.access import refuse_own
from engine.errors import ConflictError, InputError
from engine.operations.idempotency import recall, remember
from engine.operations.people import Person
from engine.operations.rule_life.changes import (
    UNSCHEDULED,
    approvals_of,
    bound,
    change_of,
    crossed_of,
    expect_version,
    move,
    refuse_void,
    require_reason,
    reviews_of,
    state_of,
)
from engine.operations.rule_life.states import State, Step, after
from engine.store import Database, append_entry
from engine.store.tables import ReviewRow, RuleChangeRow
from engine.vocabulary import EntryKind, Text


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody says of a change.

    Attributes:
        revision, snapshot: What was seen; None: whatever the change is, for the command line, where it has just been
            shown.
    """

    change_id: int
    approve: bool
    note: str | None = None
    revision: str | None = None
    snapshot: str | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What became of a change.

    Attributes:
        approvals, needed: How many approve it, of how many that must.
    """

    change_id: int
    state: str
    approvals: int
    needed: int


def review(
    database: Database, verdict: Verdict, person: Person, now: datetime, idempotency_key: str | None = None
) -> Reviewed:
    """Approve or reject a change.

    Raises:
        NotFoundError: No such change.
        InputError: Not in review (WRONG_STATE); its own author, or somebody who has reviewed it (FOUR_EYES, or
            GUARDRAIL where a crossed guardrail asks for the second one).
        ConflictError: It is not what was seen, or its base has moved (APPROVAL_VOID).
    """
    given = [verdict.change_id, verdict.approve, verdict.note, verdict.revision, verdict.snapshot, person.name,
             person.on_behalf_of]  # fmt: skip
    with database.write() as session:
        known = recall(session, person.name, idempotency_key, "approveRulebook", given, now)
        if known is not None:
            return Reviewed(**known)
        row = change_of(session, verdict.change_id)
        after(state_of(row), Step.APPROVE if verdict.approve else Step.REJECT)
        _require_other_eyes(session, row, person)
        _require_seen(row, verdict)
        if verdict.approve:
            refuse_void(session, row, now)
        done = _enter(session, row, verdict, person, now)
        answer = {"change_id": done.change_id, "state": done.state, "approvals": done.approvals, "needed": done.needed}
        remember(session, person.name, idempotency_key, "approveRulebook", given, answer, now)
        return done


def withdraw(
    database: Database,
    change_id: int,
    person: Person,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> str:
    """Take an own change back before it is live; gives its state.

    Raises:
        NotFoundError: No such change.
        InputError: No reason, somebody else's change (FORBIDDEN), or it is not open any more (WRONG_STATE).
        ConflictError: It is not the version expected.
    """
    require_reason(reason)
    given = [change_id, person.name, person.on_behalf_of, reason, expected_version]
    with database.write() as session:
        known = recall(session, person.name, idempotency_key, "withdrawRulebook", given, now)
        if known is not None:
            return str(known["state"])
        row = change_of(session, change_id)
        if not person.is_one_of(row.author_key, row.on_behalf_key):
            raise InputError(
                Text(f"Only its author, {row.actor}, withdraws this change.", f"只有作者 {row.actor} 可以撤回该变更。"),
                Text("Whoever reviews it may reject it.", "审批人可以驳回该变更。"),
                code="FORBIDDEN",
            )
        state = after(state_of(row), Step.WITHDRAW)
        expect_version(row, expected_version)
        move(session, row, state=state.value, **UNSCHEDULED)
        body = bound(row) | {"withdrawn_for": person.on_behalf_of}
        append_entry(session, EntryKind.RULES_WITHDRAWN, person.name, reason, f"rule_change:{row.id}", body, now)
        remember(
            session,
            person.name,
            idempotency_key,
            "withdrawRulebook",
            given,
            {"change": row.id, "state": state.value},
            now,
        )
        return state.value


def _require_other_eyes(session: Session, row: RuleChangeRow, person: Person) -> None:
    for author in filter(None, (row.actor, row.on_behalf_of)):
        for name in person.names:
            refuse_own(author, name)
    for known in reviews_of(session, row.id or 0):
        if known.round == row.round and person.is_one_of(known.actor_key, known.on_behalf_key):
            crossed = crossed_of(row)
            why = (
                Text(f" ({', '.join(crossed)} is crossed)", f"（越过 {'、'.join(crossed)}）")
                if crossed
                else Text("", "")
            )
            raise InputError(
                Text(
                    f"{known.actor} has approved this already; a second person has to{why.en}.",
                    f"{known.actor} 已批准该变更，须由另一人批准{why.zh}。",
                ),
                code="GUARDRAIL" if crossed else "FOUR_EYES",
            )


def _require_seen(row: RuleChangeRow, verdict: Verdict) -> None:
    if verdict.revision not in (None, row.revision):
        raise _other(Text("This is not the content it has now.", "这不是该变更当前的内容。"))
    if verdict.snapshot not in (None, row.snapshot):
        raise _other(Text("This is not the preview it has now.", "这不是该变更当前的预览。"))


def _other(why: Text) -> ConflictError:
    hint = Text(
        "Read its revision and preview as they are now, and decide on those.", "请查看当前的版本与预览后再审批。"
    )
    return ConflictError(why, hint, code="APPROVAL_VOID")


def _enter(session: Session, row: RuleChangeRow, verdict: Verdict, person: Person, now: datetime) -> Reviewed:
    assert row.id is not None
    session.add(
        ReviewRow(
            change_id=row.id,
            round=row.round,
            actor=person.name,
            actor_key=person.key,
            on_behalf_of=person.on_behalf_of,
            on_behalf_key=person.on_behalf_key,
            approved=verdict.approve,
            note=verdict.note,
            at=now,
            revision=row.revision,
            base_revision=row.base_revision,
            preview_digest=row.preview_digest or "",
            snapshot=row.snapshot or "",
        )
    )
    session.flush()
    approvals = len(approvals_of(session, row))
    state = state_of(row)
    if not verdict.approve:
        state = after(state, Step.REJECT)
    elif approvals >= row.approvers_needed:
        state = after(state, Step.APPROVE)
    move(session, row, state=state.value)
    kind = EntryKind.RULES_APPROVED if verdict.approve else EntryKind.RULES_REJECTED
    body = {**bound(row), "approvals": approvals, "state": state.value, "reviewer_for": person.on_behalf_of}
    append_entry(session, kind, person.name, verdict.note, f"rule_change:{row.id}", body, now)
    return Reviewed(row.id, State(row.state).value, approvals, row.approvers_needed)
