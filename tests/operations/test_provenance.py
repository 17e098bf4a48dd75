"""Stored values are followed to their fit and records, as both were when the value was stored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from engine.errors import DamagedError
from engine.metrics import FromModel, FromValue
from engine.operations.churn_provenance import churn_provenance
from engine.operations.modelling import predict, train, versions
from engine.operations.provenance import Provenance
from engine.operations.value_provenance import value_provenance
from engine.operations.valuing import estimate_values
from engine.store import Database, insert_rows
from engine.store.tables import CustomerRow, RecordRow, ValueEstimateRow
from engine.vocabulary import RecordKind
from tests.operations.shop import ZONE, day

CLV, MARGIN, CAC = FromValue("clv", 100), FromValue("margin"), FromValue("cac")


def _made(database: Database, customer: int, origin: FromValue, at: float = 0) -> Provenance | None:
    with database.read() as session:
        row = session.get(CustomerRow, customer)
        assert row is not None
        return value_provenance(session, origin, row, ZONE.key, day(at), day(at))


def _there(database: Database, customer: int, origin: FromValue, at: float = 0) -> Provenance:
    made = _made(database, customer, origin, at)
    assert made is not None
    return made


def _write(database: Database, statement: str) -> None:
    with database.write() as session:
        session.execute(text(statement))


def _insert(database: Database, **columns: Any) -> None:
    given = {"source": "shop", "currency": "CNY", "recorded_at": day(-3), "occurred_at": day(-4)}
    with database.write() as session:
        insert_rows(session, RecordRow, {**given, **columns})


@pytest.fixture
def valued(trading: Database) -> Database:
    """The trading persons valued: one without a cost on any purchase, two with acquisition costs."""
    _write(trading, "update record set cost = null where customer_id = 2")
    _write(trading, "update record set cost = null where id in (select min(id) from record where customer_id = 4)")
    costs = {"kind": RecordKind.COST.value, "category": "acquisition", "customer_id": [6, 6, 8]}
    _insert(trading, **costs, key=["K-1", "K-2", "K-3"], net=[1_000, 250, 99])
    estimate_values(trading, day(0), 100, "schedule", day(0))
    return trading


def test_every_value_comes_out_again(valued: Database) -> None:
    known = 0
    for customer in range(1, 61):
        for origin in (CLV, MARGIN, CAC):
            made = _there(valued, customer, origin)
            assert made.identical, (customer, origin.value, made.stored, made.again)
            known += made.stored is not None
    assert known > 100


def test_one_fit_stands_behind_all_values_of_a_market_and_is_no_churn_model(valued: Database) -> None:
    made = [_there(valued, customer, CLV) for customer in range(1, 61)]
    (digest,) = {one.digest for one in made}
    assert digest is not None
    assert {one.fitted_on for one in made} == {60}
    assert {parameter.name for parameter in made[0].parameters} >= {"r", "alpha", "a", "b", "annual_discount"}
    with valued.read() as session:
        assert versions(session) == []
        entry = session.execute(text("select body from ledger_entry where body like '%\"fits\"%'")).scalar_one()
    assert digest in entry


def test_a_margin_that_was_assumed_is_net_by_the_rate_of_the_fit(valued: Database) -> None:
    made = _there(valued, 2, CLV)
    spend = next(one for one in made.inputs if one.name == "mean_spend")
    rate = float(next(one.value for one in made.parameters if one.name == "margin_rate"))
    assert 0 < rate < 1
    with valued.read() as session:
        query = text("select id, net from record where customer_id = 2 and kind = 'ORDER'")
        net = {row.id: row.net for row in session.execute(query)}
    assert {one.record_id: float(one.part or 0) for one in spend.records} == pytest.approx(
        {number: amount * rate / 100 for number, amount in net.items()}
    )


def test_a_margin_is_the_sum_of_its_purchases_and_unknown_with_a_gap(valued: Database) -> None:
    made, gap = _there(valued, 1, MARGIN), _there(valued, 4, MARGIN)
    (margins,) = made.inputs
    assert sum(Decimal(one.part or 0) for one in margins.records) == Decimal(made.stored or 0) > 0
    assert (gap.stored, gap.again) == (None, None)
    assert sum(one.part is None for one in gap.inputs[0].records) == 1


def test_an_acquisition_cost_is_the_sum_of_the_costs_booked(valued: Database) -> None:
    made = _there(valued, 6, CAC)
    assert (made.stored, sorted(one.part or "" for one in made.inputs[0].records)) == ("12.50", ["10", "2.5"])
    assert _there(valued, 10, CAC).stored is None


def test_what_came_to_be_known_later_changes_nothing(valued: Database) -> None:
    before = [_there(valued, 1, origin) for origin in (CLV, MARGIN, CAC)]
    late = {"kind": RecordKind.ORDER.value, "customer_id": 1, "status": "paid", "recorded_at": day(1)}
    _insert(valued, **late, key="late", net=77_700, cost=100)
    assert [_there(valued, 1, origin) for origin in (CLV, MARGIN, CAC)] == before


def test_an_altered_number_is_told(valued: Database) -> None:
    _write(valued, "update value_estimate set amount = amount + 1 where customer_id = 1")
    assert not _there(valued, 1, CLV).identical
    assert not _there(valued, 1, MARGIN).identical
    assert _there(valued, 3, CLV).identical


def test_an_altered_fit_is_refused(valued: Database) -> None:
    _write(valued, "update model_version set body = replace(body, '0.1', '0.2')")
    with pytest.raises(DamagedError, match="digest"):
        _made(valued, 1, CLV)


def test_a_value_of_an_earlier_version_has_its_inputs_and_no_fit(valued: Database) -> None:
    with valued.write() as session:
        query = ValueEstimateRow.__table__.update()  # type: ignore[attr-defined]
        session.execute(query.values(recorded_at=day(-0.5)))
    made = _there(valued, 1, CLV)
    assert (made.digest, made.parameters, made.again, made.identical) == (None, (), None, False)
    assert [one.value is not None for one in made.inputs] == [True] * 5


def test_nothing_is_told_of_what_was_not_stored_by_then(valued: Database) -> None:
    assert _made(valued, 1, CLV, -1) is None
    assert _made(valued, 1, FromValue("clv", 99)) is None


def test_every_probability_comes_out_again(trading: Database) -> None:
    train(trading, day(-40), 60, "analyst", "first model", day(-40))
    predict(trading, day(0), "schedule", day(0))
    with trading.read() as session:
        for customer in range(1, 61):
            row = session.get(CustomerRow, customer)
            assert row is not None
            zone = (ZONE.key, "CNY")
            made = churn_provenance(session, FromModel("churn"), row, zone, day(0), day(0))
            assert made is not None
            assert made.identical, (customer, made.method, made.stored, made.again)
            assert made.digest is not None
            assert made.parameters
