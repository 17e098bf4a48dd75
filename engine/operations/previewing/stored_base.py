"""The stored base as rule books see it: facts and states as of one instant, for one book after another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.decisions import Moment, States
from engine.expressions import Column
from engine.metrics import FromExpression, FromRecords
from engine.operations.capacity import Used, limited, read_used
from engine.operations.facts import Assembled, Clocks, assemble, instant_of, metrics_read
from engine.operations.left_out import LeftOut
from engine.operations.purchases import revenue_of_year
from engine.operations.states import StateReader
from engine.rulebook import Book
from engine.rulebook.difference.effects import meaning
from engine.store import CustomersFrame, read_customers
from engine.store.tables import to_microseconds
from engine.vocabulary import Market, Text

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Known:
    """What one book sees of a market: every metric its rules read, and the states."""

    assembled: Assembled
    states: States


class Base(Protocol):
    """Customers to try rule books on."""

    clocks: Clocks

    def customers(self, market: Market) -> CustomersFrame:
        """The customers of a market."""

    def revenue(self, market: Market) -> Integers:
        """(customers,) revenue of the last 12 months in minor units."""

    def known(self, book: Book, market: Market) -> Known:
        """Facts and states for a book; where two books read the same they get the same arrays."""

    def used(self, book: Book) -> Used:
        """The day's capacity that is taken already; the caller's own to add to."""


@dataclass(frozen=True, slots=True)
class _Members:
    """A market's customers who can be decided."""

    customers: CustomersFrame
    states: StateReader


class StoredBase:
    """The customers of the database whose latest decision is earlier than the instant.

    Every metric is computed once however many books declare it alike; states likewise. Nothing is written.

    Args:
        live: The live book, in whose currency and zone revenue is counted.

    Attributes:
        left_out: How many were decided as of a later instant.
        damaged: Who stands in a damaged chunk.
    """

    def __init__(self, session: Session, live: Book, clocks: Clocks) -> None:
        self.session, self.live, self.clocks = session, live, clocks
        self.left_out = 0
        self.damaged: list[LeftOut] = []
        self._columns: dict[tuple[Market, str, object], Column] = {}
        self._used: dict[int, Used] = {}
        self._members: dict[Market, _Members] = {}

    def again(self, session: Session) -> StoredBase:
        """The same base for another session, with what was read already."""
        self.session = session
        for members in self._members.values():
            members.states.session = session
        return self

    def customers(self, market: Market) -> CustomersFrame:
        """See `Base`."""
        return self._of(market).customers

    def _of(self, market: Market) -> _Members:
        """Who can be decided; left out, as deciding does, is who was decided as of a later instant or whose state is
        in a damaged chunk."""
        if market not in self._members:
            customers = read_customers(self.session, market)
            states = StateReader(self.session, customers, self.clocks, lenient=True)
            found = states.found
            earlier = found.as_of < to_microseconds(self.clocks.as_of)
            due = np.flatnonzero(earlier & found.told)
            if len(due) < len(customers):
                self.left_out += int((~earlier).sum())
                self.damaged += found.left_out(earlier)
                customers = customers.take(due)
                states = StateReader(self.session, customers, self.clocks)
            self._members[market] = _Members(customers, states)
        return self._members[market]

    def revenue(self, market: Market) -> Integers:
        """See `Base`."""
        instant, known = instant_of(self.live, self.clocks.as_of), to_microseconds(self.clocks.as_known_at)
        return revenue_of_year(self.session, self.customers(market).ids, instant, known)

    def known(self, book: Book, market: Market) -> Known:
        """See `Base`."""
        members = self._of(market)
        names = metrics_read(book, market)
        keys = {name: (market, name, declared(book, name)) for name in names}
        missing = [name for name in names if keys[name] not in self._columns]
        instant = instant_of(book, self.clocks.as_of)
        if missing:
            found = assemble(self.session, book, market, self.clocks, members.customers.ids, missing)
            self._columns.update({keys[name]: found.columns[name] for name in missing})
        columns = {name: self._columns[keys[name]] for name in names}
        states = members.states.states(book.markets[market], Moment(self.clocks.as_of, instant.day))
        return Known(Assembled(members.customers, columns, instant), states)

    def used(self, book: Book) -> Used:
        """See `Base`."""
        if not limited(book):
            return Used()
        moment = Moment(self.clocks.as_of, instant_of(book, self.clocks.as_of).day)
        if moment.day not in self._used:
            self._used[moment.day] = read_used(self.session, moment)
        return self._used[moment.day].copy()


def declared(book: Book, name: str) -> object:
    """All that a metric's values depend on in a book, comparable between books; titles and steps do not count."""
    metric = book.metrics[name]
    origin, fresh = metric.origin, None
    inputs: tuple[object, ...] = ()
    if isinstance(origin, FromExpression):
        inputs = tuple(declared(book, one) for one in origin.expression.names if one in book.metrics)
    if isinstance(origin, FromRecords):
        fresh = book.fresh_within_days.get(origin.source)
    told = repr(meaning(replace(metric, title=Text(""), actionable=None)))
    return told, inputs, fresh, book.currency, book.timezone
