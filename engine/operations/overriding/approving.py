"""The second person: approving or refusing a tier somebody else has set by hand; and ending one before its time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from engine.access import refuse_own
from engine.audit import Json
from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations.anchors import said_digest
from engine.operations.customers import without_names
from engine.operations.idempotency import recall, remember
from engine.operations.overriding.setting import end_others, reason_missing
from engine.operations.overriding.states import Standing, standing_of
from engine.operations.overriding.telling import unknown_override
from engine.operations.people import Person
from engine.store import Database, append_entry
from engine.store.tables import CustomerRow, OverrideRow
from engine.vocabulary import EntryKind, Text


def approve_override(
    database: Database,
    override_id: int,
    approve: bool,
    person: Person,
    now: datetime,
    note: str | None = None,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> int:
    """Approve or refuse a tier that waits for a second person; approved, it is in force from now on.

    Raises:
        NotFoundError: No such override.
        InputError: It does not wait for anybody (WRONG_STATE), or its author asks (FOUR_EYES).
        ConflictError: It changed since it was read.
    """
    given = [override_id, approve, note, expected_version, person.name, person.on_behalf_of]
    with database.write() as session:
        known = recall(session, person.name, idempotency_key, "approveOverride", given, now)
        if known is not None:
            return int(known["override"])
        row = _override(session, override_id)
        if standing_of(row, now) is not Standing.PENDING:
            raise InputError(
                Text(f"Override {override_id} does not wait for anybody.", f"人工评级 {override_id} 无需审批。"),
                Text("`touchstone override list` shows which do.", "`touchstone override list` 可查看待审批者。"),
                code="WRONG_STATE",
            )
        _expect(row, expected_version)
        for author in filter(None, (row.actor, row.on_behalf_of)):
            for name in person.names:
                refuse_own(author, name)
        _decide(session, row, approve, person, note, now)
        remember(session, person.name, idempotency_key, "approveOverride", given, {"override": override_id}, now)
        return override_id


def end_override(
    database: Database,
    override_id: int,
    actor: str,
    reason: str,
    now: datetime,
    expected_version: int | None = None,
    idempotency_key: str | None = None,
) -> int:
    """End an override before it expires, or take one back that waits; gives its row number.

    Raises:
        NotFoundError: No such override, or it has ended or expired.
        InputError: No reason.
        ConflictError: It changed since it was read.
    """
    if not reason.strip():
        raise reason_missing()
    given = [override_id, reason, expected_version, actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "endOverride", given, now)
        if known is not None:
            return int(known["override"])
        row = session.get(OverrideRow, override_id)
        if row is None or standing_of(row, now) not in (Standing.ACTIVE, Standing.PENDING):
            raise NotFoundError(
                Text(f"There is no running override {override_id}.", f"没有生效中的人工评级 {override_id}。"),
                Text(
                    "`touchstone explain REF` shows the one in force.",
                    "`touchstone explain 客户` 可查看生效中的人工评级。",
                ),
            )
        _expect(row, expected_version)
        row.ended_at = now
        row.version += 1
        body: dict[str, Json] = {"override": row.id, "customer": row.customer_id, "ended": True}
        because = without_names(session, row.customer_id, reason)
        append_entry(session, EntryKind.OVERRIDE, actor, because, f"override:{row.id}", body, now)
        remember(session, actor, idempotency_key, "endOverride", given, {"override": override_id}, now)
        return override_id


def _override(session: Session, override_id: int) -> OverrideRow:
    row = session.get(OverrideRow, override_id)
    if row is None:
        raise unknown_override(override_id)
    return row


def _expect(row: OverrideRow, expected: int | None) -> None:
    if expected is not None and row.version != expected:
        raise ConflictError(
            Text(
                f"The override is at version {row.version}, not {expected}.",
                f"人工评级的版本是 {row.version}，而不是 {expected}。",
            ),
            Text("Read it again.", "请重新读取。"),
        )


def _decide(session: Session, row: OverrideRow, approve: bool, person: Person, note: str | None, now: datetime) -> None:
    row.approved, row.approved_at, row.approval_note = approve, now, note
    row.approver, row.approver_key = person.name, person.key
    row.approver_for, row.approver_for_key = person.on_behalf_of, person.on_behalf_key
    row.version += 1
    if approve:
        row.from_at = now
        end_others(session, row, now)
        customer = session.get(CustomerRow, row.customer_id)
        assert customer is not None
        customer.version += 1
        customer.updated_at = now
    body: dict[str, Json] = {
        "override": row.id,
        "customer": row.customer_id,
        "tier": row.tier,
        "approved": approve,
        "reviewer_for": person.on_behalf_of,
        "said": said_digest(session, row.customer_id, [note]),
    }
    append_entry(session, EntryKind.OVERRIDE, person.name, None, f"override:{row.id}", body, now)
