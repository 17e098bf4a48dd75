"""Setting a tier by hand: in force from the next decision on, or once somebody else has approved it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import ConflictError, InputError, UserProblem, UserProblemsError
from engine.operations.anchors import said_digest
from engine.operations.customers import customer_by_ref, without_names
from engine.operations.idempotency import recall, remember
from engine.operations.overriding.asking import check_reason, computed_tier, why_second
from engine.operations.people import Person
from engine.operations.publishing import require_live_book
from engine.rulebook import Book
from engine.store import Database, append_entry
from engine.store.tables import CustomerRow, OverrideRow
from engine.vocabulary import EntryKind, Market, Text

_MOST_EVIDENCE: Final = 20
_LONGEST_EVIDENCE: Final = 500


@dataclass(frozen=True, slots=True)
class OverrideInput:
    """A tier by hand.

    Attributes:
        tier: Key of a tier of the customer's market.
        reason: Reason code; a short reason where the book declares no codes.
        evidence: Links, record ids or short texts.
        expires_at: It is in force until this instant, not included.
        expected_version: The customer's version the caller had read; None: whatever it is.
        on_behalf_of: For whom; counts as having set it, too.
    """

    ref: str
    tier: str
    reason: str
    expires_at: datetime
    note: str | None = None
    evidence: Sequence[str] = ()
    expected_version: int | None = None
    on_behalf_of: str | None = None


def override_tier(
    database: Database, given: OverrideInput, actor: str, now: datetime, idempotency_key: str | None = None
) -> int:
    """Set a tier by hand; it takes effect in the next decision, or once approved. Gives the override's row number.

    Raises:
        NotFoundError: No such customer.
        InputError: No reason or none of the book's, an unknown tier (UNKNOWN_TIER), an expiry that is not
            in the future, or evidence that is too long.
        ConflictError: The customer changed since it was read.
    """
    until = given.expires_at.astimezone(UTC).isoformat()
    texts = [given.ref, given.tier, given.reason, given.note, list(given.evidence)]
    person = Person.named(actor, given.on_behalf_of)
    beside = [] if person.on_behalf_of is None else [person.on_behalf_of]
    key = [*texts, until, given.expected_version, actor, *beside]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "overrideTier", key, now)
        if known is not None:
            return int(known["override"])
        customer = customer_by_ref(session, given.ref)
        book = _check(session, customer, given, now)
        why = why_second(session, book, customer, given.tier)
        row = _row(session, customer, given, person, now, second=bool(why))
        end_others(session, row, now)
        session.add(row)
        customer.version += 1
        customer.updated_at = now
        session.flush()
        assert row.id is not None
        body: dict[str, Json] = {
            "override": row.id,
            "customer": row.customer_id,
            "tier": given.tier,
            "expires_at": until,
            "computed": row.computed,
            "decided_by": row.decided_by,
            "said": said_digest(session, row.customer_id, [row.reason, row.note, row.evidence]),
        }
        if person.on_behalf_of is not None:
            body["on_behalf_of"] = person.on_behalf_of
        if row.needs_approval:
            body["pending"] = list[Json](why)
        because = without_names(session, row.customer_id, given.reason)
        append_entry(session, EntryKind.OVERRIDE, person.name, because, f"override:{row.id}", body, now)
        remember(session, actor, idempotency_key, "overrideTier", key, {"override": row.id}, now)
        return row.id


def _row(
    session: Session, customer: CustomerRow, given: OverrideInput, person: Person, now: datetime, *, second: bool
) -> OverrideRow:
    assert customer.id is not None
    computed, decided_by = computed_tier(session, customer.id)
    return OverrideRow(
        customer_id=customer.id,
        tier=given.tier,
        reason=given.reason,
        note=given.note,
        evidence=orjson.dumps(list(given.evidence)).decode(),
        actor=person.name,
        from_at=now,
        expires_at=given.expires_at,
        author_key=person.key,
        on_behalf_of=person.on_behalf_of,
        on_behalf_key=person.on_behalf_key,
        computed=computed,
        decided_by=decided_by,
        needs_approval=second,
    )


def overrides_of(session: Session, customer_id: int | None = None) -> list[OverrideRow]:
    """Overrides of one customer or of all, newest first."""
    query = select(OverrideRow).order_by(OverrideRow.id.desc())  # type: ignore[union-attr]
    if customer_id is not None:
        query = query.where(OverrideRow.customer_id == customer_id)  # type: ignore[arg-type]
    return list(session.execute(query).scalars())


def _check(session: Session, customer: CustomerRow, given: OverrideInput, now: datetime) -> Book:
    if given.expected_version is not None and given.expected_version != customer.version:
        raise ConflictError(
            Text(
                f"The customer is at version {customer.version}, not {given.expected_version}.",
                f"客户版本是 {customer.version}，而不是 {given.expected_version}。",
            ),
            Text("Read the customer again.", "请重新读取该客户。"),
        )
    if not given.reason.strip():
        raise reason_missing()
    if given.expires_at <= now:
        raise InputError(
            Text("An override must expire in the future.", "人工评级的失效时间必须在未来。"),
            Text("Give a later date.", "请给出更晚的日期。"),
            code="INVALID",
        )
    book = require_live_book(session)
    keys = [tier.key for tier in book.markets[Market(customer.market)].tiers]
    if given.tier not in keys:
        raise InputError(
            Text(f"There is no tier {given.tier}.", f"没有等级 {given.tier}。"),
            Text(f"Tiers are {', '.join(keys)}.", f"可用等级：{'、'.join(keys)}。"),
            code="UNKNOWN_TIER",
        )
    check_reason(book, given.reason)
    _check_evidence(given.evidence)
    return book


def _check_evidence(evidence: Sequence[str]) -> None:
    if len(evidence) <= _MOST_EVIDENCE and all(0 < len(one.strip()) <= _LONGEST_EVIDENCE for one in evidence):
        return
    message = Text(
        f"Evidence is up to {_MOST_EVIDENCE} texts of 1 to {_LONGEST_EVIDENCE} characters.",
        f"证据至多 {_MOST_EVIDENCE} 条，每条 1 至 {_LONGEST_EVIDENCE} 个字符。",
    )
    hint = Text("Give links to longer ones.", "较长的材料请给出链接。")
    raise UserProblemsError([UserProblem("INVALID", message, ("evidence",), hint)])


def reason_missing() -> InputError:
    """What is told where a tier set by hand, or its end, has no reason."""
    return InputError(
        Text("An override needs a reason.", "人工评级必须说明原因。"),
        Text("Give --reason.", "请使用 --reason。"),
        code="REQUIRED",
    )


def end_others(session: Session, row: OverrideRow, now: datetime) -> None:
    """A customer has one override at a time: a new one ends those still running; one that waits, only waiting ones."""
    waits = row.needs_approval and row.approved is None
    others = (
        update(OverrideRow)
        .where(OverrideRow.customer_id == row.customer_id)  # type: ignore[arg-type]
        .where(OverrideRow.ended_at.is_(None))  # type: ignore[union-attr]
        .where(OverrideRow.expires_at > now)  # type: ignore[arg-type]
        .where(OverrideRow.approved.is_not(False))  # type: ignore[union-attr]
    )
    if row.id is not None:
        others = others.where(OverrideRow.id != row.id)  # type: ignore[arg-type]
    if waits:
        others = others.where(OverrideRow.needs_approval, OverrideRow.approved.is_(None))  # type: ignore[arg-type,union-attr]
    session.execute(others.values(ended_at=now, version=OverrideRow.version + 1))
