"""Facts: every metric a market's rules read, for all or some customers, as of both clocks.

`assemble` is the one place where records, attributes, estimates and predictions become facts; deciding,
explaining, replaying variants and answering questions all call it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.expressions import CAUSE_CODE, Column
from engine.metrics import (
    FromExpression,
    FromField,
    FromModel,
    FromRecords,
    FromValue,
    Instant,
    Metric,
    RecordFrame,
    compute,
    fields_needed,
    local_days,
    second_pass,
)
from engine.rulebook import Book, MarketBook
from engine.store import (
    CustomersFrame,
    read_customers,
    read_estimates,
    read_fields,
    read_predictions,
    read_records,
    read_watermarks,
    to_microseconds,
)
from engine.vocabulary import Market, Unit, UnknownCause

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Assembled:
    """Facts of some customers of one market.

    Attributes:
        columns: By metric name, sorted by name.
        instant: The instant they are as of.
    """

    customers: CustomersFrame
    columns: dict[str, Column]
    instant: Instant


@dataclass(frozen=True, slots=True)
class Clocks:
    """Which instant is asked about, and by what was known when.

    Attributes:
        done_by: For the parts of a change: records may have occurred up to here; those at or after
            `as_of` count as done on the eve of `as_of`. None: `as_of`.
    """

    as_of: datetime
    as_known_at: datetime
    done_by: datetime | None = None


def instant_of(book: Book, as_of: datetime) -> Instant:
    """An instant in the book's zone and currency."""
    microseconds = to_microseconds(as_of)
    day = int(local_days(np.array([microseconds], np.int64), book.timezone)[0])
    return Instant(as_of=microseconds, day=day, zone=book.timezone, currency=book.currency)


def metrics_read(book: Book, market: Market) -> tuple[str, ...]:
    """Names of the metrics some rule of a market reads, with those their expressions read, sorted."""
    rules = book.markets[market]
    wanted = set(_names_in_rules(rules))
    for metric in reversed(tuple(book.metrics.values())):
        if metric.name in wanted and isinstance(metric.origin, FromExpression):
            wanted.update(metric.origin.expression.names)
    return tuple(sorted(wanted & set(book.metrics)))


def _names_in_rules(rules: MarketBook) -> Iterable[str]:
    yield from (criterion.metric for criterion in rules.scorecard.criteria)
    if rules.risk is not None:
        yield rules.risk.metric
    conditions = [force.when for force in rules.force]
    for tier in rules.tiers:
        conditions += [gate.when for gate in tier.gates]
        conditions += [tier.or_when.when] if tier.or_when is not None else []
    conditions += [rule.when for rule in rules.lifecycle if rule.when is not None]
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
) -> Assembled:
    """Facts of a market's customers.

    Args:
        ids: Only these customers (any order; the result is ordered by id); None: the whole market.
        names: Only these metrics and what their expressions read; None: what the market's rules read.
    """
    customers = read_customers(session, market, ids)
    wanted = _with_inputs(book, metrics_read(book, market) if names is None else tuple(names))
    instant = instant_of(book, clocks.as_of)
    columns: dict[str, Column] = {}
    _from_records(session, book, wanted, customers, clocks, instant, columns)
    for metric in wanted:
        if isinstance(metric.origin, FromField):
            columns[metric.name] = _from_field(session, metric, customers, clocks, instant)
        elif isinstance(metric.origin, FromValue):
            columns[metric.name] = _from_value(session, book, metric, customers, clocks, instant)
        elif isinstance(metric.origin, FromModel):
            columns[metric.name] = _from_model(session, metric, customers, clocks, instant)
        elif metric.origin is None:
            columns[metric.name] = Column.unknown(len(customers), metric.unit, UnknownCause.MISSING)
    derived = second_pass(wanted, columns, len(customers), instant.day)
    return Assembled(customers, dict(sorted({**columns, **derived}.items())), instant)


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
    watermarks = read_watermarks(session, to_microseconds(clocks.as_known_at))
    for source, metrics in by_source.items():
        if _stale(book, source, watermarks.get(source), instant):
            for metric in metrics:
                columns[metric.name] = Column.unknown(len(customers), metric.unit, UnknownCause.STALE)
            continue
        frame = record_frame(session, source, metrics, customers, clocks, book)
        for metric in metrics:
            columns[metric.name] = compute(metric, frame, instant, len(customers))


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
    as_of = to_microseconds(clocks.as_of)
    done_by = as_of if clocks.done_by is None else to_microseconds(clocks.done_by)
    frame = read_records(
        session, source, customers.ids, max(as_of, done_by), to_microseconds(clocks.as_known_at), fields, book.timezone
    )
    if done_by <= as_of:
        return frame
    eve = np.minimum(frame.occurred, as_of - 1)
    day = int(local_days(np.array([as_of - 1], np.int64), book.timezone)[0])
    return replace(frame, occurred=eve, day=np.minimum(frame.day, np.int32(day)))


def _stale(book: Book, source: str, watermark: int | None, instant: Instant) -> bool:
    """A source is stale when its watermark lies more days back than the book allows, or there is none."""
    limit = book.fresh_within_days.get(source)
    if limit is None:
        return False
    if watermark is None:
        return True
    day = int(local_days(np.array([watermark], np.int64), book.timezone)[0])
    return instant.day - day > limit


def _from_field(
    session: Session, metric: Metric, customers: CustomersFrame, clocks: Clocks, instant: Instant
) -> Column:
    origin = metric.origin
    assert isinstance(origin, FromField)
    column, recorded = read_fields(
        session, origin.field, metric.unit, customers.ids, to_microseconds(clocks.as_known_at)
    )
    column = _declared_texts(column, metric) if metric.unit is Unit.TEXT else column
    column = _aged(column, recorded, origin.max_age_days, instant)
    return _within_bounds(_filled(column, origin.empty, metric), metric)


def _from_value(
    session: Session, book: Book, metric: Metric, customers: CustomersFrame, clocks: Clocks, instant: Instant
) -> Column:
    origin = metric.origin
    assert isinstance(origin, FromValue)
    found = read_estimates(
        session,
        origin.value,
        origin.horizon_days,
        customers.ids,
        to_microseconds(clocks.as_of),
        to_microseconds(clocks.as_known_at),
        book.currency,
    )
    return _within_bounds(_aged(found.column, found.as_of, origin.max_age_days, instant), metric)


def _from_model(
    session: Session, metric: Metric, customers: CustomersFrame, clocks: Clocks, instant: Instant
) -> Column:
    origin = metric.origin
    assert isinstance(origin, FromModel)
    found = read_predictions(
        session,
        origin.model,
        customers.ids,
        to_microseconds(clocks.as_of),
        to_microseconds(clocks.as_known_at),
    )
    return _within_bounds(_aged(found.column, found.as_of, origin.max_age_days, instant), metric)


def _aged(column: Column, made: Integers, max_age_days: int | None, instant: Instant) -> Column:
    """Values made more local days ago than allowed are unknown (stale)."""
    if max_age_days is None:
        return column
    old = (column.causes == 0) & (instant.day - local_days(made, instant.zone) > max_age_days)
    return _without(column, old, UnknownCause.STALE)


def _within_bounds(column: Column, metric: Metric) -> Column:
    known = column.causes == 0
    out = np.zeros(len(column), np.bool_)
    if metric.low is not None:
        out |= known & (column.values < metric.low)
    if metric.high is not None:
        out |= known & (column.values > metric.high)
    return _without(column, out, UnknownCause.OUT_OF_RANGE)


def _without(column: Column, rows: NDArray[np.bool_], cause: UnknownCause) -> Column:
    if not rows.any():
        return column
    causes = np.where(rows, np.uint8(CAUSE_CODE[cause]), column.causes)
    return replace(column, values=np.where(rows, 0, column.values), causes=causes.astype(np.uint8))


def _filled(column: Column, empty: int | str | None, metric: Metric) -> Column:
    """Missing values take what the book says absence means."""
    if empty is None:
        return column
    missing = column.causes == CAUSE_CODE[UnknownCause.MISSING]
    value = metric.values.index(empty) if isinstance(empty, str) else empty
    return replace(
        column,
        values=np.where(missing, value, column.values),
        causes=np.where(missing, 0, column.causes).astype(np.uint8),
    )


def _declared_texts(column: Column, metric: Metric) -> Column:
    """Texts as positions in the metric's declared values; a text that is not declared is out of range."""
    position = {text: index for index, text in enumerate(metric.values)}
    codes = np.array([position.get(text, -1) for text in column.texts] or [-1], np.int64)
    values = codes[column.values]
    undeclared = (column.causes == 0) & (values < 0)
    known = replace(column, values=np.where(values < 0, 0, values), texts=metric.values)
    return _without(known, undeclared, UnknownCause.OUT_OF_RANGE)
