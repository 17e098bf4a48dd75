"""One metric of one customer on many days, from the same records: what changes when nothing happens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.expressions.columns import Column, Integers
from engine.expressions.tree import Expression
from engine.metrics.compute import compute, settled, taken_of
from engine.metrics.declaration import FromRecords, Metric, Window
from engine.metrics.derived import DAILY
from engine.metrics.frames import Instant, RecordFrame
from engine.metrics.selection import fulfilling

_OF_TODAY: Final = re.compile(r"\b(days_since|in_last)\s*\(")
"""Calls of functions of the rule language that ask which day it is."""


def asks_the_day(expression: Expression) -> bool:
    """Whether an expression may come out otherwise on another day; a text that reads like such a call counts too."""
    return _OF_TODAY.search(expression.text) is not None


def compute_daily(metric: Metric, frame: RecordFrame, days: Sequence[int], zone: str, currency: str) -> Column:
    """A metric at the beginning of each of some local days, for the one customer whose records these are.

    Records leave and enter a window on days that are known beforehand; between two of them the same is taken of them,
    and only counted from another day. Where fields or the condition depend on the day it is taken on every day.

    Args:
        days: Rising, after every record's.

    Returns:
        (days,) the same as `compute` gives on each day.
    """
    origin = metric.origin
    assert isinstance(origin, FromRecords)
    if origin.where is not None and asks_the_day(origin.where):
        each = [compute(metric, frame, Instant.of_day(day, zone, currency), 1).fact(0) for day in days]
        return Column.of(each, metric.unit)
    asked = np.array(days, np.int64)
    turns = asked if _daily(origin) else _turns(origin.within, frame, asked)
    instant = Instant.of_day(days[0], zone, currency)
    on_days, today = _on_days(origin.within, frame, turns)
    rows = fulfilling(origin, on_days, instant, np.arange(len(on_days)), today)
    taken = taken_of(metric, on_days, instant, rows, len(turns), today=today[rows])
    return settled(metric, taken.at(np.searchsorted(turns, asked, side="right") - 1), instant, asked)


def _daily(origin: FromRecords) -> bool:
    """Whether what is taken depends on the day by more than its window."""
    names = set() if origin.where is None else set(origin.where.names)
    return not DAILY.isdisjoint({*names, origin.take.field})


def _turns(window: Window, frame: RecordFrame, days: Integers) -> Integers:
    """(turns,) the first day, and the days on which a record enters or leaves the window, rising."""
    entered = frame.day.astype(np.int64) + (window.offset + 1)
    moved = entered if window.days is None else np.concatenate([entered, entered + window.days])
    return np.unique(np.append(moved[(moved > days[0]) & (moved <= days[-1])], days[0]))


def _on_days(window: Window, frame: RecordFrame, days: Integers) -> tuple[RecordFrame, Integers]:
    """The records in the window on each day one after the other, the days as its customers; and each record's day."""
    ends = (days - window.offset)[:, np.newaxis]
    inside = frame.day < ends
    if window.days is not None:
        inside &= frame.day >= ends - window.days
    of_day, rows = np.nonzero(inside)
    columns = {name: column.take(rows) for name, column in frame.columns.items()}
    keys = (frame.ids[rows], of_day, frame.occurred[rows], frame.day[rows])
    return RecordFrame(frame.source, *keys, columns, frame.currencies.take(rows)), days[of_day]
