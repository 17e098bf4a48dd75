"""What kept a customer from moving, until when, and which missing metrics did it."""

from __future__ import annotations

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.phrases import HOLD_NAMES
from engine.decisions.explanation.values import midnight
from engine.decisions.model import HOLDS, NO_DAY
from engine.decisions.reading import FALSE, TRUE, UNKNOWN
from engine.decisions.record import Hold
from engine.expressions import Expression
from engine.rulebook.book import Tier
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
    return (Hold(cause, key, until, metrics, _text(case, cause, key, metrics)),)


def _led_to(case: Case, cause: HoldCause) -> int:
    """Where the move would have led; for missing data the possible tier farthest down, or up if none is."""
    outcomes = case.outcomes
    if cause is HoldCause.MISSING_DATA:
        worst, best = _possible(case)
        return worst if worst > case.stored else best
    pending = int(outcomes.pending_to[0])
    return pending if pending >= 0 else int(outcomes.computed[0])


def _possible(case: Case) -> tuple[int, int]:
    """The worst and the best tier possible, in agreement with the range of the score.

    Where the score is unknown, the ladder takes every tier for possible that no gate forbids. Told is no more than
    what the unknown criteria could do, those with assumed points included.
    """
    worst, best = int(case.outcomes.worst[0]), int(case.outcomes.best[0])
    if case.has_score or case.open_force:
        return worst, best
    low, high = case.widest
    standings = [(tier.at_least or 0, *_cases(case, tier)) for tier in case.rules.tiers]
    reachable = [n for n, (needed, _, may, door) in enumerate(standings) if may and (door != FALSE or high >= needed)]
    certain = [n for n, (needed, must, _, door) in enumerate(standings) if must and (door == TRUE or low >= needed)]
    return max(case.stored, min(worst, certain[0])), min(case.stored, max(best, reachable[0]))


def _cases(case: Case, tier: Tier) -> tuple[bool, bool, int]:
    """Whether a tier's gates hold at the worst and at the best of what is unknown, and the truth of its `or_when`."""
    answers = [case.cases(gate) for gate in tier.gates]
    door = FALSE if tier.or_when is None else case.truth(tier.or_when.when)
    return all(worst for worst, _ in answers), all(best for _, best in answers), door


def missing_metrics(case: Case) -> tuple[str, ...]:
    """The metrics whose absence leaves the tier open, sorted.

    These are the unknown metrics of force rules that are unknown, and, for the tiers between the best and the
    worst case, of their unknown gates and `or_when`, and of the criteria left out where the score decides.
    """
    rules, outcomes = case.rules, case.outcomes
    found: set[str] = set()
    for force in case.open_force:
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


def _text(case: Case, cause: HoldCause, key: str, metrics: tuple[str, ...]) -> Text:
    name = HOLD_NAMES[cause]
    if not metrics:
        return Text(f"Kept from {key} by {name.en}.", f"因{name.zh}未转入 {key}。")
    listed = case.titles(metrics)
    if key == case.key(case.stored):
        return Text(
            f"Kept by {name.en} ({listed.en}): too little is known for a score.",
            f"因{name.zh}（{listed.zh}）保持不变：已知数据不足，无法评分。",
        )
    return Text(
        f"Kept by {name.en} ({listed.en}); it could be {key}.", f"因{name.zh}（{listed.zh}）保持不变；可能为 {key}。"
    )
