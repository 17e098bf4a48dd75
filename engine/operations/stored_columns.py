"""What is stored beside records, made fit for a metric: currency, age, declared texts, what absence means."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.expressions import CAUSE_CODE, Column
from engine.metrics import Instant, Metric, local_days
from engine.store import StoredColumn
from engine.vocabulary import Unit, UnknownCause

Integers = NDArray[np.int64]


def in_currency(found: StoredColumn, instant: Instant) -> Column:
    """Money in another currency than the book's, or in none, is unknown (currency): there are no rates."""
    if found.column.unit is not Unit.MONEY:
        return found.column
    texts = np.array([text == instant.currency for text in found.currencies.texts] or [False], np.bool_)
    same = texts[found.currencies.values] & (found.currencies.causes == 0)
    other = (found.column.causes == 0) & ~same
    return _without(found.column, other, UnknownCause.CURRENCY)


def aged(column: Column, made: Integers, max_age_days: int | None, instant: Instant) -> Column:
    """Values made more local days ago than allowed are unknown (stale)."""
    if max_age_days is None:
        return column
    old = (column.causes == 0) & (instant.day - local_days(made, instant.zone) > max_age_days)
    return _without(column, old, UnknownCause.STALE)


def _without(column: Column, rows: NDArray[np.bool_], cause: UnknownCause) -> Column:
    if not rows.any():
        return column
    causes = np.where(rows, np.uint8(CAUSE_CODE[cause]), column.causes)
    return replace(column, values=np.where(rows, 0, column.values), causes=causes.astype(np.uint8))


def filled(column: Column, empty: int | str | None, metric: Metric) -> Column:
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


def declared_texts(column: Column, metric: Metric) -> Column:
    """Texts as positions in the metric's declared values; a text that is not declared is out of range."""
    position = {text: index for index, text in enumerate(metric.values)}
    codes = np.array([position.get(text, -1) for text in column.texts] or [-1], np.int64)
    values = codes[column.values]
    undeclared = (column.causes == 0) & (values < 0)
    known = replace(column, values=np.where(values < 0, 0, values), texts=metric.values)
    return _without(known, undeclared, UnknownCause.OUT_OF_RANGE)
