"""Tiers set by hand: a reason, an actor and an expiry; the computed tier stays beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations.customers import customer_by_ref, without_names
from engine.operations.idempotency import recall, remember
from engine.operations.publishing import require_live_book
from engine.store import Database, append_entry
from engine.store.tables import CustomerRow, OverrideRow
from engine.vocabulary import EntryKind, Market, Text


@dataclass(frozen=True, slots=True)
class OverrideInput:
    """A tier by hand.

    Attributes:
        tier: Key of a tier of the customer's market.
        reason: Reason code or short reason.
        expires_at: It is in force until this instant, not included.
        expected_version: The customer's version the caller had read; None: whatever it is.
    """

    ref: str
    tier: str
    reason: str
    expires_at: datetime
    note: str | None = None
    evidence: Sequence[str] = ()
    expected_version: int | None = None


def override_tier(
    database: Database, given: OverrideInput, actor: str, now: datetime, idempotency_key: str | None = None
) -> int:
    """Set a tier by hand; it takes effect in the next decision. Gives the override's row number.

    Raises:
        NotFoundError: No such customer.
        InputError: No reason, an unknown tier (UNKNOWN_TIER), or an expiry that is not in the future.
        ConflictError: The customer changed since it was read.
    """
    until = given.expires_at.astimezone(UTC).isoformat()
    texts = [given.ref, given.tier, given.reason, given.note, list(given.evidence)]
    key = [*texts, until, given.expected_version, actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, "overrideTier", key, now)
        if known is not None:
            return int(known["override"])
        customer = customer_by_ref(session, given.ref)
        _check(session, customer, given, now)
        assert customer.id is not None
        row = OverrideRow(
            customer_id=customer.id,
            tier=given.tier,
            reason=given.reason,
            note=given.note,
            evidence=orjson.dumps(list(given.evidence)).decode(),
            actor=actor,
            from_at=now,
            expires_at=given.expires_at,
        )
        _end_others(session, customer, now)
        session.add(row)
        customer.version += 1
        customer.updated_at = now
        session.flush()
        assert row.id is not None
        body: dict[str, Json] = {
            "override": row.id,
            "customer": customer.id,
            "tier": given.tier,
            "expires_at": until,
        }
        because = without_names(session, customer.id, given.reason)
        append_entry(session, EntryKind.OVERRIDE, actor, because, f"override:{row.id}", body, now)
        remember(session, actor, idempotency_key, "overrideTier", key, {"override": row.id}, now)
        return row.id


def end_override(database: Database, override_id: int, actor: str, reason: str, now: datetime) -> None:
    """End an override before it expires.

    Raises:
        NotFoundError: No such override, or it has ended or expired.
        InputError: No reason.
    """
    if not reason.strip():
        raise _reason_missing()
    with database.write() as session:
        row = session.get(OverrideRow, override_id)
        if row is None or row.ended_at is not None or row.expires_at <= now:
            raise NotFoundError(
                Text(f"There is no running override {override_id}.", f"没有生效中的人工评级 {override_id}。"),
                Text(
                    "`touchstone explain REF` shows the one in force.",
                    "`touchstone explain 客户` 可查看生效中的人工评级。",
                ),
            )
        row.ended_at = now
        row.version += 1
        body: dict[str, Json] = {"override": row.id, "customer": row.customer_id, "ended": True}
        because = without_names(session, row.customer_id, reason)
        append_entry(session, EntryKind.OVERRIDE, actor, because, f"override:{row.id}", body, now)


def overrides_of(session: Session, customer_id: int | None = None) -> list[OverrideRow]:
    """Overrides of one customer or of all, newest first."""
    query = select(OverrideRow).order_by(OverrideRow.id.desc())  # type: ignore[union-attr]
    if customer_id is not None:
        query = query.where(OverrideRow.customer_id == customer_id)  # type: ignore[arg-type]
    return list(session.execute(query).scalars())


def _check(session: Session, customer: CustomerRow, given: OverrideInput, now: datetime) -> None:
    if given.expected_version is not None and given.expected_version != customer.version:
        raise ConflictError(
            Text(
                f"The customer is at version {customer.version}, not {given.expected_version}.",
                f"客户版本是 {customer.version}，而不是 {given.expected_version}。",
            ),
            Text("Read the customer again.", "请重新读取该客户。"),
        )
    if not given.reason.strip():
        raise _reason_missing()
    if given.expires_at <= now:
        raise InputError(
            Text("An override must expire in the future.", "人工评级的失效时间必须在未来。"),
            Text("Give a later date.", "请给出更晚的日期。"),
            code="INVALID",
        )
    keys = [tier.key for tier in require_live_book(session).markets[Market(customer.market)].tiers]
    if given.tier not in keys:
        raise InputError(
            Text(f"There is no tier {given.tier}.", f"没有等级 {given.tier}。"),
            Text(f"Tiers are {', '.join(keys)}.", f"可用等级：{'、'.join(keys)}。"),
            code="UNKNOWN_TIER",
        )


def _reason_missing() -> InputError:
    return InputError(
        Text("An override needs a reason.", "人工评级必须说明原因。"),
        Text("Give --reason.", "请使用 --reason。"),
        code="REQUIRED",
    )


def _end_others(session: Session, customer: CustomerRow, now: datetime) -> None:
    """A customer has one override at a time: a new one ends those still running."""
    session.execute(
        update(OverrideRow)
        .where(OverrideRow.customer_id == customer.id)  # type: ignore[arg-type]
        .where(OverrideRow.ended_at.is_(None))  # type: ignore[union-attr]
        .where(OverrideRow.expires_at > now)  # type: ignore[arg-type]
        .values(ended_at=now, version=OverrideRow.version + 1)
    )
