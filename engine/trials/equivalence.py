"""Changes of rules that provably change nothing for anybody; they are not held against the tests."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from engine.expressions.point_nodes import bin_points
from engine.expressions.tree import Bins, Curve
from engine.scoring import Scorecard

_MOST_SUMS: Final = 100_000


def same_points(one: Curve | Bins, other: Curve | Bins) -> bool:
    """Two curves, or two sets of bins, give the same points for every value.

    >>> from engine.expressions.tree import Name
    >>> from engine.vocabulary import Unit
    >>> count = Name("n", Unit.COUNT)
    >>> same_points(Curve(count, (0, 5, 10), (0, 9, 9)), Curve(count, (0, 5, 11), (0, 9, 9)))
    True
    """
    if isinstance(one, Curve) and isinstance(other, Curve):
        return all(_height(one, x) == _height(other, x) for x in {*one.xs, *other.xs})
    if isinstance(one, Bins) and isinstance(other, Bins):
        edges = {*one.edges, *other.edges}
        return all(bin_points(one, x) == bin_points(other, x) for x in {*edges, min(edges) - 1})
    return False


def _height(curve: Curve, x: int) -> Fraction:
    """A curve before rounding: between its corners a straight line, so equal corners make equal curves."""
    xs, ys = curve.xs, curve.ys
    if x <= xs[0] or len(xs) == 1:
        return Fraction(ys[0])
    if x >= xs[-1]:
        return Fraction(ys[-1])
    i = next(index for index in range(len(xs)) if xs[index] > x)
    return ys[i - 1] + Fraction((ys[i] - ys[i - 1]) * (x - xs[i - 1]), xs[i] - xs[i - 1])


def same_weights(one: Scorecard, other: Scorecard) -> bool:
    """Two scorecards that differ in weights only weigh alike: their weights are in the same proportions."""
    before, after = ([criterion.weight for criterion in card.criteria] for card in (one, other))
    return all(a * sum(after) == b * sum(before) for a, b in zip(before, after, strict=True))


def same_least_known(card: Scorecard, other: int) -> bool:
    """Another `min_known_weight` refuses a score to exactly the same customers: no sum of weights lies between.

    Not decided (False) for weights beyond any that people write.
    """
    weights = [criterion.weight for criterion in card.criteria]
    total = sum(weights)
    if total > _MOST_SUMS:
        return False
    low, high = sorted((card.min_known_weight, other))
    return not any(low * total <= reached * 100 < high * total for reached in _sums(weights))


def _sums(weights: Sequence[int]) -> list[int]:
    """Every sum some of the weights can have; bit i of the number says that i is one."""
    bits = 1
    for weight in weights:
        bits |= bits << weight
    return [index for index, bit in enumerate(reversed(bin(bits)[2:])) if bit == "1"]
