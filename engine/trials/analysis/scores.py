"""What scores may be, and how they compare: a score has bounds, and only what both say is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from engine.expressions.tree import Comparison
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN, Numbers, Range, compared, negated
from engine.vocabulary import POINTS_SCALE


@dataclass(frozen=True, slots=True)
class ScoreRange:
    """What scores may be, in 0.0001: their lower and their upper bounds, each from … to.

    Attributes:
        known, unknown: Whether a score may be known, and unknown.
        exact, opened: Whether its two bounds may be the same, and may differ.
    """

    low: tuple[int, int]
    high: tuple[int, int]
    known: bool
    unknown: bool
    exact: bool
    opened: bool

    @property
    def numbers(self) -> Numbers:
        """The score where its bounds agree."""
        low, high = (end / POINTS_SCALE for end in self.low)
        return Numbers(low, high, self.known and self.exact, self.unknown or self.opened)

    def parts(self, cuts: Sequence[int]) -> list[ScoreRange]:
        """The same by cells: one score cannot be in two of them, which ranges alone do not see."""
        found = [replace(self, exact=False)] if self.opened else []
        if self.exact:
            low, high = max(self.low[0], self.high[0]), min(self.low[1], self.high[1])
            edges = [low, *(cut for cut in cuts if low < cut <= high), high + 1]
            cells = [(first, after - 1) for first, after in pairwise(edges) if first < after]
            found += [replace(self, low=cell, high=cell, opened=False) for cell in cells]
        return found or [self]


def score_compared(score: ScoreRange, operator: Comparison, other: Range) -> int:
    """`score <operator> other`: true or false only where both bounds of the score say so."""
    assert isinstance(other, Numbers)
    if not (score.known and other.known):
        return UNKNOWN
    low = Numbers(score.low[0] / POINTS_SCALE, score.low[1] / POINTS_SCALE)
    high = Numbers(score.high[0] / POINTS_SCALE, score.high[1] / POINTS_SCALE)
    first, last = compared(operator, low, other), compared(operator, high, other)
    unknown = score.unknown or other.unknown
    if operator in (Comparison.EQUAL, Comparison.NOT_EQUAL):
        truths = _score_equal(score, other)
        return (negated(truths) if operator is Comparison.NOT_EQUAL else truths) | (UNKNOWN if unknown else 0)
    differ = score.opened and ((first & TRUE and last & FALSE) or (first & FALSE and last & TRUE))
    return (first & last & (TRUE | FALSE)) | (UNKNOWN if unknown or differ else 0)


def _score_equal(score: ScoreRange, other: Numbers) -> int:
    """Whether a score is a number that may lie between its bounds: then it is unknown unless they are the same."""
    low, high = ((end[0] / POINTS_SCALE, end[1] / POINTS_SCALE) for end in (score.low, score.high))
    written = other.low == other.high and round(other.low * POINTS_SCALE) / POINTS_SCALE == other.low
    hit = low[0] <= other.high and high[1] >= other.low
    missed = low[1] > other.low or high[0] < other.high or not written
    return (TRUE if hit and score.exact else 0) | (FALSE if missed else 0) | (UNKNOWN if hit and score.opened else 0)
