"""Facts by both clocks: each unknown with its cause, corrections and late records, the records behind a value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from engine.errors import NotFoundError
from engine.operations.facts import Clocks, assemble
from engine.operations.metric_values import metric_records, metrics_of, records_of_metrics
from engine.operations.publishing import publish, require_live_book
from engine.operations.recording import CustomerGiven, FieldGiven, record_customer
from engine.store import Database, insert_rows
from engine.store.tables import ValueEstimateRow
from engine.vocabulary import Market
from tests.operations.shop import (
    add_customer,
    answer,
    day,
    decide_at,
    decisions,
    model_version,
    order,
    predict_by,
    record,
    rules,
    standings,
)

REF = "shop:P-0050"
SOUTHERN = {"metrics": ("values: [north, south]", "values: [south]"), "b2b": ("'north'", "'south'")}
"""Rules that declare one region only."""


@pytest.fixture
def customer(shop: Database) -> int:
    """A person with two orders and an answer, known on day −1."""
    number = add_customer(shop, REF, Market.B2C, region="north", budget="500.00")
    record(shop, [order(REF, -2, 200), order(REF, -20, 100.25, number=1), answer(REF, -2, 50)], day(-1))
    return number


def _values(database: Database, number: int, as_of: float, known: float | None = None) -> dict[str, str | None]:
    """Values of every metric by name; `?cause` where unknown."""
    with database.read() as session:
        found = metrics_of(session, number, None, day(as_of), day(as_of if known is None else known))
    return {one.name: f"?{one.cause}" if one.cause is not None else one.value for one in found}


def test_metrics_are_those_of_both_clocks(shop: Database, customer: int) -> None:
    record(shop, [order(REF, -5, 40, number=2)], day(3))
    record(shop, [order(REF, -2, 20, corrects=True)], day(5))
    revenue = {
        (as_of, known): _values(shop, customer, as_of, known)["revenue"]
        for as_of, known in ((0, 0), (0, 3), (0, 5), (-3, 9), (-3, -2), (-30, 9))
    }
    assert revenue == {
        (0, 0): "300.25",
        (0, 3): "340.25",
        (0, 5): "160.25",
        (-3, 9): "140.25",
        (-3, -2): "?stale",  # nothing was recorded yet, so nobody had said how far orders were complete
        (-30, 9): "0.00",
    }
    assert _values(shop, customer, -3, 9)["silence"] == "2"


def test_attributes_are_those_known_then(shop: Database, customer: int) -> None:
    fields = [FieldGiven("region", "south"), FieldGiven("budget", "700.00", "CNY")]
    record_customer(
        shop, CustomerGiven(ref=REF, market=Market.B2C, fields=fields, expected_version=1), "crm-ops", day(2)
    )
    found = {known: _values(shop, customer, 5, known) for known in (1, 2)}
    assert {known: (one["region"], one["budget"]) for known, one in found.items()} == {
        1: ("north", "500.00"),
        2: ("south", "700.00"),
    }


def test_every_unknown_tells_its_cause(shop: Database, customer: int) -> None:
    assert _values(shop, customer, 0) == {
        "revenue": "300.25",
        "orders_ever": "2",
        "silence": "2",
        "revenue_per_order": "150.12",
        "satisfaction": "50.0000",
        "tickets_90d": "0",
        "overdue": "0",
        "region": "north",
        "budget": "500.00",
        "churn": "?missing",
        "clv": "?missing",
    }
    bare = add_customer(shop, "shop:P-0051", Market.B2C)
    assert _values(shop, bare, 0) == {
        "revenue": "0.00",
        "orders_ever": "0",
        "silence": "?missing",
        "revenue_per_order": "?division_by_zero",
        "satisfaction": "?missing",
        "tickets_90d": "0",
        "overdue": "0",
        "region": "?missing",
        "budget": "?missing",
        "churn": "?missing",
        "clv": "?missing",
    }


def test_a_stale_source_makes_its_metrics_unknown_and_moves_nobody(shop: Database, customer: int) -> None:
    decide_at(shop, 0)
    before = decisions(shop, "computed", "effective")
    values = {number: _values(shop, customer, number)["revenue"] for number in (38, 39)}
    assert values == {38: "300.25", 39: "?stale"}  # 40 local days after the last order, and one more
    with shop.read() as session:
        behind = {n: metric_records(session, customer, "revenue", day(n), day(n)) for n in (38, 39)}
    assert {n: len(found) for n, found in behind.items()} == {38: 2, 39: 0}, "nothing stands behind what is unknown"
    decide_at(shop, 60)
    after = decisions(shop, "computed", "effective", "stage")
    for (ref, as_of), tiers in before.items():
        assert as_of == day(0)
        assert after[ref, day(60)][:2] == tiers, ref
    record(shop, [order(REF, 60, 1, number=9)], day(61))
    assert _values(shop, customer, 61)["revenue"] == "301.25"


def test_other_currencies_are_unknown(shop: Database, customer: int) -> None:
    record(shop, [order(REF, -1.5, 10, number=5, currency="USD")], day(-1))
    found = _values(shop, customer, 0)
    assert (found["revenue"], found["revenue_per_order"], found["orders_ever"]) == ("?currency", "?currency", "3")
    for currency, expected in (("'USD'", "?currency"), ("null", "?currency"), ("'CNY'", "500.00")):
        with shop.write() as session:
            session.execute(text(f"update customer_field set currency = {currency} where name = 'budget'"))
        assert _values(shop, customer, 0)["budget"] == expected


def test_nobodys_attribute_depends_on_the_units_of_others(shop: Database, customer: int) -> None:
    other = add_customer(shop, "shop:P-0051", Market.B2C, budget="700.00")
    changed = f"update customer_field set unit = 'COUNT', recorded_at = recorded_at + 1 where customer_id = {other}"
    with shop.write() as session:
        session.execute(text(changed))
        book = require_live_book(session)
        for ids in ([customer], [customer, other]):
            found = assemble(session, book, Market.B2C, Clocks(day(0), day(0)), ids, ["budget"]).columns["budget"]
            assert found.listed() == [50_000, None][: len(ids)]


def test_a_text_the_rules_do_not_declare_is_out_of_range(shop: Database, customer: int) -> None:
    publish(shop, rules(**SOUTHERN), "crm-ops", "south only", day(-1))
    assert _values(shop, customer, 0)["region"] == "?out_of_range"
    other = add_customer(shop, "shop:P-0051", Market.B2C, region="south")
    assert _values(shop, other, 0)["region"] == "south"
    assert _values(shop, customer, 0)["region"] == "?out_of_range"


def test_predictions_and_estimates_are_the_latest_known_and_age(shop: Database, customer: int) -> None:
    first = model_version(shop, "first", 1)
    predict_by(shop, first, 1, 0.5)
    predict_by(shop, first, 3, 0.25)
    with shop.write() as session:
        common = {"name": "clv", "customer_id": [customer], "recorded_at": day(3), "as_of": day(3), "method": "test"}
        for horizon, amount, currency in ((365, 70_000, "CNY"), (90, 10_000, "CNY")):
            columns = {**common, "horizon_days": horizon, "amount": amount, "currency": currency}
            insert_rows(session, ValueEstimateRow, columns)
    churn = {number: _values(shop, customer, number)["churn"] for number in (0, 1, 2, 3, 43)}
    assert churn == {0: "?missing", 1: "0.500000", 2: "0.500000", 3: "0.250000", 43: "0.250000"}
    assert _values(shop, customer, 44)["churn"] == "?stale"
    assert _values(shop, customer, 44, 2)["churn"] == "?stale"
    assert _values(shop, customer, 9, 2)["churn"] == "0.500000"
    assert _values(shop, customer, 3)["clv"] == "700.00"
    assert _values(shop, customer, 2)["clv"] == "?missing"
    with shop.write() as session:
        session.execute(text("update value_estimate set currency = 'USD'"))
    assert _values(shop, customer, 3)["clv"] == "?currency"


def test_the_records_behind_a_metric_recompute_to_it(shop: Database, customer: int) -> None:
    record(shop, [order(REF, -5, 40, number=2)], day(3))
    record(shop, [order(REF, -2, 20, corrects=True)], day(5))
    for as_of, known in ((0, 0), (0, 3), (4, 9)):
        with shop.read() as session:
            behind = metric_records(session, customer, "revenue", day(as_of), day(known))
            ids = [one.record_id for one in behind]
            assert len(ids) == len(set(ids)) > 1
        total = sum(Decimal(one.value or 0) for one in behind)
        assert f"{total:.2f}" == _values(shop, customer, as_of, known)["revenue"]
    with shop.read() as session:
        book = require_live_book(session)
        together = records_of_metrics(session, customer, list(book.metrics), day(4), day(9), book)
        assert together == {one: metric_records(session, customer, one, day(4), day(9)) for one in book.metrics}
        assert sum(map(bool, together.values())) > 1
        assert metric_records(session, customer, "region", day(0), day(0)) == []
        with pytest.raises(NotFoundError, match="revenu") as unknown:
            metric_records(session, customer, "revenu", day(0), day(0))
        assert "revenue" in (unknown.value.hint.en if unknown.value.hint else "")
        with pytest.raises(NotFoundError, match="customer"):
            metrics_of(session, 999, ["revenue"], day(0), day(0))


def test_a_gate_that_reads_something_undeclared_holds(shop: Database) -> None:
    """Company 0000 is in the north and rich enough for an A; that its region is not declared moves it nowhere."""
    record(shop, [order("shop:B-0000", -2, 9_000, number=5)], day(-1))
    decide_at(shop, 0)
    assert standings(shop)["shop:B-0000"].computed == "A"
    publish(shop, rules(**SOUTHERN), "crm-ops", "south only", day(1))
    decide_at(shop, 2)
    assert standings(shop)["shop:B-0000"].computed == "A"
