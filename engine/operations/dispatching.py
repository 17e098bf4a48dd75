"""The outbox: pending dispatches leave through their channels, each at most once.

Rows are claimed by state and lease with a rising fence, never by a high-water mark, because a row may
be committed later than one with a higher number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.campaigns import Trigger
from engine.operations.publishing import book_of
from engine.store import Database, append_entry
from engine.store.tables import CustomerRow, DispatchRow, TaskRow
from engine.vocabulary import EntryKind, Market, Text

LEASE = timedelta(seconds=60)
BATCH = 500


@dataclass(frozen=True, slots=True)
class Delivery:
    """One dispatch as its channel sees it."""

    dispatch: DispatchRow
    customer: CustomerRow
    trigger: Trigger | None


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
    """Deliver everything that is due.

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
    """Hand a batch to its channels and mark it, in one transaction with its tasks and ledger entry."""
    sent: Counter[str] = Counter()
    with database.write() as session:
        deliveries = [d for d in _load(session, list(claimed)) if d.dispatch.fence == claimed[d.dispatch.id or 0]]
        for delivery in deliveries:
            channel = delivery.trigger.channel if delivery.trigger is not None else None
            if channel is not None and channel.to_owner:
                session.add(_task(delivery))
            else:
                console(_line(delivery))
            sent[delivery.dispatch.channel] += 1
        ids = [delivery.dispatch.id or 0 for delivery in deliveries]
        session.execute(
            update(DispatchRow)
            .where(DispatchRow.id.in_(ids))  # type: ignore[union-attr]
            .values(state="SENT", sent_at=now, lease_until=None)
        )
        body: dict[str, Json] = {"sent": dict(sorted(sent.items())), "dispatches": tuple(ids)}
        append_entry(session, EntryKind.DISPATCH, actor, None, None, body, now)
    return sent


def _load(session: Session, ids: Sequence[int]) -> list[Delivery]:
    dispatches = session.execute(select(DispatchRow).where(DispatchRow.id.in_(ids))).scalars().all()  # type: ignore[union-attr]
    owners = {row.customer_id for row in dispatches}
    found = session.execute(select(CustomerRow).where(CustomerRow.id.in_(owners))).scalars()  # type: ignore[union-attr]
    customers = {row.id: row for row in found}
    triggers: dict[tuple[str, str], dict[str, Trigger]] = {}
    deliveries = []
    for row in sorted(dispatches, key=lambda dispatch: dispatch.id or 0):
        customer = customers[row.customer_id]
        key = (row.revision, customer.market)
        if key not in triggers:
            campaigns = book_of(session, row.revision).markets[Market(customer.market)].campaigns
            triggers[key] = {trigger.name: trigger for trigger in campaigns.triggers}
        deliveries.append(Delivery(row, customer, triggers[key].get(row.campaign)))
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
