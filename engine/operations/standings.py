"""Where customers stand after a run: new ones are written whole, of the others only what changed."""

from __future__ import annotations

from collections.abc import Mapping
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
from engine.store.tables import RunRow, StandingRow

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

NOTED: Final = ("effective", "stage", "risk")
"""What counts as a change for people: `changed_at`, and `changed` of a run."""

_STANDS: Final = ("market", *(name for name in TOLD if name != "previous"))
"""What a standing says as the latest decision left it; `previous` is that of the decision that wrote the standing."""

_ALWAYS: Final = ("decision_id", "as_of", "previous")
"""Columns written whenever another one is."""


def changed_customers(run: MarketRun, kept: Kept) -> Flags:
    """(customers,) effective tier, stage or risk differ from the decision before, or there was none."""
    changed = ~run.found.decided
    for name in NOTED:
        changed |= ~_same(run.found.columns[name], kept.told(name))
    return changed


def write_standings(
    session: Session, run: MarketRun, kept: Kept, numbers: Integers, changed: Flags, row: RunRow
) -> None:
    """Write the standings of customers that are new or whose standing differs from the one before.

    Args:
        numbers: (customers,) the new decisions' numbers.
        changed: (customers,) as `changed_customers` gives them.
    """
    told = {name: kept.told(name) for name in TOLD}
    fixed = {"as_of": row.as_of, "market": run.market.value, "changed_at": row.as_of}
    new = ~run.found.decided
    if new.any():
        upsert_rows(session, StandingRow, {**_listed(run, told, numbers, new), **fixed})
    differing = {name: ~_same(run.found.columns[name], told[name]) & ~new for name in TOLD if name != "previous"}
    differing["market"] = _of_another_market(run) & ~new
    touched = np.logical_or.reduce(list(differing.values()))
    differing["changed_at"] = changed & ~new
    for names, rows in ((_ALWAYS, touched), *(((name,), rows) for name, rows in differing.items())):
        if rows.any():
            given = _listed(run, {name: told[name] for name in names if name in told}, numbers, rows)
            alike = {name: fixed[name] for name in names if name in fixed}
            wanted = {name: {**given, **alike}[name] for name in ("customer_id", *names)}
            update_rows(session, StandingRow, wanted, key="customer_id")


def _listed(run: MarketRun, told: Mapping[str, Column], numbers: Integers, rows: Flags) -> dict[str, Any]:
    """Columns of the standing table for some customers."""
    index = np.flatnonzero(rows)
    columns = {name: column.take(index).listed() for name, column in told.items()}
    return {"customer_id": run.assembled.customers.ids[index], "decision_id": numbers[index], **columns}


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
