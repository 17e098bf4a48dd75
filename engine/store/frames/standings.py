"""What earlier decisions and people left behind: standings, overrides, consents, contacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from engine.decisions.model import NO_DAY
from engine.expressions.columns import Column
from engine.store.frames.fetching import NO_INSTANT, Integers, among, joined, last_of_each, matched, parted
from engine.store.rows import table_of
from engine.store.tables import DecisionRow, DispatchRow, OverrideRow, RecordRow, StandingRow, from_microseconds
from engine.vocabulary import RecordKind, Unit, UnknownCause

_UNITS: Final = {
    "computed": Unit.TEXT, "since": Unit.DATE, "provisional": Unit.BOOL, "pending": Unit.TEXT, "forced": Unit.TEXT,
    "effective": Unit.TEXT, "effective_since": Unit.DATE, "previous": Unit.TEXT, "stage": Unit.TEXT,
    "phase": Unit.TEXT, "risk": Unit.TEXT,
    "tags": Unit.TEXT, "market": Unit.TEXT,
}  # fmt: skip
_PLAIN: Final = ("decision_id", "as_of", "changed_at")


@dataclass(frozen=True, slots=True)
class StandingsFrame:
    """Where customers stand after their latest decision, (customers,).

    Attributes:
        decision_ids: That decision, -1: never decided.
        as_of: Its instant in microseconds since 1970, NO_INSTANT: never decided.
        changed_at: When tier, stage or risk last changed, alike.
        columns: The columns of `StandingRow` a next decision reads or compares, by name; null is unknown (missing).
    """

    decision_ids: Integers
    as_of: Integers
    changed_at: Integers
    columns: Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class DecisionsFrame:
    """One decision of each customer and where its columns are, (customers,).

    Attributes:
        ids: Decision ids, -1: there is none.
        as_of: Microseconds since 1970, NO_INSTANT: there is none.
        chunks, rows: The chunk that holds its facts, state and outcome, and the row therein; -1: there is none.
    """

    ids: Integers
    as_of: Integers
    chunks: Integers
    rows: Integers


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


def read_standings(session: Session, ids: Integers) -> StandingsFrame:
    """Where customers stand now.

    Args:
        ids: (customers,) ids, each once.
    """
    table, length = table_of(StandingRow), len(ids)
    numbers = (*_PLAIN, *(name for name, unit in _UNITS.items() if unit is not Unit.TEXT))
    texts = [name for name, unit in _UNITS.items() if unit is Unit.TEXT]
    query = select(table.c.customer_id, *(table.c[name] for name in numbers), joined([table.c[name] for name in texts]))
    rows, found = matched(session, [query.where(one) for one in among(table.c.customer_id, ids)], ids)
    raw = {} if not found else dict(zip((*numbers, *texts), (*found[:-1], *parted(found[-1], len(texts))), strict=True))
    columns = {
        name: raw[name].spread(length, rows, unit) if raw else _missing(length, unit) for name, unit in _UNITS.items()
    }
    decision, as_of, changed = np.full(length, -1), np.full(length, NO_INSTANT), np.full(length, NO_INSTANT)
    if raw:
        decision[rows], as_of[rows], changed[rows] = (raw[name].values for name in _PLAIN)
    return StandingsFrame(decision, as_of, changed, columns)


def read_decisions_before(session: Session, ids: Integers, before: int) -> DecisionsFrame:
    """For each customer the latest decision strictly earlier than an instant.

    Args:
        ids: (customers,) ids, each once.
        before: Microseconds since 1970.
    """
    table, length = table_of(DecisionRow), len(ids)
    inner = table.alias("earlier")
    latest = (
        select(func.max(inner.c.as_of))
        .where(inner.c.customer_id == table.c.customer_id, inner.c.as_of < from_microseconds(before))
        .scalar_subquery()
    )
    query = select(table.c.customer_id, table.c.id, table.c.as_of, table.c.chunk_id, table.c.row)
    query = query.where(table.c.as_of == latest)
    rows, found = matched(session, [query.where(one) for one in among(table.c.customer_id, ids)], ids)
    frame = DecisionsFrame(np.full(length, -1), np.full(length, NO_INSTANT), np.full(length, -1), np.full(length, -1))
    if found:
        frame.ids[rows], frame.as_of[rows], frame.chunks[rows], frame.rows[rows] = (part.values for part in found)
    return frame


def read_overrides(session: Session, ids: Integers, as_of: int) -> OverridesFrame:
    """Tiers set by hand that are in force at an instant; of several the one made last.

    Args:
        ids: (customers,) ids, each once.
        as_of: Microseconds since 1970.
    """
    table, length, instant = table_of(OverrideRow), len(ids), from_microseconds(as_of)
    query = select(table.c.customer_id, table.c.id, table.c.tier).where(
        table.c.from_at <= instant,
        table.c.expires_at > instant,
        or_(table.c.ended_at.is_(None), table.c.ended_at > instant),
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


def read_contacts(session: Session, ids: Integers, as_of: int, since_day: int) -> ContactsFrame:
    """Contacts that decisions strictly earlier than an instant made; suppressed, failed and cancelled ones are none.

    Args:
        ids: (customers,) ids, each once.
        as_of: Microseconds since 1970.
        since_day: First local day of the window of the cap on marketing contacts.
    """
    table, decision, length = table_of(DispatchRow), table_of(DecisionRow), len(ids)
    counted: Any = case((table.c.marketing & (table.c.as_of_day >= since_day), 1), else_=0)
    query = (
        select(table.c.customer_id, table.c.campaign, func.max(table.c.as_of_day), func.sum(counted))
        .join_from(table, decision, decision.c.id == table.c.decision_id)
        .where(
            table.c.suppressed_by.is_(None),
            table.c.state.not_in(("SUPPRESSED", "FAILED", "CANCELLED")),
            decision.c.as_of < from_microseconds(as_of),
        )
        .group_by(table.c.customer_id, table.c.campaign)
    )
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
