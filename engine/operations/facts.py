"""Facts: every metric a market's rules read, for all or some customers, as of both clocks.

`assemble` is the one place where records, attributes, estimates and predictions become facts; deciding,
explaining, replaying variants and answering questions all call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.expressions import Column
from engine.metrics import (
    FromExpression,
    FromField,
    FromModel,
    FromRecords,
    FromValue,
    Instant,
    Metric,
    RecordFrame,
    bounded,
    compute,
    fields_needed,
    second_pass,
)
from engine.operations.frames import joined, on_the_eve
from engine.operations.freshness import is_stale
from engine.operations.stored_columns import aged, declared_texts, filled, in_currency
from engine.rulebook import Book, MarketBook
from engine.store import (
    CustomersFrame,
    read_customers,
    read_estimates,
    read_fields,
    read_predictions,
    read_records,
    read_watermarks,
)
from engine.store.tables import to_microseconds
from engine.vocabulary import Market, Unit, UnknownCause

Integers = NDArray[np.int64]

LIVING = frozenset({"contracts", "opportunities", "tickets"})
"""Sources whose records live on: a later version is what happened next, not a correction."""


@dataclass(frozen=True, slots=True)
class Assembled:
    """Facts of some customers of one market.

    Attributes:
        columns: By metric name, sorted by name.
        instant: The instant they are as of.
        versions: (customers,) ids of the model versions whose predictions were read, −1: none was; None: no
            metric is a prediction.
    """

    customers: CustomersFrame
    columns: dict[str, Column]
    instant: Instant
    versions: Integers | None = None

    def take(self, rows: NDArray[np.intp]) -> Assembled:
        """Facts of some of the customers."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        versions = None if self.versions is None else self.versions[rows]
        return Assembled(self.customers.take(rows), columns, self.instant, versions)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Which instant is asked about, and by what was known when.

    Attributes:
        done_by: For the parts of a change: records that occurred from `as_of` until here, as known at
            `done_known_at`, count as done on the eve of `as_of`. None: there are none of these.
    """

    as_of: datetime
    as_known_at: datetime
    done_by: datetime | None = None
    done_known_at: datetime | None = None


def instant_of(book: Book, as_of: datetime) -> Instant:
    """An instant in the book's zone and currency."""
    return Instant.at(as_of, book.timezone, book.currency)


def metrics_read(book: Book, market: Market, *, aftermath: bool = True) -> tuple[str, ...]:
    """Names of the metrics some rule of a market reads, with those their expressions read, sorted.

    Args:
        aftermath: Also what only stages, tags and campaigns read; they follow from the tier and never move it.
    """
    rules = book.markets[market]
    wanted = {*_names_of_tiers(rules), *(_names_of_aftermath(rules) if aftermath else ())}
    for metric in reversed(tuple(book.metrics.values())):
        if metric.name in wanted and isinstance(metric.origin, FromExpression):
            wanted.update(metric.origin.expression.names)
    return tuple(sorted(wanted & set(book.metrics)))


def _names_of_tiers(rules: MarketBook) -> Iterable[str]:
    yield from (criterion.metric for criterion in rules.scorecard.criteria)
    conditions = [force.when for force in rules.force]
    for tier in rules.tiers:
        conditions += [gate.when for gate in tier.gates]
        conditions += [tier.or_when.when] if tier.or_when is not None else []
    for condition in conditions:
        yield from condition.names


def _names_of_aftermath(rules: MarketBook) -> Iterable[str]:
    if rules.risk is not None:
        yield rules.risk.metric
    conditions = [rule.when for rule in rules.lifecycle if rule.when is not None]
    conditions += [trigger.when for trigger in rules.campaigns.triggers]
    conditions += [tag.when for tag in rules.campaigns.tags]
    for condition in conditions:
        yield from condition.names


def assemble(
    session: Session,
    book: Book,
    market: Market,
    clocks: Clocks,
    ids: Sequence[int] | Integers | None = None,
    names: Iterable[str] | None = None,
    instead: Mapping[str, Column] | None = None,
) -> Assembled:
    """Facts of a market's customers.

    Args:
        market: Whose rules say what is read when there are no `names`.
        ids: Only these customers (any order; the result is ordered by id), in whichever market they are by now: a
            decision of before stays one of its market; None: the whole market.
        names: Only these metrics and what their expressions read; None: what the market's rules read.
        instead: Columns of estimates and predictions, (customers,) in the result's order, that take the place
            of the stored ones: for a past instant at which none was stored.
    """
    customers = read_customers(session, market) if ids is None else read_customers(session, ids=np.array(ids, np.int64))
    wanted = _with_inputs(book, metrics_read(book, market) if names is None else tuple(names))
    instant = instant_of(book, clocks.as_of)
    columns: dict[str, Column] = {}
    versions: Integers | None = None
    _from_records(session, book, wanted, customers, clocks, instant, columns)
    for metric in wanted:
        if instead is not None and metric.name in instead:
            columns[metric.name] = bounded(metric, instead[metric.name])
        elif isinstance(metric.origin, FromField):
            columns[metric.name] = _from_field(session, metric, customers, clocks, instant)
        elif isinstance(metric.origin, FromValue):
            columns[metric.name] = _from_value(session, metric, customers, clocks, instant)
        elif isinstance(metric.origin, FromModel):
            columns[metric.name], versions = _from_model(session, metric, customers, clocks, instant)
        elif metric.origin is None:
            columns[metric.name] = Column.unknown(len(customers), metric.unit, UnknownCause.MISSING)
    derived = second_pass(wanted, columns, len(customers), instant.day)
    return Assembled(customers, dict(sorted({**columns, **derived}.items())), instant, versions)


def _with_inputs(book: Book, names: Sequence[str]) -> tuple[Metric, ...]:
    """The named metrics and what they read, in the book's order (inputs first)."""
    wanted = set(names)
    for metric in reversed(tuple(book.metrics.values())):
        if metric.name in wanted and isinstance(metric.origin, FromExpression):
            wanted.update(metric.origin.expression.names)
    return tuple(metric for metric in book.metrics.values() if metric.name in wanted)


def _from_records(
    session: Session,
    book: Book,
    wanted: Sequence[Metric],
    customers: CustomersFrame,
    clocks: Clocks,
    instant: Instant,
    columns: dict[str, Column],
) -> None:
    """Read each source once and compute every metric that is taken from it."""
    by_source: dict[str, list[Metric]] = {}
    for metric in wanted:
        if isinstance(metric.origin, FromRecords):
            by_source.setdefault(metric.origin.source, []).append(metric)
    if not by_source:
        return
    watermarks = read_watermarks(session, to_microseconds(clocks.as_known_at))
    for source, metrics in by_source.items():
        frame = believed_frame(session, source, metrics, customers, clocks, book, watermarks)
        for metric in metrics:
            columns[metric.name] = (
                Column.unknown(len(customers), metric.unit, UnknownCause.STALE)
                if frame is None
                else compute(metric, frame, instant, len(customers))
            )


def believed_frame(
    session: Session,
    source: str,
    metrics: Sequence[Metric],
    customers: CustomersFrame,
    clocks: Clocks,
    book: Book,
    watermarks: Mapping[str, int],
) -> RecordFrame | None:
    """The records that metrics are computed from; None: their source is too old to be believed.

    Args:
        watermarks: How far sources were complete as was known, microseconds.
    """
    if is_stale(book, source, watermarks.get(source), instant_of(book, clocks.as_of).day):
        return None
    return record_frame(session, source, metrics, customers, clocks, book)


def record_frame(
    session: Session,
    source: str,
    metrics: Sequence[Metric],
    customers: CustomersFrame,
    clocks: Clocks,
    book: Book,
) -> RecordFrame:
    """The records of one source that were known and had occurred, with the fields these metrics need."""
    fields = sorted(set().union(*(fields_needed(metric) for metric in metrics)))
    as_of, known = to_microseconds(clocks.as_of), to_microseconds(clocks.as_known_at)
    if clocks.done_by is None or clocks.done_known_at is None:
        return read_records(session, source, customers.ids, as_of, known, fields, book.timezone)
    until, later_known = to_microseconds(clocks.done_by), to_microseconds(clocks.done_known_at)
    known = later_known if source in LIVING else known
    frame = read_records(session, source, customers.ids, as_of, known, fields, book.timezone)
    known = later_known
    later = read_records(session, source, customers.ids, until, known, fields, book.timezone)
    return joined(frame, on_the_eve(later, as_of, book.timezone))


def _from_field(
    session: Session, metric: Metric, customers: CustomersFrame, clocks: Clocks, instant: Instant
) -> Column:
    origin = metric.origin
    assert isinstance(origin, FromField)
    known = to_microseconds(clocks.as_known_at)
    found = read_fields(session, [origin.field], customers.ids, known, metric.unit).get(origin.field)
    if found is None:
        column = Column.unknown(len(customers), metric.unit, UnknownCause.MISSING)
        return filled(column, origin.empty, metric)
    column = declared_texts(found.column, metric) if metric.unit is Unit.TEXT else in_currency(found, instant)
    column = aged(column, found.instants, origin.max_age_days, instant)
    return bounded(metric, filled(column, origin.empty, metric))


def _from_value(
    session: Session, metric: Metric, customers: CustomersFrame, clocks: Clocks, instant: Instant
) -> Column:
    origin = metric.origin
    assert isinstance(origin, FromValue)
    as_of, known = to_microseconds(clocks.as_of), to_microseconds(clocks.as_known_at)
    found = read_estimates(session, origin.value, origin.horizon_days, customers.ids, as_of, known).amount
    return bounded(metric, aged(in_currency(found, instant), found.instants, origin.max_age_days, instant))


def _from_model(
    session: Session, metric: Metric, customers: CustomersFrame, clocks: Clocks, instant: Instant
) -> tuple[Column, Integers]:
    """Predictions, and the ids of the model versions that made them."""
    origin = metric.origin
    assert isinstance(origin, FromModel)
    as_of, known = to_microseconds(clocks.as_of), to_microseconds(clocks.as_known_at)
    found = read_predictions(session, origin.model, customers.ids, as_of, known)
    column = aged(found.probability.column, found.probability.instants, origin.max_age_days, instant)
    column = bounded(metric, column)
    return column, np.where(column.causes == 0, found.versions, -1)
