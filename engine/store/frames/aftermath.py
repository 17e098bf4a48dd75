"""What people and earlier decisions left behind: overrides, consents, contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from engine.decisions.model import NO_DAY
from engine.expressions.columns import Column
from engine.store.frames.fetching import Integers, among, last_of_each, matched
from engine.store.rows import table_of
from engine.store.tables import DispatchRow, OverrideRow, RecordRow, from_microseconds
from engine.vocabulary import RecordKind, Unit, UnknownCause


@dataclass(frozen=True, slots=True)
class OverridesFrame:
    """Tiers by hand in force, (customers,): `TEXT` tier keys (missing: none) and override ids (-1: none)."""

    tiers: Column
    ids: Integers


@dataclass(frozen=True, slots=True)
class ContactsFrame:
    """Contacts by earlier decisions, (customers,).

    Attributes:
        last_day: By campaign the local day of the last dispatch, NO_DAY: never; a campaign that never dispatched
            to anybody asked for is not there.
        marketing: Marketing contacts since the day asked for.
    """

    last_day: Mapping[str, NDArray[np.int32]]
    marketing: NDArray[np.int16]


def read_overrides(session: Session, ids: Integers, as_of: int, as_known_at: int) -> OverridesFrame:
    """Tiers set by hand that are in force at an instant, as known at another; of several the one made last.

    An override is known from the instant it begins, its early end from the instant it ends. One that waits for a second
    person, or was refused, is none; approved, it begins with the approval.

    Args:
        ids: (customers,) ids, each once.
        as_of, as_known_at: Microseconds since 1970.
    """
    table, length, instant = table_of(OverrideRow), len(ids), from_microseconds(as_of)
    known = from_microseconds(min(as_of, as_known_at))
    query = select(table.c.customer_id, table.c.id, table.c.tier).where(
        table.c.from_at <= known,
        table.c.expires_at > instant,
        or_(table.c.ended_at.is_(None), table.c.ended_at > known),
        or_(table.c.needs_approval.is_(False), table.c.approved.is_(True)),
    )
    rows, found = matched(session, [query.where(one) for one in among(table.c.customer_id, ids)], ids)
    chosen = np.full(length, -1)
    if not found:
        return OverridesFrame(_missing(length, Unit.TEXT), chosen)
    last = last_of_each(rows, found[0].values)
    chosen[rows[last]] = found[0].values[last]
    return OverridesFrame(found[1].take(last).spread(length, rows[last], Unit.TEXT), chosen)


def read_consents(session: Session, ids: Integers, as_of: int, as_known_at: int) -> Mapping[str, Column]:
    """The latest state of each customer's consents that was given before an instant, as known at another.

    Args:
        ids: (customers,) ids, each once.
        as_of, as_known_at: Microseconds since 1970.

    Returns:
        By purpose a `TEXT` column of `granted`, `denied`, `withdrawn`; missing: never asked. A purpose nobody was
        asked for is not there.
    """
    table, known_at = table_of(RecordRow), from_microseconds(as_known_at)
    query = select(
        table.c.customer_id, table.c.id, table.c.occurred_at, table.c.recorded_at, table.c.category, table.c.status
    ).where(
        table.c.kind == RecordKind.CONSENT.value,
        table.c.occurred_at < from_microseconds(as_of),
        table.c.recorded_at <= known_at,
        or_(table.c.superseded_at.is_(None), table.c.superseded_at > known_at),
    )
    rows, found = matched(session, [query.where(one) for one in among(table.c.customer_id, ids)], ids)
    if not found:
        return {}
    id_, occurred, recorded, purpose, state = found
    states: dict[str, Column] = {}
    for code, name in enumerate(purpose.texts or ()):
        mine = np.flatnonzero((purpose.values == code) & ~purpose.null)
        mine = mine[last_of_each(rows[mine], occurred.values[mine], recorded.values[mine], id_.values[mine])]
        states[name] = state.take(mine).spread(len(ids), rows[mine], Unit.TEXT)
    return states


def read_contacts(
    session: Session, ids: Integers, as_of: int, since_day: int, made_by: int | None = None
) -> ContactsFrame:
    """Contacts that decisions strictly earlier than an instant made; suppressed, failed and cancelled ones are none.

    Args:
        ids: (customers,) ids, each once.
        as_of: Microseconds since 1970.
        since_day: First local day of the window of the cap on marketing contacts.
        made_by: Only decisions made by this instant (microseconds) count; None: all.
    """
    table, length = table_of(DispatchRow), len(ids)
    counted: Any = case((table.c.marketing & (table.c.as_of_day >= since_day), 1), else_=0)
    query = (
        select(table.c.customer_id, table.c.campaign, func.max(table.c.as_of_day), func.sum(counted))
        .where(
            table.c.suppressed_by.is_(None),
            table.c.state.not_in(("SUPPRESSED", "FAILED", "CANCELLED")),
            table.c.as_of < from_microseconds(as_of),
        )
        .group_by(table.c.customer_id, table.c.campaign)
    )
    if made_by is not None:
        query = query.where(table.c.created_at <= from_microseconds(made_by))
    rows, found = matched(session, [query.where(one) for one in among(table.c.customer_id, ids)], ids)
    marketing = np.zeros(length, np.int64)
    days: dict[str, NDArray[np.int32]] = {}
    if found:
        campaign, last, contacts = found
        np.add.at(marketing, rows, contacts.values)
        for code, name in enumerate(campaign.texts or ()):
            mine = campaign.values == code
            days[name] = np.full(length, NO_DAY, np.int32)
            days[name][rows[mine]] = last.values[mine]
    return ContactsFrame(days, marketing.astype(np.int16))


def _missing(length: int, unit: Unit) -> Column:
    return Column.unknown(length, unit, UnknownCause.MISSING)
