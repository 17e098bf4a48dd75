"""Figures over a period, worked out by hand; samples of decisions."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text

from engine.errors import NotFoundError
from engine.operations.publishing import publish
from engine.operations.recording import FieldGiven, RecordGiven
from engine.operations.reporting import kpis, tier_counts
from engine.operations.selecting import decision_ids_of_sample, decision_of
from engine.store import Database, insert_rows, open_database
from engine.store.tables import ValueEstimateRow
from engine.vocabulary import Market, RecordKind, UnknownCause
from tests.operations.shop import ZONE, add_customer, answer, day, decide_at, decisions, order, record, rules

BUYERS = [f"shop:K-{number}" for number in range(5)]


@pytest.fixture
def counted(database: Database) -> Database:
    """Five persons: 0 buys in both periods, 1 only before, 2 twice now, 3 now for the first time, 4 never.

    The period is day 0 to 30; the one before day −30 to 0.
    """
    publish(database, rules(), "crm-ops", "first rules", day(-60), None)
    for ref in BUYERS:
        add_customer(database, ref, Market.B2C, at=29)
    referral = RecordGiven(BUYERS[2], RecordKind.REFERRAL, "R", day(9), [FieldGiven("status", "converted")])
    orders = [
        order(BUYERS[0], -10, 100, number=1),
        order(BUYERS[0], 5, 50, number=2, status="placed"),
        order(BUYERS[1], -1, 70, number=1, status="fulfilled"),
        order(BUYERS[1], 3, 70, number=2, status="cancelled"),
        order(BUYERS[2], -40, 10, number=1),
        order(BUYERS[2], 0, 20, number=2),
        order(BUYERS[2], 29.9, 40, number=3),
        order(BUYERS[2], 30, 800, number=4),
        order(BUYERS[3], 7, 25, number=1),
        order(BUYERS[3], 8, 25, number=2, status="returned"),
        order(BUYERS[4], 8, 900, number=1, currency="USD", status="returned"),
    ]
    answers = [answer(BUYERS[0], 1, 50), answer(BUYERS[1], 2, 75), answer(BUYERS[1], 31, 0, number=1)]
    record(database, [referral, *orders, *answers], day(29.95))
    record(database, [order(BUYERS[3], 7, 30, number=1, corrects=True)], day(33))
    return database


def test_figures_are_as_worked_out_by_hand(counted: Database) -> None:
    with counted.write() as session:
        ids = dict(session.execute(text("select ref, id from customer")).all())
        for at, clv in ((10, 10_000), (20, 30_000), (20, 40_000), (31, 90_000)):
            common = {"as_of": day(at), "recorded_at": day(at), "currency": "CNY", "method": "test"}
            chosen = [ids[BUYERS[0]], ids[BUYERS[1]]]
            insert_rows(
                session, ValueEstimateRow, {**common, "name": "clv", "customer_id": chosen, "amount": [clv, None]}
            )
            cac = {**common, "name": "cac", "customer_id": chosen, "amount": [clv // 10, clv // 5]}
            insert_rows(session, ValueEstimateRow, cac)
    with counted.read() as session:
        found = {kpi.name: kpi for kpi in kpis(session, Market.B2C, day(0), day(30))}
    assert {name: kpi.value for name, kpi in found.items()} == {
        "retention_rate": Decimal("0.5"),  # of 0 and 1, who bought before, 0 bought again
        "churn_rate": Decimal("0.5"),
        "repurchase_rate": Decimal("0.333333"),  # of 0, 2, 3 only 2 twice
        "revenue_per_buyer": Decimal("46.67"),  # (50 + 20 + 40 + 30) / 3
        "revenue_per_order": Decimal("35.00"),  # by 4 orders
        "referral_rate": Decimal("0.333333"),
        "conversion_rate": Decimal("0.5"),  # of 3 and 4, who had never bought, 3 did
        "satisfaction": Decimal("62.5"),
        "clv": Decimal("400.00"),  # the one made last as of day 20
        "cac": Decimal("60.00"),
        "clv_to_cac": Decimal("6.666667"),
    }
    for kpi in found.values():
        assert kpi.denominator is not None
        assert kpi.numerator is not None
        assert abs(kpi.numerator / kpi.denominator - (kpi.value or 0)) < Decimal("0.01")


def test_a_period_without_anybody_is_unknown(counted: Database) -> None:
    with counted.read() as session:
        found = kpis(session, None, day(-400), day(-390))
    assert {kpi.value for kpi in found} == {None}
    assert {kpi.cause for kpi in found} <= {UnknownCause.DIVISION_BY_ZERO, UnknownCause.MISSING}
    assert {kpi.market for kpi in found} == set(Market)


def test_tiers_are_counted_as_customers_stand(shop: Database) -> None:
    report = decide_at(shop, 0)
    with shop.read() as session:
        rows = tier_counts(session)
    counted: dict[str, dict[str, int]] = {}
    for market, key, _, customers, total in rows:
        counted.setdefault(market, {})[key] = customers
        assert total == {"B2B": 4, "B2C": 24}[market]
    assert counted == report.tiers


def test_the_latest_decision_at_an_instant_is_found(shop: Database) -> None:
    decide_at(shop, 0)
    decide_at(shop, 10)
    by_instant = {as_of: row[0] for (ref, as_of), row in decisions(shop, "id").items() if ref == "shop:P-0003"}
    with shop.read() as session:
        assert decision_of(session, "shop:P-0003") == by_instant[day(10)]
        assert decision_of(session, "shop:P-0003", day(9)) == by_instant[day(0)]
        assert decision_of(session, "shop:P-0003", day(10).astimezone(ZONE)) == by_instant[day(10)]
        with pytest.raises(NotFoundError, match="not decided"):
            decision_of(session, "shop:P-0003", day(-1))
        with pytest.raises(NotFoundError, match="P-9999"):
            decision_of(session, "shop:P-9999")


def test_a_sample_holds_every_tier_of_both_markets(shop: Database, sqlite_url: str) -> None:
    decide_at(shop, 0)
    report = decide_at(shop, 10)
    groups = sum(len(tiers) for tiers in report.tiers.values())
    of = {row[0]: row[1:] for row in decisions(shop, "id", "market", "effective", "as_of").values()}
    with shop.read() as session:
        sample = decision_ids_of_sample(session, groups)
        assert len({of[number][:2] for number in sample}) == groups == len(sample)
        assert {of[number][2] for number in sample} == {day(10)}
        assert len(set(decision_ids_of_sample(session, 1000))) == 28
        assert {of[number][2] for number in decision_ids_of_sample(session, 5, day(9))} == {day(0)}
    with open_database(sqlite_url) as empty, empty.read() as session, pytest.raises(NotFoundError, match="Nobody"):
        decision_ids_of_sample(session, 3)
