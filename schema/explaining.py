"""Sources of explanations and metrics: what the engine's questions answer, with the clocks they were asked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from engine.decisions import narrate
from engine.decisions.record import Explained, MetricValue
from engine.errors import InputError, closest
from engine.metrics import FromExpression
from engine.operations.explaining import (
    ChurnView,
    ExplainedDecision,
    churns_of,
    explain_by_itself,
    metric_records,
    metric_value,
)
from engine.operations.facts import Clocks, assemble
from engine.operations.publishing import require_live_book
from engine.store.reading import RunView, customers_by_ids, runs_of_decisions
from engine.vocabulary import Locale, Market, Text
from schema.basics import Titled
from schema.change_sources import changes_since_before
from schema.context import Info, OneBook
from schema.lookups import found, or_damage


@dataclass(frozen=True, slots=True)
class MetricSource:
    """A metric of a customer with the clocks it was asked by; the value's attributes are its own.

    Attributes:
        known: The other metrics it was computed with, by name.
    """

    told: MetricValue
    customer_id: int
    revision: str
    as_of: datetime
    as_known_at: datetime
    known: Mapping[str, MetricValue]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.told, name)

    def beside(self, value: MetricValue) -> MetricSource:
        """Another metric of the same computation."""
        return MetricSource(value, self.customer_id, self.revision, self.as_of, self.as_known_at, self.known)


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

    def __getattr__(self, name: str) -> Any:
        return getattr(self.explained, name)

    def metric(self, value: MetricValue) -> MetricSource:
        """A metric as this decision saw it."""
        explained = self.explained
        known = {told.name: told for told in explained.metrics}
        return MetricSource(value, self.customer_id, explained.revision, explained.as_of, self.as_known_at, known)

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
        self.decision_id: int = decided.decision_id


class WhatIfSource(Told):
    """A decision that was tried and not stored, explained.

    Args:
        ref: The customer's reference.
    """

    __slots__ = ("as_known_at", "customer_id", "decision_id", "explained", "ref")

    def __init__(self, explained: Explained, customer_id: int, ref: str, as_known_at: datetime) -> None:
        self.explained, self.customer_id, self.as_known_at = explained, customer_id, as_known_at
        self.ref, self.decision_id = ref, None


def titled(explained: Explained, key: str | None) -> Titled | None:
    """A tier of an explanation with its title."""
    return None if key is None else Titled(key, explained.titles.get(key, Text(key)))


def refuse_unknown(names: Sequence[str], known: Mapping[str, object]) -> None:
    """Refuse names of metrics that are not there.

    Raises:
        InputError: A name is not known; the hint names the nearest.
    """
    for name in names:
        if name not in known:
            meant = closest(name, known)
            raise InputError(
                Text(f"There is no metric {name}.", f"没有指标 {name}。"),
                Text(f"Did you mean {meant}?", f"是否指 {meant}？") if meant else None,
            )


async def explanation_of(info: Info, decision_id: int) -> ExplanationSource:
    """A stored decision explained.

    Raises:
        DamagedError: Its chunk does not fit its hash.
    """
    explained: ExplanationSource | None = await info.context.load(_explanations, decision_id)
    return found(explained, Text("decision", "决定"))


def _explanations(session: Session, ids: Sequence[int]) -> Mapping[int, Any]:
    runs = runs_of_decisions(session, ids)
    return {number: or_damage(partial(_explained, session, number, run)) for number, run in runs.items()}


def _explained(session: Session, number: int, run: RunView) -> ExplanationSource:
    return ExplanationSource(explain_by_itself(session, number), run.as_known_at)


async def churn_behind(info: Info, source: ExplanationSource | WhatIfSource) -> ChurnView:
    """The prediction a decision was made with."""
    if isinstance(source, ExplanationSource):
        return source.decided.churn
    return found(
        await info.context.load(churns_of, source.customer_id, source.explained.as_of, source.as_known_at),
        Text("prediction", "预测"),
    )


async def narration_of(info: Info, source: ExplanationSource | WhatIfSource, locale: Locale) -> list[str]:
    """A decision in words, with what changed since the one before (of a what-if: without).

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    if isinstance(source, WhatIfSource):
        return narrate(source.explained, locale, source.ref, (await churn_behind(info, source)).text())
    return source.decided.with_change(await info.context.load(changes_since_before, source.decision_id)).narration(
        locale
    )


async def live_metrics(
    info: Info, customer_id: int, names: tuple[str, ...] | None, as_of: datetime | None, as_known_at: datetime | None
) -> list[MetricSource]:
    """Metrics by the live rule book.

    Raises:
        NotReadyError: No rule book is published.
        InputError: A name it does not have.
    """
    context = info.context
    book = await context.required_book()
    refuse_unknown(names or (), book.metrics)
    instant, known_at = as_of or context.now, as_known_at or context.now
    told = await context.load(_metrics, customer_id, names, instant, known_at) or ()
    known = {value.name: value for value in told}
    sources = [MetricSource(value, customer_id, book.revision, instant, known_at, known) for value in told]
    return sources if names is None else [source for source in sources if source.told.name in names]


def _metrics(
    session: Session, ids: Sequence[int], names: tuple[str, ...] | None, as_of: datetime, as_known_at: datetime
) -> Mapping[int, Sequence[MetricValue]]:
    """Metrics of many customers, computed market by market over one frame."""
    book = require_live_book(session)
    wanted = tuple(book.metrics) if names is None else names
    by_market: dict[str, list[int]] = {}
    for customer in customers_by_ids(session, ids).values():
        by_market.setdefault(customer.market, []).append(customer.id)
    told: dict[int, Sequence[MetricValue]] = {}
    for market, members in by_market.items():
        facts = assemble(session, book, Market(market), Clocks(as_of, as_known_at), sorted(members), wanted)
        for row, number in enumerate(facts.customers.ids.tolist()):
            told[number] = [metric_value(book, name, facts.columns[name].fact(row)) for name in wanted]
    return told


async def records_behind(info: Info, source: MetricSource) -> list[tuple[int, str | None]]:
    """Row numbers of the records behind a metric, newest first, each with its part."""
    key = (source.customer_id, source.told.name)
    book = OneBook.of(await info.context.book(source.revision))
    return await info.context.load(_records, key, book, source.as_of, source.as_known_at) or []


def _records(
    session: Session, keys: Sequence[tuple[int, str]], by: OneBook, as_of: datetime, as_known_at: datetime
) -> Mapping[tuple[int, str], list[tuple[int, str | None]]]:
    book, behind = by.book, {}
    for customer_id, name in keys:
        parts = metric_records(session, customer_id, name, as_of, as_known_at, book)
        behind[customer_id, name] = [(part.record_id, part.value) for part in reversed(parts)]
    return behind


async def inputs_of(info: Info, source: MetricSource) -> list[MetricSource]:
    """The metrics an expression reads."""
    book = await info.context.book(source.revision)
    metric = book.metrics.get(source.told.name)
    if metric is None or not isinstance(metric.origin, FromExpression):
        return []
    names = metric.origin.expression.names
    if all(name in source.known for name in names):
        return [source.beside(source.known[name]) for name in names]
    return await live_metrics(info, source.customer_id, tuple(names), source.as_of, source.as_known_at)
