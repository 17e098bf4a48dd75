"""Events for the value and churn models: purchases and signals of customers, with both clocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.orm import Session

from engine.metrics import local_days
from engine.operations.purchases import BOUGHT
from engine.store import CustomersFrame, read_customers
from engine.value import NEVER, NO_MARGIN, AsOf, Attribute, EventFrame, Purchases, Signals
from engine.vocabulary import Market, RecordKind

Integers = NDArray[np.int64]

# Money given back comes as a further order, returned and below nothing: it lowers sums and is no purchase. A
# returned order of its own is none, as it is none for the rules.
_PURCHASES = text(
    "select customer_id, occurred_at, recorded_at, superseded_at, net, cost from record where kind = 'ORDER' "
    "and (status in :bought or (status = 'returned' and net < 0)) and currency = :currency "
    "and net is not null and recorded_at <= :known and occurred_at < :until order by customer_id, occurred_at, id"
).bindparams(bindparam("bought", BOUGHT, expanding=True))
_SIGNALS = text(
    "select customer_id, occurred_at, recorded_at from record where kind = :kind and version = 1 "
    "and recorded_at <= :known and occurred_at < :until order by customer_id, occurred_at, id"
)
_COSTS = text(
    "select customer_id, occurred_at, net from record where kind = 'COST' and recorded_at <= :known "
    "and (superseded_at is null or superseded_at > :known) and category = :category and currency = :currency "
    "and net is not null and occurred_at < :until order by customer_id, occurred_at, id"
)


def _of_one(query: TextClause) -> TextClause:
    """The same statement for one customer."""
    return text(query.text.replace(" order by", " and customer_id = :only order by"))


_PURCHASES_OF_ONE = _of_one(_PURCHASES).bindparams(bindparam("bought", BOUGHT, expanding=True))
_SIGNALS_OF_ONE, _COSTS_OF_ONE = _of_one(_SIGNALS), _of_one(_COSTS)
_ANY_SIGNAL = text(
    "select 1 from record where kind = :kind and version = 1 and recorded_at <= :known and occurred_at < :until limit 1"
)


@dataclass(frozen=True, slots=True)
class Horizon:
    """What may be read: records that occurred before `until` and were recorded by `known` (microseconds)."""

    until: int
    known: int


def read_events(
    session: Session,
    currency: str,
    zone: str,
    horizon: Horizon,
    market: Market | None = None,
    only: int | None = None,
) -> tuple[CustomersFrame, EventFrame]:
    """Customers with their purchases, tickets and interactions.

    Every version of a purchase is there, each with when it was recorded and when another took its place: as
    known at any instant the one in force then counts, and a later correction changes nothing learned from
    before. A ticket or interaction counts from its first version on: that it happened is all that is read.

    Args:
        only: Row number of the one customer wanted; a source is there, though, if anybody has something in it.
    """
    customers = read_customers(session, market, None if only is None else np.array([only], np.int64))
    given = {"known": horizon.known, "until": horizon.until, **({} if only is None else {"only": only})}
    orders = _fetch(session, _PURCHASES if only is None else _PURCHASES_OF_ONE, {**given, "currency": currency}, 6)
    rows, kept = _rows(customers, orders[0])
    superseded, net, cost = (column[kept] for column in orders[3:])
    purchases = Purchases(
        customer=rows,
        occurred=orders[1][kept],
        day=local_days(orders[1][kept], zone),
        net=net,
        recorded=orders[2][kept],
        superseded=np.where(superseded == NO_MARGIN, NEVER, superseded),
        margin=np.where(cost == NO_MARGIN, NO_MARGIN, net - cost) if (cost != NO_MARGIN).any() else None,
    )
    signals = {
        name: _signals(session, customers, kind, given, zone)
        for name, kind in (("tickets", RecordKind.TICKET), ("interactions", RecordKind.INTERACTION))
    }
    levels = tuple(sorted(one.value for one in Market))
    codes = np.array([levels.index(one) for one in customers.markets], np.int16)
    attributes = {"market": Attribute(codes, levels)}
    present = {name: signal for name, signal in signals.items() if signal is not None}
    return customers, EventFrame(customers.ids, purchases, present, attributes)


def read_costs(
    session: Session, customers: CustomersFrame, currency: str, zone: str, horizon: Horizon, category: str
) -> tuple[NDArray[np.int32], NDArray[np.int32], Integers]:
    """Costs of one category: row of the customer, local day, minor units."""
    given = {"known": horizon.known, "until": horizon.until, "currency": currency, "category": category}
    costs = _fetch(session, _COSTS, given, 3)
    rows, kept = _rows(customers, costs[0])
    return rows, local_days(costs[1][kept], zone), costs[2][kept]


def as_of(until: int, zone: str) -> AsOf:
    """The instant of a horizon as the models take it."""
    return AsOf(until, int(local_days(np.array([until], np.int64), zone)[0]))


@dataclass(frozen=True, slots=True)
class Happened:
    """One record of a customer as the models read it.

    Attributes:
        day: Its local day, days since 1970-01-01.
        net: Minor units; 0 of a ticket or interaction.
        margin: `net` less its cost; None: the cost is not known.
    """

    record_id: int
    day: int
    net: int = 0
    margin: int | None = None


def purchases_of_one(session: Session, customer: int, currency: str, zone: str, horizon: Horizon) -> list[Happened]:
    """The purchases of a customer that `read_events` has for it and that were in force, in the order they occurred."""
    given = {"known": horizon.known, "until": horizon.until, "currency": currency, "only": customer}
    query = text(_PURCHASES_OF_ONE.text.replace("select ", "select id, ", 1)).bindparams(
        bindparam("bought", BOUGHT, expanding=True)
    )
    found = []
    for number, _, occurred, _, superseded, net, cost in session.execute(query, given):
        if superseded is None or superseded > horizon.known:
            day = int(local_days(np.array([occurred], np.int64), zone)[0])
            found.append(Happened(number, day, net, None if cost is None else net - cost))
    return found


def signals_of_one(session: Session, customer: int, kind: RecordKind, zone: str, horizon: Horizon) -> list[Happened]:
    """The tickets or interactions of a customer that `read_events` has for it, in the order they occurred."""
    given = {"known": horizon.known, "until": horizon.until, "kind": kind.value, "only": customer}
    query = text(_SIGNALS_OF_ONE.text.replace("select ", "select id, ", 1))
    rows = session.execute(query, given)
    return [Happened(row[0], int(local_days(np.array([row[2]], np.int64), zone)[0])) for row in rows]


def costs_of_one(
    session: Session, customer: int, currency: str, zone: str, horizon: Horizon, category: str
) -> list[Happened]:
    """The costs of one category that `read_costs` has for a customer, in the order they occurred."""
    given = {"known": horizon.known, "until": horizon.until, "currency": currency, "category": category}
    query = text(_COSTS_OF_ONE.text.replace("select ", "select id, ", 1))
    rows = session.execute(query, {**given, "only": customer})
    return [Happened(row[0], int(local_days(np.array([row[2]], np.int64), zone)[0]), row[3]) for row in rows]


def _signals(
    session: Session, customers: CustomersFrame, kind: RecordKind, given: dict[str, int], zone: str
) -> Signals | None:
    asked = {**given, "kind": kind.value}
    if "only" not in given:
        found = _fetch(session, _SIGNALS, asked, 3)
        there = len(found[0]) > 0
    else:
        found = _fetch(session, _SIGNALS_OF_ONE, asked, 3)
        there = (
            session.execute(_ANY_SIGNAL, {name: asked[name] for name in ("kind", "known", "until")}).first() is not None
        )
    if not there:
        return None
    rows, kept = _rows(customers, found[0])
    return Signals(rows, found[1][kept], local_days(found[1][kept], zone), found[2][kept])


def _fetch(session: Session, query: Any, given: dict[str, Any], width: int) -> list[Integers]:
    """Columns of whole numbers; what is not there is NO_MARGIN."""
    found = session.execute(query, given).all()
    if not found:
        return [np.zeros(0, np.int64) for _ in range(width)]
    columns = zip(*found, strict=True)
    return [np.array([NO_MARGIN if value is None else value for value in column], np.int64) for column in columns]


def _rows(customers: CustomersFrame, ids: Integers) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Rows of the events' customers, and which events belong to one of them."""
    kept = np.isin(ids, customers.ids)
    return np.searchsorted(customers.ids, ids[kept]).astype(np.int32), kept
