"""The columnar evaluator: many customers, in chunks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions.chunk import Chunk
from engine.expressions.columns import Column, Columns, ScoreColumn
from engine.expressions.lanes import Lane, marked
from engine.expressions.point_nodes import points_of
from engine.expressions.tree import Bins, Curve, Expression
from engine.vocabulary import EXACT_LIMIT, Unit, UnknownCause

CHUNK: Final = 32_768
"""Customers evaluated at a time: a column of doubles is 256 KB."""

UNKNOWN: Final = 2
"""Truths are 0 false, 1 true, 2 unknown."""


def truths(
    expression: Expression,
    columns: Columns,
    length: int,
    score: ScoreColumn | None = None,
    day: int | None = None,
) -> NDArray[np.uint8]:
    """Whether a condition holds, for every customer.

    Args:
        columns: Metrics, (customers,) each; a name that is not there is unknown.
        length: Customers.
        score: Scores with bounds, for gates and `or_when`.
        day: Today as days since 1970-01-01, local; needed by `days_since` and `in_last`.

    Returns:
        (customers,) 0 false, 1 true, 2 unknown.
    """
    result = np.empty(length, np.uint8)
    for rows, lane in lanes(expression, columns, length, score, day):
        out = result[rows]
        out[:] = lane.data
        if lane.causes is not None:
            out[lane.causes != 0] = UNKNOWN
    return result


def quantised(
    expression: Expression, columns: Columns, length: int, unit: Unit, scale: int, *, day: int | None = None
) -> Column:
    """What an expression gives as stored values: half to even of the double product value x `scale`.

    A result beyond 2**53, like every intermediate that is no finite number, is unknown (out of range).

    Args:
        unit: The declared type of the metric.
        scale: Stored units per unit.
    """
    values, causes = np.zeros(length, np.int64), np.zeros(length, np.uint8)
    texts: tuple[str, ...] = ()
    for rows, lane in lanes(expression, columns, length, None, day):
        data, unknown = lane.data, lane.causes
        if unit not in (Unit.BOOL, Unit.TEXT):
            with np.errstate(over="ignore"):
                product = data * float(scale)
            beyond = np.broadcast_to(np.abs(product) > EXACT_LIMIT, (rows.stop - rows.start,))
            unknown = marked(unknown, beyond, UnknownCause.OUT_OF_RANGE)
            data = np.rint(np.where(beyond, 0.0, product))
        texts = lane.texts
        values[rows] = data
        if unknown is not None:
            causes[rows] = unknown
            values[rows][unknown != 0] = 0
    return Column(values, causes, unit, texts)


def lanes(
    expression: Expression, columns: Columns, length: int, score: ScoreColumn | None, day: int | None
) -> Iterator[tuple[slice, Lane]]:
    """What an expression gives, chunk by chunk, not yet rounded to a scale."""
    for rows in _chunks(length):
        yield rows, Chunk(columns, rows, score, day).evaluate(expression.node)


def points(node: Curve | Bins, columns: Columns, length: int) -> NDArray[np.int32]:
    """Points in 0.0001 for every customer, (customers,); -1 where the metric is unknown."""
    result = np.empty(length, np.int32)
    for rows in _chunks(length):
        write_points(node, columns, rows, result[rows])
    return result


def write_points(node: Curve | Bins, columns: Columns, rows: slice, out: NDArray[np.int32]) -> NDArray[np.bool_] | None:
    """Points in 0.0001 of a chunk of customers, written to `out`, -1 where the metric is unknown.

    Returns:
        Where it is unknown; None: nowhere.
    """
    column = columns.get(node.operand.name)
    if column is None:
        out[:] = -1
        return np.ones(len(out), np.bool_)
    points_of(node, column.values[rows], out)
    causes = column.causes[rows]
    if not causes.any():
        return None
    unknown: NDArray[np.bool_] = causes != 0
    out[unknown] = -1
    return unknown


def _chunks(length: int) -> Iterator[slice]:
    for start in range(0, length, CHUNK):
        yield slice(start, min(start + CHUNK, length))
