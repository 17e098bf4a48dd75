"""Scorecards: criteria with integer weights over points of 0.0001."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.errors import Place
from engine.expressions.tree import Bins, Curve
from engine.vocabulary import Text


class MissingPolicy(StrEnum):
    """What the absence of a criterion's metric means."""

    RENORMALISE = "renormalise"
    NEUTRAL = "neutral"
    WORST = "worst"
    BEST = "best"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of a scorecard.

    Attributes:
        node: Points from the metric; its `operand` names the metric.
        missing: The policy in force (the scorecard's default filled in).
        reason: Reason code; None: none.
    """

    name: str
    metric: str
    weight: int
    node: Curve | Bins
    missing: MissingPolicy
    reason: str | None
    title: Text
    place: Place


@dataclass(frozen=True, slots=True)
class Scorecard:
    """The criteria of one market.

    Attributes:
        min_known_weight: Percent of the weights' sum; known weight below it: score unknown.
    """

    criteria: tuple[Criterion, ...]
    min_known_weight: int
    place: Place
