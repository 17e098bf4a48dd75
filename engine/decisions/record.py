"""The explanation of one decision, field by field the GraphQL type `Explanation`.

Exact numbers are `Decimal`; values of metrics are texts read by the unit beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from engine.errors import Place
from engine.vocabulary import HoldCause, Market, MetricState, Phase, Risk, Stage, Text, Truth, Unit, UnknownCause

if TYPE_CHECKING:
    from engine.decisions.explanation.case import Case


_UNTITLED: Final = Text("")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lowest and highest attainable value."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class TierView:
    """Keys of a customer's tiers (None: UNRATED) with titles by key in `Explained.titles`."""

    computed: str | None
    effective: str | None
    previous: str | None
    since: datetime
    provisional: bool


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A metric as the decision saw it; `value` None iff unknown."""

    name: str
    title: Text
    value: str | None
    unit: Unit
    currency: str | None
    state: MetricState
    cause: UnknownCause | None
    place: Place


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion; `points` None: left out of the score."""

    name: str
    title: Text
    metric: str
    value: str | None
    unit: Unit
    state: MetricState
    cause: UnknownCause | None
    points: Decimal | None
    weight: int
    effective_weight: Decimal
    contribution: Decimal
    points_lost: Decimal
    bounds: Bounds
    place: Place


@dataclass(frozen=True, slots=True)
class GateResult:
    """Outcome of a condition; `held`: unknown was answered by the stored state.

    Attributes:
        remedy: What to do where it stands in the way of a tier; None elsewhere.
        title: What the rule book calls it for people; empty: it has no title.
    """

    name: str
    when: str
    result: Truth
    held: bool
    metrics: tuple[MetricValue, ...]
    place: Place
    remedy: Text | None = None
    title: Text = _UNTITLED

    @property
    def called(self) -> Text:
        """The title, or the name where there is none."""
        return self.title if self.title.en else Text(self.name)


@dataclass(frozen=True, slots=True)
class TierVerdict:
    """Why a tier was or was not given; `result` and `route` as in the GraphQL enumerations."""

    key: str
    title: Text
    result: str
    route: str | None
    needed: Decimal | None
    gates: tuple[GateResult, ...]
    or_when: GateResult | None
    text: Text
    place: Place


@dataclass(frozen=True, slots=True)
class RuleHit:
    """A rule that matched."""

    name: str
    text: Text
    held: bool
    place: Place


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that kept the customer from moving; `tier` is where the move would have led."""

    cause: HoldCause
    tier: str
    until: datetime | None
    metrics: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code, ranked by points lost.

    Attributes:
        text: The book's for what is known, otherwise that it is not known.
        state: Of the criterion's metric; of a force rule UNKNOWN if it applies although data are missing.
        cause: Why the metric is unknown; None: KNOWN, or a force rule.
    """

    code: str
    text: Text
    points_lost: Decimal
    criterion: str | None
    state: MetricState
    cause: UnknownCause | None
    place: Place


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One change of a way up, in the metric's own unit."""

    metric: str
    title: Text
    before: str | None
    after: str
    unit: Unit


@dataclass(frozen=True, slots=True)
class Way:
    """A set of changes that reaches a tier; `verified`: the engine decided again and gave it."""

    changes: tuple[MetricChange, ...]
    verified: bool
    text: Text


@dataclass(frozen=True, slots=True)
class NextTier:
    """What would reach the next tier, or lose the tier; no ways: changes of one or two actionable metrics do not.

    Attributes:
        attainable: Best (losing a tier: worst) score attainable by actionable metrics; None: it stays unknown.
        reachable: Some changes that were tried, of however many actionable metrics, reach (lose) it.
        blocked_by: What stands in the way in all that was tried; empty when a tier is to be lost.
        exhaustive: What was not found is not there: everything that can make a difference was tried.
    """

    key: str
    title: Text
    ways: tuple[Way, ...]
    attainable: Decimal | None
    reachable: bool
    blocked_by: tuple[GateResult, ...] = ()
    exhaustive: bool = True


@dataclass(frozen=True, slots=True)
class TimeAlone:
    """The first local day on which another tier is effective if nothing happens; `tier` None: UNRATED."""

    at: date
    tier: str | None
    title: Text
    text: Text


@dataclass(frozen=True, slots=True)
class CriterionDelta:
    """Difference one swap makes to a criterion's contribution."""

    name: str
    delta: Decimal


@dataclass(frozen=True, slots=True)
class ChangePart:
    """One part of a change since the decision before.

    Attributes:
        delta: None: the score before or after this swap is unknown.
        tier: Effective tier after this swap, UNRATED where there is none; None: the swap did not move it.
        tier_before: Effective tier before it, alike; None: the swap did not move it.
        criteria: Every criterion of both books, those of the newer one first; they sum to `delta` exactly. Where a
            score is unknown, its contributions are nothing.
        felt: This swap makes another score, an unknown one too, or force and ladder ask for another tier, whether
            stability and override let it move or not.
    """

    cause: str
    delta: Decimal | None
    tier: str | None
    tier_before: str | None
    criteria: tuple[CriterionDelta, ...]
    felt: bool


@dataclass(frozen=True, slots=True)
class CampaignResult:
    """What one triggered campaign did; `suppressed_by` None: dispatched."""

    name: str
    title: Text
    channel: str
    suppressed_by: str | None
    place: Place


@dataclass(frozen=True, slots=True)
class Explained:
    """Everything the engine says about one decision (the customer, records and texts around it are the caller's).

    Attributes:
        change: None: the first decision, or the one before cannot be compared.
        forced: The force rule in effect.
        timezone: The book's zone, for local dates in texts.
        case: What it was made from, for questions asked afterwards; None: made by hand.
    """

    market: Market
    as_of: datetime
    revision: str
    score: Decimal | None
    bounds: Bounds
    coverage: Decimal
    tier: TierView
    titles: dict[str, Text]
    criteria: tuple[CriterionResult, ...]
    tiers: tuple[TierVerdict, ...]
    forced: RuleHit | None
    held_by: tuple[Hold, ...]
    reasons: tuple[Reason, ...]
    stage: Stage
    phase: Phase
    stage_rule: RuleHit
    risk: Risk | None
    tags: tuple[RuleHit, ...]
    campaigns: tuple[CampaignResult, ...]
    metrics: tuple[MetricValue, ...]
    next_tier: NextTier | None
    change: tuple[ChangePart, ...] | None = None
    timezone: str = "UTC"
    case: Case | None = field(default=None, repr=False, compare=False)
