"""The outbox: pending dispatches leave through their channels, each at most once.

Rows are claimed by state and lease with a rising fence, never by a high-water mark, because a row may
be committed later than one with a higher number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.campaigns import Trigger
from engine.operations.publishing import book_of
from engine.store import Database, append_entry, read_consents
from engine.store.tables import CustomerRow, DispatchRow, TaskRow, to_microseconds
from engine.vocabulary import EntryKind, Market, SuppressionCause, Text

LEASE = timedelta(seconds=60)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """One dispatch as its channel sees it; `decided_as_of`: the instant of the decision that made it."""

    dispatch: DispatchRow
    customer: CustomerRow
    trigger: Trigger | None
    decided_as_of: datetime


@dataclass(frozen=True, slots=True)
class Delivered:
    """What left in one go: dispatches by channel."""

    by_channel: dict[str, int]

    @property
    def total(self) -> int:
        """Dispatches that left."""
        return sum(self.by_channel.values())


def deliver_pending(
    database: Database, now: datetime, console: Callable[[str], None], actor: str = "outbox"
) -> Delivered:
    """Deliver everything that is due; a message whose customer withdrew the consent meanwhile is held back.

    Args:
        console: Takes one line per message of a channel without a provider of its own.
    """
    sent: Counter[str] = Counter()
    while True:
        claimed = _claim(database, now)
        if not claimed:
            return Delivered(dict(sorted(sent.items())))
        sent.update(_deliver(database, claimed, now, console, actor))


def _claim(database: Database, now: datetime) -> dict[int, int]:
    """Lease a batch; gives fence by dispatch."""
    due = (
        select(DispatchRow)
        .where(DispatchRow.state == "PENDING")  # type: ignore[arg-type]
        .where(or_(DispatchRow.not_before.is_(None), DispatchRow.not_before <= now))  # type: ignore[union-attr,operator,arg-type]
        .where(or_(DispatchRow.lease_until.is_(None), DispatchRow.lease_until <= now))  # type: ignore[union-attr,operator,arg-type]
        .order_by(DispatchRow.id)  # type: ignore[arg-type]
        .limit(BATCH)
    )
    with database.write() as session:
        rows = session.execute(due).scalars().all()
        for row in rows:
            row.lease_until = now + LEASE
            row.fence += 1
            row.attempts += 1
        return {row.id: row.fence for row in rows if row.id is not None}


def _deliver(
    database: Database, claimed: dict[int, int], now: datetime, console: Callable[[str], None], actor: str
) -> Counter[str]:
    """Mark a batch as sent in one transaction with its tasks and ledger entry, then print its messages.

    Printed after the commit: whoever dies in between has sent a message never, not twice.
    """
    sent: Counter[str] = Counter()
    lines: list[str] = []
    with database.write() as session:
        mine = [d for d in _load(session, list(claimed)) if _is_mine(d.dispatch, claimed)]
        held = _without_consent(session, mine, now)
        for delivery in mine:
            row = delivery.dispatch
            row.lease_until = None
            if row.id in held:
                row.state, row.suppressed_by = "SUPPRESSED", SuppressionCause.CONSENT.value
                continue
            row.state, row.sent_at = "SENT", now
            sent[row.channel] += 1
            if delivery.trigger is not None and delivery.trigger.channel.to_owner:
                session.add(_task(delivery))
            else:
                lines.append(_line(delivery))
        if mine:
            ids = tuple(d.dispatch.id or 0 for d in mine if d.dispatch.id not in held)
            body: dict[str, Json] = {"sent": dict(sorted(sent.items())), "dispatches": ids, "held": tuple(sorted(held))}
            append_entry(session, EntryKind.DISPATCH, actor, None, None, body, now)
    for line in lines:
        console(line)
    return sent


def _is_mine(row: DispatchRow, claimed: dict[int, int]) -> bool:
    """Nobody else claimed it since, because the lease had run out."""
    return row.state == "PENDING" and row.fence == claimed[row.id or 0]


def _without_consent(session: Session, deliveries: Sequence[Delivery], now: datetime) -> set[int]:
    """Dispatches whose customer does not consent any more: a night may lie between decision and delivery."""
    asked = [(d, d.trigger.channel.consent) for d in deliveries if d.trigger is not None]
    asked = [(delivery, purpose) for delivery, purpose in asked if purpose is not None]
    if not asked:
        return set()
    ids = np.unique([delivery.dispatch.customer_id for delivery, _ in asked])
    decided = max(delivery.decided_as_of for delivery, _ in asked)
    known = to_microseconds(now)
    states = read_consents(session, ids, to_microseconds(max(now, decided)) + 1, known)
    granted = {
        purpose: set(ids[[text == "granted" for text in column.listed()]].tolist())
        for purpose, column in states.items()
    }
    return {d.dispatch.id or 0 for d, purpose in asked if d.dispatch.customer_id not in granted.get(purpose or "", ())}


def _load(session: Session, ids: Sequence[int]) -> list[Delivery]:
    """Dispatches with their customers, and their triggers as the revision that made them has them."""
    query = (
        select(DispatchRow, CustomerRow)
        .join(CustomerRow, CustomerRow.id == DispatchRow.customer_id)  # type: ignore[arg-type]
        .where(DispatchRow.id.in_(ids))  # type: ignore[union-attr]
        .order_by(DispatchRow.id)  # type: ignore[arg-type]
    )
    triggers: dict[tuple[str, str], dict[str, Trigger]] = {}
    deliveries = []
    for row, customer in session.execute(query):
        key = (row.revision, row.market)
        if key not in triggers:
            campaigns = book_of(session, row.revision).markets[Market(row.market)].campaigns
            triggers[key] = {trigger.name: trigger for trigger in campaigns.triggers}
        deliveries.append(Delivery(row, customer, triggers[key].get(row.campaign), row.as_of))
    return deliveries


def _task(delivery: Delivery) -> TaskRow:
    """The owner task that a dispatch to an owner becomes."""
    row, customer = delivery.dispatch, delivery.customer
    title = delivery.trigger.title if delivery.trigger is not None else Text(row.campaign)
    name = customer.name or customer.ref
    return TaskRow(
        kind="CAMPAIGN",
        state="OPEN",
        title_en=f"{title.en}: {name}",
        title_zh=f"{title.zh or title.en}：{name}",
        customer_id=row.customer_id,
        decision_id=row.decision_id,
        dispatch_id=row.id,
        assignee=customer.owner,
        due_at=row.due_at,
    )


def _line(delivery: Delivery) -> str:
    """What the console channel prints for a message; the customer by ref, not by name."""
    row = delivery.dispatch
    return f"[{row.channel}] {row.campaign} · {row.template} → {delivery.customer.ref}"
