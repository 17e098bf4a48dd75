"""What changed since the decision before, split by what was swapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeVar

from engine.decisions.explanation.values import points
from engine.decisions.lifecycle import override
from engine.decisions.model import Moment, States
from engine.decisions.names import market_column
from engine.decisions.pipeline import rate, rate_by
from engine.decisions.reading import TracedReading
from engine.decisions.record import ChangePart, CriterionDelta
from engine.decisions.stability import keep
from engine.expressions import Columns
from engine.rulebook.book import MarketBook
from engine.vocabulary import UNRATED

T = TypeVar("T")

CHANGE_CAUSES: Final = ("BEHAVIOUR", "DATA_CORRECTION", "RULE", "MODEL", "OVERRIDE", "TIME")
"""The fixed order in which the inputs of two decisions are swapped."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What decisions of one market are made from; every array has a row for each customer."""

    rules: MarketBook
    columns: Columns
    states: States
    moment: Moment


def change_parts(before: Inputs, swapped: Sequence[Inputs], tier: str) -> tuple[ChangePart, ...]:
    """Split the difference of two decisions by cause, the score's also by criterion.

    The caller hands in the inputs after each swap, in the order of `CHANGE_CAUSES`: the facts with new
    records, with corrected ones, by the new rules, with the new predictions, with the override, and at last
    everything as the later decision had it. The state of all of them is what the earlier decision left.

    A part is the difference its swap makes, criterion by criterion, so the parts sum to the whole exactly: those of a
    criterion to the difference of its two contributions, and the criteria of a part to the part. Where a score in
    between is unknown, its swap counts as no difference and the next one takes it up. Where one of the two scores
    themselves is unknown, there is no whole: a part with an unknown score before or after it has no delta, and its
    criteria sum as contributions do, which are nothing where the score is unknown.

    The effective tier is carried through the same swaps, through stability and override, from the one the
    earlier decision gave to the one the later gives. What deciding once more moves with nothing swapped (a second step
    down) is told with TIME.

    Args:
        before: Facts, rules and moment of one customer's earlier decision, with the state that it left.
        swapped: One per cause; the last are the inputs of the later decision.
        tier: Key of the effective tier of the earlier decision, or UNRATED.

    Returns:
        A part per cause.

    Raises:
        ValueError: There is not one step per cause.
    """
    if len(swapped) != len(CHANGE_CAUSES):
        raise ValueError(f"one step for each of {', '.join(CHANGE_CAUSES)} is needed")
    answers = _answers((before, *swapped), _answer)
    whole = answers[0].score is not None and answers[-1].score is not None
    names = tuple(dict.fromkeys((*answers[-1].contributions, *answers[0].contributions)))
    parts, known = [], answers[0]
    for cause, old, new in zip(CHANGE_CAUSES, answers, answers[1:], strict=False):
        reached = known if whole and new.score is None else new
        moved_to = new.tier if new.tier != old.tier or cause == "TIME" else tier
        felt = (old.score, old.contributions, old.asked) != (new.score, new.contributions, new.asked)
        parts.append(_part(cause, names, (known, reached), (tier, moved_to), felt))
        known, tier = reached, moved_to
    return tuple(parts)


def moved_by_rules(before: Inputs, swapped: Sequence[Inputs], tiers: Sequence[str]) -> list[bool]:
    """Whether the part of the rules moves the effective tier: what `change_parts` tells, for many customers at once.

    Args:
        before, swapped: As there, of many customers.
        tiers: Keys of their effective tiers by the earlier decision, or UNRATED.
    """
    upto = CHANGE_CAUSES.index("RULE") + 1
    answers, reached = _answers((before, *swapped[:upto]), _effective), list(tiers)
    for old, new in pairwise(answers[:-1]):
        reached = [now if now != was else tier for now, was, tier in zip(new, old, reached, strict=True)]
    return [ruled not in (old, tier) for ruled, old, tier in zip(answers[-1], answers[-2], reached, strict=True)]


def _effective(inputs: Inputs) -> list[str]:
    """Keys of the effective tiers that some inputs give; UNRATED where there is none."""
    rules, states, moment = inputs.rules, inputs.states, inputs.moment
    rated = rate(rules, inputs.columns, states, moment)
    kept = keep(rules, states, moment, score=rated.scored.score, ladder=rated.ladder, asked=rated.asked)
    return [_key(rules, code) for code in override(states, kept.tier, moment)[0].tolist()]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What some inputs give.

    Attributes:
        score: In 0.0001; None: unknown.
        contributions: By criterion, they sum to the score; nothing where it is unknown.
        tier: Key of the effective tier.
        asked: Key of the tier that force and ladder ask for, before stability and override.
    """

    score: int | None
    contributions: dict[str, int]
    tier: str
    asked: str


def _answers(steps: Sequence[Inputs], answer: Callable[[Inputs], T]) -> list[T]:
    """Answers in order; a step that swaps nothing has the answer of the one before."""
    answers: list[T] = []
    for number, step in enumerate(steps):
        same = number > 0 and step is steps[number - 1]
        answers.append(answers[-1] if same else answer(step))
    return answers


def _answer(inputs: Inputs) -> _Answer:
    rules, states, moment = inputs.rules, inputs.states, inputs.moment
    length = len(states.tier)
    reading = TracedReading({**inputs.columns, "market": market_column(rules.market, length)}, length, moment.day)
    rated = rate_by(reading, rules, states)
    kept = keep(rules, states, moment, score=rated.scored.score, ladder=rated.ladder, asked=rated.asked)
    effective = override(states, kept.tier, moment)[0]
    one = reading.ones(rules.scorecard)[0]
    contributions = {part.criterion.name: part.contribution or 0 for part in one.criteria}
    return _Answer(
        one.score.value, contributions, *(_key(rules, int(codes[0])) for codes in (effective, rated.asked.computed))
    )


def _key(rules: MarketBook, code: int) -> str:
    return rules.tiers[code].key if code >= 0 else UNRATED


def _part(
    cause: str, names: Sequence[str], answers: tuple[_Answer, _Answer], tiers: tuple[str, str], felt: bool
) -> ChangePart:
    """The difference one swap makes; a criterion that a book does not have contributes nothing by it."""
    old, new = answers
    deltas = {name: new.contributions.get(name, 0) - old.contributions.get(name, 0) for name in names}
    before, after = tiers if tiers[0] != tiers[1] else (None, None)
    return ChangePart(
        cause=cause,
        delta=None if old.score is None or new.score is None else points(sum(deltas.values())),
        tier=after,
        tier_before=before,
        criteria=tuple(CriterionDelta(name, points(delta)) for name, delta in deltas.items()),
        felt=felt,
    )
