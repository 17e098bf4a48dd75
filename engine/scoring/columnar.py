"""Scores of many customers at once, in exact whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions import Columns, ScoreColumn
from engine.expressions.columnar import CHUNK, write_points
from engine.expressions.rounding import doubles_are_exact, half_even_many
from engine.scoring.model import Scorecard
from engine.scoring.policy import BEST_POINTS, LEFT_OUT, assumed_points, check_weights

KNOWN: Final = 0
ASSUMED: Final = 1
UNKNOWN: Final = 2


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of many customers.

    Attributes:
        points: (customers, criteria) in 0.0001, -1 where left out; stored column by column.
        states: (customers, criteria) 0 known, 1 assumed, 2 unknown (left out).
        score: Scores with bounds in 0.0001; values -1 where unknown.
        known_weight: (customers,) sum of the weights of known criteria.
    """

    points: NDArray[np.int32]
    states: NDArray[np.uint8]
    score: ScoreColumn
    known_weight: NDArray[np.int64]


def score_columns(
    card: Scorecard, columns: Columns, length: int, same: Mapping[str, int | None] = MappingProxyType({})
) -> Scored:
    """Score every customer by a scorecard.

    Args:
        columns: Metrics by name, (customers,) each.
        length: Customers.
        same: Points in 0.0001 that every customer has, by criterion, None where the metric is unknown; the
            metrics of these criteria are not read.

    Raises:
        ValueError: The weights are negative or their sum is beyond `LARGEST_WEIGHT`.
    """
    check_weights(card)
    shape = length, len(card.criteria)
    result = Scored(
        np.empty(shape, np.int32, order="F"),
        np.empty(shape, np.uint8, order="F"),
        _empty_scores(length),
        np.empty(length, np.int64),
    )
    for start in range(0, length, CHUNK):
        _score_chunk(card, columns, same, result, slice(start, min(start + CHUNK, length)))
    return result


def _empty_scores(length: int) -> ScoreColumn:
    values, low, high = (np.empty(length, np.int64) for _ in range(3))
    return ScoreColumn(values, low, high, np.empty(length, np.bool_))


def _score_chunk(
    card: Scorecard, columns: Columns, same: Mapping[str, int | None], result: Scored, rows: slice
) -> None:
    length = rows.stop - rows.start
    total = sum(criterion.weight for criterion in card.criteria)
    weighted = np.zeros(length, np.int64)
    left_out: Any = 0
    unknown_weight: Any = 0
    result.states[rows] = KNOWN
    for j, criterion in enumerate(card.criteria):
        given = result.points[rows, j]
        if criterion.name in same:
            unknown = _write_same(same[criterion.name], given)
        else:
            unknown = write_points(criterion.node, columns, rows, given)
        if unknown is not None:
            state = result.states[rows, j]
            assumed = assumed_points(criterion)
            absent = np.where(unknown, criterion.weight, 0)
            unknown_weight = unknown_weight + absent
            if assumed is None:
                left_out = left_out + absent
                state[unknown] = UNKNOWN
                weighted += np.where(unknown, 0, given) * np.int64(criterion.weight)
                continue
            given[unknown] = assumed
            state[unknown] = ASSUMED
        weighted += given * np.int64(criterion.weight)
    result.known_weight[rows] = total - unknown_weight
    known = result.known_weight[rows] * 100 >= card.min_known_weight * total
    _divide(result.score, rows, weighted, left_out, total)
    result.score.known[rows] &= known
    result.score.values[rows][~result.score.known[rows]] = LEFT_OUT


def _write_same(points: int | None, out: NDArray[np.int32]) -> NDArray[np.bool_] | None:
    """The same points for everybody, given as `write_points` gives them."""
    out[:] = LEFT_OUT if points is None else points
    return np.ones(len(out), np.bool_) if points is None else None


def _divide(score: ScoreColumn, rows: slice, weighted: NDArray[np.int64], left_out: Any, total: int) -> None:
    """Score, lower and upper bound, each rounded once; known as far as anything has points."""
    with_points = total - left_out
    whole = max(total, 1)
    score.known[rows] = with_points > 0
    score.low[rows] = _half_even(weighted, whole, total)
    if isinstance(left_out, int):
        score.high[rows] = score.low[rows]
        score.values[rows] = score.low[rows]
        return
    score.high[rows] = _half_even(weighted + left_out * BEST_POINTS, whole, total)
    score.values[rows] = _half_even(weighted, np.maximum(with_points, 1), total)


def _half_even(numerators: NDArray[np.int64], denominators: Any, total: int) -> Any:
    if doubles_are_exact(total * BEST_POINTS, total, BEST_POINTS):
        return np.rint(numerators / denominators)
    return half_even_many(numerators, denominators)
