"""Why one customer moves, in a sentence and by the criteria that differ."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.decisions.record import Explained
from engine.trials.preview.movers import Mover
from engine.vocabulary import UNRATED, Text

_UNKNOWN = Text("The score is unknown: too little of its weight is known.", "分数未知：已知权重不足。")


@dataclass(frozen=True, slots=True)
class Shift:
    """A criterion whose part of the score differs; `delta` in points of the score."""

    criterion: str
    title: Text
    delta: Decimal


def why(mover: Mover) -> Text:
    """Why the candidate gives this tier: on the way down what bars the better one, on the way up what opens it."""
    told = mover.candidate
    if told.forced is not None:
        return told.forced.text
    asked = mover.before if mover.down else mover.after
    verdict = next((tier for tier in told.tiers if tier.key == asked), None)
    if verdict is None:
        verdict = next((tier for tier in told.tiers if tier.key == mover.after), None)
    if verdict is not None:
        return verdict.text
    return (
        _UNKNOWN
        if told.score is None
        else Text(f"No rule gives {asked or UNRATED}.", f"没有规则给出 {asked or UNRATED}。")
    )


def shifts(mover: Mover) -> tuple[Shift, ...]:
    """What `shifts_between` finds of the two books."""
    return shifts_between(mover.live, mover.candidate)


def shifts_between(before: Explained, after: Explained) -> tuple[Shift, ...]:
    """Criteria whose contribution differs, the largest difference first; those of one side alone too.

    Where both scores are known, the differences sum to that of the scores.
    """
    old, new = _contributions(before), _contributions(after)
    titles = {criterion.name: criterion.title for told in (before, after) for criterion in told.criteria}
    found = [
        Shift(name, title, new.get(name, Decimal(0)) - old.get(name, Decimal(0))) for name, title in titles.items()
    ]
    differing = [shift for shift in found if shift.delta]
    return tuple(sorted(differing, key=lambda shift: (-abs(shift.delta), shift.criterion)))


def _contributions(told: Explained) -> dict[str, Decimal]:
    return {criterion.name: criterion.contribution for criterion in told.criteria}
