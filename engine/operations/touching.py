"""Which rule changes touched a customer: those that are a part of one of its score or tier changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import DamagedError, NotFoundError, RevisionUnreadableError
from engine.operations.explaining import change_since_before
from engine.operations.publishing import book_of
from engine.rulebook import Effect, diff_books
from engine.store import locate_all
from engine.store.reading import RunView, customers_by_refs, runs_of_decisions
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, RuleChangeRow
from engine.vocabulary import Market, Text

_EVERY_MARKET: Final = frozenset(market.value for market in Market)


def changes_touching(session: Session, customers: Sequence[int]) -> Mapping[int, tuple[int, ...]]:
    """Numbers of the rule changes that touched each customer, oldest first.

    Looked at are decisions by another revision than the one before. A change touched the customer if it went live
    between the two, edits what tiers of its market hang on, and the rules' part of what changed is not nothing: score,
    tier, or the tier asked for, which stability may give only later. Where that part cannot be told any more, as the
    decision before was made by another engine version or its facts are gone, the change counts.

    Args:
        customers: Row numbers.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    found = locate_all(session, customers)
    numbers = [number for mine in found.values() for number, _ in mine]
    runs = runs_of_decisions(session, numbers)
    markets = _markets(session, customers)
    changes = went_live(session)
    live = _Lives(changes, {change.number: _moves(session, change) for change in changes})
    return {
        customer: _touching(session, markets[customer], [number for number, _ in reversed(mine)], runs, live)
        for customer, mine in found.items()
    }


def touching_of_ref(session: Session, ref: str) -> tuple[int, ...]:
    """The same of one customer, by any of its refs.

    Raises:
        NotFoundError: There is no such customer.
        DamagedError: A chunk does not fit its hash.
    """
    customer = customers_by_refs(session, [ref]).get(ref)
    if customer is None:
        raise NotFoundError(
            Text(f"There is no customer {ref}.", f"没有客户 {ref}。"),
            Text("A customer is named `source:key`.", "客户写作“来源:编号”。"),
        )
    return changes_touching(session, [customer.id])[customer.id]


@dataclass(frozen=True, slots=True)
class WentLive:
    """A change that is or was live, with the revision it started from."""

    number: int
    revision: str
    base: str | None
    since: datetime


def _markets(session: Session, customers: Sequence[int]) -> dict[int, str]:
    customer = table_of(CustomerRow).c
    query = select(customer.id, customer.market).where(customer.id.in_(customers))
    return {row[0]: row[1] for row in session.execute(query)}


def went_live(session: Session) -> list[WentLive]:
    """Every change that is or was live, in that order."""
    query = select(RuleChangeRow).where(RuleChangeRow.live_from.is_not(None))  # type: ignore[union-attr]
    rows = session.execute(query.order_by(RuleChangeRow.live_from, RuleChangeRow.id)).scalars()  # type: ignore[arg-type]
    return [
        WentLive(row.id or 0, row.revision, row.base_revision, row.live_from)
        for row in rows
        if row.live_from is not None
    ]


def _moves(session: Session, change: WentLive) -> frozenset[str]:
    """Markets whose tiers the edits of a change can move; all where it cannot be told any more."""
    try:
        before = None if change.base is None else book_of(session, change.base)
        edits = diff_books(before, book_of(session, change.revision))
    except (DamagedError, RevisionUnreadableError):
        return _EVERY_MARKET
    moving = [edit.item.partition(".")[0].upper() for edit in edits if edit.effect in (Effect.MOVING, Effect.BREAKING)]
    return _EVERY_MARKET if set(moving) - _EVERY_MARKET else frozenset(moving)


@dataclass(frozen=True, slots=True)
class _Lives:
    """What went live, and of each change by its number the markets whose tiers it can move."""

    changes: Sequence[WentLive]
    moves: Mapping[int, frozenset[str]]


def _touching(
    session: Session, market: str, decisions: Sequence[int], runs: Mapping[int, RunView], live: _Lives
) -> tuple[int, ...]:
    """Of one customer's decisions in their order."""
    touching: set[int] = set()
    for before, number in pairwise(decisions):
        if runs[before].revision == runs[number].revision:
            continue
        came = _between(live.changes, runs[before], runs[number])
        between = {change.number for change in came if market in live.moves[change.number]}
        if between - touching and _moved_by_rules(session, number):
            touching |= between
    return tuple(sorted(touching))


def _moved_by_rules(session: Session, decision: int) -> bool:
    change = change_since_before(session, decision)
    if change is None or not change.parts:
        return change is not None
    return any(part.cause == "RULE" and (part.felt or part.tier is not None) for part in change.parts)


def _between(live: Sequence[WentLive], before: RunView, after: RunView) -> Sequence[WentLive]:
    """The changes that went live after the one a run decided by, up to the one that another decided by."""
    first, last = place_of_run(live, before), place_of_run(live, after)
    return live[first + 1 : last + 1] or live[last : last + 1]


def place_of_run(live: Sequence[WentLive], run: RunView) -> int:
    """Where the change is that a run decided by: the latest by then that brought its revision."""
    mine = [place for place, change in enumerate(live) if change.revision == run.revision]
    by_then = [place for place in mine if live[place].since <= run.started_at]
    return by_then[-1] if by_then else mine[0]
