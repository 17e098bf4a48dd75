"""Computing a run without writing it: facts, states, capacity and outcomes of every market."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.campaigns import allot_capacity, reached_capacity
from engine.decisions import Moment, Outcomes, States, decide, take_rows
from engine.expressions import Column
from engine.operations.facts import Assembled, Clocks, assemble
from engine.operations.states import Found, read_states
from engine.rulebook import Book, MarketBook
from engine.vocabulary import Market

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MarketRun:
    """One market's part of a run; every array is over the same customers.

    Attributes:
        found: Standings the states come from.
    """

    market: Market
    rules: MarketBook
    assembled: Assembled
    found: Found
    states: States
    outcomes: Outcomes

    @property
    def customers(self) -> int:
        """How many customers are decided."""
        return len(self.assembled.customers)


def compute_run(
    session: Session, book: Book, clocks: Clocks, ids: Sequence[int] | Integers | None = None
) -> list[MarketRun]:
    """Decide every customer (or the named ones) whose latest decision is earlier than `as_of`.

    Args:
        ids: Row numbers of customers; None: all.
    """
    runs = [compute_market(session, book, market, clocks, ids) for market in sorted(book.markets)]
    return [run for run in runs if run.customers]


def compute_market(
    session: Session, book: Book, market: Market, clocks: Clocks, ids: Sequence[int] | Integers | None
) -> MarketRun:
    """Decide one market's customers; the columnar evaluator on all of them at once."""
    rules = book.markets[market]
    assembled = assemble(session, book, market, clocks, ids)
    moment = Moment(clocks.as_of, assembled.instant.day)
    states, found = read_states(session, rules, assembled.customers, clocks, moment)
    due = np.flatnonzero(found.as_of < assembled.instant.as_of)
    if len(due) < len(assembled.customers):
        assembled, states, found = _take(assembled, due), take_rows(states, due), found.take(due)
    outcomes = decide(rules, assembled.columns, states, moment)
    wanted = reached_capacity(outcomes.campaigns)
    full = allot_capacity(rules.campaigns.triggers, wanted, assembled.customers.ids, owner_numbers(assembled))
    if full.any():
        states = replace(states, full=full)
        outcomes = decide(rules, assembled.columns, states, moment)
    return MarketRun(market, rules, assembled, found, states, outcomes)


def owner_numbers(assembled: Assembled) -> Integers:
    """Owners as numbers, −1 for nobody."""
    owners = assembled.customers.owners
    number = {owner: index for index, owner in enumerate(sorted({owner for owner in owners if owner}))}
    return np.fromiter((number.get(owner or "", -1) for owner in owners), np.int64, len(owners))


def _take(assembled: Assembled, rows: NDArray[np.intp]) -> Assembled:
    columns: dict[str, Column] = {name: column.take(rows) for name, column in assembled.columns.items()}
    return Assembled(assembled.customers.take(rows), columns, assembled.instant)
