"""What changed since the decision before, split by what was swapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.decisions.explanation.values import points
from engine.decisions.model import Moment, States
from engine.decisions.pipeline import rate
from engine.decisions.record import ChangePart
from engine.expressions import Columns
from engine.rulebook.book import MarketBook

CHANGE_CAUSES: Final = ("BEHAVIOUR", "DATA_CORRECTION", "RULE", "MODEL", "OVERRIDE", "TIME")
"""The fixed order in which the inputs of two decisions are swapped."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What one customer's decision is made from; every array has one row."""

    rules: MarketBook
    columns: Columns
    states: States
    moment: Moment


def change_parts(before: Inputs, swapped: Sequence[Inputs]) -> tuple[ChangePart, ...] | None:
    """Split the difference of two scores by cause.

    The caller hands in the inputs after each swap, in the order of `CHANGE_CAUSES`: the facts with new
    records, with corrected ones, by the new rules, with the new predictions, with the override, and at last
    everything as the later decision had it. A part is the difference its swap makes, so the parts sum to the
    whole exactly. Where a score in between is unknown, its swap counts as no difference and the next one
    takes it up.

    Args:
        before: Inputs of the earlier decision.
        swapped: One per cause; the last are the inputs of the later decision.

    Returns:
        A part per cause, or None: one of the two scores is unknown.

    Raises:
        ValueError: There is not one step per cause.
    """
    if len(swapped) != len(CHANGE_CAUSES):
        raise ValueError(f"one step for each of {', '.join(CHANGE_CAUSES)} is needed")
    answers = [_rated(inputs) for inputs in (before, *swapped)]
    if answers[0].score is None or answers[-1].score is None:
        return None
    parts, score, tier = [], answers[0].score, answers[0].tier
    for cause, answer in zip(CHANGE_CAUSES, answers[1:], strict=True):
        delta = 0 if answer.score is None else answer.score - score
        parts.append(ChangePart(cause, points(delta), answer.tier if answer.tier != tier else None))
        score, tier = score + delta, answer.tier
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A score in 0.0001 and a computed tier; None: unknown, UNRATED."""

    score: int | None
    tier: str | None


def _rated(inputs: Inputs) -> _Answer:
    rated = rate(inputs.rules, inputs.columns, inputs.states, inputs.moment, "traced")
    score, computed = int(rated.scored.score.values[0]), int(rated.asked.computed[0])
    return _Answer(score if score >= 0 else None, inputs.rules.tiers[computed].key if computed >= 0 else None)
