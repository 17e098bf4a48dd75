"""Sources of metrics: values with the clocks they were asked by, and what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from engine.decisions.record import MetricValue
from engine.errors import InputError, closest
from engine.metrics import FromExpression, FromModel, FromValue
from engine.operations.facts import Clocks, assemble
from engine.operations.metric_values import metric_provenance, metric_value, records_of_metrics
from engine.operations.provenance import Provenance
from engine.operations.publishing import require_live_book
from engine.rulebook import Book
from engine.store.reading import customers_by_ids
from engine.vocabulary import Market, MetricState, Text, Unit, UnknownCause
from schema.context import Info, OneBook
from schema.lookups import or_fault


@dataclass(frozen=True, slots=True)
class MetricSource:
    """A metric of a customer with the clocks it was asked by; the value's attributes are its own.

    Attributes:
        known: The other metrics it was computed with, by name.
        set_by_hand: Names of those that nothing stands behind, neither records nor inputs.
        behind: Of a number an estimate or prediction was made from: its records with their parts, as they occurred.
    """

    told: MetricValue
    customer_id: int
    revision: str
    as_of: datetime
    as_known_at: datetime
    known: Mapping[str, MetricValue]
    set_by_hand: frozenset[str] = frozenset()
    behind: tuple[tuple[int, str | None], ...] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.told, name)

    @property
    def by_hand(self) -> bool:
        """It was set by hand."""
        return self.told.name in self.set_by_hand

    def beside(self, value: MetricValue) -> MetricSource:
        """Another metric of the same computation."""
        return replace(self, told=value)


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
    if source.by_hand:
        return []
    if source.behind is not None:
        return list(reversed(source.behind))
    key = (source.customer_id, source.told.name)
    book = OneBook.of(await info.context.book(source.revision))
    return await info.context.load(_records, key, book, source.as_of, source.as_known_at) or []


def _records(
    session: Session, keys: Sequence[tuple[int, str]], by: OneBook, as_of: datetime, as_known_at: datetime
) -> Mapping[tuple[int, str], list[tuple[int, str | None]]]:
    asked: dict[int, list[str]] = {}
    for customer_id, name in keys:
        asked.setdefault(customer_id, []).append(name)
    behind: dict[tuple[int, str], list[tuple[int, str | None]]] = {}
    for customer_id, names in asked.items():
        found = records_of_metrics(session, customer_id, names, as_of, as_known_at, by.book)
        for name, parts in found.items():
            behind[customer_id, name] = [(part.record_id, part.value) for part in reversed(parts)]
    return behind


async def provenance_of(info: Info, source: MetricSource) -> Provenance | None:
    """What a stored estimate or prediction was made from; None: the metric is none.

    Raises:
        DamagedError: The fit or model does not fit its digest.
    """
    book = await info.context.book(source.revision)
    metric = book.metrics.get(source.told.name)
    if metric is None or source.by_hand or source.behind is not None:
        return None
    if not isinstance(metric.origin, FromValue | FromModel):
        return None
    key = (source.customer_id, source.told.name)
    return await info.context.load(_provenances, key, OneBook.of(book), source.as_of, source.as_known_at)


def _provenances(
    session: Session, keys: Sequence[tuple[int, str]], by: OneBook, as_of: datetime, as_known_at: datetime
) -> Mapping[tuple[int, str], Any]:
    clocks = (as_of, as_known_at)
    return {key: or_fault(partial(metric_provenance, session, *key, *clocks, by.book)) for key in keys}


def _made_from(source: MetricSource, found: Provenance, book: Book) -> list[MetricSource]:
    """The numbers an estimate or prediction was made from, as metrics as of its instant."""
    sources = []
    for one in found.inputs:
        state = MetricState.UNKNOWN if one.value is None else MetricState.KNOWN
        cause = UnknownCause.MISSING if one.value is None else None
        currency = book.currency if one.unit is Unit.MONEY else None
        value = MetricValue(one.name, one.title, one.value, one.unit, currency, state, cause, source.told.place)
        behind = tuple((record.record_id, record.part) for record in one.records)
        sources.append(replace(source, told=value, as_of=found.as_of, behind=behind))
    return sources


async def inputs_of(info: Info, source: MetricSource) -> list[MetricSource]:
    """The metrics an expression reads, or the numbers a stored estimate or prediction was made from."""
    book = await info.context.book(source.revision)
    metric = book.metrics.get(source.told.name)
    found = await provenance_of(info, source)
    if found is not None:
        return _made_from(source, found, book)
    if metric is None or source.by_hand or source.behind is not None or not isinstance(metric.origin, FromExpression):
        return []
    names = metric.origin.expression.names
    if all(name in source.known for name in names):
        return [source.beside(source.known[name]) for name in names]
    return await live_metrics(info, source.customer_id, tuple(names), source.as_of, source.as_known_at)
