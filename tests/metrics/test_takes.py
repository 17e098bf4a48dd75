"""Takes against a second reading in fractions, over generated records."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expressions.columns import Fact
from engine.metrics import RecordFrame, compute, contributions
from engine.vocabulary import EXACT_LIMIT, Unit, UnknownCause
from tests.metrics.frames import frame, instant, metric

CUSTOMERS = 4
START = datetime(2026, 10, 1, 16, tzinfo=UTC)
MONEY = st.one_of(st.none(), st.integers(-(2**53), 2**53), st.integers(-300, 300))
RECORDS = st.lists(
    st.fixed_dictionaries(
        {
            "customer": st.integers(0, CUSTOMERS - 1),
            "at": st.integers(0, 70 * 24).map(lambda hours: START + timedelta(hours=hours)),
            "net": MONEY,
            "quantity": st.one_of(st.none(), st.integers(0, 5)),
            "currency": st.sampled_from(["CNY", "CNY", "CNY", "USD"]),
        }
    ),
    max_size=25,
)
AS_OF = instant()


def in_window(record: dict[str, Any], days: int | None, offset: int) -> bool:
    """Midnights of Shanghai, which has no summer time, written out."""
    end = datetime(2026, 11, 30, 16, tzinfo=UTC) - timedelta(days=offset)
    return record["at"] < end and (days is None or record["at"] >= end - timedelta(days=days))


def half_even(value: Fraction) -> int:
    return round(value)


def local_date(record: dict[str, Any]) -> int:
    return (record["at"] + timedelta(hours=8) - datetime(1970, 1, 1, tzinfo=UTC)).days


def gaps(records: list[dict[str, Any]]) -> list[int]:
    days = sorted({local_date(record) for record in records})
    return [later - earlier for earlier, later in itertools.pairwise(days)]


def taken(field: str, function: Callable[[list[int]], Any]) -> Callable[[list[dict[str, Any]]], Any]:
    def value(records: list[dict[str, Any]]) -> Any:
        values = [record[field] for record in records]
        if None in values:
            return UnknownCause.MISSING
        if field == "net" and any(record["currency"] != "CNY" for record in records):
            return UnknownCause.CURRENCY
        result = function(values)
        return UnknownCause.OUT_OF_RANGE if abs(result) > EXACT_LIMIT else result

    return value


def exact_mean(values: list[int]) -> int:
    return half_even(Fraction(sum(values), len(values)))


def exact_median(values: list[int]) -> int:
    return half_even(Fraction(statistics.median([Fraction(value) for value in values])))


def median_gap(records: list[dict[str, Any]]) -> Any:
    found = gaps(records)
    return exact_median(found) if found else UnknownCause.MISSING


def last_gap(records: list[dict[str, Any]]) -> Any:
    found = gaps(records)
    return found[-1] if found else UnknownCause.MISSING


ORACLE: dict[str, tuple[Unit, Callable[[list[dict[str, Any]]], Any]]] = {
    "sum(net)": (Unit.MONEY, taken("net", sum)),
    "mean(net)": (Unit.MONEY, taken("net", exact_mean)),
    "median(net)": (Unit.MONEY, taken("net", exact_median)),
    "min(net)": (Unit.MONEY, taken("net", min)),
    "max(net)": (Unit.MONEY, taken("net", max)),
    "count()": (Unit.COUNT, len),
    "count_distinct(quantity)": (Unit.COUNT, taken("quantity", lambda values: len(set(values)))),
    "sum(quantity)": (Unit.COUNT, taken("quantity", sum)),
    "mean(quantity)": (
        Unit.RATIO,
        taken("quantity", lambda values: half_even(Fraction(sum(values) * 10**6, len(values)))),
    ),
    "days_since(max(occurred_at))": (Unit.DAYS, lambda rs: AS_OF.day - max(map(local_date, rs))),
    "days_since(min(occurred_at))": (Unit.DAYS, lambda rs: AS_OF.day - min(map(local_date, rs))),
    "median_gap(occurred_at)": (Unit.DAYS, median_gap),
    "last_gap(occurred_at)": (Unit.DAYS, last_gap),
}


def expected(text: str, records: list[dict[str, Any]], customer: int, days: int | None, offset: int) -> Fact:
    own = [record for record in records if record["customer"] == customer and in_window(record, days, offset)]
    value = ORACLE[text][1](own) if own else UnknownCause.MISSING
    return Fact(None, value) if isinstance(value, UnknownCause) else Fact(value)


@pytest.mark.parametrize("text", ORACLE)
@given(records=RECORDS, window=st.sampled_from([(None, 0), (30, 0), (7, 14), (None, 30)]))
def test_a_take_equals_its_reading_in_fractions(
    text: str, records: list[dict[str, Any]], window: tuple[int | None, int]
) -> None:
    days, offset = window
    declared = metric("orders", text, ORACLE[text][0], days=days, offset=offset)
    column = compute(declared, frame("orders", records), AS_OF, CUSTOMERS)
    for customer in range(CUSTOMERS):
        assert column.fact(customer) == expected(text, records, customer, days, offset)


@pytest.mark.parametrize("text", ["sum(net)", "count()", "count_distinct(quantity)", "sum(quantity)"])
@given(records=RECORDS)
def test_parts_of_a_sum_add_up_to_the_value(text: str, records: list[dict[str, Any]]) -> None:
    made, declared = frame("orders", records), metric("orders", text, ORACLE[text][0], days=30)
    column = compute(declared, made, AS_OF, CUSTOMERS)
    for customer in range(CUSTOMERS):
        value = column.fact(customer).value
        parts = [part.value for part in contributions(declared, made, AS_OF, customer)]
        if value is not None:
            assert sum(part for part in parts if part is not None) == value
            assert None not in parts


@pytest.mark.parametrize("text", ["mean(net)", "min(net)", "max(net)"])
@given(records=RECORDS)
def test_parts_of_a_mean_or_extreme_recompute_to_it(text: str, records: list[dict[str, Any]]) -> None:
    made, declared = frame("orders", records), metric("orders", text, Unit.MONEY)
    column = compute(declared, made, AS_OF, CUSTOMERS)
    again = {"mean(net)": exact_mean, "min(net)": min, "max(net)": max}[text]
    for customer in range(CUSTOMERS):
        value = column.fact(customer).value
        if value is not None:
            parts = [part.value for part in contributions(declared, made, AS_OF, customer)]
            assert again([part for part in parts if part is not None]) == value


@pytest.mark.parametrize("text", ORACLE)
@given(records=RECORDS)
def test_a_value_does_not_depend_on_who_else_is_in_the_frame(text: str, records: list[dict[str, Any]]) -> None:
    declared = metric("orders", text, ORACLE[text][0])
    together = compute(declared, frame("orders", records), AS_OF, CUSTOMERS)
    for customer in range(CUSTOMERS):
        own = [{**record, "customer": 0} for record in records if record["customer"] == customer]
        alone: RecordFrame = frame("orders", own)
        assert compute(declared, alone, AS_OF, 1).fact(0) == together.fact(customer)
