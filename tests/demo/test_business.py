"""The demo business is reproducible, of the promised size, and behaves like a business."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.cli.demo.business_files import HEADERS
from engine.metrics.sources import SOURCES

EXPECTED = "be0ea36122b1ec9fa3076e9fc3095a6c6fee3de223d3bfd595159e26c0895778"
"""SHA-256 over all files of the demo, in order of their names."""
HORIZON = 90
Rows = list[dict[str, str]]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _sound_orders(sheets: dict[str, Rows], letter: str) -> dict[str, list[date]]:
    """Days of paid orders by customer, of rows that can be taken as they stand."""
    latest = {row["key"]: row for row in sheets["orders"]}
    days = defaultdict(list)
    for row in latest.values():
        day = _day(row["occurred_at"])
        if row["customer"].startswith(letter) and day is not None and day.year < 2027 and row["status"] == "paid":
            days[row["customer"]].append(day)
    return {customer: sorted(found) for customer, found in days.items()}


def _churn(days: dict[str, list[date]], cut: date, active: int) -> tuple[int, int]:
    """Customers who bought in the days before the cut, and those of them who did not in the horizon after."""
    before = [found for found in days.values() if any(cut - timedelta(active) <= day < cut for day in found)]
    gone = [found for found in before if not any(cut <= day < cut + timedelta(HORIZON) for day in found)]
    return len(before), len(gone)


def _texts(sheets: dict[str, Rows], column: str) -> Iterator[str]:
    for rows in sheets.values():
        yield from (row[column] for row in rows if row.get(column))


def test_the_same_seed_gives_the_same_bytes_on_every_machine(business: Path) -> None:
    content = b"".join(file.read_bytes() for file in sorted(business.iterdir()))
    assert hashlib.sha256(content).hexdigest() == EXPECTED


def test_columns_are_the_field_names_of_the_sources() -> None:
    for name, source in SOURCES.items():
        stored = {field for field, column in source.fields.items() if column.column}
        if name != "touches":
            assert set(HEADERS[name]) == stored | {"customer", "key", "occurred_at", "recorded_at", "currency"}


def test_there_are_three_thousand_members_and_240_companies(sheets: dict[str, Rows]) -> None:
    keys = {row["key"] for row in sheets["customers"]}
    assert len([key for key in keys if re.fullmatch(r"P-\d{4}", key)]) in range(2980, 3001)
    assert len([key for key in keys if re.fullmatch(r"B-\d{4}", key)]) in range(236, 241)


def test_records_span_26_months_and_end_with_october_2026(sheets: dict[str, Rows]) -> None:
    for letter in ("B", "P"):
        days = sorted(day for found in _sound_orders(sheets, letter).values() for day in found)
        assert days[0] == date(2024, 8, 26)
        assert date(2026, 10, 29) <= days[-1] <= date(2026, 10, 31)
    assert max(text for text in _texts(sheets, "recorded_at") if text) < "2026-11-01"


@pytest.mark.parametrize("cut", [date(2025, 9, 1), date(2026, 3, 1), date(2026, 6, 1), date(2026, 8, 1)])
def test_members_churn_at_a_plausible_rate(sheets: dict[str, Rows], cut: date) -> None:
    active, gone = _churn(_sound_orders(sheets, "P"), cut, 180)
    assert 0.15 < gone / active < 0.35
    assert gone >= 250


def test_companies_churn_less_but_do_churn(sheets: dict[str, Rows]) -> None:
    cuts = [_churn(_sound_orders(sheets, "B"), date(2026, month, 1), 180) for month in (2, 5, 8)]
    assert all(0.05 < gone / active < 0.25 for active, gone in cuts)


def test_value_is_concentrated_as_in_real_firms(sheets: dict[str, Rows]) -> None:
    for letter, low, high in (("P", 0.4, 0.65), ("B", 0.6, 0.9)):
        spend: Counter[str] = Counter()
        for row in sheets["orders"]:
            if row["customer"].startswith(letter) and re.fullmatch(r"\d+\.\d\d", row["net"]):
                spend[row["customer"]] += int(row["net"].replace(".", ""))
        values = sorted(spend.values(), reverse=True)
        assert low < sum(values[: len(values) // 5]) / sum(values) < high


def test_members_complain_more_before_they_leave(sheets: dict[str, Rows]) -> None:
    tickets = defaultdict(list)
    for row in sheets["tickets"]:
        if row["status"] == "open" and (day := _day(row["occurred_at"])) is not None:
            tickets[row["customer"]].append(day)
    cut, rates = date(2026, 5, 1), {True: [0, 0], False: [0, 0]}
    for customer, days in _sound_orders(sheets, "P").items():
        if any(cut - timedelta(90) <= day < cut for day in days):
            group = rates[not any(cut <= day < cut + timedelta(HORIZON) for day in days)]
            group[0] += 1
            group[1] += sum(cut - timedelta(60) <= day < cut for day in tickets[customer])
    (left, complaints_left), (stayed, complaints_stayed) = rates[True], rates[False]
    assert complaints_left / left > 2 * complaints_stayed / stayed


def test_referrals_bring_members_who_joined_after_the_sender(sheets: dict[str, Rows]) -> None:
    joined = {row["key"]: _day(row["first_seen"]) for row in sheets["customers"]}
    pairs = [
        (joined.get(row["customer"]), joined.get(row["referred"])) for row in sheets["referrals"] if row["referred"]
    ]
    known = [(sender, friend) for sender, friend in pairs if sender is not None and friend is not None]
    assert len(known) > 80
    assert all(sender < friend for sender, friend in known)


def test_nobody_has_a_persons_name_and_owners_are_roles(sheets: dict[str, Rows]) -> None:
    names = {row["name"] for row in sheets["customers"] if row["name"].isascii()}
    assert all(re.fullmatch(r"(?:Member|Company) \d{4}", name) for name in names)
    assert all(re.fullmatch(r"(?:east|west|north|south|key)-\w+-\d", owner) for owner in set(_texts(sheets, "owner")))


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("no customer", r"^$"),
        ("unknown customer", r"^P-9\d{4}$"),
        ("full-width key", r"^[Ｂ-Ｐ]－"),
    ],
)
def test_some_orders_name_no_customer_that_exists(sheets: dict[str, Rows], kind: str, pattern: str) -> None:
    assert any(re.search(pattern, row["customer"]) for row in sheets["orders"]), kind


@pytest.mark.parametrize(
    ("column", "pattern"),
    [
        ("net", r"^-\d"),
        ("net", r"O|n/a|￥| kg|\..*\."),
        ("net", r"^[０-９]+．"),
        ("occurred_at", r"02-30|0000|2062|soon"),
        ("currency", r"ZZZ|元元|C N Y"),
        ("status", r"payed|OK|已付款|-"),
    ],
)
def test_some_orders_cannot_be_taken_as_they_stand(sheets: dict[str, Rows], column: str, pattern: str) -> None:
    wrong = sum(bool(re.search(pattern, row[column])) for row in sheets["orders"])
    assert 3 <= wrong < len(sheets["orders"]) // 100


def test_some_orders_come_twice_late_or_corrected(sheets: dict[str, Rows]) -> None:
    versions = defaultdict(list)
    for row in sheets["orders"]:
        versions[row["key"]].append(row)
    several = [rows for rows in versions.values() if len(rows) > 1]
    assert sum(rows[0] == rows[1] for rows in several) > 50
    assert (
        sum(rows[0]["net"] != rows[-1]["net"] and rows[0]["recorded_at"] < rows[-1]["recorded_at"] for rows in several)
        > 50
    )
    lags = [
        (recorded - occurred).days
        for row in sheets["orders"]
        if (occurred := _day(row["occurred_at"])) and (recorded := _day(row["recorded_at"])) and occurred.year < 2030
    ]
    assert sum(lag >= 10 for lag in lags) > 100
