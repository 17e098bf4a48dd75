"""Sources of explanations: what the engine's questions answer, with the clocks they were asked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from engine.decisions import loss_of_tier, narrate
from engine.decisions.record import Explained, MetricValue, NextTier, TimeAlone
from engine.errors import InputError
from engine.operations.churn_views import ChurnView, churns_of
from engine.operations.explaining import (
    ExplainedDecision,
    explain_by_itself,
)
from engine.operations.waiting import time_alone
from engine.store.reading import RunView, runs_of_decisions
from engine.vocabulary import Locale, Text
from schema.basics import Titled
from schema.change_sources import changes_since_before
from schema.context import Info
from schema.lookups import found, or_fault
from schema.metric_sources import MetricSource


class Told:
    """What sources of `Explanation` share; the explanation's attributes are their own.

    Attributes:
        decision_id: Row number of the decision; None: a what-if, nothing is stored.
    """

    __slots__ = ()
    explained: Explained
    customer_id: int
    as_known_at: datetime
    decision_id: int | None
    set_by_hand: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.explained, name)

    def metric(self, value: MetricValue) -> MetricSource:
        """A metric as this decision saw it."""
        explained = self.explained
        known = {told.name: told for told in explained.metrics}
        asked = (self.customer_id, explained.revision, explained.as_of, self.as_known_at)
        return MetricSource(value, *asked, known, self.set_by_hand)

    def metrics(self, names: Sequence[str] | None) -> list[MetricSource]:
        """Every metric any rule read, or the named ones.

        Raises:
            InputError: A name no rule read.
        """
        told = {value.name: value for value in self.explained.metrics}
        for name in names or ():
            if name not in told:
                raise InputError(
                    Text(f"No rule of this decision read {name}.", f"该决定的规则没有读取 {name}。"),
                    Text("Without `names` all that were read come; others: `customer { metrics }`.",
                         "不填 `names` 可得全部已读取的指标；其他指标请用 `customer { metrics }`。"),
                )  # fmt: skip
        return [self.metric(value) for value in told.values() if names is None or value.name in names]


class ExplanationSource(Told):
    """A stored decision explained.

    Args:
        decided: Everything behind it.
    """

    __slots__ = ("as_known_at", "customer_id", "decided", "decision_id", "explained")

    def __init__(self, decided: ExplainedDecision, as_known_at: datetime) -> None:
        self.decided, self.as_known_at = decided, as_known_at
        self.explained, self.customer_id = decided.explained, decided.customer_id
        assert decided.decision_id is not None
        self.decision_id: int = decided.decision_id


class WhatIfSource(Told):
    """A decision that was tried and not stored, explained.

    Args:
        ref: The customer's reference.
        churn: The prediction behind it; None: the one that is stored for its clocks.
        set_by_hand: Names of metrics.
    """

    __slots__ = ("as_known_at", "churn_view", "customer_id", "decision_id", "explained", "ref", "set_by_hand")

    def __init__(
        self,
        explained: Explained,
        customer_id: int,
        ref: str,
        as_known_at: datetime,
        *,
        churn: ChurnView | None = None,
        set_by_hand: frozenset[str] = frozenset(),
    ) -> None:
        self.explained, self.customer_id, self.as_known_at = explained, customer_id, as_known_at
        self.ref, self.decision_id = ref, None
        self.churn_view, self.set_by_hand = churn, set_by_hand


def titled(explained: Explained, key: str | None) -> Titled | None:
    """A tier of an explanation with its title."""
    return None if key is None else Titled(key, explained.titles.get(key, Text(key)))


async def explanation_of(info: Info, decision_id: int) -> ExplanationSource:
    """A stored decision explained.

    Raises:
        DamagedError: Its chunk does not fit its hash.
    """
    explained: ExplanationSource | None = await info.context.load(_explanations, decision_id)
    return found(explained, Text("decision", "决定"))


def _explanations(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    runs = runs_of_decisions(session, ids)
    return {number: or_fault(partial(_explained, session, number, run)) for number, run in runs.items()}


def _explained(session: Session, number: int, run: RunView) -> ExplanationSource:
    return ExplanationSource(explain_by_itself(session, number), run.as_known_at)


async def churn_behind(info: Info, source: ExplanationSource | WhatIfSource) -> ChurnView:
    """The prediction a decision was made with."""
    if isinstance(source, ExplanationSource):
        return source.decided.churn
    if source.churn_view is not None:
        return source.churn_view
    return found(
        await info.context.load(churns_of, source.customer_id, source.explained.as_of, source.as_known_at),
        Text("prediction", "预测"),
    )


async def loss_behind(info: Info, source: ExplanationSource | WhatIfSource) -> NextTier | None:
    """What would lose the tier; searched for only where it is asked for, in the thread that reads."""
    return await info.context.load(_losses, source)


def _losses(_session: Session, sources: Sequence[Told]) -> Mapping[Told, NextTier | None]:
    cases = {source: source.explained.case for source in sources}
    return {source: None if case is None else loss_of_tier(case) for source, case in cases.items()}


async def time_behind(info: Info, source: ExplanationSource | WhatIfSource) -> TimeAlone | None:
    """When the tier changes if nothing happens; searched for only where it is asked for."""
    return await info.context.load(_waits, source)


def _waits(session: Session, sources: Sequence[Told]) -> Mapping[Told, TimeAlone | None]:
    found: dict[Told, TimeAlone | None] = {}
    for source in sources:
        case = source.explained.case
        found[source] = None if case is None else time_alone(session, case, source.customer_id, source.as_known_at)
    return found


async def narration_of(info: Info, source: ExplanationSource | WhatIfSource, locale: Locale) -> list[str]:
    """A decision in words, with what changed since the one before (of a what-if: without).

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    if isinstance(source, WhatIfSource):
        return narrate(source.explained, locale, source.ref, (await churn_behind(info, source)).text())
    change = await info.context.load(changes_since_before, source.decision_id)
    return source.decided.with_change(change).narration(locale)
