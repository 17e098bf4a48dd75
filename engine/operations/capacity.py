"""What campaigns have used of a day's capacity, over all runs of that local day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from engine.campaigns import CAMPAIGN_DISPATCH, Trigger, allot_capacity
from engine.decisions import Moment
from engine.rulebook import Book
from engine.store import CustomersFrame, decision_number
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, CustomerRow, DispatchRow, RunRow

Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_NO_CONTACT = ("SUPPRESSED", "FAILED", "CANCELLED")
_AROUND = timedelta(days=2)
"""A local day lies within this of each of its instants, in every zone."""


@dataclass(slots=True)
class Used:
    """Dispatches of one local day: by campaign, and by channel and owner."""

    by_campaign: Counter[str] = field(default_factory=Counter)
    by_owner: Counter[tuple[str, str]] = field(default_factory=Counter)

    def copy(self) -> Used:
        """The same counts, to be added to."""
        return Used(self.by_campaign.copy(), self.by_owner.copy())

    def add(self, triggers: Sequence[Trigger], results: NDArray[np.uint8], owners: Sequence[str | None]) -> None:
        """Count what a decision dispatches; `results` is (customers, triggers) as in `Outcomes.campaigns`."""
        for index, trigger in enumerate(triggers):
            rows = np.flatnonzero(results[:, index] == CAMPAIGN_DISPATCH).tolist()
            self.by_campaign[trigger.name] += len(rows)
            if trigger.channel.capacity_per_owner is not None:
                served = Counter(owners[row] for row in rows)
                self.by_owner.update({(trigger.channel.name, owner): n for owner, n in served.items() if owner})


def read_used(session: Session, moment: Moment, anew: int | None = None, made_by: datetime | None = None) -> Used:
    """What decisions of any instant of this local day dispatched already.

    Args:
        anew: A customer who is decided once more as of an instant that may be past: what its own decisions of this
            instant and later ones took is room it may have again.
        made_by: Only decisions made by this instant count; None: all.
    """
    dispatch, customer = table_of(DispatchRow), table_of(CustomerRow)
    chunk, run = table_of(ChunkRow), table_of(RunRow)
    near = select(run.c.id).where(run.c.as_of.between(*_days_around(moment.as_of)))
    first = session.execute(select(func.min(chunk.c.id)).where(chunk.c.run_id.in_(near))).scalar_one()
    if first is None:
        return Used()
    keys = (dispatch.c.campaign, dispatch.c.channel, customer.c.owner)
    query = (
        select(*keys, func.count())
        .join_from(dispatch, customer, customer.c.id == dispatch.c.customer_id)
        .where(dispatch.c.decision_id >= decision_number(first, 0))  # spares reading all there ever were
        .where(dispatch.c.as_of_day == moment.day, dispatch.c.state.not_in(_NO_CONTACT))
        .group_by(*keys)
    )
    if anew is not None:
        query = query.where(or_(dispatch.c.customer_id != anew, dispatch.c.as_of < moment.as_of))
    if made_by is not None:
        query = query.where(dispatch.c.created_at <= made_by)
    used = Used()
    for campaign, channel, owner, count in session.execute(query):
        used.by_campaign[campaign] += count
        if owner is not None:
            used.by_owner[channel, owner] += count
    return used


def without_room(triggers: Sequence[Trigger], wanted: Flags, customers: CustomersFrame, used: Used) -> Flags:
    """Whose dispatch finds no room, (customers, triggers): input of `States.full`.

    Args:
        wanted: (customers, triggers), see `engine.campaigns.reached_capacity`.
        used: What the day's earlier decisions took.
    """
    if not any(_is_limited(trigger) for trigger in triggers):
        return np.zeros(wanted.shape, np.bool_)
    if not any(trigger.channel.capacity_per_owner is not None for trigger in triggers):
        nobody = np.full(len(customers), -1)
        return allot_capacity(triggers, wanted, customers.ids, nobody, used=used.by_campaign)
    number = _numbered(customers.owners)
    by_owner = {(channel, number[owner]): n for (channel, owner), n in used.by_owner.items() if owner in number}
    owners = np.fromiter((number.get(owner or "", -1) for owner in customers.owners), np.int64, len(customers))
    return allot_capacity(triggers, wanted, customers.ids, owners, used=used.by_campaign, used_by_owner=by_owner)


def room_in_order(triggers: Sequence[Trigger]) -> bool:
    """Whether capacity can be allotted to customers block by block, in the order of their ids.

    Not when triggers share the capacity of an owner: the one of higher priority serves the whole base first.
    """
    shared = Counter(one.channel.name for one in triggers if one.channel.capacity_per_owner is not None)
    return all(times == 1 for times in shared.values())


def limited(book: Book) -> bool:
    """Some campaign's capacity has a limit."""
    return any(_is_limited(trigger) for rules in book.markets.values() for trigger in rules.campaigns.triggers)


def _is_limited(trigger: Trigger) -> bool:
    return trigger.per_day is not None or trigger.channel.capacity_per_owner is not None


def _numbered(owners: Sequence[str | None]) -> Mapping[str, int]:
    return {owner: index for index, owner in enumerate(sorted({owner for owner in owners if owner}))}


def _days_around(instant: datetime) -> tuple[datetime, datetime]:
    return instant - _AROUND, instant + _AROUND
