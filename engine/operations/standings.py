"""Where customers stand after a run: new ones are written whole, of the others only what changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.decisions import TOLD, Kept
from engine.errors import DamagedError
from engine.expressions import Column
from engine.operations.computing import MarketRun
from engine.store import read_customers, try_standings, update_rows, upsert_rows
from engine.store.rows import table_of
from engine.store.tables import StandingRow
from engine.vocabulary import Market

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]
Rows = NDArray[np.intp]

NOTED: Final = ("effective", "stage", "risk")
"""What counts as a change for people: `changed_at`, and `changed` of a run."""

_STANDS: Final = ("market", *(name for name in TOLD if name != "previous"))
"""What a standing says as the latest decision left it; `previous` is that of the decision that wrote the standing."""

_ALWAYS: Final = ("decision_id", "as_of", "previous")
"""Columns written whenever another one is."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Columns to write into the standings of some customers.

    Attributes:
        names: Of the columns.
        rows: (changed,) places among the customers decided.
        told: (changed,) those of the columns that the decisions themselves tell.
        is_new: These customers have no standing yet.
    """

    names: tuple[str, ...]
    rows: Rows
    told: Mapping[str, Column]
    is_new: bool


def changed_customers(run: MarketRun, kept: Kept) -> Flags:
    """(customers,) effective tier, stage or risk differ from the decision before, or there was none."""
    changed = ~run.found.decided
    for name in NOTED:
        changed |= ~_same(run.found.columns[name], kept.told(name))
    return changed


def differences(run: MarketRun, kept: Kept, changed: Flags) -> list[Difference]:
    """What the standings do not say yet, of customers that are new or whose standing differs from the one before.

    Args:
        changed: (customers,) as `changed_customers` gives them.
    """
    told = {name: kept.told(name) for name in TOLD}
    new = ~run.found.decided
    differing = {name: ~_same(run.found.columns[name], told[name]) & ~new for name in TOLD if name != "previous"}
    differing["market"] = _of_another_market(run) & ~new
    touched = np.logical_or.reduce(list(differing.values()))
    differing["changed_at"] = changed & ~new
    found = [_difference((*_ALWAYS, *TOLD, "market", "changed_at"), told, np.flatnonzero(new), is_new=True)]
    for names, rows in _by_names(differing, touched):
        found.append(_difference((*_ALWAYS, *names), told, rows))
    return [one for one in found if len(one.rows)]


def _by_names(differing: Mapping[str, Flags], touched: Flags) -> Iterator[tuple[list[str], Rows]]:
    """The customers touched, together with those of whom the same columns differ: each row is written once."""
    names = list(differing)
    index = np.flatnonzero(touched)
    bits = np.stack([differing[name][index] for name in names], axis=1) @ (1 << np.arange(len(names)))
    for one in np.unique(bits).tolist():
        yield [name for place, name in enumerate(names) if one >> place & 1], index[bits == one]


def write_differences(
    session: Session, found: Sequence[Difference], market: Market, ids: Integers, numbers: Integers, as_of: datetime
) -> None:
    """Write what `differences` found in some decisions.

    Args:
        ids, numbers: (customers,) row numbers of the customers, and the numbers of their new decisions.
        as_of: Of the decisions.
    """
    for one in found:
        given: dict[str, Any] = {"as_of": as_of, "market": market.value, "changed_at": as_of}
        given |= {"decision_id": numbers[one.rows], **{name: column.listed() for name, column in one.told.items()}}
        columns = {"customer_id": ids[one.rows], **{name: given[name] for name in one.names}}
        if one.is_new:
            upsert_rows(session, StandingRow, columns)
        else:
            update_rows(session, StandingRow, columns, key="customer_id")


def _difference(names: Sequence[str], told: Mapping[str, Column], rows: Rows, *, is_new: bool = False) -> Difference:
    columns = {name: told[name].take(rows) for name in names if name in told}
    return Difference(tuple(dict.fromkeys(names)), rows, columns, is_new)


def _of_another_market(run: MarketRun) -> Flags:
    market = run.found.columns["market"]
    here = np.array([text == run.market.value for text in market.texts] or [False], np.bool_)
    return np.asarray((market.causes == 0) & ~here[market.values], np.bool_)


def _same(before: Column, after: Column) -> Flags:
    """Whether two columns tell the same, whatever their codes."""
    known = (before.causes == 0) & (after.causes == 0)
    old, new = before.values, after.values
    if before.texts != after.texts:
        place = {text: code for code, text in enumerate(after.texts)}
        old = np.array([place.get(text, -1) for text in before.texts] or [-1], np.int64)[old]
    return np.asarray(np.where(known, old == new, (before.causes == 0) == (after.causes == 0)), np.bool_)


def differing_standings(session: Session) -> tuple[list[int], list[DamagedError]]:
    """Numbers of the latest decisions of customers whose standing does not say what they left.

    Returns:
        These, and what is wrong with damaged chunks; of customers whose latest decision they hold nothing is told.
    """
    ids = read_customers(session).ids
    found = try_standings(session, ids)
    table = table_of(StandingRow)
    query = select(table.c.customer_id, *(table.c[name] for name in _STANDS))
    rows = {customer: rest for customer, *rest in session.execute(query)}
    told = zip(*(found.columns[name].listed() for name in _STANDS), strict=True)
    numbers = zip(ids.tolist(), found.located.numbers.tolist(), told, strict=True)
    differing = [
        number
        for (customer, number, left), read in zip(numbers, found.told.tolist(), strict=True)
        if read and number >= 0 and rows.get(customer) != list(left)
    ]
    return differing, [unread.error for unread in found.unread.values()]
