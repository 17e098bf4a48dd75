"""Which records a metric counts: those in its window that fulfil its condition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.expressions import truths
from engine.expressions.tree import Expression
from engine.metrics.declaration import FromRecords, Window
from engine.metrics.derived import OCCURRED_AT, Days, Rows, field_column
from engine.metrics.frames import Instant, RecordFrame
from engine.metrics.sources import SOURCES

_TRUE = 1


def selected(origin: FromRecords, frame: RecordFrame, instant: Instant) -> Rows:
    """(selected,) positions of the records a metric counts, in the frame's order.

    A record for which the condition is unknown is left out.
    """
    return fulfilling(origin, frame, instant, np.flatnonzero(_within(origin.within, frame, instant)))


def fulfilling(
    origin: FromRecords, frame: RecordFrame, instant: Instant, rows: Rows, today: Days | None = None
) -> Rows:
    """Those of some records that fulfil a metric's condition.

    Args:
        today: Local day that derived fields are as of, or (rows,) one for each record; None: that of the instant.
    """
    if origin.where is None or len(rows) == 0:
        return rows
    return rows[_fulfils(origin.where, frame, instant, rows, today)]


def _within(window: Window, frame: RecordFrame, instant: Instant) -> NDArray[np.bool_]:
    """Windows are made of whole local days and never reach `as_of`.

    With D the local day of `as_of` a window of n days with offset m runs from the start of day D − m − n
    to the start of day D − m. With offset 0 it runs up to `as_of` itself, which is the start of day D
    where `as_of` is a local midnight; otherwise the part of day D before `as_of` counts too.
    """
    inside: NDArray[np.bool_] = frame.occurred < instant.as_of
    end = instant.day - window.offset
    if window.offset:
        inside &= frame.day < end
    if window.days is not None:
        inside &= frame.day >= end - window.days
    return inside


def _fulfils(
    where: Expression, frame: RecordFrame, instant: Instant, rows: Rows, today: Days | None
) -> NDArray[np.bool_]:
    known = {OCCURRED_AT, *SOURCES[frame.source].fields}
    columns = {name: field_column(frame, name, instant, rows, today) for name in where.names if name in known}
    return np.asarray(truths(where, columns, len(rows), day=instant.day) == _TRUE)
