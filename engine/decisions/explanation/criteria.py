"""Criteria with their contributions, and reasons ranked by the points they cost."""

from __future__ import annotations

from decimal import Decimal

from engine.decisions.explanation import phrases
from engine.decisions.explanation.case import Case
from engine.decisions.explanation.values import apportioned, points
from engine.decisions.reading import TRUE
from engine.decisions.record import Bounds, CriterionResult, Reason
from engine.rulebook.book import Force
from engine.scoring import lost_points
from engine.vocabulary import SHARE_SCALE, MetricState

_SHARE_DIGITS = 6


def criteria_of(case: Case) -> tuple[CriterionResult, ...]:
    """Every criterion in the book's order.

    Effective weights are apportioned at 0.000001 so that they sum to 1, contributions so that they sum to the score,
    and points lost so that they sum to what the score lacks of 100, each by itself: a criterion with full points
    loses none. With an unknown score nothing contributes and no points are lost.
    """
    scored = case.scored.criteria
    weights = [0 if one.points is None else one.criterion.weight for one in scored]
    shares = apportioned(SHARE_SCALE, weights, [one.criterion.name for one in scored])
    results = []
    for one, share, lost in zip(scored, shares, lost_points(case.scored), strict=True):
        metric = case.metric(one.criterion.metric)
        results.append(
            CriterionResult(
                name=one.criterion.name,
                title=one.criterion.title,
                metric=one.criterion.metric,
                value=metric.value,
                unit=metric.unit,
                state=one.state,
                cause=metric.cause,
                points=None if one.points is None else points(one.points),
                weight=one.criterion.weight,
                effective_weight=Decimal(share).scaleb(-_SHARE_DIGITS),
                contribution=points(one.contribution or 0),
                points_lost=points(lost),
                bounds=Bounds(points(one.low), points(one.high)),
                place=one.criterion.place,
            )
        )
    return tuple(results)


def reasons_of(case: Case, criteria: tuple[CriterionResult, ...]) -> tuple[Reason, ...]:
    """The reason codes of criteria that cost points, largest loss first (ties by name), then the force rule's.

    The book's text stands for what is known. Points that were assumed because a metric is unknown are told as that; a
    criterion left out costs nothing and gives no reason.
    """
    losing = sorted((c for c in criteria if c.points_lost > 0), key=lambda c: (-c.points_lost, c.name))
    codes = {criterion.name: criterion.reason for criterion in case.rules.scorecard.criteria}
    ranked = [_reason(case, criterion, codes[criterion.name]) for criterion in losing]
    forced = int(case.outcomes.forced[0])
    if forced >= 0:
        ranked.append(_reason_of_force(case, case.rules.force[forced]))
    return tuple(reason for reason in ranked if reason is not None)


def _reason(case: Case, lost: CriterionResult, code: str | None) -> Reason | None:
    """A criterion's reason; None: the book gives none."""
    named = case.rules.reasons.get(code or "")
    if code is None or named is None:
        return None
    text = phrases.assumed(lost) if lost.state is MetricState.ASSUMED else named.text
    return Reason(code, text, lost.points_lost, lost.name, lost.state, lost.cause, named.place)


def _reason_of_force(case: Case, rule: Force) -> Reason | None:
    """A force rule's reason, with what is known of its condition; None: the book gives none."""
    named = case.rules.reasons.get(rule.reason or "")
    if rule.reason is None or named is None:
        return None
    known = case.truth(rule.when) == TRUE
    state = MetricState.KNOWN if known else MetricState.UNKNOWN
    text = named.text if known else phrases.not_known(named.text)
    return Reason(rule.reason, text, Decimal(0), None, state, None, named.place)
