"""What changed since the decision before, split by what was swapped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.decisions.explanation.values import points
from engine.decisions.model import Moment, States
from engine.decisions.names import market_column
from engine.decisions.pipeline import rate_by
from engine.decisions.reading import TracedReading
from engine.decisions.record import ChangePart, CriterionDelta
from engine.expressions import Columns
from engine.rulebook.book import MarketBook
from engine.vocabulary import UNRATED

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
    """Split the difference of two scores by cause and criterion.

    The caller hands in the inputs after each swap, in the order of `CHANGE_CAUSES`: the facts with new
    records, with corrected ones, by the new rules, with the new predictions, with the override, and at last
    everything as the later decision had it. A part is the difference its swap makes, criterion by criterion, so
    the parts sum to the whole exactly: those of a criterion to the difference of its two contributions, and the
    criteria of a part to the part. Where a score in between is unknown, its swap counts as no difference and the
    next one takes it up.

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
    names = tuple(dict.fromkeys((*answers[-1].contributions, *answers[0].contributions)))
    parts, known, tier = [], answers[0], answers[0].tier
    for cause, answer in zip(CHANGE_CAUSES, answers[1:], strict=True):
        reached = known if answer.score is None else answer
        parts.append(_part(cause, names, known, reached, (tier, answer.tier)))
        known, tier = reached, answer.tier
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A score in 0.0001 (None: unknown) with the contributions that sum to it, and a computed tier."""

    score: int | None
    contributions: dict[str, int]
    tier: str


def _rated(inputs: Inputs) -> _Answer:
    length, rules = len(inputs.states.tier), inputs.rules
    columns = {**inputs.columns, "market": market_column(rules.market, length)}
    reading = TracedReading(columns, length, inputs.moment.day)
    computed = int(rate_by(reading, rules, inputs.states).asked.computed[0])
    one = reading.ones(rules.scorecard)[0]
    contributions = {part.criterion.name: part.contribution or 0 for part in one.criteria}
    return _Answer(one.score.value, contributions, rules.tiers[computed].key if computed >= 0 else UNRATED)


def _part(cause: str, names: Sequence[str], old: _Answer, new: _Answer, tiers: tuple[str, str]) -> ChangePart:
    """The difference one swap makes; a criterion that a book does not have contributes nothing by it."""
    deltas = {name: new.contributions.get(name, 0) - old.contributions.get(name, 0) for name in names}
    before, after = tiers if tiers[0] != tiers[1] else (None, None)
    return ChangePart(
        cause=cause,
        delta=points(sum(deltas.values())),
        tier=after,
        tier_before=before,
        criteria=tuple(CriterionDelta(name, points(delta)) for name, delta in deltas.items()),
    )
