"""Which standings a run leaves as they were, so that only the others are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.decisions import RISK_NAMES, STAGE_NAMES, tier_keys
from engine.expressions import Column
from engine.operations.computing import MarketRun

Flags = NDArray[np.bool_]

_ADVANCE = text(
    "update standing set as_of = :as_of, decision_id = (select d.id from decision d "
    "where d.customer_id = standing.customer_id and d.as_of = :as_of) "
    "where market = :market and customer_id in (select d.customer_id from decision d where d.run_id = :run)"
)


def unchanged_rows(run: MarketRun, columns: Mapping[str, Any]) -> Flags:
    """Customers whose standing differs in nothing but the decision it points at, (customers,).

    Args:
        columns: The new standings, by column.
    """
    before, outcomes = run.found.columns, run.outcomes
    keys = tier_keys(run.rules)
    forces = (*(rule.name for rule in run.rules.force), None)
    same = np.array(run.found.decided, np.bool_) & (outcomes.pending == 0) & (before["pending"].causes != 0)
    for name, names, codes in (
        ("computed", keys, outcomes.tier),
        ("effective", keys, outcomes.effective),
        ("previous", keys, run.states.effective),
        ("forced", forces, outcomes.forced),
        ("stage", STAGE_NAMES, outcomes.stage),
        ("risk", RISK_NAMES, outcomes.risk),
    ):
        same &= _same_names(before[name], names, codes)
    same &= before["provisional"].values == outcomes.provisional
    for name in ("since", "effective_since", "score", "clv", "churn"):
        same &= _same_numbers(before[name], columns[name])
    for name in ("phase", "tags"):
        same &= _same_texts(before[name], columns[name])
    return np.asarray(same, np.bool_)


def advance_standings(session: Session, run: MarketRun, run_id: int) -> None:
    """Point every standing of a run at its new decision, in one statement."""
    given = {"as_of": run.assembled.instant.as_of, "market": run.market.value, "run": run_id}
    session.execute(_ADVANCE, given)


def _same_names(before: Column, names: Sequence[str | None], codes: NDArray[Any]) -> Flags:
    """Old texts against new codes; −1 takes the last name, which is None."""
    place = {name: index for index, name in enumerate(names)}
    old = np.array([*(place.get(one, -2) for one in before.texts), len(names) - 1], np.int64)
    positions = np.where(before.causes == 0, before.values, len(before.texts))
    new = np.where(codes < 0, len(names) - 1, codes)
    return np.asarray(old[positions] == new, np.bool_)


def _same_numbers(before: Column, after: Sequence[int | None] | None) -> Flags:
    if after is None:
        return np.asarray(before.causes != 0, np.bool_)
    known = np.fromiter((value is not None for value in after), np.bool_, len(after))
    values = np.fromiter((value or 0 for value in after), np.int64, len(after))
    return np.asarray((known == (before.causes == 0)) & ((values == before.values) | ~known), np.bool_)


def _same_texts(before: Column, after: Sequence[str | None]) -> Flags:
    code = {one: index for index, one in enumerate(before.texts)}
    codes = np.fromiter((-1 if one is None else code.get(one, -2) for one in after), np.int64, len(after))
    return np.asarray(codes == np.where(before.causes == 0, before.values, -1), np.bool_)
