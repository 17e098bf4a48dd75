"""The explanation of one decision, put together from its parts."""

from __future__ import annotations

from decimal import Decimal

from engine.campaigns import CAMPAIGN_DISPATCH, CAMPAIGN_QUIET, SUPPRESSIONS
from engine.decisions.explanation.case import Case, case_of
from engine.decisions.explanation.criteria import criteria_of, reasons_of
from engine.decisions.explanation.holds import holds_of
from engine.decisions.explanation.values import midnight, points
from engine.decisions.explanation.verdicts import verdicts_of
from engine.decisions.explanation.ways import next_tier_of
from engine.decisions.lifecycle import PHASES, phase_codes
from engine.decisions.model import RISKS, STAGES, Moment, Outcomes, States
from engine.decisions.reading import UNKNOWN
from engine.decisions.record import Bounds, CampaignResult, Explained, RuleHit, TierView
from engine.expressions import Columns
from engine.rulebook.book import Book
from engine.vocabulary import Market, Text

_SHARE = Decimal("0.000001")


def explain_row(
    book: Book, market: Market, columns: Columns, states: States, outcomes: Outcomes, *, row: int, moment: Moment
) -> Explained:
    """Explain one stored decision.

    The customer is decided again by the traced evaluator and the stored outcome compared with it, so an
    explanation never tells of another decision than the stored one.

    Args:
        columns: Facts of a frame of customers; with `states` and `outcomes` of the same rows.
        row: The customer's row in the frame.

    Raises:
        DamagedError: The stored outcome does not follow from the stored inputs.
    """
    case = case_of(book, market, columns, states, outcomes, row=row, moment=moment)
    outcome, criteria = case.outcomes, criteria_of(case)
    stage = int(outcome.stage[0])
    phase = int(phase_codes(case.rules, outcome.stage, outcome.stage_rule, outcome.stage_held)[0])
    risk = int(outcome.risk[0])
    coverage = case.scored.coverage
    return Explained(
        market=market,
        as_of=moment.as_of,
        revision=book.revision,
        score=points(int(outcome.score[0])) if case.has_score else None,
        bounds=Bounds(points(int(outcome.low[0])), points(int(outcome.high[0]))),
        coverage=(Decimal(coverage.numerator) / Decimal(coverage.denominator)).quantize(_SHARE),
        tier=_view(case),
        titles={tier.key: tier.title for tier in case.rules.tiers},
        criteria=criteria,
        tiers=verdicts_of(case),
        forced=_forced(case),
        held_by=holds_of(case),
        reasons=reasons_of(case, criteria),
        stage=STAGES[stage],
        phase=PHASES[phase],
        stage_rule=_stage_rule(case),
        risk=RISKS[risk] if risk >= 0 else None,
        tags=_tags(case),
        campaigns=_campaigns(case),
        metrics=tuple(case.metrics.values()),
        next_tier=next_tier_of(case),
        timezone=book.timezone,
        case=case,
    )


def _view(case: Case) -> TierView:
    outcome = case.outcomes
    return TierView(
        computed=case.key(case.tier),
        effective=case.key(int(outcome.effective[0])),
        previous=case.key(int(case.states.effective[0])),
        since=midnight(int(outcome.effective_since[0]), case.book.timezone),
        provisional=bool(outcome.provisional[0]),
    )


def _forced(case: Case) -> RuleHit | None:
    index = int(case.outcomes.forced[0])
    if index < 0:
        return None
    rule = case.rules.force[index]
    reason = case.rules.reasons.get(rule.reason or "")
    text = reason.text if reason is not None else Text(rule.when.text)
    return RuleHit(rule.name, text, case.truth(rule.when) == UNKNOWN and rule.on_unknown == "hold", rule.place)


def _stage_rule(case: Case) -> RuleHit:
    line = case.rules.lifecycle[int(case.outcomes.stage_rule[0])]
    return RuleHit(line.stage.value, line.title, bool(case.outcomes.stage_held[0]), line.place)


def _tags(case: Case) -> tuple[RuleHit, ...]:
    tags = zip(case.rules.campaigns.tags, case.outcomes.tags[0].tolist(), strict=True)
    return tuple(RuleHit(tag.name, tag.title, False, tag.place) for tag, holds in tags if holds)


def _campaigns(case: Case) -> tuple[CampaignResult, ...]:
    results = []
    for trigger, code in zip(case.rules.campaigns.triggers, case.outcomes.campaigns[0].tolist(), strict=True):
        if code != CAMPAIGN_QUIET:
            cause = None if code == CAMPAIGN_DISPATCH else SUPPRESSIONS[code - CAMPAIGN_DISPATCH - 1].value
            results.append(CampaignResult(trigger.name, trigger.title, trigger.channel.name, cause, trigger.place))
    return tuple(results)
