"""Frames give what was known at one instant about what had happened before another, on both engines."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column as TableColumn
from sqlalchemy import Integer

from engine.decisions.model import NO_DAY
from engine.expressions.columns import CAUSES
from engine.store import (
    Database,
    insert_rows,
    read_consents,
    read_contacts,
    read_customers,
    read_estimates,
    read_fields,
    read_overrides,
    read_predictions,
    read_records,
    read_watermarks,
)
from engine.store.frames.fetching import among, last_of_each, places
from engine.store.tables import (
    CustomerFieldRow,
    CustomerRow,
    DispatchRow,
    OverrideRow,
    PredictionRow,
    RecordRow,
    ValueEstimateRow,
    WatermarkRow,
)
from engine.vocabulary import Market, Unit

DAY = 86_400_000_000
T = 20_000 * DAY
ALL = np.array([1, 2, 3, 4])


def shown(column) -> list:
    """A column as plain values; None: missing."""
    facts = [column.fact(row) for row in range(len(column))]
    assert {fact.cause for fact in facts} <= {None, CAUSES[1]}
    return [fact.value for fact in facts]


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write() as session:
        insert_rows(
            session,
            CustomerRow,
            {
                "market": [Market.B2B, Market.B2C, Market.B2B, Market.B2C],
                "ref": ["erp:1", "erp:2", "erp:3", "erp:4"],
                "owner": ["sales-east", None, None, "sales-west"],
                "salt": [bytes([n] * 16) for n in range(4)],
                "created_at": T,
                "updated_at": T,
            },
        )
    return database


def test_customers_come_by_market_and_by_ids_in_the_order_of_ids(filled: Database) -> None:
    with filled.read() as session:
        everybody = read_customers(session)
        assert everybody.ids.tolist() == [1, 2, 3, 4]
        assert everybody.refs == ("erp:1", "erp:2", "erp:3", "erp:4")
        assert everybody.owners == ("sales-east", None, None, "sales-west")
        assert everybody.salts[3] == bytes([3] * 16)
        assert read_customers(session, Market.B2C).ids.tolist() == [2, 4]
        assert read_customers(session, Market.B2C, np.array([4, 3, 99])).refs == ("erp:4",)
        assert read_customers(session, ids=np.zeros(0, np.int64)).ids.tolist() == []
        many = read_customers(session, ids=np.arange(3, 2_000))
        assert many.ids.tolist() == [3, 4]
        assert many.take(np.array([1])).markets == (Market.B2C,)


def test_records_honour_both_clocks(filled: Database) -> None:
    rows = [  # key, customer, occurred, recorded, superseded, net, status
        ("before", 2, T - 5, T - 5, None, 100, "paid"),
        ("at the instant", 2, T, T, None, 1, "paid"),
        ("known later", 2, T - 4, T + 9, None, 2, "paid"),
        ("corrected by then", 1, T - 3, T - 3, T - 1, 3, "paid"),
        ("corrected later", 1, T - 2, T - 2, T + 1, None, None),
        ("of nobody asked for", 4, T - 1, T - 1, None, 4, "paid"),
        ("earlier", 2, T - 9, T - 2, None, 5, "placed"),
    ]
    with filled.write() as session:
        key, customer, occurred, recorded, superseded, net, status = (
            list(column) for column in zip(*rows, strict=True)
        )
        insert_rows(
            session,
            RecordRow,
            {
                "kind": "ORDER", "source": "erp", "key": key, "customer_id": customer, "occurred_at": occurred,
                "recorded_at": recorded, "superseded_at": superseded, "net": net, "status": status, "currency": "CNY",
            },
        )  # fmt: skip
        insert_rows(
            session,
            RecordRow,
            {"kind": "TICKET", "source": "erp", "key": "t", "customer_id": 2, "occurred_at": 5, "recorded_at": 5},
        )
    with filled.read() as session:
        frame = read_records(session, "orders", np.array([2, 3, 1]), T, T, {"net", "status", "margin"}, "Asia/Shanghai")
    assert frame.ids.tolist() == [7, 1, 5], "by customer asked for, then time"
    assert frame.customer.tolist() == [0, 0, 2]
    assert frame.occurred.tolist() == [T - 9, T - 5, T - 2]
    assert frame.day.tolist() == [20_000] * 3, "already the next day in Shanghai"
    assert set(frame.columns) == {"net", "status"}, "derived fields are not stored"
    assert shown(frame.columns["net"]) == [5, 100, None]
    assert shown(frame.columns["status"]) == ["placed", "paid", None]
    assert shown(frame.currencies) == ["CNY"] * 3
    with filled.read() as session:
        later = read_records(session, "orders", np.array([2]), T, T + 9, {"net"}, "UTC")
        assert shown(later.columns["net"]) == [5, 100, 2]
        nobody = read_records(session, "orders", np.zeros(0, np.int64), T, T, {"net"}, "UTC")
        assert len(nobody) == 0
        assert set(nobody.columns) == {"net"}
        with pytest.raises(KeyError):
            read_records(session, "orders", ALL, T, T, {"wieght"}, "UTC")


def test_many_customers_read_the_same_as_each_alone(database: Database) -> None:
    """The ways to name customers (list, range, blocks, through the table) select the same records."""
    chance = np.random.default_rng(7)
    with database.write() as session:
        insert_rows(
            session,
            RecordRow,
            {
                "kind": np.where(chance.random(6_000) < 0.8, "ORDER", "COST"), "source": "erp",
                "key": [str(number) for number in range(6_000)], "customer_id": chance.integers(1, 3_000, 6_000),
                "occurred_at": chance.integers(0, T, 6_000), "recorded_at": 0, "net": chance.integers(-5, 5, 6_000),
            },
        )  # fmt: skip
    with database.read() as session:

        def taken(ids) -> list:
            frame = read_records(session, "orders", ids, T, T, ["net"], "UTC")
            found = ids[frame.customer]
            order = np.lexsort((frame.ids, frame.occurred, found))
            return list(
                zip(
                    found[order].tolist(),
                    frame.ids[order].tolist(),
                    shown(frame.columns["net"].take(order)),
                    strict=True,
                )
            )

        everybody = taken(chance.permutation(np.arange(1, 3_000)))
        assert len(everybody) > 4_000
        for step in (2, 7, 100):
            some = np.arange(1, 3_000, step)
            assert taken(some) == [row for row in everybody if row[0] in set(some.tolist())]
        scattered = np.concatenate([np.arange(1, 3_000, 3), 10**12 + np.arange(6_000)])
        assert taken(scattered) == [row for row in everybody if row[0] % 3 == 1]


def test_fields_are_those_in_force_when_known(filled: Database) -> None:
    rows = [  # customer, name, unit, number, text, recorded, superseded
        (1, "employees", "count", 50, None, T - 9, T - 1),
        (1, "employees", "count", 60, None, T - 1, None),
        (2, "employees", "count", 7, None, T + 5, None),
        (3, "employees", "count", None, None, T - 2, None),
        (2, "city", "text", None, "上海", T - 3, None),
        (4, "deposit", "money", 1_000, None, T - 4, None),
    ]
    with filled.write() as session:
        names = ("customer_id", "name", "unit", "number", "text", "recorded_at", "superseded_at")
        columns = dict(zip(names, (list(column) for column in zip(*rows, strict=True)), strict=True))
        insert_rows(session, CustomerFieldRow, {**columns, "source": "erp", "currency": [None] * 5 + ["JPY"]})
    with filled.read() as session:
        fields = read_fields(session, ["employees", "city", "deposit", "fax"], ALL, T)
        assert set(fields) == {"employees", "city", "deposit"}
        assert shown(fields["employees"].column) == [60, None, None, None]
        assert fields["employees"].column.unit is Unit.COUNT
        assert fields["employees"].instants.tolist() == [T - 1, 0, 0, 0]
        assert shown(fields["city"].column) == [None, "上海", None, None]
        assert shown(fields["deposit"].currencies) == [None, None, None, "JPY"]
        assert shown(read_fields(session, ["employees"], ALL[:1], T - 2)["employees"].column) == [50]
        assert read_fields(session, [], ALL, T) == {}


def test_the_latest_estimate_and_prediction_that_counts_is_read(filled: Database) -> None:
    with filled.write() as session:
        insert_rows(
            session,
            ValueEstimateRow,
            {
                "name": ["clv", "clv", "clv", "clv", "cac", "clv"], "customer_id": [1, 1, 1, 2, 1, 3],
                "horizon_days": [365, 365, 90, 365, None, 365], "as_of": [T - 9, T, T, T + 1, T - 3, T - 2],
                "recorded_at": [T, T, T, T, T, T + 1], "amount": [10, 11, 12, 13, None, 14], "low": [9] * 6,
                "currency": "CNY", "method": "BGNBD",
            },
        )  # fmt: skip
        insert_rows(
            session,
            PredictionRow,
            {
                "name": "churn", "customer_id": [4, 4, 4, 2], "as_of": [T - 9, T - 9, T - 5, T], "status": "MODEL",
                "recorded_at": [T - 9, T - 8, T + 1, T], "probability": [1, 2, 3, None],
                "model_version_id": [5, 6, 7, None],
            },
        )  # fmt: skip
    with filled.read() as session:
        clv = read_estimates(session, "clv", 365, ALL, T, T)
        assert shown(clv.amount.column) == [11, None, None, None]
        assert clv.ids.tolist() == [2, -1, -1, -1]
        assert clv.amount.instants.tolist() == [T, 0, 0, 0]
        assert shown(clv.low) == [9, None, None, None]
        assert shown(clv.amount.currencies) == ["CNY", None, None, None]
        assert shown(read_estimates(session, "clv", 365, ALL, T + 1, T + 1).amount.column) == [11, 13, 14, None]
        cac = read_estimates(session, "cac", None, ALL, T, T)
        assert (cac.ids[0], shown(cac.methods)[0], shown(cac.amount.column)[0]) == (5, "BGNBD", None)
        churn = read_predictions(session, "churn", ALL, T, T)
        assert shown(churn.probability.column) == [None, None, None, 2], "of one instant the one recorded last"
        assert churn.versions.tolist() == [-1, -1, -1, 6]
        assert shown(churn.statuses) == [None, "MODEL", None, "MODEL"]
        assert read_predictions(session, "churn", ALL[:0], T, T).ids.tolist() == []


def test_the_watermark_stated_last_counts(filled: Database) -> None:
    with filled.write() as session:
        insert_rows(
            session,
            WatermarkRow,
            {
                "source": ["orders", "orders", "contracts", "orders"],
                "complete_until": [T, T - 7, 5, T + 7],
                "recorded_at": [1, 2, 2, 9],
            },
        )
    with filled.read() as session:
        assert read_watermarks(session, 8) == {"orders": T - 7, "contracts": 5}
        assert read_watermarks(session, 0) == {}


def test_overrides_in_force(filled: Database) -> None:
    with filled.write() as session:
        insert_rows(
            session,
            OverrideRow,
            {
                "customer_id": [1, 1, 2, 3, 4], "tier": ["A", "B", "C", "D", "A"], "reason": "visit",
                "actor": "crm-ops", "from_at": [T - 9, T - 5, T + 1, T - 9, T - 9],
                "expires_at": [T + 9, T + 9, T + 9, T, T + 1],
                "ended_at": [None, None, None, None, T - 2],
            },
        )  # fmt: skip
    with filled.read() as session:
        assert shown(read_overrides(session, ALL, T, T).tiers) == ["B", None, None, None]
        assert shown(read_overrides(session, ALL, T - 6, T).tiers) == ["A", None, "D", "A"]
        assert read_overrides(session, ALL, T - 20, T).ids.tolist() == [-1] * 4
        assert shown(read_overrides(session, ALL, T, T - 6).tiers) == ["A", None, None, "A"], "known, not yet ended"
        assert shown(read_overrides(session, ALL, T, T - 2).tiers) == ["B", None, None, None], "known to have ended"
        assert read_overrides(session, ALL, T, T - 20).ids.tolist() == [-1] * 4, "not known yet"


def test_consents_and_contacts(filled: Database) -> None:
    with filled.write() as session:
        insert_rows(
            session,
            RecordRow,
            {
                "kind": "CONSENT", "source": "app", "key": ["1", "2", "3", "4"], "customer_id": [1, 1, 2, 1],
                "occurred_at": [T - 5, T - 2, T - 5, T], "recorded_at": T - 1,
                "category": ["marketing_sms", "marketing_sms", "email", "marketing_sms"],
                "status": ["granted", "withdrawn", "granted", "granted"],
            },
        )  # fmt: skip
        insert_rows(
            session,
            DispatchRow,
            {
                "customer_id": [1, 1, 1, 1, 2], "decision_id": [1, 2, 2, 2, 3], "revision": "r",
                "market": "B2C", "as_of": [T - 9, T - 5, T - 5, T - 5, T],
                "campaign": ["win_back", "win_back", "coupon", "visit", "win_back"], "channel": "sms", "template": "t",
                "marketing": [True, True, True, False, True],
                "state": ["SENT", "PENDING", "SUPPRESSED", "SENT", "SENT"], "as_of_day": [10, 20, 20, 20, 25],
                "suppressed_by": [None, None, "HOLDOUT", None, None], "created_at": T,
            },
        )  # fmt: skip
    with filled.read() as session:
        consents = read_consents(session, ALL, T, T)
        assert shown(consents["marketing_sms"]) == ["withdrawn", None, None, None]
        assert shown(consents["email"]) == [None, "granted", None, None]
        assert read_consents(session, ALL, T, T - 2) == {}
        contacts = read_contacts(session, ALL, T, 15)
        assert {name: days.tolist() for name, days in contacts.last_day.items()} == {
            "win_back": [20, NO_DAY, NO_DAY, NO_DAY],
            "visit": [20, NO_DAY, NO_DAY, NO_DAY],
        }
        assert contacts.marketing.tolist() == [1, 0, 0, 0]
        assert read_contacts(session, ALL, T - 5, 5).last_day["win_back"][0] == 10
        assert read_contacts(session, ALL, T + 1, 5).marketing.tolist() == [2, 1, 0, 0]
        assert read_contacts(session, ALL, T + 1, 5, T).marketing.tolist() == [2, 1, 0, 0]
        assert read_contacts(session, ALL, T + 1, 5, T - 1).marketing.tolist() == [0, 0, 0, 0]


@given(st.lists(st.integers(-5, 5_000), unique=True), st.lists(st.integers(-5, 5_000)))
def test_places_find_exactly_what_was_asked_for(asked: list[int], found: list[int]) -> None:
    rows, hit = places(np.array(asked, np.int64), np.array(found, np.int64))
    assert [asked[row] if ok else None for row, ok in zip(rows, hit, strict=True)] == [
        one if one in asked else None for one in found
    ]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))))
def test_the_last_of_each_is_the_greatest_by_its_keys(entries: list[tuple[int, int, int]]) -> None:
    columns = [np.array(column, np.int64) for column in zip(*entries, strict=True)] or [np.zeros(0, np.int64)] * 3
    last = last_of_each(*columns)
    assert [entries[index] for index in last] == [
        max(entry for entry in entries if entry[0] == row) for row in sorted({entry[0] for entry in entries})
    ]


@pytest.mark.parametrize(("ids", "conditions"), [([], 0), ([5], 1), (range(100_000), 1), (range(0, 10**7, 500), 4)])
def test_no_list_of_ids_takes_more_than_a_few_thousand_parameters(ids, conditions: int) -> None:
    found = among(TableColumn("id", Integer), np.array(ids, np.int64))
    assert len(found) == conditions
    for one in found:
        values = list(one.compile().params.values())
        assert sum(len(value) if isinstance(value, list) else 1 for value in values) <= 5_000
