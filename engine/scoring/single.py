"""The score of one customer, in Python's whole numbers, with everything an explanation needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from engine.expressions import Facts, ScoreFact, Tracer, half_even
from engine.scoring.model import Criterion, Scorecard
from engine.scoring.policy import BEST_POINTS, assumed_points, check_weights
from engine.vocabulary import MetricState


@dataclass(frozen=True, slots=True)
class CriterionScore:
    """One criterion's part of a customer's score; points and contributions are whole numbers of 0.0001.

    Attributes:
        points: None: left out.
        weight_with_points: Sum of the weights that have points.
        contribution: Its part of the score; None when left out, and when the score is unknown.
        low, high: Lowest and highest points it can have: its points, or 0 and 100 when left out.
    """

    criterion: Criterion
    state: MetricState
    points: int | None
    weight_with_points: int
    contribution: int | None
    low: int
    high: int

    @property
    def effective_weight(self) -> Fraction:
        """Share of the weights that have points, 0 to 1; 0 when left out."""
        left_out = self.points is None or not self.weight_with_points
        return Fraction(0) if left_out else Fraction(self.criterion.weight, self.weight_with_points)


@dataclass(frozen=True, slots=True)
class ScoredOne:
    """One customer's score.

    Attributes:
        criteria: In the scorecard's order.
        score: With bounds, in 0.0001.
        known_weight: Sum of the weights of known criteria.
        total_weight: Sum of all weights.
    """

    criteria: tuple[CriterionScore, ...]
    score: ScoreFact
    known_weight: int
    total_weight: int

    @property
    def coverage(self) -> Fraction:
        """Known share of the weights, 0 to 1."""
        return Fraction(self.known_weight, self.total_weight) if self.total_weight else Fraction(0)


def score_one(card: Scorecard, facts: Facts) -> ScoredOne:
    """Score one customer by a scorecard.

    The contributions are apportioned by largest remainder, ties by name, so that they sum to the score.

    Raises:
        ValueError: The weights are negative or their sum is beyond `LARGEST_WEIGHT`.
    """
    check_weights(card)
    tracer = Tracer(facts)
    given = [tracer.points(criterion.node) for criterion in card.criteria]
    points = [
        assumed_points(criterion) if own is None else own for criterion, own in zip(card.criteria, given, strict=True)
    ]
    weights = [criterion.weight for criterion in card.criteria]
    known_weight = sum(weight for weight, own in zip(weights, given, strict=True) if own is not None)
    score = _score(weights, points, known_weight * 100 >= card.min_known_weight * sum(weights))
    with_points = sum(weight for weight, own in zip(weights, points, strict=True) if own is not None)
    names = [criterion.name for criterion in card.criteria]
    parts = apportioned(names, weights, points, score.value) if score.value is not None else [None] * len(points)
    criteria = tuple(
        CriterionScore(
            criterion,
            _state(own, final),
            final,
            with_points,
            part,
            0 if final is None else final,
            BEST_POINTS if final is None else final,
        )
        for criterion, own, final, part in zip(card.criteria, given, points, parts, strict=True)
    )
    return ScoredOne(criteria, score, known_weight, sum(weights))


def apportioned(
    names: Sequence[str], weights: Sequence[int], points: Sequence[int | None], score: int
) -> list[int | None]:
    """The score's parts: each rounded down, the rest to the largest remainders, ties by name.

    >>> apportioned(["a", "b"], [1, 2], [1_000_000, 1_000_000], 1_000_000)
    [333333, 666667]
    """
    kept = [i for i, own in enumerate(points) if own is not None]
    whole = sum(weights[i] for i in kept)
    quotients = {i: divmod(weights[i] * (points[i] or 0), whole) for i in kept}
    short = score - sum(quotient for quotient, _ in quotients.values())
    ranked = sorted(kept, key=lambda i: (-quotients[i][1], names[i]))
    raised = set(ranked[:short])
    return [quotients[i][0] + (i in raised) if i in quotients else None for i in range(len(points))]


def lost_points(one: ScoredOne) -> list[int]:
    """What every criterion costs, in 0.0001: `weight` × (100 − points), apportioned as contributions are.

    They sum to 100 − score exactly; full points lose nothing, nor does a criterion left out, nor any of an unknown
    score.
    """
    score = one.score.value
    if score is None:
        return [0] * len(one.criteria)
    names = [part.criterion.name for part in one.criteria]
    weights = [part.criterion.weight for part in one.criteria]
    missed = [None if part.points is None else BEST_POINTS - part.points for part in one.criteria]
    return [part or 0 for part in apportioned(names, weights, missed, BEST_POINTS - score)]


def _score(weights: Sequence[int], points: Sequence[int | None], enough_known: bool) -> ScoreFact:
    pairs = list(zip(weights, points, strict=True))
    total = sum(weights)
    with_points = sum(weight for weight, own in pairs if own is not None)
    weighted = sum(weight * own for weight, own in pairs if own is not None)
    left_out = total - with_points
    low = half_even(weighted, max(total, 1))
    high = half_even(weighted + left_out * BEST_POINTS, max(total, 1))
    return ScoreFact(half_even(weighted, with_points) if enough_known and with_points else None, low, high)


def _state(own: int | None, final: int | None) -> MetricState:
    if own is not None:
        return MetricState.KNOWN
    return MetricState.UNKNOWN if final is None else MetricState.ASSUMED
