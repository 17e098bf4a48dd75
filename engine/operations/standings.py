"""Decisions as rows: codes become names, scores and days become columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from engine.decisions import RISK_NAMES, STAGE_NAMES, one_by_one, phases, stored_from_outcomes, tier_keys
from engine.decisions import named as names_of
from engine.expressions import Column
from engine.metrics import FromModel, FromValue
from engine.operations.computing import MarketRun
from engine.operations.states import numbers_of
from engine.rulebook import Book
from engine.store.tables import RunRow, to_microseconds

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Named:
    """Outcomes of one market by name, each (customers,).

    Attributes:
        changed: Effective tier, stage or risk differ from the decision before, or there was none.
    """

    tier_keys: tuple[str, ...]
    effective: list[str | None]
    stage: list[str | None]
    phase: list[str | None]
    risk: list[str | None]
    changed: NDArray[np.bool_]


def named(run: MarketRun) -> Named:
    """The names of a run's outcomes, compared with the standings before."""
    rules = run.rules
    keys = tier_keys(rules)
    effective = names_of(keys, run.outcomes.effective)
    stage = names_of(STAGE_NAMES, run.outcomes.stage)
    risk = names_of(RISK_NAMES, run.outcomes.risk)
    before = run.found
    rows = zip(effective, before.effective, stage, before.stage, risk, before.risk, before.decided, strict=True)
    changed = [not decided or a != b or c != d or e != f for a, b, c, d, e, f, decided in rows]
    return Named(
        tier_keys=tuple(key for key in keys if key is not None),
        effective=effective,
        stage=stage,
        phase=phases(rules, run.outcomes),
        risk=risk,
        changed=np.array(changed, np.bool_),
    )


def decision_columns(
    run: MarketRun,
    names: Named,
    digests: list[bytes],
    row: RunRow,
    now: datetime,
    chunks: Integers,
    positions: Integers,
) -> dict[str, Any]:
    """Columns of the decision table."""
    outcomes = run.outcomes
    return {
        "customer_id": run.assembled.customers.ids,
        "as_of": row.as_of,
        "recorded_at": now,
        "run_id": row.id,
        "chunk_id": chunks,
        "row": positions,
        "market": run.market.value,
        "computed": names_of(tier_keys(run.rules), outcomes.tier),
        "effective": names.effective,
        "previous": list(run.found.effective),
        "effective_since": outcomes.effective_since,
        "provisional": outcomes.provisional.tolist(),
        "score": _scores(outcomes.score),
        "stage": names.stage,
        "phase": names.phase,
        "risk": names.risk,
        "digest": digests,
    }


def standing_columns(book: Book, run: MarketRun, names: Named, ids: Integers, row: RunRow) -> dict[str, Any]:
    """Columns of the standing table: the state the next decision starts from, and what work lists show."""
    rules = run.rules
    stored = stored_from_outcomes(rules, run.outcomes)
    tags = [tag.name for tag in rules.campaigns.tags]
    at = np.where(names.changed, to_microseconds(row.as_of), run.found.changed_at)
    return {
        "customer_id": run.assembled.customers.ids,
        "decision_id": ids,
        "as_of": row.as_of,
        "market": run.market.value,
        "computed": list(one_by_one(stored.tier)),
        "since": list(one_by_one(stored.since)),
        "provisional": list(stored.provisional),
        "pending": [None if move is None else orjson.dumps(dict(move)).decode() for move in stored.pending],
        "forced": list(one_by_one(stored.forced)),
        "effective": names.effective,
        "effective_since": list(one_by_one(stored.effective_since)),
        "previous": list(run.found.effective),
        "stage": names.stage,
        "phase": names.phase,
        "risk": names.risk,
        "score": _scores(run.outcomes.score),
        "clv": _known(_column_of(book, run, FromValue)),
        "churn": _known(_column_of(book, run, FromModel)),
        "tags": _tag_texts(tags, run.outcomes.tags),
        "changed_at": at,
    }


def _column_of(book: Book, run: MarketRun, origin: type[FromValue] | type[FromModel]) -> Column | None:
    """The first metric of that origin among the facts: the lifetime value, the churn probability."""
    for name, column in run.assembled.columns.items():
        found = book.metrics[name].origin
        if isinstance(found, origin) and (not isinstance(found, FromValue) or found.value == "clv"):
            return column
    return None


def _known(column: Column | None) -> list[int | None] | None:
    if column is None:
        return None
    return numbers_of(column)


def _scores(scores: NDArray[np.int32]) -> list[int | None]:
    return [None if score < 0 else score for score in scores.tolist()]


def _tag_texts(tags: list[str], flags: NDArray[np.bool_]) -> list[str]:
    """Keys of a customer's tags, separated by blanks."""
    if not tags:
        return [""] * len(flags)
    texts: dict[tuple[bool, ...], str] = {}
    result = []
    for row in map(tuple, flags.tolist()):
        if row not in texts:
            keys = [tag for tag, on in zip(tags, row, strict=True) if on]
            texts[row] = " ".join(keys)
        result.append(texts[row])
    return result
