"""Tiers set by hand as a list, and what they are set for most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations.overriding.states import Standing, standing_of
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, OverrideRow, StandingRow


@dataclass(frozen=True, slots=True)
class Listed:
    """A tier set by hand beside the tier that is computed now.

    Attributes:
        computed: By the latest decision; None: UNRATED or never decided.
    """

    row: OverrideRow
    ref: str
    computed: str | None
    standing: Standing


@dataclass(frozen=True, slots=True)
class Statistics:
    """How often tiers were set by hand.

    Attributes:
        by_state: By what has become of them.
        by_reason: Reason, how often.
        by_move: Market, computed tier when it was set (None: UNRATED or not known), tier set, how often.
    """

    by_state: tuple[tuple[Standing, int], ...]
    by_reason: tuple[tuple[str, int], ...]
    by_move: tuple[tuple[str, str | None, str, int], ...]


def listed_overrides(
    session: Session, now: datetime, standings: Sequence[Standing] | None = None, limit: int = 100
) -> list[Listed]:
    """Tiers set by hand, newest first.

    Args:
        standings: Only those in one of these states; None: all.
    """
    customer, standing = table_of(CustomerRow).c, table_of(StandingRow).c
    query = (
        select(OverrideRow, customer.ref, standing.computed)
        .join(table_of(CustomerRow), customer.id == OverrideRow.customer_id)
        .outerjoin(table_of(StandingRow), standing.customer_id == OverrideRow.customer_id)
        .order_by(OverrideRow.id.desc())  # type: ignore[union-attr]
    )
    found: list[Listed] = []
    for row, ref, computed in session.execute(query):
        one = Listed(row, ref, computed, standing_of(row, now))
        if standings is None or one.standing in standings:
            found.append(one)
        if len(found) == limit:
            break
    return found


def override_statistics(session: Session, now: datetime) -> Statistics:
    """What tiers are set by hand for, most often first; whoever is erased is not counted."""
    customer = table_of(CustomerRow).c
    query = select(OverrideRow, customer.market).join(table_of(CustomerRow), customer.id == OverrideRow.customer_id)
    states, reasons, moves = Counter[Standing](), Counter[str](), Counter[tuple[str, str | None, str]]()
    for row, market in session.execute(query):
        states[standing_of(row, now)] += 1
        reasons[row.reason] += 1
        moves[market, row.computed, row.tier] += 1
    return Statistics(
        tuple((state, states[state]) for state in Standing if states[state]),
        tuple(reasons.most_common()),
        tuple((*move, count) for move, count in moves.most_common()),
    )
