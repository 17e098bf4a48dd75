"""Computing a run without writing it: facts, states, capacity and outcomes of every market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.campaigns import reached_capacity
from engine.decisions import Moment, Outcomes, States, decide_many, take_rows
from engine.operations.capacity import Used, limited, read_used, without_room
from engine.operations.facts import Assembled, Clocks, assemble, instant_of
from engine.operations.left_out import LeftOut
from engine.operations.states import Found, try_states
from engine.rulebook import Book, MarketBook
from engine.store import read_customers
from engine.vocabulary import Market

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MarketRun:
    """One market's part of a run; every array is over the same customers.

    Attributes:
        found: Standings the states come from.
        left_out: Of those asked for and due, who could not be decided, by damaged chunk; `unknown`: row numbers.
    """

    market: Market
    rules: MarketBook
    assembled: Assembled
    found: Found
    states: States
    outcomes: Outcomes
    left_out: tuple[LeftOut, ...] = ()
    unknown: frozenset[int] = frozenset()

    @property
    def customers(self) -> int:
        """How many customers are decided."""
        return len(self.assembled.customers)


def compute_run(
    session: Session, book: Book, clocks: Clocks, ids: Sequence[int] | Integers | None = None
) -> list[MarketRun]:
    """Decide every customer (or the named ones) whose latest decision is earlier than `as_of`.

    Capacity is a day's: what other decisions of that local day took is taken, and the markets share the
    rest in the order of their names.

    Args:
        ids: Row numbers of customers; None: all.

    Returns:
        The markets in which somebody was due, be it that nobody could be decided.
    """
    moment = Moment(clocks.as_of, instant_of(book, clocks.as_of).day)
    used = read_used(session, moment) if limited(book) else Used()
    markets = set(book.markets)
    if ids is not None:
        markets &= set(read_customers(session, None, np.array(ids, np.int64)).markets)
    runs = [compute_market(session, book, market, clocks, moment, ids, used) for market in sorted(markets)]
    return [run for run in runs if run.customers or run.left_out]


def compute_market(
    session: Session,
    book: Book,
    market: Market,
    clocks: Clocks,
    moment: Moment,
    ids: Sequence[int] | Integers | None,
    used: Used,
) -> MarketRun:
    """Decide one market's customers; the columnar evaluator on all of them at once.

    Who stands in a chunk that cannot be read is left out: decided as new, such a customer would move.

    Args:
        used: The day's capacity that is taken; what is dispatched here is added.
    """
    rules = book.markets[market]
    assembled = assemble(session, book, market, clocks, ids)
    states, found = try_states(session, rules, assembled.customers, clocks, moment)
    earlier = found.as_of < assembled.instant.as_of
    left_out, due = found.left_out(earlier), np.flatnonzero(earlier & found.told)
    unknown = frozenset(assembled.customers.ids[earlier & ~found.told].tolist())
    if len(due) < len(assembled.customers):
        assembled, states, found = assembled.take(due), take_rows(states, due), found.take(due)
    outcomes = decide_many(rules, assembled.columns, states, moment)
    states, outcomes = with_room(rules, assembled, states, outcomes, moment, used)
    return MarketRun(market, rules, assembled, found, states, outcomes, left_out, unknown)


def with_room(
    rules: MarketBook, assembled: Assembled, states: States, outcomes: Outcomes, moment: Moment, used: Used
) -> tuple[States, Outcomes]:
    """The capacity step: outcomes of a first pass with whose dispatch finds no room, decided again for these.

    Capacity bears on nothing but contacts, so whoever finds room keeps the first outcome.

    Args:
        used: The day's capacity that is taken; what is dispatched here is added.
    """
    triggers, wanted = rules.campaigns.triggers, reached_capacity(outcomes.campaigns)
    full = without_room(triggers, wanted, assembled.customers, used)
    rows = np.flatnonzero(full.any(axis=1))
    if len(rows):
        states = replace(states, full=full)
        columns = {name: column.take(rows) for name, column in assembled.columns.items()}
        campaigns = outcomes.campaigns.copy()
        campaigns[rows] = decide_many(rules, columns, take_rows(states, rows), moment).campaigns
        outcomes = replace(outcomes, campaigns=campaigns)
    used.add(triggers, outcomes.campaigns, assembled.customers.owners)
    return states, outcomes
