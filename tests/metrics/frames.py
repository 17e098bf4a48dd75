"""Frames of records and metrics written in a line, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from engine.errors import Place
from engine.expressions.columns import Column, Fact
from engine.metrics import SOURCES, FromRecords, Instant, Metric, RecordFrame, Take, Window, local_days
from engine.vocabulary import Text, Unit, UnknownCause, scale_of

ZONE = "Asia/Shanghai"
CURRENCY = "CNY"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def instant(text: str = "2026-11-30T16:00:00+00:00") -> Instant:
    """Default: 2026-12-01 00:00 in Shanghai."""
    return Instant.at(moment(text), ZONE, CURRENCY)


def frame(source: str, records: Sequence[Mapping[str, Any]]) -> RecordFrame:
    """A frame of records given as fields with `customer`, `at` and perhaps `currency`; ids count from 1."""
    rows = sorted(enumerate(records, 1), key=lambda pair: (pair[1]["customer"], pair[1]["at"], pair[0]))
    occurred = np.array([_microseconds(row["at"]) for _, row in rows], np.int64)
    columns = {
        name: Column.of([_fact(row.get(name)) for _, row in rows], field.unit)
        for name, field in SOURCES[source].fields.items()
        if field.column
    }
    currencies = Column.of([_fact(row.get("currency", CURRENCY)) for _, row in rows], Unit.TEXT)
    customers = np.array([row["customer"] for _, row in rows], np.int64)
    ids = np.array([number for number, _ in rows], np.int64)
    return RecordFrame(source, ids, customers, occurred, local_days(occurred, ZONE), columns, currencies)


def metric(source: str, take: str, unit: Unit, **options: Any) -> Metric:
    """A metric such as `sum(net)` or `days_since(max(occurred_at))` of a source."""
    low, high = options.pop("low", None), options.pop("high", None)
    within = Window(options.pop("days", None), options.pop("offset", 0))
    origin = FromRecords(source, parse_take(take), within=within, **options)
    return Metric(
        "m", unit, scale_of(unit, CURRENCY), Text("m"), Place("metrics.yaml", 1, 1), origin, low=low, high=high
    )


def parse_take(text: str) -> Take:
    parts = text.replace(")", "").split("(")
    if len(parts) == 3:
        return Take(parts[0], parts[2], parts[1], text)
    return Take(parts[0], parts[1] or None, None, text)


def _fact(value: object) -> Fact:
    if value is None:
        return Fact(None, UnknownCause.MISSING)
    assert isinstance(value, int | str)
    return Fact(value)


def _microseconds(at: str | datetime) -> int:
    when = moment(at) if isinstance(at, str) else at
    return int((when - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1_000_000
