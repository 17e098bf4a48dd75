"""Windows, derived fields, unknowns and conditions of metrics, one case a line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import expressions
from engine.errors import InputError, Place
from engine.expressions.columns import Column, Fact
from engine.expressions.tree import Declared
from engine.metrics import (
    SOURCES,
    FromExpression,
    FromField,
    Metric,
    bounded,
    compute,
    contributions,
    day_start,
    fields_needed,
    local_days,
    second_pass,
)
from engine.vocabulary import Text, Unit, UnknownCause, scale_of
from tests.metrics.frames import CURRENCY, frame, instant, metric

MISSING = Fact(None, UnknownCause.MISSING)
NOON = "2026-12-01T04:00:00+00:00"
"""12:00 on 2026-12-01 in Shanghai."""


def day(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1)).days


def order(at: str, net: int | None = 100, **fields: object) -> dict[str, object]:
    return {"customer": 0, "at": at, "net": net, "status": "paid", **fields}


def value(declared: Metric, source: str, records: list[dict[str, object]], as_of: str | None = None) -> Fact:
    return compute(declared, frame(source, records), instant(as_of) if as_of else instant(), 1).fact(0)


EDGES = [
    # as of midnight 2026-12-01 Shanghai (16:00 UTC the day before): one day is the whole of 11-30
    (None, 1, 0, "2026-11-29T16:00:00+00:00", True),
    (None, 1, 0, "2026-11-29T15:59:59+00:00", False),
    (None, 1, 0, "2026-11-30T15:59:59+00:00", True),
    (None, 1, 0, "2026-11-30T16:00:00+00:00", False),
    (None, None, 0, "2026-11-30T16:00:00+00:00", False),
    (None, 1, 1, "2026-11-29T15:59:59+00:00", True),
    (None, 1, 1, "2026-11-29T16:00:00+00:00", False),
    # as of noon: whole days before, and the part of today before noon
    (NOON, 1, 0, "2026-11-29T16:00:00+00:00", True),
    (NOON, 1, 0, "2026-11-29T15:59:59+00:00", False),
    (NOON, 1, 0, "2026-12-01T03:59:59+00:00", True),
    (NOON, 1, 0, "2026-12-01T04:00:00+00:00", False),
    (NOON, None, 1, "2026-11-29T16:00:00+00:00", False),
    (NOON, None, 1, "2026-11-29T15:59:59+00:00", True),
]


@pytest.mark.parametrize(("as_of", "days", "offset", "at", "counted"), EDGES)
def test_window_edges(as_of: str | None, days: int | None, offset: int, at: str, counted: bool) -> None:
    declared = metric("orders", "count()", Unit.COUNT, days=days, offset=offset, empty=0)
    assert value(declared, "orders", [order(at)], as_of) == Fact(int(counted))


UNKNOWNS = [
    ("nothing selected", {}, [], MISSING),
    ("nothing selected is a true zero", {"empty": 0}, [], Fact(0)),
    ("too few", {"min_count": 2, "empty": 0}, [order("2026-11-01T00:00:00+00:00")], MISSING),
    ("a record lacks the field", {}, [order("2026-11-01T00:00:00+00:00", None)], MISSING),
    (
        "another currency",
        {},
        [order("2026-11-01T00:00:00+00:00", currency="USD")],
        Fact(None, UnknownCause.CURRENCY),
    ),
    ("no currency", {}, [order("2026-11-01T00:00:00+00:00", currency=None)], Fact(None, UnknownCause.CURRENCY)),
    (
        "below the least",
        {"low": 101},
        [order("2026-11-01T00:00:00+00:00")],
        Fact(None, UnknownCause.OUT_OF_RANGE),
    ),
    ("at the greatest", {"high": 100}, [order("2026-11-01T00:00:00+00:00")], Fact(100)),
    ("above the greatest", {"high": 99}, [order("2026-11-01T00:00:00+00:00")], Fact(None, UnknownCause.OUT_OF_RANGE)),
]


@pytest.mark.parametrize(("options", "records", "answer"), [row[1:] for row in UNKNOWNS], ids=[r[0] for r in UNKNOWNS])
def test_unknowns(options: dict[str, int], records: list[dict[str, object]], answer: Fact) -> None:
    assert value(metric("orders", "sum(net)", Unit.MONEY, **options), "orders", records) == answer


def contract(starts: str, ends: str, status: str | None = "active", **fields: object) -> dict[str, object]:
    at = "2020-01-01T00:00:00+00:00"
    return {"customer": 0, "at": at, "starts_on": day(starts), "ends_on": day(ends), "status": status, **fields}


CONTRACTS = [
    ("any(active)", Unit.BOOL, contract("2026-12-01", "2026-12-02"), Fact(1)),
    ("any(active)", Unit.BOOL, contract("2026-12-02", "2027-12-02"), Fact(0)),
    ("any(active)", Unit.BOOL, contract("2025-12-01", "2026-12-01"), Fact(0)),
    ("any(active)", Unit.BOOL, contract("2025-12-01", "2027-12-01", "cancelled"), Fact(0)),
    ("any(active)", Unit.BOOL, contract("2025-12-01", "2027-12-01", None), Fact(1)),
    ("min(days_to_end)", Unit.DAYS, contract("2025-12-01", "2026-12-11"), Fact(10)),
    ("min(days_to_end)", Unit.DAYS, contract("2025-12-01", "2026-12-01"), MISSING),
    ("min(days_since_end)", Unit.DAYS, contract("2025-12-01", "2026-11-21"), Fact(10)),
    ("min(days_since_end)", Unit.DAYS, contract("2025-12-01", "2026-12-11"), Fact(-10)),
    ("days_until(min(ends_on))", Unit.DAYS, contract("2025-12-01", "2026-12-11"), Fact(10)),
    ("months_since(min(starts_on))", Unit.MONTHS, contract("2025-12-01", "2027-01-01"), Fact(12)),
    ("months_since(min(starts_on))", Unit.MONTHS, contract("2025-12-02", "2027-01-01"), Fact(11)),
    ("latest(status)", Unit.TEXT, contract("2025-12-02", "2027-01-01", "renewed"), Fact("renewed")),
    ("max(days_overdue)", Unit.DAYS, contract("2025-12-02", "2027-01-01", days_overdue=31), Fact(31)),
]


@pytest.mark.parametrize(("take", "unit", "record", "answer"), CONTRACTS)
def test_contracts(take: str, unit: Unit, record: dict[str, object], answer: Fact) -> None:
    assert value(metric("contracts", take, unit), "contracts", [record]) == answer


def test_truths_of_records_follow_kleene() -> None:
    running, open_ended = contract("2025-12-01", "2027-12-01"), contract("2025-12-01", "2027-12-01")
    open_ended["ends_on"] = None
    ended = contract("2024-12-01", "2025-12-01")
    has, every = (metric("contracts", f"{take}(active)", Unit.BOOL) for take in ("any", "all"))
    assert value(has, "contracts", [running, open_ended]) == Fact(1)
    assert value(has, "contracts", [ended, open_ended]) == MISSING
    assert value(every, "contracts", [ended, open_ended]) == Fact(0)
    assert value(every, "contracts", [running, open_ended]) == MISSING


def test_margin_is_unknown_without_cost() -> None:
    margin = metric("orders", "sum(margin)", Unit.MONEY)
    sold = order("2026-11-01T00:00:00+00:00", 100, cost=30)
    assert value(margin, "orders", [sold]) == Fact(70)
    assert value(margin, "orders", [sold, order("2026-11-02T00:00:00+00:00", 100)]) == MISSING


@given(st.integers(-(2**53), 2**53), st.integers(0, 10**6))
def test_expected_amount_is_exact(amount: int, share: int) -> None:
    from fractions import Fraction

    record = {"customer": 0, "at": "2026-11-01T00:00:00+00:00", "amount": amount, "win_probability": share}
    assert value(metric("opportunities", "sum(expected)", Unit.MONEY), "opportunities", [record]) == Fact(
        round(Fraction(amount * share, 10**6))
    )


def test_latest_takes_the_later_id_of_one_instant() -> None:
    at = "2026-11-01T00:00:00+00:00"
    surveys = [{"customer": 0, "at": at, "score_0_100": points} for points in (100_000, 900_000)]
    latest = metric("surveys", "latest(score_0_100)", Unit.POINTS)
    assert value(latest, "surveys", surveys) == Fact(900_000)
    named = contributions(latest, frame("surveys", surveys), instant(), 0)
    assert [(part.record_id, part.value) for part in named] == [(2, None)]


def scope(source: str) -> dict[str, Declared]:
    return {
        name: Declared(field.unit, scale_of(field.unit, CURRENCY), field.values)
        for name, field in SOURCES[source].fields.items()
    }


def test_a_record_whose_condition_is_unknown_is_left_out() -> None:
    where = expressions.check_expression(
        "quantity >= 2 and status == 'paid'", scope("orders"), Unit.BOOL, Place("m.yaml", 1, 1)
    )
    at = "2026-11-01T00:00:00+00:00"
    records = [order(at, 1, quantity=2), order(at, 10, quantity=None), order(at, 100, quantity=1)]
    declared = metric("orders", "sum(net)", Unit.MONEY, where=where)
    assert value(declared, "orders", records) == Fact(1)
    assert fields_needed(declared) == {"net", "quantity", "status"}


def test_conditions_read_derived_fields() -> None:
    where = expressions.check_expression("active", scope("contracts"), Unit.BOOL, Place("m.yaml", 1, 1))
    declared = metric("contracts", "sum(annual_value)", Unit.MONEY, where=where)
    records = [
        contract("2025-12-01", "2027-12-01", annual_value=500),
        contract("2020-12-01", "2021-12-01", annual_value=70),
    ]
    assert value(declared, "contracts", records) == Fact(500)
    assert fields_needed(declared) == {"annual_value", "starts_on", "ends_on", "status"}


def test_the_second_pass_calculates_in_order_and_keeps_causes() -> None:
    declared = {"a": Declared(Unit.MONEY, 100), "b": Declared(Unit.MONEY, 100), "r": Declared(Unit.RATIO, 10**6)}

    def made(name: str, text: str) -> Metric:
        expression = expressions.check_expression(text, declared, Unit.RATIO, Place("m.yaml", 1, 1))
        return Metric(name, Unit.RATIO, 10**6, Text(name), Place("m.yaml", 1, 1), FromExpression(expression))

    first = {
        "a": Column.of([Fact(100), Fact(100), MISSING], Unit.MONEY),
        "b": Column.of([Fact(300), Fact(0), Fact(1)], Unit.MONEY),
    }
    answer = second_pass([made("r", "a / b"), made("twice", "r * 2")], first)
    assert answer["r"].fact(0) == Fact(333_333)
    assert answer["r"].fact(1) == Fact(None, UnknownCause.DIVISION_BY_ZERO)
    assert answer["r"].fact(2) == MISSING
    assert answer["twice"].fact(0) == Fact(666_666)


def test_a_text_nobody_declared_is_out_of_range() -> None:
    origin, place = FromField("sector"), Place("m.yaml", 1, 1)
    declared = Metric("sector", Unit.TEXT, 1, Text("Sector"), place, origin, values=("retail",))
    column = Column.of([Fact("retail"), Fact("other"), MISSING], Unit.TEXT)
    facts = [bounded(declared, column).fact(row) for row in range(3)]
    assert facts == [Fact("retail"), Fact(None, UnknownCause.OUT_OF_RANGE), MISSING]
    with pytest.raises(InputError):
        compute(declared, frame("orders", []), instant(), 1)


ZONES = ("Asia/Shanghai", "Europe/London", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


@pytest.mark.parametrize("zone", ZONES)
@given(st.lists(st.datetimes(datetime(1972, 1, 1), datetime(2060, 1, 1)), max_size=20))
def test_local_days_equal_the_calendar(zone: str, moments: list[datetime]) -> None:
    aware = [moment.replace(tzinfo=UTC) for moment in moments]
    stored = np.array([(m - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) for m in aware], np.int64)
    dates = [m.astimezone(ZoneInfo(zone)).date() for m in aware]
    assert local_days(stored, zone).tolist() == [(d - datetime(1970, 1, 1).date()).days for d in dates]


@pytest.mark.parametrize("zone", ZONES)
def test_a_local_day_starts_where_the_day_before_ends(zone: str) -> None:
    for number in range(day("2018-01-01"), day("2019-01-01")):
        start = day_start(number, zone)
        assert local_days(np.array([start - 1, start]), zone).tolist() == [number - 1, number]
