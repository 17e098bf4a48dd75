"""Explanations: everything behind a decision, field by field as the engine tells it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from engine.decisions import record
from engine.operations.churn_views import ChurnView
from engine.store.reading import DecisionView, DispatchView, dispatches_of_decisions
from engine.vocabulary import HoldCause, Market, MetricState, Phase, Risk, Stage, Unit, UnknownCause
from schema.basics import Bounds, CustomerTier, CustomerTierSource, Place, Tier, Titled
from schema.change_sources import ChangeSource, change_of
from schema.changes import ScoreChange
from schema.churn import Churn
from schema.context import Info, LocaleArgument
from schema.describing import answered, described, spoken, told
from schema.dispatches import Dispatch
from schema.explaining import (
    ExplanationSource,
    WhatIfSource,
    churn_behind,
    loss_behind,
    narration_of,
    time_behind,
    titled,
)
from schema.lookups import customer_of, stored_decisions
from schema.metric_sources import MetricSource
from schema.metrics import Metric, NamesArgument
from schema.pointers import CustomerLater, DecisionLater
from schema.scalars import Hash, Value
from schema.verdicts import NextTier, NextTierSource, TierVerdict, TimeAlone, VerdictSource


@described
class CriterionResult:
    """One criterion of the scorecard."""

    name: str = told("As in the rule book.")
    title: str = spoken("title", "Name for people.")
    metric: str = told("Name of the metric; its records: `Explanation.metrics(names)`.")
    value: Value | None = told("Null iff UNKNOWN or ASSUMED.")
    unit: Unit = told("How to read `value`.")
    state: MetricState = told("What is known about the metric.")
    cause: UnknownCause | None = told("Null iff KNOWN.")
    points: Decimal | None = told("0 to 100; null: left out of the score.")
    weight: int = told("As in the rule book.")
    effective_weight: Decimal = told("Share of the score's weights, 0 to 1; 0 when left out.")
    contribution: Decimal = told("Its part of the score.")
    points_lost: Decimal = told(
        "What it costs: `weight` × (100 − points), apportioned as contributions are, so that all sum to 100 − score "
        "exactly; 0 with full points, when left out, and when the score is unknown."
    )
    bounds: Bounds = told("Lowest and highest points the unknown leaves open.")
    place: Place = told("The rule in that revision.")


@described
class RuleHit:
    """A rule that matched."""

    name: str = told("As in the rule book.")
    text: str = spoken("text", "What it says.")
    held: bool = told("It was answered by the stored state.")
    place: Place = told("The rule in that revision.")


class HoldSource:
    """A hold within its explanation, which knows the tiers' titles."""

    def __init__(self, hold: record.Hold, explanation: ExplanationSource | WhatIfSource) -> None:
        self.hold, self.explanation = hold, explanation

    def __getattr__(self, name: str) -> object:
        return getattr(self.hold, name)


def _hold_tier(root: HoldSource) -> Titled | None:
    """Where the move would have led."""
    return titled(root.explanation.explained, root.hold.tier)


@described
class Hold:
    """Something that kept the customer from moving."""

    cause: HoldCause = told("What held.")
    tier: Tier = answered(_hold_tier)
    until: datetime | None = told("When this stops holding by itself; null: not by time (MISSING_DATA, EXIT_MARGIN).")
    metrics: list[str] = told("MISSING_DATA: metrics whose absence holds.")
    text: str = spoken("text", "Why, one sentence.")


@described
class Reason:
    """A reason code of the rule book."""

    code: str = told("As in the rule book.")
    text: str = spoken(
        "text", "The reason in words: the rule book's for what is known, otherwise that it is not, and what is assumed."
    )
    points_lost: Decimal = told("What it cost.")
    criterion: str | None = told("The criterion that lost them; null: a force rule.")
    state: MetricState = told(
        "What is known about the criterion's metric; of a force rule UNKNOWN if it applies although data are missing."
    )
    cause: UnknownCause | None = told("Why the metric is unknown; null: KNOWN, or a force rule.")
    place: Place = told("The rule in that revision.")


Source = ExplanationSource | WhatIfSource


def _tier(root: Source) -> CustomerTierSource:
    """The tiers it gave."""
    view, explained = root.explained.tier, root.explained
    return CustomerTierSource(
        computed=titled(explained, view.computed),
        effective=titled(explained, view.effective),
        previous=titled(explained, view.previous),
        since=view.since,
        provisional=view.provisional,
    )


async def _decision(root: Source, info: Info) -> DecisionView | None:
    """Null: a what-if, nothing is stored."""
    return None if root.decision_id is None else await info.context.load(stored_decisions, root.decision_id)


def _tiers(root: Source) -> list[VerdictSource]:
    """Every tier, best first."""
    return [VerdictSource(verdict, root) for verdict in root.explained.tiers]


def _held_by(root: Source) -> list[HoldSource]:
    """What kept the customer from moving; empty: nothing."""
    return [HoldSource(hold, root) for hold in root.explained.held_by]


async def _churn(root: Source, info: Info) -> ChurnView:
    """The prediction it was made with."""
    return await churn_behind(info, root)


async def _dispatches(root: Source, info: Info) -> tuple[DispatchView, ...]:
    """What each triggered campaign did, suppressed ones too; empty for a what-if, which dispatches nothing."""
    if root.decision_id is None:
        return ()
    return await info.context.load(dispatches_of_decisions, root.decision_id) or ()


async def _change(root: Source, info: Info) -> ChangeSource | None:
    """Null: it is the first decision, or a what-if."""
    if root.decision_id is None:
        return None
    return await change_of(info, root.decision_id, root.revision, root.market)


def _next_tier(root: Source) -> NextTierSource | None:
    """The best way up: what the ladder asks for, before stability; null: already in the best tier."""
    following = root.explained.next_tier
    return None if following is None else NextTierSource(following, root)


async def _loss_of_tier(root: Source, info: Info) -> NextTierSource | None:
    """What would lose the stored tier, exit margin counted, once grace and minimum dwell are over; `key` is the tier
    that then results; null: already in the last tier, or UNRATED."""
    following = await loss_behind(info, root)
    return None if following is None else NextTierSource(following, root)


async def _time_alone(root: Source, info: Info) -> record.TimeAlone | None:
    """When the effective tier changes if nothing happens: nothing new is recorded, predictions and estimates stay until
    they are too old, sources are taken to stay fresh, and the customer is decided every day; null: not within two
    years."""
    return await time_behind(info, root)


def _metrics(root: Source, names: NamesArgument = None) -> list[MetricSource]:
    """Every metric any rule read (null: all), with its records."""
    return root.metrics(names)


async def _narration(root: Source, info: Info, locale: LocaleArgument = None) -> list[str]:
    """Under a dozen lines."""
    return await narration_of(info, root, info.context.in_locale(locale))


@described
class Explanation:
    """Everything behind a decision or a what-if: one record, the same in the command line's `--json`."""

    customer: CustomerLater = answered(customer_of)
    market: Market = told("Company or person.")
    decision: DecisionLater | None = answered(_decision)
    as_of: datetime = told("The instant decided for.")
    as_known_at: datetime = told("Only what was recorded by then counts.")
    revision: Hash = told("Content hash of the rule book.")
    score: Decimal | None = told("0 to 100, contributions sum to it exactly; null: unknown.")
    bounds: Bounds = told("Lowest and highest score the unknown criteria leave open; equal when nothing is unknown.")
    coverage: Decimal = told("Known share of the weights, 0 to 1.")
    tier: CustomerTier = answered(_tier)
    criteria: list[CriterionResult] = told("In the rule book's order.")
    tiers: list[TierVerdict] = answered(_tiers)
    forced: RuleHit | None = told("The force rule in effect; null: none.")
    held_by: list[Hold] = answered(_held_by)
    reasons: list[Reason] = told("Ranked by points lost, largest first.")
    stage: Stage = told("Lifecycle stage.")
    phase: Phase = told("What the stage asks for.")
    stage_rule: RuleHit = told("The lifecycle rule that gave the stage.")
    risk: Risk | None = told("Risk band; null: churn probability unknown.")
    churn: Churn = answered(_churn)
    tags: list[RuleHit] = told("Labels and the rules that gave them.")
    dispatches: list[Dispatch] = answered(_dispatches)
    change: ScoreChange | None = answered(_change)
    next_tier: NextTier | None = answered(_next_tier)
    loss_of_tier: NextTier | None = answered(_loss_of_tier)
    time_alone: TimeAlone | None = answered(_time_alone)
    metrics: list[Metric] = answered(_metrics)
    narration: list[str] = answered(_narration)
