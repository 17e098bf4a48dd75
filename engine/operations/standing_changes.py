"""Standings written by what changed: most columns of most customers stay as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.decisions import RISK_NAMES, STAGE_NAMES, tier_keys
from engine.expressions import Column
from engine.operations.computing import MarketRun
from engine.store import update_rows, upsert_rows
from engine.store.tables import StandingRow

Flags = NDArray[np.bool_]

_ALWAYS = ("decision_id", "as_of", "score", "clv", "churn")
"""Columns that move with every decision, or with time alone."""


def write_standings(session: Session, run: MarketRun, columns: Mapping[str, Any]) -> None:
    """Write where customers stand now: new ones whole, of the others only the columns that changed.

    Args:
        columns: The new standings, by column.
    """
    new = ~np.array(run.found.decided, np.bool_)
    if new.any():
        upsert_rows(session, StandingRow, _some(columns, new))
    if new.all():
        return
    changed = {name: mask & ~new for name, mask in _changed(run, columns).items()}
    for names, rows in ((_ALWAYS, ~new), *(((name,), rows) for name, rows in changed.items())):
        if rows.any():
            given = {name: columns[name] for name in ("customer_id", *names)}
            update_rows(session, StandingRow, _some(given, rows), key="customer_id")


def _changed(run: MarketRun, columns: Mapping[str, Any]) -> dict[str, Flags]:
    """Which customers' standing differs from the stored one, by column not always written, (customers,)."""
    before, outcomes = run.found.columns, run.outcomes
    keys = tier_keys(run.rules)
    coded: dict[str, tuple[Sequence[str | None], NDArray[Any]]] = {
        "computed": (keys, outcomes.tier),
        "effective": (keys, outcomes.effective),
        "forced": ((*(rule.name for rule in run.rules.force), None), outcomes.forced),
        "stage": (STAGE_NAMES, outcomes.stage),
        "risk": (RISK_NAMES, outcomes.risk),
    }
    changed = {name: ~_same_names(before[name], names, codes) for name, (names, codes) in coded.items()}
    changed["provisional"] = np.asarray((before["provisional"].values != 0) != outcomes.provisional, np.bool_)
    changed["pending"] = np.asarray((outcomes.pending != 0) | (before["pending"].causes == 0), np.bool_)
    for name in ("since", "effective_since"):
        changed[name] = ~_same_numbers(before[name], columns[name])
    for name in ("previous", "phase", "tags"):
        changed[name] = ~_same_texts(before[name], columns[name])
    changed["market"] = ~_same_texts(before["market"], [run.market.value] * run.customers)
    changed["changed_at"] = np.asarray(columns["changed_at"] != run.found.changed_at, np.bool_)
    return changed


def _some(columns: Mapping[str, Any], rows: Flags) -> dict[str, Any]:
    """Some rows of every column; a single value stands for all rows."""
    if rows.all():
        return dict(columns)
    index = np.flatnonzero(rows).tolist()
    return {
        name: column[rows]
        if isinstance(column, np.ndarray)
        else [column[row] for row in index]
        if isinstance(column, list)
        else column
        for name, column in columns.items()
    }


def _same_names(before: Column, names: Sequence[str | None], codes: NDArray[Any]) -> Flags:
    """Old texts against new codes; −1 takes the last name, which is None."""
    place = {name: index for index, name in enumerate(names)}
    old = np.array([*(place.get(one, -2) for one in before.texts), len(names) - 1], np.int64)
    positions = np.where(before.causes == 0, before.values, len(before.texts))
    new = np.where(codes < 0, len(names) - 1, codes)
    return np.asarray(old[positions] == new, np.bool_)


def _same_numbers(before: Column, after: Sequence[int | None]) -> Flags:
    known = np.fromiter((value is not None for value in after), np.bool_, len(after))
    values = np.fromiter((value or 0 for value in after), np.int64, len(after))
    return np.asarray((known == (before.causes == 0)) & ((values == before.values) | ~known), np.bool_)


def _same_texts(before: Column, after: Sequence[str | None]) -> Flags:
    code: dict[str | None, int] = {None: -1} | {one: index for index, one in enumerate(before.texts)}
    code.update((one, -2) for one in set(after) if one not in code)
    codes = np.fromiter(map(code.__getitem__, after), np.int64, len(after))
    return np.asarray(codes == np.where(before.causes == 0, before.values, -1), np.bool_)
