"""Comparisons of the bare score for many customers: every score between the bounds must answer alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.expressions.columns import CAUSE_CODE, Bytes, ScoreColumn
from engine.expressions.lanes import Lane, marked, merged
from engine.expressions.tree import Comparison
from engine.expressions.vectors import COMPARISONS
from engine.vocabulary import POINTS_SCALE, UnknownCause


def score_causes(known: NDArray[np.bool_]) -> Bytes | None:
    """Missing where the score is unknown."""
    if known.all():
        return None
    return np.where(known, np.uint8(0), np.uint8(CAUSE_CODE[UnknownCause.MISSING]))


def exact_score(score: ScoreColumn) -> Lane:
    """The score outside of comparisons: known only where its bounds agree."""
    return Lane(score.low / POINTS_SCALE, score_causes(score.known & (score.low == score.high)), owned=True)


def compare_score(score: ScoreColumn, comparison: Comparison, other: Lane, *, mirrored: bool) -> Lane:
    """`score <comparison> other`, or the same written the other way round when `mirrored`."""
    own = score_causes(score.known)
    causes = merged(other.causes, own) if mirrored else merged(own, other.causes)
    if comparison in (Comparison.EQUAL, Comparison.NOT_EQUAL):
        nearest = np.rint(other.data * POINTS_SCALE)
        hit = (nearest / POINTS_SCALE == other.data) & (score.low <= nearest) & (nearest <= score.high)
        opened = hit & (score.low != score.high)
        holds = hit if comparison is Comparison.EQUAL else ~hit
    else:
        # The comparison is monotone in the score: the two ends speak for all between.
        compare = COMPARISONS[comparison]
        holds = compare(score.low / POINTS_SCALE, other.data)
        opened = holds != compare(score.high / POINTS_SCALE, other.data)
    return _opened(holds, opened, causes)


def score_among(score: ScoreColumn, values: list[float]) -> Lane:
    """Whether the score is one of some written numbers."""
    nearest = {round(value * POINTS_SCALE) for value in values if math.isfinite(value * POINTS_SCALE)}
    count: Any = np.zeros(len(score.low), np.int64)
    for number in sorted(nearest):
        if number / POINTS_SCALE in values:
            count += (score.low <= number) & (number <= score.high)
    return _opened(count > 0, (count > 0) & (count != score.high - score.low + 1), score_causes(score.known))


def _opened(holds: Any, opened: Any, causes: Bytes | None) -> Lane:
    causes = marked(causes, opened, UnknownCause.MISSING)
    return Lane(holds if causes is None else holds & (causes == 0), causes)
