"""The linked rule book: checked, typed, ready to decide by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from engine.campaigns.model import Campaigns
from engine.errors import Place, Problem
from engine.expressions.tree import Expression
from engine.metrics.declaration import Metric
from engine.rulebook.by_hand import OverrideRules, ReviewQueue
from engine.rulebook.checks import InlineTest, Invariant
from engine.scoring.model import Scorecard
from engine.vocabulary import Market, Phase, Stage, Text

_UNTITLED: Final = Text("")


@dataclass(frozen=True, slots=True)
class Gate:
    """A condition of a tier; `on_unknown`: hold, pass or fail."""

    name: str
    when: Expression
    on_unknown: str
    place: Place
    title: Text = _UNTITLED


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier; `at_least` is a score in 0.0001, None for the last."""

    key: str
    at_least: int | None
    gates: tuple[Gate, ...]
    or_when: Gate | None
    title: Text
    place: Place


@dataclass(frozen=True, slots=True)
class Force:
    """A rule that decides the tier outright."""

    name: str
    when: Expression
    on_unknown: str
    tier: str
    reason: str | None
    place: Place
    title: Text = _UNTITLED


@dataclass(frozen=True, slots=True)
class Stability:
    """How reluctantly tiers move.

    Attributes:
        exit_margin: Score in 0.0001.
        grace_days, min_dwell_days: Local days.
        down: `one_step` or `immediate` (all the way, after grace and dwell).
        up: `immediate` (ignores dwell, all the way) or `one_step` (one tier, after dwell).
        confirm: Deciding dates in a row that must agree; 0 or 1: one is enough.
    """

    exit_margin: int = 0
    grace_days: int = 0
    min_dwell_days: int = 0
    down: str = "immediate"
    up: str = "immediate"
    confirm: int = 0


@dataclass(frozen=True, slots=True)
class RiskBands:
    """Bands of a probability metric; `edges` are stored lower edges, rising, one per key."""

    metric: str
    keys: tuple[str, ...]
    edges: tuple[int, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class StageRule:
    """One line of the lifecycle; `when` None: the `else` line."""

    stage: Stage
    phase: Phase
    when: Expression | None
    on_unknown: str
    title: Text
    place: Place


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason code with its text."""

    code: str
    text: Text
    place: Place


@dataclass(frozen=True, slots=True)
class MarketBook:
    """What applies to one market.

    Attributes:
        tiers: Best first.
        lifecycle: In order; the last is the `else` line.
    """

    market: Market
    scorecard: Scorecard
    tiers: tuple[Tier, ...]
    force: tuple[Force, ...]
    stability: Stability
    risk: RiskBands | None
    lifecycle: tuple[StageRule, ...]
    campaigns: Campaigns
    reasons: Mapping[str, Reason]


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One file of a book; `path` is relative to the rule folder."""

    path: str
    text: str
    hash: str


@dataclass(frozen=True, slots=True)
class Book:
    """A rule book at one revision.

    Attributes:
        revision: `sha256:` and 64 hex digits over the paths and bytes of all files.
        fresh_within_days: By source name; an older watermark makes its metrics unknown (stale).
        metrics: Every declared metric, in an order in which expressions follow what they read.
        markets: By market; a market without a file is not there.
        approvers: How many must approve a change; 0: nobody has to.
        approval_days: For so many days after its preview a change may be approved and published.
        guardrails: `max_moved` and, by tier key, `max_moved_down_from`; shares in 0.000001.
        overrides: How tiers are set by hand; None: for any reason, by one person.
        review_queue: Which decisions are put before a person; None: none.
        warnings: Problems that are no errors.
        tests, invariants: What the book says about itself, for `engine.trials`.
    """

    revision: str
    name: str
    title: Text
    owner: str
    currency: str
    timezone: str
    review_by: date | None
    fresh_within_days: Mapping[str, int]
    approvers: int
    approval_days: int
    guardrails: Mapping[str, object]
    metrics: Mapping[str, Metric]
    markets: Mapping[Market, MarketBook]
    files: tuple[RuleFile, ...]
    warnings: tuple[Problem, ...]
    tests: tuple[InlineTest, ...] = ()
    invariants: tuple[Invariant, ...] = ()
    overrides: OverrideRules | None = None
    review_queue: ReviewQueue | None = None
