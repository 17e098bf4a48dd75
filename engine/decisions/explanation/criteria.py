"""Criteria with their contributions, and reasons ranked by the points they cost."""

from __future__ import annotations

from decimal import Decimal

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.values import apportioned, points
from engine.decisions.record import Bounds, CriterionResult, Reason
from engine.vocabulary import SHARE_SCALE

_SHARE_DIGITS = 6
_HUNDRED, _NOTHING, _LEAST = Decimal(100), Decimal(0), Decimal("0.0001")


def criteria_of(case: Case) -> tuple[CriterionResult, ...]:
    """Every criterion in the book's order.

    Effective weights are apportioned at 0.000001 so that they sum to 1, contributions so that they sum to
    the score; with an unknown score nothing contributes and no points are lost.
    """
    scored = case.scored.criteria
    weights = [0 if one.points is None else one.criterion.weight for one in scored]
    shares = apportioned(SHARE_SCALE, weights, [one.criterion.name for one in scored])
    has_score, results = case.has_score, []
    for one, share in zip(scored, shares, strict=True):
        metric = case.metric(one.criterion.metric)
        effective = Decimal(share).scaleb(-_SHARE_DIGITS)
        contribution = points(one.contribution or 0)
        lost = effective * _HUNDRED - contribution if has_score else _NOTHING
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
                effective_weight=effective,
                contribution=contribution,
                points_lost=max(lost, _NOTHING).quantize(_LEAST),
                bounds=Bounds(points(one.low), points(one.high)),
                place=one.criterion.place,
            )
        )
    return tuple(results)


def reasons_of(case: Case, criteria: tuple[CriterionResult, ...]) -> tuple[Reason, ...]:
    """The reason codes of criteria that cost points, largest loss first (ties by name), then the force rule's."""
    texts = case.rules.reasons
    codes = {criterion.name: criterion.reason for criterion in case.rules.scorecard.criteria}
    losing = sorted((c for c in criteria if c.points_lost > 0), key=lambda c: (-c.points_lost, c.name))
    ranked = [
        Reason(code, texts[code].text, criterion.points_lost, criterion.name, texts[code].place)
        for criterion in losing
        if (code := codes[criterion.name]) is not None and code in texts
    ]
    forced = int(case.outcomes.forced[0])
    code = case.rules.force[forced].reason if forced >= 0 else None
    if code is not None and code in texts:
        ranked.append(Reason(code, texts[code].text, Decimal(0), None, texts[code].place))
    return tuple(ranked)
