"""Computing a run without writing it: facts, states, capacity and outcomes of every market."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.campaigns import reached_capacity
from engine.decisions import Moment, Outcomes, States, decide_many, take_rows
from engine.operations.capacity import Used, limited, read_used, room_in_order, without_room
from engine.operations.facts import Assembled, Clocks, assemble, instant_of
from engine.operations.left_out import LeftOut
from engine.operations.states import Found, try_states
from engine.rulebook import Book, MarketBook
from engine.store import CustomersFrame, locate_latest, read_customer_ids
from engine.store.tables import to_microseconds
from engine.vocabulary import Market

Integers = NDArray[np.int64]

BLOCK: Final = 131_072
"""Customers computed at once (sixteen chunks): some 300 MB of facts, states and outcomes on their way."""


@dataclass(frozen=True, slots=True)
class MarketRun:
    """One market's part of a run, or a block of it; every array is over the same customers.

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
) -> Iterator[MarketRun]:
    """Decide every customer (or the named ones) whose latest decision is earlier than `as_of`, block by block.

    Blocks follow one another by market, then by customer; each is computed when it is asked for, so that the facts
    of a big base need not be in memory at once. Outcomes and their order do not depend on the size of blocks.

    Capacity is a day's: what other decisions of that local day took is taken, and the markets share the
    rest in the order of their names.

    Args:
        ids: Row numbers of customers; None: all.

    Returns:
        The markets in which somebody was due, be it that nobody could be decided.
    """
    moment = Moment(clocks.as_of, instant_of(book, clocks.as_of).day)
    used = read_used(session, moment) if limited(book) else Used()
    wanted = None if ids is None else np.array(ids, np.int64)
    for market in sorted(book.markets):
        for due in in_blocks(book.markets[market], _due(session, market, moment, wanted)):
            run = compute_market(session, book, market, clocks, moment, due, used)
            if run.customers or run.left_out:
                yield run


def in_blocks(rules: MarketBook, ids: Integers) -> Iterator[Integers]:
    """Customers as they are computed: block by block; all at once where rules give room in another order."""
    size = BLOCK if room_in_order(rules.campaigns.triggers) else max(len(ids), 1)
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _due(session: Session, market: Market, moment: Moment, ids: Integers | None) -> Integers:
    """Ids of a market's customers who have no decision of this instant or a later one, rising."""
    mine = read_customer_ids(session, market, ids)
    return mine[locate_latest(session, mine).as_of < to_microseconds(moment.as_of)]


StatesOf = Callable[[Session, MarketBook, CustomersFrame, Clocks, Moment], tuple[States, Found]]
"""How the states of customers are found."""


def compute_market(
    session: Session,
    book: Book,
    market: Market,
    clocks: Clocks,
    moment: Moment,
    ids: Integers,
    used: Used,
    states_of: StatesOf = try_states,
) -> MarketRun:
    """Decide some of one market's customers; the columnar evaluator on all of them at once.

    Who stands in a chunk that cannot be read is left out: decided as new, such a customer would move.

    Args:
        ids: (customers,) row numbers of those who are due, rising.
        used: The day's capacity that is taken; what is dispatched here is added.
        states_of: As `try_states`, which finds those the live decisions left.
    """
    rules = book.markets[market]
    assembled = assemble(session, book, market, clocks, ids)
    states, found = states_of(session, rules, assembled.customers, clocks, moment)
    left_out, told = found.left_out(~found.told), np.flatnonzero(found.told)
    unknown = frozenset(assembled.customers.ids[~found.told].tolist())
    if len(told) < len(assembled.customers):
        assembled, states, found = assembled.take(told), take_rows(states, told), found.take(told)
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
