"""Deciding a base by the live book and by a candidate, side by side."""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Moment, Outcomes, decide_many
from engine.operations.computing import with_room
from engine.operations.facts import instant_of
from engine.operations.previewing.stored_base import Base, Known
from engine.rulebook import Book
from engine.rulebook.difference.effects import meaning
from engine.trials.preview import Comparison, Pair, Side
from engine.vocabulary import Market


class Deciding:
    """Decides a base by one book after another as a run would, capacity too; what two books decide alike, once.

    Args:
        base: The customers.
    """

    def __init__(self, base: Base) -> None:
        self.base = base
        self._kept: dict[object, Outcomes] = {}

    def by(self, book: Book, *, keep: bool = False) -> Mapping[Market, Side]:
        """Every market of a book decided, in the order in which a run gives out the day's capacity.

        Args:
            keep: Remember the outcomes for books that decide a market alike.
        """
        as_of = self.base.clocks.as_of
        moment = Moment(as_of, instant_of(book, as_of).day)
        used = self.base.used(book)
        sides = {}
        for market in sorted(book.markets):
            known, rules = self.base.known(book, market), book.markets[market]
            first = self._first(book, market, known, moment, keep)
            states, outcomes = with_room(rules, known.assembled, known.states, first, moment, used)
            sides[market] = Side(book, market, known.assembled.columns, states, outcomes, moment)
        return sides

    def _first(self, book: Book, market: Market, known: Known, moment: Moment, keep: bool) -> Outcomes:
        """Outcomes before the capacity step; the same arrays decided by rules of the same meaning are not again."""
        rules, columns = book.markets[market], known.assembled.columns
        inputs = (*((name, id(column)) for name, column in columns.items()), id(known.states))
        key = (market, moment, inputs, repr(meaning(rules)))
        outcomes = self._kept.get(key)
        if outcomes is None:
            outcomes = decide_many(rules, columns, known.states, moment)
            if keep:
                self._kept[key] = outcomes
        return outcomes


def compare(deciding: Deciding, live: Book, candidate: Book) -> Comparison:
    """Both books' decisions of the whole base."""
    old, new = deciding.by(live, keep=True), deciding.by(candidate, keep=True)
    pairs = []
    for market in sorted({*old, *new}):
        customers = deciding.base.customers(market)
        revenue = deciding.base.revenue(market)
        pairs.append(Pair(market, customers.ids, customers.refs, revenue, old.get(market), new.get(market)))
    return Comparison(live, candidate, tuple(pairs))
