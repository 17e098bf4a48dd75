"""Customers as a frame, and their imported attributes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from engine.expressions.columns import Column
from engine.store.frames.fetching import Integers, Raw, among, fetch, last_of_each, matched, places, rows_of
from engine.store.rows import table_of
from engine.store.tables import CustomerFieldRow, CustomerRow, WatermarkRow, from_microseconds
from engine.vocabulary import Market, Unit


@dataclass(frozen=True, slots=True)
class CustomersFrame:
    """Customers, ordered by id; every attribute (customers,).

    Attributes:
        ids: Customer ids, rising.
        refs: Their first identities, `source:key`.
        owners: Who looks after them; None: nobody.
        salts: The random bytes of their decision leaves.
        markets: Which market each belongs to.
    """

    ids: Integers
    refs: tuple[str, ...]
    owners: tuple[str | None, ...]
    salts: tuple[bytes, ...]
    markets: tuple[Market, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: NDArray[np.intp]) -> CustomersFrame:
        """Some of the customers, by rising row."""
        chosen = rows.tolist()
        return CustomersFrame(
            self.ids[rows],
            tuple(self.refs[row] for row in chosen),
            tuple(self.owners[row] for row in chosen),
            tuple(self.salts[row] for row in chosen),
            tuple(self.markets[row] for row in chosen),
        )


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A stored quantity of the customers asked for.

    Attributes:
        column: (customers,) its values; who has none is unknown (missing).
        instants: (customers,) microseconds since 1970 from which the value speaks: when an attribute was recorded, or
            what an estimate or prediction is as of; 0 where there is none.
        currencies: (customers,) `TEXT`, currency of money.
    """

    column: Column
    instants: Integers
    currencies: Column


def read_customers(session: Session, market: Market | None = None, ids: Integers | None = None) -> CustomersFrame:
    """Customers, of one market or with some ids or both, ordered by id.

    Args:
        ids: (n,) ids wanted, in any order; an id that is not there is left out; None: all.
    """
    table = table_of(CustomerRow)
    query = select(table.c.id, table.c.ref, table.c.owner, table.c.salt).order_by(table.c.id)
    query = query.add_columns(table.c.market) if market is None else query.where(table.c.market == market.value)
    conditions = [None] if ids is None else among(table.c.id, ids)
    rows: list[Any] = []
    for condition in conditions:
        rows.extend(rows_of(session, query if condition is None else query.where(condition)).fetchall())
    if ids is not None and rows:
        hit = places(ids, np.array([row[0] for row in rows], np.int64))[1]
        rows = rows if hit.all() else [row for row, wanted in zip(rows, hit.tolist(), strict=True) if wanted]
    found, refs, owners, salts, *names = zip(*rows, strict=True) if rows else ((), (), (), (), ())
    by_name = {one.value: one for one in Market}
    markets = (market,) * len(rows) if market is not None else tuple(by_name[name] for name in names[0])
    return CustomersFrame(np.array(found, np.int64), refs, owners, salts, markets)


def read_customer_ids(session: Session, market: Market, ids: Integers | None = None) -> Integers:
    """Ids of a market's customers, rising.

    Args:
        ids: (n,) only these, in any order; an id that is not there is left out; None: all.
    """
    table = table_of(CustomerRow)
    query = select(table.c.id).where(table.c.market == market.value).order_by(table.c.id)
    if ids is None:
        return fetch(session, [query])[0].values
    found = fetch(session, [query.where(one) for one in among(table.c.id, ids)])
    return found[0].values[places(ids, found[0].values)[1]] if found else np.zeros(0, np.int64)


def read_fields(
    session: Session, names: Collection[str], ids: Integers, as_known_at: int, wanted: Unit | None = None
) -> Mapping[str, StoredColumn]:
    """Imported attributes of customers as they were known at an instant.

    Args:
        names: Attributes wanted.
        ids: (customers,) ids, each once.
        as_known_at: Microseconds since 1970; versions recorded later, or superseded by then, do not count.
        wanted: Values of this unit count, so that nobody's value depends on who else is asked for; None: those of
            the unit that was recorded last among the customers asked for.

    Returns:
        By name; a name no customer has a value of is not there. The unit is that of the values that count.
    """
    table = table_of(CustomerFieldRow)
    known_at = from_microseconds(as_known_at)
    query = select(
        table.c.customer_id, table.c.id, table.c.name, table.c.unit, table.c.number, table.c.text, table.c.currency,
        table.c.recorded_at,
    ).where(
        table.c.name.in_(sorted(names)),
        table.c.recorded_at <= known_at,
        or_(table.c.superseded_at.is_(None), table.c.superseded_at > known_at),
    )  # fmt: skip
    if not names:
        return {}
    rows, columns = matched(session, [query.where(one) for one in among(table.c.customer_id, ids)], ids)
    if not columns:
        return {}
    id_, name, unit, number, text, currency, recorded = columns
    found: dict[str, StoredColumn] = {}
    for code, field in enumerate(name.texts or ()):
        mine = np.flatnonzero(name.values == code)
        if not len(mine):
            continue
        mine = mine[last_of_each(rows[mine], recorded.values[mine], id_.values[mine])]
        parts = [part.take(mine) for part in (unit, number, text, currency, recorded)]
        found[field] = _attribute(len(ids), rows[mine], parts, wanted)
    return found


def read_watermarks(session: Session, as_known_at: int) -> dict[str, int]:
    """Up to when each source was complete, as was known at an instant; the statement made last counts.

    Returns:
        Microseconds since 1970 by source name; a source nobody spoke of is not there.
    """
    table = table_of(WatermarkRow)
    last = (
        select(table.c.source, func.max(table.c.recorded_at).label("recorded_at"))
        .where(table.c.recorded_at <= from_microseconds(as_known_at))
        .group_by(table.c.source)
        .subquery()
    )
    spoken = and_(last.c.source == table.c.source, last.c.recorded_at == table.c.recorded_at)
    query = select(table.c.source, table.c.complete_until).join(last, spoken).order_by(table.c.id)
    source, until = fetch(session, [query])
    names = source.texts or ()
    return {names[code]: instant for code, instant in zip(source.values.tolist(), until.values.tolist(), strict=True)}


def _attribute(length: int, rows: Integers, parts: list[Raw], wanted: Unit | None) -> StoredColumn:
    """One attribute; values of another unit than the one wanted, or most recently recorded, are missing."""
    unit, number, text, currency, recorded = parts
    names = unit.texts or ()
    stored = wanted or Unit(names[int(unit.values[int(np.lexsort((rows, recorded.values))[-1])])])
    code = names.index(stored.value) if stored.value in names else -1
    values = text if stored is Unit.TEXT else number
    fitting = np.flatnonzero((unit.values == code) & ~values.null)
    instants = np.zeros(length, np.int64)
    instants[rows[fitting]] = recorded.values[fitting]
    return StoredColumn(
        values.take(fitting).spread(length, rows[fitting], stored),
        instants,
        currency.take(fitting).spread(length, rows[fitting], Unit.TEXT),
    )
