"""Who was contacted by which campaign, and who was not and why."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.operations.publishing import live_book
from engine.store.tables import CustomerRow, DispatchRow
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class Volume:
    """Customers of one campaign in one state; `refs` are some of them."""

    campaign: str
    title: Text
    channel: str
    state: str
    suppressed_by: str | None
    customers: int
    refs: tuple[str, ...]


def campaign_volumes(session: Session, who: int = 0) -> list[Volume]:
    """Dispatches by campaign, state and cause, with the refs of up to `who` customers each."""
    number = func.count()
    keys = (DispatchRow.campaign, DispatchRow.channel, DispatchRow.state, DispatchRow.suppressed_by)
    query = select(*keys, number).group_by(*keys).order_by(*keys)  # type: ignore[call-overload]
    titles = _titles(session)
    return [
        Volume(
            campaign=campaign,
            title=titles.get(campaign, Text(campaign)),
            channel=channel,
            state=state,
            suppressed_by=cause,
            customers=int(count),
            refs=_some(session, campaign, state, cause, who) if who else (),
        )
        for campaign, channel, state, cause, count in session.execute(query).all()
    ]


def _titles(session: Session) -> dict[str, Text]:
    book = live_book(session)
    markets = book.markets.values() if book is not None else ()
    return {trigger.name: trigger.title for rules in markets for trigger in rules.campaigns.triggers}


def _some(session: Session, campaign: str, state: str, cause: str | None, who: int) -> tuple[str, ...]:
    query = (
        select(CustomerRow.ref)  # type: ignore[call-overload]
        .join(DispatchRow, DispatchRow.customer_id == CustomerRow.id)
        .where(DispatchRow.campaign == campaign, DispatchRow.state == state)
        .where(DispatchRow.suppressed_by.is_(None) if cause is None else DispatchRow.suppressed_by == cause)  # type: ignore[union-attr]
        .group_by(CustomerRow.ref)
        .order_by(func.max(DispatchRow.id).desc())
        .limit(who)
    )
    return tuple(session.execute(query).scalars())
