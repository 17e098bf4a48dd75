"""A metric on many days from the same records, against computing it on each of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Place
from engine.expressions import check_expression
from engine.expressions.tree import Declared
from engine.metrics import SOURCES, Instant, Metric, RecordFrame, compute, compute_daily, segments
from engine.vocabulary import Unit, scale_of
from tests.metrics.frames import CURRENCY, ZONE, frame, metric

computing = sys.modules[compute.__module__]

START = datetime(2026, 1, 30, 16, tzinfo=UTC)
TODAY = (date(2026, 12, 1) - date(1970, 1, 1)).days
AT = st.integers(0, 300 * 24).map(lambda hours: START + timedelta(hours=hours))
DAYS = st.none() | st.integers(TODAY - 400, TODAY + 300)
ORDERS = st.fixed_dictionaries(
    {
        "customer": st.just(0),
        "at": AT,
        "net": st.none() | st.integers(-500, 500),
        "status": st.sampled_from(["paid", "returned", None]),
        "currency": st.sampled_from(["CNY", "CNY", "USD"]),
    }
)
CONTRACTS = st.fixed_dictionaries(
    {
        "customer": st.just(0),
        "at": AT,
        "starts_on": DAYS,
        "ends_on": DAYS,
        "status": st.sampled_from([None, "cancelled", "running"]),
    }
)
ASKED = st.sets(st.integers(0, 500), min_size=1, max_size=15).map(lambda days: sorted(TODAY + day for day in days))


def on_each_day(one: Metric, records: RecordFrame, days: Sequence[int]) -> list[Any]:
    return [compute(one, records, Instant.of_day(day, ZONE, CURRENCY), 1).fact(0) for day in days]


def on_all(one: Metric, records: RecordFrame, days: Sequence[int]) -> list[Any]:
    column = compute_daily(one, records, days, ZONE, CURRENCY)
    return [column.fact(row) for row in range(len(days))]


def condition(source: str, text: str | None) -> Any:
    """A condition on records of a source."""
    scope = {
        name: Declared(field.unit, scale_of(field.unit, CURRENCY)) for name, field in SOURCES[source].fields.items()
    }
    scope["occurred_at"] = Declared(Unit.DATE)
    return None if text is None else check_expression(text, scope, Unit.BOOL, Place("metrics.yaml", 1, 1))


TAKES = [
    ("orders", "count()", Unit.COUNT, None, {"empty": 0}),
    ("orders", "sum(net)", Unit.MONEY, "status == 'paid'", {"empty": 0, "low": -300, "high": 900}),
    ("orders", "mean(net)", Unit.MONEY, None, {"min_count": 2}),
    ("orders", "latest(status)", Unit.TEXT, None, {}),
    ("orders", "max(occurred_at)", Unit.DATE, None, {}),
    ("orders", "median_gap(occurred_at)", Unit.DAYS, None, {}),
    ("orders", "days_since(max(occurred_at))", Unit.DAYS, "net > 0", {"high": 90}),
    ("orders", "days_since(max(occurred_at))", Unit.DAYS, None, {"empty": 999}),
    ("orders", "months_since(min(occurred_at))", Unit.MONTHS, None, {"empty": 0, "min_count": 2}),
    ("orders", "count()", Unit.COUNT, "in_last(occurred_at, 30)", {"empty": 0}),
    ("contracts", "any(active)", Unit.BOOL, None, {"empty": 0}),
    ("contracts", "max(days_to_end)", Unit.DAYS, "active", {"low": 1}),
    ("contracts", "min(days_since_end)", Unit.DAYS, None, {}),
    ("contracts", "days_until(min(ends_on))", Unit.DAYS, "status != 'cancelled'", {}),
    ("contracts", "months_since(min(starts_on))", Unit.MONTHS, None, {}),
]


@pytest.mark.parametrize(("source", "take", "unit", "where", "options"), TAKES)
@settings(max_examples=20)
@given(st.data(), ASKED, st.none() | st.integers(1, 200), st.integers(0, 60))
def test_each_day_as_if_it_were_the_only_one(
    source: str,
    take: str,
    unit: Unit,
    where: str | None,
    options: dict[str, Any],
    data: st.DataObject,
    asked: list[int],
    length: int | None,
    offset: int,
) -> None:
    given_ = data.draw(st.lists(ORDERS if source == "orders" else CONTRACTS, max_size=8))
    declared = metric(source, take, unit, where=condition(source, where), days=length, offset=offset, **options)
    records = frame(source, given_)
    assert on_all(declared, records, asked) == on_each_day(declared, records, asked)


@pytest.mark.parametrize("take", ["any(active)", "months_since(min(starts_on))"])
def test_two_years_are_taken_at_once(monkeypatch: pytest.MonkeyPatch, take: str) -> None:
    """What depends on the day is not computed anew for each."""
    calls: list[str] = []
    once = segments.take
    monkeypatch.setattr(computing, "take", lambda name, parts: (calls.append(name), once(name, parts))[1])
    contract = {"customer": 0, "at": START, "starts_on": TODAY - 40, "ends_on": TODAY + 200, "status": None}
    found = on_all(
        metric("contracts", take, Unit.BOOL if "active" in take else Unit.MONTHS),
        frame("contracts", [contract]),
        range(TODAY, TODAY + 730),
    )
    assert len({fact.value for fact in found}) > 1
    assert len(calls) == 1
