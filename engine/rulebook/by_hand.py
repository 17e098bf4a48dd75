"""What a rule book says of people's part: tiers set by hand, and decisions that a person should look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.vocabulary import Text

USUAL_TIERS_APART: Final = 2
"""Tiers between the computed one and the one set by hand from which a second person has to agree."""
USUAL_PER_RUN: Final = 200
"""Reviews that one run makes at most, if the book does not say."""


@dataclass(frozen=True, slots=True)
class SecondApprover:
    """When a second person has to agree to a tier set by hand; any one of these asks for it.

    Attributes:
        tiers_apart: It lies so many tiers or more from the computed one, up or down.
        best_tier: It lifts somebody into the best tier.
        value_above: The customer's lifetime value is above this, in minor units, or unknown; None: no limit.
    """

    tiers_apart: int = USUAL_TIERS_APART
    best_tier: bool = True
    value_above: int | None = None


@dataclass(frozen=True, slots=True)
class OverrideRules:
    """How tiers are set by hand.

    Attributes:
        reasons: What each reason code means; no other reason is accepted. Empty: any reason is.
        second_approver: None: whoever may set a tier by hand does so alone.
    """

    reasons: Mapping[str, Text]
    second_approver: SecondApprover | None


@dataclass(frozen=True, slots=True)
class NearThreshold:
    """Scores so close to a tier's start that a person should look, of the most valuable customers.

    Attributes:
        margin: Score in 0.0001, to either side.
        top_share: Share in 0.000001 of the market's customers with a lifetime value, the most valuable ones.
    """

    margin: int
    top_share: int


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """Which decisions a run puts before a person.

    Attributes:
        missing_data: Tiers that missing data keep.
        guardrail: Moves of a run that moves more than a guardrail of the book allows a change of rules to.
        per_run: How many reviews one run makes at most, those of the most valuable customers first.
    """

    missing_data: bool = False
    near_threshold: NearThreshold | None = None
    guardrail: bool = False
    per_run: int = USUAL_PER_RUN
