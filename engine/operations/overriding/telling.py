"""Tiers set by hand as a list, and what they are set for most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from engine.errors import NotFoundError
from engine.operations.entry_shapes import body_of
from engine.operations.overriding.asking import rule_of
from engine.operations.overriding.states import Standing, standing_of
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, LedgerRow, OverrideRow, StandingRow
from engine.vocabulary import EntryKind, Market, Text


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
class OverriddenRule:
    """A rule whose tier people set aside.

    Attributes:
        rule: As `rules health` names it.
        overridden: How often it had given the computed tier when one was set by hand.
        customers: Whose computed tier comes from it now.
    """

    rule: str
    overridden: int
    customers: int


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How often tiers were set by hand for a reason."""

    reason: str
    count: int


@dataclass(frozen=True, slots=True)
class StateCount:
    """How many tiers set by hand are in a state."""

    state: Standing
    count: int


@dataclass(frozen=True, slots=True)
class Move:
    """How often a tier was set where another was computed; `computed` is None where there was none."""

    market: Market
    computed: str | None
    tier: str
    count: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """How tiers were set by hand, most often first."""

    rules: tuple[OverriddenRule, ...]
    reasons: tuple[ReasonCount, ...]
    moves: tuple[Move, ...]
    states: tuple[StateCount, ...]


def listed_overrides(
    session: Session, now: datetime, standings: Sequence[Standing] | None = None, limit: int = 100
) -> list[Listed]:
    """Tiers set by hand, newest first.

    Args:
        standings: Only those in one of these states; None: all.
    """
    found: list[Listed] = []
    for row, ref, computed in session.execute(_by_hand().order_by(OverrideRow.id.desc())):  # type: ignore[union-attr]
        one = Listed(row, ref, computed, standing_of(row, now))
        if standings is None or one.standing in standings:
            found.append(one)
        if len(found) == limit:
            break
    return found


def override_told(session: Session, override_id: int, now: datetime) -> Listed:
    """One tier set by hand.

    Raises:
        NotFoundError: There is none of this number.
    """
    found = session.execute(_by_hand().where(OverrideRow.id == override_id)).one_or_none()  # type: ignore[arg-type]
    if found is None:
        raise unknown_override(override_id)
    row, ref, computed = found
    return Listed(row, ref, computed, standing_of(row, now))


def why_pending(session: Session, override_id: int) -> list[str]:
    """Why somebody else had to agree when it was set, as the ledger says it; empty: nobody had to."""
    return list(whys_pending(session, [override_id])[override_id])


def whys_pending(session: Session, override_ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """As `why_pending`, by number; an entry that does not say what it should says of nothing."""
    entry = table_of(LedgerRow).c
    numbers = {f"override:{number}": number for number in override_ids}
    query = select(entry.subject, entry.position, entry.body).where(entry.subject.in_(numbers))
    query = query.where(entry.kind == EntryKind.OVERRIDE.value)
    found: dict[int, Sequence[str]] = {}
    for subject, position, text in session.execute(query.order_by(entry.position)):
        if numbers[subject] not in found:  # what set it comes first
            found[numbers[subject]] = (body_of(position, text) or {}).get("pending", ())
    return {number: found.get(number, ()) for number in override_ids}


def unknown_override(override_id: int) -> NotFoundError:
    """What is told where there is no such override."""
    return NotFoundError(
        Text(f"There is no override {override_id}.", f"没有人工评级 {override_id}。"),
        Text("`touchstone override list` lists them.", "`touchstone override list` 可列出人工评级。"),
    )


def _by_hand() -> Select[OverrideRow, str, str | None]:
    customer, standing = table_of(CustomerRow).c, table_of(StandingRow).c
    return (
        select(OverrideRow, customer.ref, standing.computed)
        .join(table_of(CustomerRow), customer.id == OverrideRow.customer_id)
        .outerjoin(table_of(StandingRow), standing.customer_id == OverrideRow.customer_id)
    )


def override_statistics(session: Session, now: datetime) -> Statistics:
    """Which rules are overridden most, what for, and how; whoever is erased is not counted."""
    customer = table_of(CustomerRow).c
    query = select(OverrideRow, customer.market).join(table_of(CustomerRow), customer.id == OverrideRow.customer_id)
    states, reasons, rules = Counter[Standing](), Counter[str](), Counter[str]()
    moves = Counter[tuple[str, str | None, str]]()
    for row, market in session.execute(query.order_by(OverrideRow.id)):  # type: ignore[arg-type]
        states[standing_of(row, now)] += 1
        reasons[row.reason] += 1
        moves[market, row.computed, row.tier] += 1
        if row.decided_by is not None and row.computed != row.tier:
            rules[row.decided_by] += 1
    decided = _decided_by(session) if rules else Counter[str]()
    return Statistics(
        rules=tuple(OverriddenRule(rule, count, decided[rule]) for rule, count in rules.most_common()),
        reasons=tuple(ReasonCount(*one) for one in reasons.most_common()),
        moves=tuple(Move(Market(move[0]), move[1], move[2], count) for move, count in moves.most_common()),
        states=tuple(StateCount(state, states[state]) for state in Standing if states[state]),
    )


def _decided_by(session: Session) -> Counter[str]:
    """By rule, the customers whose computed tier comes from it now."""
    standing = table_of(StandingRow).c
    by = (standing.market, standing.computed, standing.forced)
    found = Counter[str]()
    for market, computed, forced, count in session.execute(select(*by, func.count()).group_by(*by)):
        rule = rule_of(market, computed, forced)
        if rule is not None:
            found[rule] += count
    return found
