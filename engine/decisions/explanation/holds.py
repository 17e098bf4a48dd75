"""What kept a customer from moving, until when, and which missing metrics did it."""

from __future__ import annotations

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.phrases import HOLD_NAMES
from engine.decisions.explanation.values import midnight
from engine.decisions.model import HOLDS, NO_DAY
from engine.decisions.reading import UNKNOWN
from engine.decisions.record import Hold
from engine.expressions import Expression
from engine.vocabulary import HoldCause, Text


def holds_of(case: Case) -> tuple[Hold, ...]:
    """What holds the customer; empty: nothing."""
    held = int(case.outcomes.held_by[0])
    if held < 0:
        return ()
    cause = HOLDS[held]
    day = int(case.outcomes.until[0])
    until = None if day == NO_DAY else midnight(day, case.book.timezone)
    key = case.rules.tiers[_led_to(case, cause)].key
    metrics = missing_metrics(case) if cause is HoldCause.MISSING_DATA else ()
    return (Hold(cause, key, until, metrics, _text(cause, key, metrics)),)


def _led_to(case: Case, cause: HoldCause) -> int:
    """Where the move would have led; for missing data the possible tier farthest down, or up if none is."""
    outcomes = case.outcomes
    if cause is HoldCause.MISSING_DATA:
        worst, best = int(outcomes.worst[0]), int(outcomes.best[0])
        return worst if worst > case.stored else best
    pending = int(outcomes.pending_to[0])
    return pending if pending >= 0 else int(outcomes.computed[0])


def missing_metrics(case: Case) -> tuple[str, ...]:
    """The metrics whose absence leaves the tier open, sorted.

    These are the unknown metrics of force rules that are unknown, and, for the tiers between the best and the
    worst case, of their unknown gates and `or_when`, and of the criteria left out where the score decides.
    """
    rules, outcomes = case.rules, case.outcomes
    found: set[str] = set()
    for force in rules.force:
        if force.on_unknown == "hold" and case.truth(force.when) == UNKNOWN:
            found |= _unknown(case, force.when)
    low, high = int(outcomes.low[0]), int(outcomes.high[0])
    for tier in rules.tiers[int(outcomes.best[0]) : int(outcomes.worst[0])]:
        conditions = [*tier.gates, *([tier.or_when] if tier.or_when is not None else [])]
        for gate in conditions:
            if gate.on_unknown == "hold" and case.truth(gate.when) == UNKNOWN:
                found |= _unknown(case, gate.when)
        if not case.has_score or low < (tier.at_least or 0) <= high:
            found |= _unscored(case)
    return tuple(sorted(found))


def _unknown(case: Case, condition: Expression) -> set[str]:
    own = case.unknown_metrics(condition.names)
    return own | _unscored(case) if "score" in condition.names else own


def _unscored(case: Case) -> set[str]:
    return case.unknown_metrics(tuple(criterion.metric for criterion in case.rules.scorecard.criteria))


def _text(cause: HoldCause, key: str, metrics: tuple[str, ...]) -> Text:
    name = HOLD_NAMES[cause]
    if not metrics:
        return Text(f"Kept from {key} by {name.en}.", f"因{name.zh}未转入 {key}。")
    listed = ", ".join(metrics)
    return Text(f"Kept by {name.en} ({listed}); it could be {key}.", f"因{name.zh}（{listed}）保持不变；可能为 {key}。")
