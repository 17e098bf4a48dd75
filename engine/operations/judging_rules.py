"""Questions about a rule book on the base as it stands: how its rules do, where a tier must start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.errors import InputError
from engine.metrics import Instant
from engine.operations.events import Horizon, read_events
from engine.operations.facts import Clocks, instant_of
from engine.operations.freshness import require_data
from engine.operations.trying import base_of_market, decided_alike, last_decided
from engine.rulebook import Book
from engine.store.tables import to_microseconds
from engine.trials.health import RuleHealth, dead_here, rule_health, shared_findings
from engine.trials.threshold import Threshold, suggest_threshold
from engine.value import NO_MARGIN
from engine.vocabulary import Market, Text

Integers = NDArray[np.int64]

YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Health:
    """How a market's rules do on its customers as of an instant."""

    market: Market
    as_of: datetime
    customers: int
    rules: tuple[RuleHealth, ...]


@dataclass(frozen=True, slots=True)
class Suggested:
    """Where a tier must start; `as_of`: of the facts, `of_margin`: the share is of last year's margin."""

    market: Market
    as_of: datetime
    of_margin: bool
    threshold: Threshold


def health(session: Session, book: Book, market: Market, now: datetime, as_of: datetime | None = None) -> Health:
    """How every rule of a market does on the base, as of the instant it was last decided.

    Who was decided as of that instant by the same revision has the tier that decision gave; anybody else, and
    everybody under a book that is not the one in force, the tier the next decision would give.

    Raises:
        InputError: The book has no rules for the market, or there are no data as early as that.
    """
    _require(book, market)
    if as_of is not None:
        require_data(session, book, as_of)
    when = as_of or last_decided(session, now)
    found = _rules(session, book, market, when, now)
    for other in sorted(set(book.markets) - {market}):
        if dead_here(found):
            found = shared_findings(found, _rules(session, book, other, when, now))
    return Health(market, when, found[0].customers if found else 0, found)


def _rules(session: Session, book: Book, market: Market, when: datetime, now: datetime) -> tuple[RuleHealth, ...]:
    base = base_of_market(session, book, market, Clocks(when, max(when, now)))
    decided = decided_alike(session, book, market, when)
    return rule_health(book.markets[market], replace(base, decided=decided))


def threshold(
    session: Session,
    book: Book,
    market: Market,
    tier: str,
    customers: Decimal | None,
    margin: Decimal | None,
    now: datetime,
    as_of: datetime | None = None,
) -> Suggested:
    """Where a tier must start so that it holds a share of the customers that have a tier, or of their margin.

    Margin is that of the purchases of the last 365 days.

    Raises:
        InputError: Not exactly one share, one out of bounds, no such market or tier, margin that is unknown, or
            no data as early as that.
    """
    _require(book, market)
    if as_of is not None:
        require_data(session, book, as_of)
    wanted = customers if margin is None else margin
    if wanted is None or (customers is not None and margin is not None) or not 0 < wanted <= 1:
        raise InputError(
            Text("Exactly one share is asked for, of customers or of margin, above 0 and at most 1.",
                 "须且只能指定一个比例（客户或毛利），大于 0 且不超过 1。"),
            Text("Give one share, for example 8 % of customers.", "请给出一个比例，例如客户的 8%。"),
            code="INVALID",
        )  # fmt: skip
    when = as_of or last_decided(session, now)
    known = max(when, now)
    base = base_of_market(session, book, market, Clocks(when, known))
    weights = np.ones(len(base.states.tier), np.int64)
    if margin is not None:
        weights = _margins(session, book, market, instant_of(book, when), known)
    found = suggest_threshold(book.markets[market], base, tier, float(wanted), weights)
    return Suggested(market, when, margin is not None, found)


def _margins(session: Session, book: Book, market: Market, instant: Instant, known: datetime) -> Integers:
    """(customers,) margin of each customer's purchases of the last 365 days."""
    horizon = Horizon(instant.as_of, to_microseconds(known))
    customers, frame = read_events(session, book.currency, book.timezone, horizon, market)
    events = frame.purchases
    recent = (events.day >= instant.day - YEAR) & events.known_at(horizon.known)
    lacking = events.margin is None or bool((events.margin[recent] == NO_MARGIN).any())
    if lacking or events.margin is None:
        raise InputError(
            Text("Margin is unknown: not every purchase of the last 365 days has a cost.",
                 "毛利未知：近365天并非每笔购买都有成本。"),
            Text("Import costs of orders, or ask for a share of customers.", "请导入订单成本，或改用客户比例。"),
            code="WRONG_STATE",
        )  # fmt: skip
    sums = np.zeros(len(customers), np.int64)
    np.add.at(sums, events.customer[recent], events.margin[recent])
    return sums


def _require(book: Book, market: Market) -> None:
    if market not in book.markets:
        raise InputError(
            Text(f"The rule book has no rules for {market}.", f"规则库没有 {market} 的规则。"),
            Text("Name the other market.", "请选择另一类客户。"),
            code="INVALID",
        )
