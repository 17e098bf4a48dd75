"""Conditions and tiers of a decision: how each came out, and what would lead to another tier."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from engine.decisions import record
from engine.vocabulary import UNRATED, Truth
from schema.basics import Place, Tier, Titled
from schema.context import Info, LocaleArgument
from schema.describing import answered, described, spoken, told
from schema.explaining import ExplanationSource, WhatIfSource
from schema.lists import TierResult, TierRoute
from schema.metric_sources import MetricSource
from schema.metrics import Metric
from schema.ways import Way


def _gate_metrics(root: GateSource) -> list[MetricSource]:
    """The metrics it reads."""
    return [root.explanation.metric(value) for value in root.gate.metrics]


def _remedy(root: GateSource, info: Info, locale: LocaleArgument = None) -> str | None:
    """What to do where it stands in the way of a tier; null elsewhere."""
    remedy = root.gate.remedy
    return None if remedy is None else remedy.within(info.context.in_locale(locale))


@described
class GateResult:
    """Outcome of a condition."""

    name: str = told("As in the rule book.")
    title: str = spoken("called", "Name for people; the rule book's `name` where it gives no title.")
    when: str = told("As written.")
    result: Truth = told("What it came out as.")
    held: bool = told("UNKNOWN was answered by the stored state (`on_unknown: hold`).")
    metrics: list[Metric] = answered(_gate_metrics)
    place: Place = told("The rule in that revision.")
    remedy: str | None = answered(_remedy)


class GateSource:
    """A condition within its explanation, which knows the metrics' clocks."""

    def __init__(self, gate: record.GateResult, explanation: ExplanationSource | WhatIfSource) -> None:
        self.gate, self.explanation = gate, explanation

    def __getattr__(self, name: str) -> object:
        return getattr(self.gate, name)


class VerdictSource:
    """A tier's verdict within its explanation."""

    def __init__(self, verdict: record.TierVerdict, explanation: ExplanationSource | WhatIfSource) -> None:
        self.verdict, self.explanation = verdict, explanation

    def __getattr__(self, name: str) -> object:
        return getattr(self.verdict, name)


def _gates(root: VerdictSource) -> list[GateSource]:
    """Its conditions."""
    return [GateSource(gate, root.explanation) for gate in root.verdict.gates]


def _or_when(root: VerdictSource) -> GateSource | None:
    """The `or_when`; null: the tier has none."""
    gate = root.verdict.or_when
    return None if gate is None else GateSource(gate, root.explanation)


@described
class TierVerdict:
    """Why a tier was or was not given."""

    key: str = told("As in the rule book.")
    title: str = spoken("title", "Name for people.")
    result: TierResult = told("What became of it.")
    route: TierRoute | None = told("Null unless TAKEN.")
    needed: Decimal | None = told(
        "Score this tier asked of this customer (`at_least`, less `exit_margin` where it applies); null: the last tier."
    )
    gates: list[GateResult] = answered(_gates)
    or_when: GateResult | None = answered(_or_when)
    text: str = spoken("text", "Why, one sentence.")
    place: Place = told("The rule in that revision.")


class NextTierSource:
    """A tier that changes would lead to within its explanation, which knows the metrics' clocks."""

    def __init__(self, following: record.NextTier, explanation: ExplanationSource | WhatIfSource) -> None:
        self.following, self.explanation = following, explanation

    def __getattr__(self, name: str) -> object:
        return getattr(self.following, name)


def _blocked_by(root: NextTierSource) -> list[GateSource]:
    """Force rules and gates that stand in the way in all that was tried (see `exhaustive`), and criteria whose metric
    is unknown (told as `known(metric)`), each with what to do in `remedy`; empty: nothing, or the score alone. Of
    `lossOfTier` always empty."""
    return [GateSource(gate, root.explanation) for gate in root.following.blocked_by]


@described
class NextTier:
    """What would reach (or lose) a tier."""

    key: str = told("Key of that tier.")
    title: str = spoken("title", "Name for people.")
    ways: list[Way] = told(
        "Fewest and smallest changes first; empty: no change of one or two actionable metrics was found."
    )
    attainable: Decimal | None = told(
        "Best (worst) score attainable by actionable metrics; null: the score stays unknown whatever they do."
    )
    exhaustive: bool = told(
        "Everything that can make a difference was tried, so that what was not found is not there; false: rules join "
        "metrics in ways that leave too many combinations."
    )
    reachable: bool = told("All actionable metrics together do it; true with no `ways`: more than two must change.")
    blocked_by: list[GateResult] = answered(_blocked_by)


def _then(root: record.TimeAlone) -> Titled:
    """The tier that is effective from then on; key UNRATED where an override ends and nothing is rated."""
    return Titled(root.tier or UNRATED, root.title)


@described
class TimeAlone:
    """A change of tier that time alone brings."""

    at: date = told("First local day, in the rule book's zone, on which the tier is another.")
    tier: Tier = answered(_then)
    text: str = spoken("text", "When and what, one sentence.")
