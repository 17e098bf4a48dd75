"""Metrics of one customer: their values, the records behind them, and what they were made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from engine.decisions.explanation.values import exact
from engine.decisions.record import MetricValue
from engine.errors import NotFoundError, closest
from engine.expressions import Fact
from engine.metrics import (
    SOURCES,
    FromExpression,
    FromModel,
    FromRecords,
    FromValue,
    Instant,
    Metric,
    RecordFrame,
    contributions,
)
from engine.metrics.derived import OCCURRED_AT
from engine.operations.churn_provenance import churn_provenance
from engine.operations.facts import Assembled, Clocks, assemble, believed_frame, instant_of
from engine.operations.provenance import Provenance
from engine.operations.publishing import require_live_book
from engine.operations.value_provenance import value_provenance
from engine.rulebook import Book
from engine.store import read_watermarks
from engine.store.tables import CustomerRow, to_microseconds
from engine.vocabulary import Market, MetricState, Text, Unit, scale_of


@dataclass(frozen=True, slots=True)
class Contributed:
    """A record behind a metric; `value` as text by `unit`, that of what was taken of it (of days since: a date).

    None where the take has no parts.
    """

    record_id: int
    value: str | None
    unit: Unit


def metrics_of(
    session: Session,
    customer_id: int,
    names: Sequence[str] | None,
    as_of: datetime,
    as_known_at: datetime,
) -> list[MetricValue]:
    """Metrics of the live rule book for one customer, by both clocks; None: every metric.

    Raises:
        NotReadyError: No rule book is published.
        NotFoundError: No such customer or metric.
    """
    book = require_live_book(session)
    wanted = list(book.metrics) if names is None else _known_names(book, names)
    found = _assembled(session, book, customer_id, Clocks(as_of, as_known_at), wanted)
    return [metric_value(book, name, found.columns[name].fact(0)) for name in wanted]


def metric_value(book: Book, name: str, fact: Fact) -> MetricValue:
    """A fact as people and programs see it."""
    metric = book.metrics[name]
    return MetricValue(
        name=name,
        title=metric.title,
        value=exact(fact.value, metric.unit, metric.scale),
        unit=metric.unit,
        currency=book.currency if metric.unit is Unit.MONEY else None,
        state=MetricState.UNKNOWN if fact.value is None else MetricState.KNOWN,
        cause=fact.cause,
        place=metric.place,
    )


def metric_records(
    session: Session, customer_id: int, name: str, as_of: datetime, as_known_at: datetime, book: Book | None = None
) -> list[Contributed]:
    """The records one metric was computed from, in the order they occurred; they recompute to its value.

    Empty for attributes, predictions and expressions, and where the source is too old to be believed.

    Raises:
        NotReadyError: No rule book is published.
        NotFoundError: No such customer or metric.
    """
    book = book or require_live_book(session)
    return records_of_metrics(session, customer_id, [name], as_of, as_known_at, book)[name]


def records_of_metrics(
    session: Session, customer_id: int, names: Sequence[str], as_of: datetime, as_known_at: datetime, book: Book
) -> dict[str, list[Contributed]]:
    """The same for several metrics of one customer by name; the records of each source are read once.

    Raises:
        NotFoundError: No such customer or metric.
    """
    metrics = [book.metrics[name] for name in _known_names(book, names)]
    by_source: dict[str, list[Metric]] = {}
    for metric in metrics:
        if isinstance(metric.origin, FromRecords):
            by_source.setdefault(metric.origin.source, []).append(metric)
    behind: dict[str, list[Contributed]] = {metric.name: [] for metric in metrics}
    if not by_source:
        return behind
    clocks = Clocks(as_of, as_known_at)
    customers = _assembled(session, book, customer_id, clocks, []).customers
    watermarks = read_watermarks(session, to_microseconds(as_known_at))
    for source, mine in by_source.items():
        frame = believed_frame(session, source, mine, customers, clocks, book, watermarks)
        if frame is not None:
            instant = instant_of(book, as_of)
            behind.update({metric.name: _contributed(metric, frame, instant, book) for metric in mine})
    return behind


def _contributed(metric: Metric, frame: RecordFrame, instant: Instant, book: Book) -> list[Contributed]:
    assert isinstance(metric.origin, FromRecords)
    unit = _unit_taken(metric.origin)
    scale = scale_of(unit, book.currency)
    found = contributions(metric, frame, instant, 0)
    return [Contributed(one.record_id, exact(one.value, unit, scale), unit) for one in found]


def _unit_taken(origin: FromRecords) -> Unit:
    """How to read what a take found in one record."""
    take = origin.take
    if take.field is None or (take.inner or take.function) == "count_distinct":
        return Unit.COUNT
    return Unit.DATE if take.field == OCCURRED_AT else SOURCES[origin.source].fields[take.field].unit


def metric_provenance(
    session: Session, customer_id: int, name: str, as_of: datetime, as_known_at: datetime, book: Book
) -> Provenance | None:
    """What a stored estimate or prediction was made from, that counts by both clocks.

    None: the metric is none of these, or nothing was stored by then.

    Raises:
        NotFoundError: No such customer or metric.
        DamagedError: The fit or model does not fit its digest.
    """
    origin, customer = book.metrics[_known_names(book, [name])[0]].origin, _customer(session, customer_id)
    if isinstance(origin, FromValue):
        return value_provenance(session, origin, customer, book.timezone, as_of, as_known_at)
    if isinstance(origin, FromModel):
        return churn_provenance(session, origin, customer, (book.timezone, book.currency), as_of, as_known_at)
    return None


def metric_inputs(book: Book, name: str) -> list[str]:
    """Names of the metrics an expression reads; empty for every other metric."""
    origin = book.metrics[name].origin
    return list(origin.expression.names) if isinstance(origin, FromExpression) else []


def _assembled(session: Session, book: Book, customer_id: int, clocks: Clocks, names: Sequence[str]) -> Assembled:
    customer = _customer(session, customer_id)
    return assemble(session, book, Market(customer.market), clocks, [customer_id], names)


def _customer(session: Session, customer_id: int) -> CustomerRow:
    customer = session.get(CustomerRow, customer_id)
    if customer is None:
        raise NotFoundError(
            Text("There is no such customer.", "没有该客户。"),
            Text("Ask for it by ref, e.g. demo:B-0007.", "请用标识查询，例如 demo:B-0007。"),
        )
    return customer


def _known_names(book: Book, names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in book.metrics:
            meant = closest(name, book.metrics)
            raise NotFoundError(
                Text(f"The rule book has no metric {name}.", f"规则库没有指标 {name}。"),
                Text(f"Did you mean {meant}?", f"是否指 {meant}？") if meant else None,
            )
    return list(names)
