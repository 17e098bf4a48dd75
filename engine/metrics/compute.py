"""Declared metrics over frames of records, and the records behind one customer's value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from engine.errors import InputError
from engine.expressions import quantised
from engine.expressions.columns import CAUSE_CODE, Bytes, Column, Columns, Integers
from engine.metrics.calendar import months_between
from engine.metrics.declaration import FromExpression, FromRecords, Metric, Take
from engine.metrics.derived import Days, Rows, field_column, stored_fields
from engine.metrics.frames import Instant, RecordFrame
from engine.metrics.segments import SINCE, Segments, Taken, new_values, take
from engine.metrics.selection import selected
from engine.vocabulary import EXACT_LIMIT, Text, Unit, UnknownCause, scale_of

_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]
_BEYOND: Final = CAUSE_CODE[UnknownCause.OUT_OF_RANGE]
_SAFE: Final = 2**62


@dataclass(frozen=True, slots=True)
class Contribution:
    """One record behind a metric.

    Attributes:
        record_id: Stored id of the record.
        value: What it brought in, in stored units of the field taken (1 or 0 for counts): the parts of a
            sum or a count add up to the value, the mean, least, greatest of the parts is the value of
            `mean`, `min`, `max`. None where the take has no parts.
    """

    record_id: int
    value: int | None


def compute(metric: Metric, frame: RecordFrame, instant: Instant, customers: int) -> Column:
    """One metric of every customer from the records of its source.

    Whole numbers are added up exactly and divided once, so a customer's value does not depend on
    who else is in the frame.

    Args:
        metric: Its origin is `FromRecords`.
        frame: Records of that source, sorted by (customer, occurred, id).
        instant: The instant asked about.
        customers: How many customers are asked for.

    Returns:
        (customers,) values in the metric's scale.
    """
    rows = selected(_records(metric), frame, instant)
    return settled(metric, taken_of(metric, frame, instant, rows, customers), instant, instant.day)


@dataclass(frozen=True, slots=True)
class TakenRows:
    """What was taken of the records of each customer, not yet compared with a day nor divided.

    Attributes:
        counts: (customers,) how many records of each were selected.
        taken: One quotient for each customer that has any.
        unit: What the field taken is measured in.
        texts: Of a field of texts.
    """

    counts: Integers
    taken: Taken
    unit: Unit
    texts: tuple[str, ...]

    def at(self, places: Rows) -> TakenRows:
        """The same for (n,) customers, each as often as it is named."""
        there = self.counts > 0
        rows = (np.cumsum(there) - 1)[places[there[places]]]
        taken = Taken(self.taken.total[rows], self.taken.divisor[rows], self.taken.causes[rows])
        return replace(self, counts=self.counts[places], taken=taken)


def taken_of(
    metric: Metric, frame: RecordFrame, instant: Instant, rows: Rows, customers: int, *, today: Days | None = None
) -> TakenRows:
    """What a metric takes of selected records.

    Args:
        rows: (selected,) which records, in the frame's order.
        today: Local day that derived fields are as of, or (selected,) one for each record; None: of the instant.
    """
    take_ = _records(metric).take
    counts = np.bincount(frame.customer[rows], minlength=customers)
    kept = counts[counts > 0]
    if not len(kept):
        nothing = np.zeros(0, np.int64)
        return TakenRows(counts, Taken(nothing, nothing, np.zeros(0, np.uint8)), Unit.COUNT, ())
    column = _taken_field(take_, frame, instant, rows, today)
    function = take_.inner or "max" if take_.function in SINCE else take_.function
    taken = take(function, Segments(column, np.cumsum(kept) - kept, kept))
    return TakenRows(counts, taken, column.unit, column.texts if metric.unit is Unit.TEXT else ())


def settled(metric: Metric, found: TakenRows, instant: Instant, today: Days) -> Column:
    """The values of a metric from what was taken.

    Args:
        instant: For the book's currency.
        today: Local day to count from, or (customers,) one for each customer.
    """
    origin, counts = _records(metric), found.counts
    values = np.zeros(len(counts), np.int64)
    causes = np.full(len(counts), _MISSING, np.uint8)
    present = np.flatnonzero(counts)
    if len(present):
        taken = _since(origin.take, found.taken, today if isinstance(today, int) else today[present])
        scale = _field_scale(origin.take, found.unit, instant)
        values[present], causes[present] = _quantise(taken, metric.scale, scale)
        few = (counts > 0) & (counts < origin.min_count)
        causes[few] = _MISSING
    if origin.empty is not None:
        nobody = counts == 0
        values[nobody], causes[nobody] = origin.empty, 0
    return bounded(metric, Column(np.where(causes == 0, values, 0), causes, metric.unit, found.texts))


def bounded(metric: Metric, column: Column) -> Column:
    """The same column with values beyond the metric's bounds (or undeclared texts) unknown (out of range).

    For the columns that do not come from records too: fields, estimates, predictions, expressions.
    """
    if metric.unit is Unit.TEXT:
        if not metric.values:
            return column
        known = np.array([text in metric.values for text in column.texts] or [False])
        beyond = ~known[column.values]
    else:
        low = -EXACT_LIMIT if metric.low is None else metric.low
        high = EXACT_LIMIT if metric.high is None else metric.high
        beyond = (column.values < low) | (column.values > high)
    hit = beyond & (column.causes == 0)
    if not hit.any():
        return column
    causes = np.where(hit, _BEYOND, column.causes).astype(np.uint8)
    return replace(column, values=np.where(hit, 0, column.values), causes=causes)


def contributions(metric: Metric, frame: RecordFrame, instant: Instant, row: int) -> list[Contribution]:
    """The records behind one customer's value, in order of time; they recompute to it.

    `latest` and `first` name the one record they took.
    """
    origin = _records(metric)
    rows = selected(origin, frame, instant)
    rows = rows[frame.customer[rows] == row]
    function = origin.take.inner or origin.take.function
    if function in ("latest", "first"):
        rows = rows[-1:] if function == "latest" else rows[:1]
    ids = frame.ids[rows].tolist()
    if not ids or function not in _WITH_PARTS:
        return [Contribution(record, None) for record in ids]
    column = _taken_field(origin.take, frame, instant, rows)
    parts = column.values
    if function == "count":
        parts = np.ones(len(ids), np.int64)
    elif function == "count_distinct":
        parts = new_values(Segments(column, np.zeros(1, np.intp), np.array([len(ids)]))).astype(np.int64)
    known = column.causes == 0
    return [Contribution(ids[i], int(parts[i]) if known[i] else None) for i in range(len(ids))]


def second_pass(
    metrics: Iterable[Metric], columns: Columns, length: int | None = None, day: int | None = None
) -> dict[str, Column]:
    """The metrics calculated from other metrics; those of other origins are passed over.

    Args:
        metrics: In an order in which each comes after those it reads.
        columns: What the first pass gave.
        length: How many customers; None: as many as the first column has.
        day: Local day asked about, for functions of dates.
    """
    known = dict(columns)
    if length is None:
        length = len(next(iter(known.values()))) if known else 0
    made: dict[str, Column] = {}
    for metric in metrics:
        if isinstance(metric.origin, FromExpression):
            expression = metric.origin.expression
            column = quantised(expression, known, length, metric.unit, metric.scale, day=day)
            made[metric.name] = known[metric.name] = bounded(metric, column)
    return made


def fields_needed(metric: Metric) -> frozenset[str]:
    """Stored record fields a metric reads, those behind derived ones too; none if it reads no records."""
    origin = metric.origin
    if not isinstance(origin, FromRecords):
        return frozenset()
    names = set(origin.where.names) if origin.where else set()
    if origin.take.field is not None:
        names.add(origin.take.field)
    return stored_fields(origin.source, frozenset(names))


_WITH_PARTS: Final = ("sum", "count", "count_distinct", "mean", "min", "max", "any", "all")


def _records(metric: Metric) -> FromRecords:
    if isinstance(metric.origin, FromRecords):
        return metric.origin
    raise InputError(
        Text(f"Metric {metric.name} is not taken from records.", f"指标 {metric.name} 不是由记录计算的。"),
        Text("Look at the metrics it is calculated from.", "请查看它所引用的指标。"),
    )


def _taken_field(take_: Take, frame: RecordFrame, instant: Instant, rows: Rows, today: Days | None = None) -> Column:
    """The field taken; for `count()` a column of ones."""
    if take_.field is None:
        return Column(np.ones(len(rows), np.int64), np.zeros(len(rows), np.uint8), Unit.COUNT)
    return field_column(frame, take_.field, instant, rows, today)


def _since(take_: Take, taken: Taken, today: Days) -> Taken:
    """Days or months between a date that was taken and a day, where that is asked for."""
    if take_.function not in SINCE:
        return taken
    if take_.function == "days_since":
        days = today - taken.total
    elif take_.function == "days_until":
        days = taken.total - today
    else:
        days = months_between(taken.total, today)
    return replace(taken, total=days)


def _field_scale(take_: Take, unit: Unit, instant: Instant) -> int:
    """Stored units per unit of what was taken; counts and days are whole."""
    whole = take_.function in (*SINCE, "count", "count_distinct", "median_gap", "last_gap")
    return 1 if whole else scale_of(unit, instant.currency)


def _quantise(taken: Taken, scale: int, field_scale: int) -> tuple[Integers, Bytes]:
    """total / divisor in the metric's scale, half to even, divided once."""
    common = int(np.gcd(scale, field_scale))
    times, over = scale // common, taken.divisor * (field_scale // common)
    if int(np.abs(taken.total).max(initial=0)) * times < _SAFE:
        values = _half_even(taken.total * times, over)
        beyond = np.abs(values) > EXACT_LIMIT
    else:
        exact = [_half_even_exact(int(t) * times, int(d)) for t, d in zip(taken.total, over, strict=True)]
        beyond = np.array([abs(value) > EXACT_LIMIT for value in exact], np.bool_)
        values = np.array([0 if hit else value for value, hit in zip(exact, beyond, strict=True)], np.int64)
    causes = np.where((taken.causes == 0) & beyond, _BEYOND, taken.causes).astype(np.uint8)
    return values, causes


def _half_even(total: Integers, divisor: Integers) -> Integers:
    floor, rest = np.divmod(total, divisor)
    left = divisor - rest
    up = (rest > left) | ((rest == left) & (floor % 2 == 1))
    return np.asarray(floor + up, np.int64)


def _half_even_exact(total: int, divisor: int) -> int:
    floor, rest = divmod(total, divisor)
    return floor + (2 * rest > divisor or (2 * rest == divisor and floor % 2 == 1))
