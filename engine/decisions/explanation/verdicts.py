"""Why every tier was, or was not, given."""

from __future__ import annotations

from dataclasses import dataclass

from engine.decisions.explanation import phrases
from engine.decisions.explanation.case import Case
from engine.decisions.explanation.holds import missing_metrics
from engine.decisions.explanation.values import points
from engine.decisions.record import GateResult, TierVerdict
from engine.rulebook.book import Tier
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class Standing:
    """How one tier's own conditions came out.

    Attributes:
        certain: It holds at the worst of what is unknown.
        gates_fail, score_fails: Known to fail, whatever is unknown.
        by_score: The score reaches `at_least` in the worst case.
        by_door: The `or_when` holds in the worst case.
    """

    gates: tuple[GateResult, ...]
    or_when: GateResult | None
    certain: bool
    gates_fail: bool
    score_fails: bool
    by_score: bool
    by_door: bool


def standing_of(case: Case, tier: Tier) -> Standing:
    """A tier's conditions for the customer; the last tier has none."""
    if tier.at_least is None:
        return Standing((), None, True, False, False, False, False)
    answers = [case.cases(gate) for gate in tier.gates]
    worst_door, best_door = case.cases(tier.or_when) if tier.or_when is not None else (False, False)
    by_score = case.has_score and int(case.outcomes.low[0]) >= tier.at_least
    may_score = not case.has_score or int(case.outcomes.high[0]) >= tier.at_least
    gates_hold = all(worst for worst, _ in answers)
    return Standing(
        gates=tuple(case.gate(gate) for gate in tier.gates),
        or_when=case.gate(tier.or_when) if tier.or_when is not None else None,
        certain=gates_hold and (by_score or worst_door),
        gates_fail=not all(best for _, best in answers),
        score_fails=not may_score and not best_door,
        by_score=by_score,
        by_door=worst_door,
    )


def verdicts_of(case: Case) -> tuple[TierVerdict, ...]:
    """The verdict on every tier, best first."""
    verdicts = []
    for index, tier in enumerate(case.rules.tiers):
        standing = standing_of(case, tier)
        result, route = _verdict(case, index, standing)
        verdicts.append(
            TierVerdict(
                key=tier.key,
                title=tier.title,
                result=result,
                route=route,
                needed=None if tier.at_least is None else points(needed(case, index)),
                gates=standing.gates,
                or_when=standing.or_when,
                text=_text(case, index, standing, result, route),
                place=tier.place,
            )
        )
    return tuple(verdicts)


def needed(case: Case, index: int) -> int:
    """The score a tier asks of this customer, in 0.0001: `at_least`, less the margin for the stored tier."""
    margin = case.rules.stability.exit_margin if index == case.stored else 0
    return (case.rules.tiers[index].at_least or 0) - margin


def _verdict(case: Case, index: int, standing: Standing) -> tuple[str, str | None]:
    outcomes, taken = case.outcomes, case.tier
    if outcomes.forced[0] >= 0:
        return ("TAKEN", "FORCE") if index == taken else ("FORCED", None)
    if index == taken:
        return "TAKEN", _route(case, index, standing)
    if taken >= 0 and standing.certain and (index > taken or index >= int(outcomes.computed[0])):
        return "OUTRANKED", None
    if standing.score_fails:
        return "SCORE", None
    return ("GATE" if standing.gates_fail else "UNKNOWN"), None


def _route(case: Case, index: int, standing: Standing) -> str:
    """By which door the tier was taken.

    Its own conditions are one only where they hold at the worst of what is unknown, and where no force rule takes the
    ladder's place; otherwise it is the stored tier, a step on the way to another, or as far as missing data let move.
    """
    asked = int(case.outcomes.computed[0])
    certain = standing.certain and not case.matches_force
    if index == case.stored and (asked != index or not certain):
        return "HELD"
    if asked != index:
        return "STEP_DOWN" if asked > index else "STEP_UP"
    if not certain:
        return "BEST_POSSIBLE" if 0 <= case.stored < index else "WORST_POSSIBLE"
    if index == len(case.rules.tiers) - 1:
        return "LAST"
    return "SCORE" if standing.by_score else "OR_WHEN"


def _taken(case: Case, index: int, route: str | None) -> Text:
    """Why the tier was taken."""
    tier = case.rules.tiers[index]
    at_least = points(tier.at_least or 0)
    if route == "HELD":
        return phrases.kept(case)
    if route == "FORCE":
        return phrases.forced(case)
    if route in ("STEP_DOWN", "STEP_UP"):
        return phrases.one_step(route == "STEP_DOWN", case.rules.tiers[int(case.outcomes.computed[0])].key)
    if route in ("BEST_POSSIBLE", "WORST_POSSIBLE"):
        return phrases.left_by_data(route == "BEST_POSSIBLE", case.titles(missing_metrics(case)))
    if route == "OR_WHEN" and tier.or_when is not None:
        return phrases.by_potential(case, tier.or_when, at_least)
    return phrases.last() if route == "LAST" else phrases.by_score(case, at_least)


def _text(case: Case, index: int, standing: Standing, result: str, route: str | None) -> Text:
    tier = case.rules.tiers[index]
    asked = points(needed(case, index))
    if result == "TAKEN":
        return _taken(case, index, route)
    if result == "OUTRANKED":
        return phrases.outranked(case, index)
    if result == "SCORE":
        return phrases.too_low(case, asked)
    if result == "GATE":
        failed = [g for g, gate in zip(standing.gates, tier.gates, strict=True) if not case.cases(gate)[1]]
        return phrases.gate_fails(failed)
    if result == "FORCED":
        return phrases.forced(case)
    return phrases.left_open(case, asked, standing.gates, standing.certain)
