"""The stored customers as a base that rule books are tried on; nothing is decided or written."""

from __future__ import annotations

from sqlalchemy.orm import Session

from engine.decisions import Moment
from engine.operations.facts import Clocks, assemble, metrics_read
from engine.operations.states import read_states
from engine.rulebook import Book
from engine.trials import Base, metrics_asked
from engine.vocabulary import Market


def base_of(session: Session, book: Book, clocks: Clocks) -> dict[Market, Base]:
    """Facts and states of all customers, by market, with everything a book's rules and invariants read.

    Markets without a customer are left out.
    """
    found = {}
    for market, rules in sorted(book.markets.items()):
        names = {*metrics_read(book, market), *metrics_asked(book.invariants, market)}
        assembled = assemble(session, book, market, clocks, names=sorted(names))
        if not len(assembled.customers):
            continue
        moment = Moment(clocks.as_of, assembled.instant.day)
        states, _ = read_states(session, rules, assembled.customers, clocks, moment)
        found[market] = Base(assembled.columns, states, moment)
    return found
