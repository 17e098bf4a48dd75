"""Declared metrics over frames of records."""

from engine.metrics.calendar import day_start, local_day, local_days
from engine.metrics.compute import Contribution, bounded, compute, contributions, fields_needed, second_pass
from engine.metrics.daily import asks_the_day, compute_daily
from engine.metrics.declaration import (
    Actionable,
    FromExpression,
    FromField,
    FromModel,
    FromRecords,
    FromValue,
    Metric,
    Origin,
    Take,
    Window,
)
from engine.metrics.derived import OCCURRED_AT
from engine.metrics.frames import Instant, RecordFrame
from engine.metrics.segments import SINCE, TAKES
from engine.metrics.selection import selected
from engine.metrics.sources import COLUMNS, SOURCE_OF_KIND, SOURCES, Field, Source

__all__ = [
    "COLUMNS",
    "OCCURRED_AT",
    "SINCE",
    "SOURCES",
    "SOURCE_OF_KIND",
    "TAKES",
    "Actionable",
    "Contribution",
    "Field",
    "FromExpression",
    "FromField",
    "FromModel",
    "FromRecords",
    "FromValue",
    "Instant",
    "Metric",
    "Origin",
    "RecordFrame",
    "Source",
    "Take",
    "Window",
    "asks_the_day",
    "bounded",
    "compute",
    "compute_daily",
    "contributions",
    "day_start",
    "fields_needed",
    "local_day",
    "local_days",
    "second_pass",
    "selected",
]
