"""One metric of one customer on many days, from the same records: what changes when nothing happens."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engine.expressions.columns import Column, Fact
from engine.expressions.tree import Expression
from engine.metrics.compute import bounded, compute
from engine.metrics.declaration import FromRecords, Metric
from engine.metrics.derived import DAILY
from engine.metrics.frames import Instant, RecordFrame
from engine.metrics.segments import SINCE

_STEPS: Final = {"days_since": 1, "days_until": -1}
"""Takes that change by a day every day."""
_OF_TODAY: Final = re.compile(r"\b(days_since|in_last)\s*\(")
"""Calls of functions of the rule language that ask which day it is."""


def asks_the_day(expression: Expression) -> bool:
    """Whether an expression may come out otherwise on another day; a text that reads like such a call counts too."""
    return _OF_TODAY.search(expression.text) is not None


def compute_daily(metric: Metric, frame: RecordFrame, days: Sequence[int], zone: str, currency: str) -> Column:
    """A metric at the beginning of each of some local days, for the one customer whose records these are.

    Records leave and enter a window on days that are known beforehand; between two of them a metric stays or, where
    it counts days, goes by one a day. Where it depends on the day otherwise it is computed on every day.

    Args:
        days: Rising, after every record's.

    Returns:
        (days,) the same as `compute` gives on each day.
    """
    origin = metric.origin
    assert isinstance(origin, FromRecords)
    step = _STEPS.get(origin.take.function, 0)
    free = replace(metric, low=None, high=None)
    turns = _turns(origin, frame, days) if _settled(origin) else list(days)
    at_turns = [compute(free, frame, Instant.of_day(day, zone, currency), 1).fact(0) for day in turns]
    facts = []
    for day in days:
        place = bisect_right(turns, day) - 1
        fact = at_turns[place]
        if step and isinstance(fact.value, int):
            fact = Fact(fact.value + step * metric.scale * (day - turns[place]))
        facts.append(fact)
    return bounded(metric, Column.of(facts, metric.unit))


def _settled(origin: FromRecords) -> bool:
    """Whether nothing but the window, and counting days, makes the metric change."""
    if origin.take.function in SINCE and origin.take.function not in _STEPS:
        return False
    where = origin.where
    if origin.take.field in DAILY or (where is not None and DAILY.intersection(where.names)):
        return False
    return where is None or not asks_the_day(where)


def _turns(origin: FromRecords, frame: RecordFrame, days: Sequence[int]) -> list[int]:
    """The first day, and the days on which a record enters or leaves the window, rising."""
    window, first, last = origin.within, days[0], days[-1]
    entered = set((frame.day + (window.offset + 1)).tolist())
    left = set() if window.days is None else set((frame.day + (window.offset + window.days + 1)).tolist())
    return [first, *sorted(day for day in entered | left if first < day <= last)]
