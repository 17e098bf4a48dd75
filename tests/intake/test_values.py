"""Numbers, dates, instants and words as files write them, one cell a line."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake import ColumnSpec, Reading, UnfitValueError, read_column, read_value
from engine.vocabulary import EXACT_LIMIT, Unit


def cell(text: str | None, type_: str, places: int = 2, allowed: tuple[str, ...] = (), **spec: object) -> object:
    """The stored value of one cell, or the reason why it has none."""
    reading = Reading(type_, "Asia/Shanghai", np.array([places]), allowed)  # type: ignore[arg-type]
    column = ColumnSpec.model_validate({"constant": "", **spec})
    typed = read_column(pl.Series([text], dtype=pl.String), column, reading)
    return typed.reasons[0] or typed.values[0]


NUMBERS = [
    ("12", "money", {}, 1200),
    ("12.3", "money", {}, 1230),
    ("12.300", "money", {}, 1230),
    ("-0.05", "money", {}, -5),
    ("¥1,234.50", "money", {}, 123450),
    ("￥１，２３４．５０", "money", {}, 123450),
    ("-¥5", "money", {}, -500),
    ("¥-5", "money", {}, -500),
    ("1234.5元", "money", {}, 123450),
    ("1.5万", "money", {"units": {"万": "4"}}, 1500000),
    ("1,5", "money", {"decimal": ","}, 150),
    ("1.234,5", "money", {"decimal": ","}, 123450),
    ("1,5", "money", {}, "not_a_number"),
    ("12,34", "money", {}, "not_a_number"),
    ("12O.5O", "money", {}, "not_a_number"),
    ("1.2.3", "money", {}, "not_a_number"),
    ("￥", "money", {}, "not_a_number"),
    ("12 kg", "money", {}, "not_a_number"),
    ("--5", "money", {}, "not_a_number"),
    ("0x10", "money", {}, "not_a_number"),
    ("1_000", "money", {}, "not_a_number"),
    ("NaN", "money", {}, "not_finite"),
    ("-Infinity", "money", {}, "not_finite"),
    ("#N/A", "money", {}, "not_finite"),
    ("12.345", "money", {}, "too_precise"),
    ("12.345", "money", {"round": "true"}, 1234),
    ("12.355", "money", {"round": "true"}, 1236),
    ("0.30000000000000004", "money", {}, 30),
    ("1e3", "money", {}, 100000),
    ("1e-7", "money", {}, "too_precise"),
    ("1e300", "money", {}, "out_of_range"),
    ("90071992547409.92", "money", {}, EXACT_LIMIT),
    ("90071992547409.93", "money", {}, "out_of_range"),
    ("9" * 40, "count", {}, "out_of_range"),
    ("3", "count", {"above": "3"}, "out_of_range"),
    ("-1", "count", {"at_least": "0"}, "out_of_range"),
    ("0", "count", {"at_least": "0", "at_most": "0"}, 0),
    ("2.0", "count", {}, 2),
    ("2.5", "count", {}, "too_precise"),
    ("63%", "probability", {"units": {"%": "-2"}}, 630_000),
    ("1.1", "probability", {}, "out_of_range"),
    ("87.5", "points", {}, 875_000),
    ("101", "points", {}, "out_of_range"),
    ("ja", "bool", {}, "not_a_truth"),
    ("是", "bool", {}, 1),
    ("FALSE", "bool", {}, 0),
    ("x" * 501, "text", {}, "too_long"),
    ("a\x00b", "text", {}, "control_character"),
    ("a\x00b", "money", {}, "control_character"),
    (None, "money", {}, None),
]


@pytest.mark.parametrize(("text", "type_", "spec", "answer"), NUMBERS)
def test_cells(text: str | None, type_: str, spec: dict[str, object], answer: object) -> None:
    assert cell(text, type_, **spec) == answer


def instant(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1_000_000


INSTANTS = [
    ("2026-11-11 08:00:00", [], "2026-11-11T00:00:00+00:00"),
    ("2026/1/3 08:05", [], "2026-01-03T00:05:00+00:00"),
    ("2026年11月11日", [], "2026-11-10T16:00:00+00:00"),
    ("2026-11-11", [], "2026-11-10T16:00:00+00:00"),
    ("20261111", [], "2026-11-10T16:00:00+00:00"),
    ("2026-11-11T08:00:00+02:00", [], "2026-11-11T06:00:00+00:00"),
    ("2026-11-11T08:00:00Z", [], "2026-11-11T08:00:00+00:00"),
    ("2026-11-11T08:00:00.250000", [], None),
    ("11/12/2026", [], "not_a_date"),
    ("11/12/2026", ["%m/%d/%Y"], "2026-11-11T16:00:00+00:00"),
    ("11.12.2026 08:00:00.5", ["%d.%m.%Y %H:%M:%S.%f"], None),
    ("2026-02-30", [], "not_a_date"),
    ("soon", [], "not_a_date"),
    ("0000-00-00", [], "not_a_date"),
    ("1066-10-14", [], "not_a_date"),
]


@pytest.mark.parametrize(("text", "formats", "answer"), INSTANTS)
def test_instants(text: str, formats: list[str], answer: str | None) -> None:
    found = cell(text, "instant", formats=formats)
    if answer is None:
        assert found in (instant("2026-11-11T00:00:00+00:00") + 250_000, instant("2026-12-11T00:00:00+00:00") + 500_000)
    else:
        assert found == (answer if answer == "not_a_date" else instant(answer))


def test_a_local_time_the_zone_skips_is_none_and_of_two_the_earlier_is_meant() -> None:
    reading = Reading("instant", "Europe/London", np.array([2, 2]))
    cells = pl.Series(["2026-03-29 01:30:00", "2026-10-25 01:30:00"])
    typed = read_column(cells, ColumnSpec(constant=""), reading)
    assert typed.reasons.tolist() == ["not_a_date", ""]
    assert typed.values[1] == instant("2026-10-25T00:30:00+00:00")


def test_dates_take_the_day_they_say() -> None:
    assert cell("1970-01-02", "date") == 1
    assert cell("1970-01-02 23:59:00", "date") == 1
    assert cell("1970-01-01T20:00:00Z", "date") == 1


def test_words_are_known_in_any_case_and_width() -> None:
    words = {"values": {"已支付": "paid", "Open": "placed"}}
    allowed = ("paid", "placed")
    assert cell("已支付", "text", allowed=allowed, **words) == "paid"
    assert cell("ＯＰＥＮ", "text", allowed=allowed, **words) == "placed"
    assert cell("PAID", "text", allowed=allowed, **words) == "paid"
    assert cell("payed", "text", allowed=allowed, **words) == "not_allowed"


@given(st.decimals(-(10**9), 10**9, places=6, allow_nan=False))
def test_rounding_money_is_half_even(amount: object) -> None:
    exact = round(Fraction(str(amount)) * 100)
    assert cell(format(amount, "f"), "money", round="true") == exact


@given(st.text(max_size=30))
def test_no_text_is_ever_more_than_refused(text: str) -> None:
    for type_ in ("money", "count", "date", "instant", "bool", "text", "number"):
        answer = cell(text, type_)
        assert answer is None or isinstance(answer, int | str)


TYPED = [
    ("1234.5", Unit.MONEY, 123450),
    ("-0.01", Unit.MONEY, -1),
    ("0.5", Unit.RATIO, 500_000),
    ("99.5", Unit.POINTS, 995_000),
    ("true", Unit.BOOL, 1),
    ("2000-01-01", Unit.DATE, 10957),
    ("1.234", Unit.MONEY, "too_precise"),
    ("1,2", Unit.MONEY, "not_a_number"),
    ("1e3", Unit.MONEY, "not_a_number"),
    ("2", Unit.PROBABILITY, "out_of_range"),
    ("True", Unit.BOOL, "not_a_truth"),
    ("2000-02-30", Unit.DATE, "not_a_date"),
    ("a\x07", Unit.TEXT, "control_character"),
]


@pytest.mark.parametrize(("text", "unit", "answer"), TYPED)
def test_typed_values(text: str, unit: Unit, answer: object) -> None:
    assert value_or_reason(text, unit) == answer


def value_or_reason(text: str, unit: Unit) -> int | str:
    try:
        return read_value(text, unit, "CNY")
    except UnfitValueError as error:
        return str(error)
