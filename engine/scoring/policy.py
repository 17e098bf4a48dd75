"""What the absence of a criterion's metric means, and the limits scores keep to."""

from __future__ import annotations

from typing import Final

from engine.scoring.model import Criterion, MissingPolicy, Scorecard
from engine.vocabulary import POINTS_SCALE

BEST_POINTS: Final = 100 * POINTS_SCALE
"""100 points in 0.0001: what a criterion left out might have given."""

NEUTRAL_POINTS: Final = 50 * POINTS_SCALE
"""What `missing: neutral` gives."""

LEFT_OUT: Final = -1
"""Stands for no points and for an unknown score."""

LARGEST_WEIGHT: Final = 2**40
"""Greatest sum of weights: every sum of weight x points then fits 64 bits twice."""


def assumed_points(criterion: Criterion) -> int | None:
    """Points in 0.0001 of a criterion whose metric is unknown; None: it is left out.

    `worst` and `best` are the lowest and highest points of the criterion's own curve or bins.
    """
    match criterion.missing:
        case MissingPolicy.NEUTRAL:
            return NEUTRAL_POINTS
        case MissingPolicy.WORST:
            return min(criterion.node.ys)
        case MissingPolicy.BEST:
            return max(criterion.node.ys)
        case MissingPolicy.RENORMALISE:
            return None


def check_weights(card: Scorecard) -> None:
    """Refuse weights no exact score can be calculated with.

    Raises:
        ValueError: A weight is negative, or their sum is beyond `LARGEST_WEIGHT`.
    """
    weights = [criterion.weight for criterion in card.criteria]
    if min(weights, default=0) < 0 or sum(weights) > LARGEST_WEIGHT:
        raise ValueError(f"weights are whole numbers from 0, their sum at most {LARGEST_WEIGHT}")
