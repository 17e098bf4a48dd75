"""What changed since the decision before: each cause told apart, exact sums, old decisions as they were."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.cli.explanation import as_json
from engine.decisions.record import Explained
from engine.operations.explaining import ExplainedDecision, explain_decision
from engine.operations.publishing import publish
from engine.operations.replaying import replay
from engine.store import Database
from engine.vocabulary import Market
from tests.operations.shop import (
    add_customer,
    answer,
    day,
    decide_at,
    decision_of,
    model_version,
    order,
    predict_by,
    record,
    rules,
    standings,
)

REF = "shop:P-0050"
"""Spent 200 of 1,000 and gave 50 points; spend weighs 5 and voice 3 of 8, staying 2 of 10 once predicted."""


@pytest.fixture
def begun(shop: Database) -> Database:
    """The customer decided on day 0."""
    add_customer(shop, REF, Market.B2C)
    record(shop, [order(REF, -2, 200), answer(REF, -2, 50)], day(-1))
    decide_at(shop, 0, [REF])
    return shop


def _explained(database: Database) -> ExplainedDecision:
    number = decision_of(database, REF)
    with database.read() as session:
        return explain_decision(session, number)


def _parts(database: Database, number: float = 10) -> dict[str, Decimal]:
    """Parts that are not nothing, after deciding again."""
    earlier = _explained(database).explained
    before = earlier.score
    decide_at(database, number, [REF])
    answer_ = _explained(database)
    assert answer_.change is not None
    after = answer_.explained.score
    _sum_by_criterion(earlier, answer_)
    assert before is not None
    assert after is not None
    assert sum(part.delta for part in answer_.change.parts) == answer_.change.delta == after - before
    return {part.cause: part.delta for part in answer_.change.parts if part.delta}


def _sum_by_criterion(earlier: Explained, later: ExplainedDecision) -> None:
    """Over all parts each criterion's deltas are the difference of its two contributions; in a part they sum to it."""
    assert later.change is not None
    old, new = ({one.name: one.contribution for one in told.criteria} for told in (earlier, later.explained))
    totals: dict[str, Decimal] = {}
    for part in later.change.parts:
        assert sum(one.delta for one in part.criteria) == part.delta
        for one in part.criteria:
            totals[one.name] = totals.get(one.name, Decimal(0)) + one.delta
    assert totals == {name: new.get(name, Decimal(0)) - old.get(name, Decimal(0)) for name in {*old, *new}}


def _bought(database: Database) -> None:
    record(database, [order(REF, 5, 300, number=1)], day(5))


def _bought_before_and_told_later(database: Database) -> None:
    record(database, [order(REF, -10, 100, number=2)], day(6))


def _bought_and_told_after_a_while(database: Database) -> None:
    record(database, [order(REF, 5, 300, number=1)], day(9))


def _order_was_corrected(database: Database) -> None:
    record(database, [order(REF, -2, 120, corrects=True)], day(6))


def _order_was_returned(database: Database) -> None:
    record(database, [order(REF, -2, 200, status="returned", corrects=True)], day(6))


def _answered(database: Database) -> None:
    record(database, [answer(REF, 5, 90, number=1)], day(5))


def _spend_weighs_less(database: Database) -> None:
    publish(
        database, rules(b2c=("curve: [[0, 0], [1000, 100]]", "curve: [[0, 0], [2000, 100]]")), "crm-ops", "x", day(5)
    )


def _nothing(database: Database) -> None:
    assert database is not None


@pytest.mark.parametrize(
    ("acts", "parts"),
    [
        ([_nothing], {}),
        ([_bought], {"BEHAVIOUR": "18.75"}),
        ([_bought_and_told_after_a_while], {"BEHAVIOUR": "18.75"}),
        ([_answered], {"BEHAVIOUR": "7.5"}),
        ([_bought_before_and_told_later], {"DATA_CORRECTION": "6.25"}),
        ([_order_was_corrected], {"DATA_CORRECTION": "-5"}),
        ([_order_was_returned], {"DATA_CORRECTION": "-12.5"}),
        ([_spend_weighs_less], {"RULE": "-6.25"}),
        ([_bought, _bought_before_and_told_later], {"BEHAVIOUR": "18.75", "DATA_CORRECTION": "6.25"}),
        (
            [_bought, _order_was_corrected, _spend_weighs_less],
            {"BEHAVIOUR": "18.75", "DATA_CORRECTION": "-5", "RULE": "-13.125"},
        ),
    ],
)
def test_each_cause_is_told_apart(
    begun: Database, acts: list[Callable[[Database], None]], parts: dict[str, str]
) -> None:
    for act in acts:
        act(begun)
    assert _parts(begun) == {cause: Decimal(delta) for cause, delta in parts.items()}


def test_a_window_that_moves_is_time(begun: Database) -> None:
    record(begun, [order(REF, -300, 400, number=3), answer(REF, -300, 50, number=3)], day(1))
    record(begun, [order(REF, 60, 1, number=4)], day(60))
    decide_at(begun, 61, [REF])
    assert _parts(begun, 70) == {"TIME": Decimal("-25")}


def test_another_model_is_told_apart_from_another_prediction(begun: Database) -> None:
    first = model_version(begun, "first", 1)
    predict_by(begun, first, 1, 0.5)
    decide_at(begun, 2, [REF])
    predict_by(begun, first, 3, 0.4)
    assert _parts(begun, 4) == {"BEHAVIOUR": Decimal("2")}
    predict_by(begun, model_version(begun, "second", 5), 5, 0.1)
    assert _parts(begun, 6) == {"MODEL": Decimal("6")}


def test_a_model_that_went_live_without_predicting_changes_nothing(begun: Database) -> None:
    predict_by(begun, model_version(begun, "first", 1), 1, 0.5)
    decide_at(begun, 2, [REF])
    model_version(begun, "second", 3)
    assert _parts(begun, 4) == {}
    assert _explained(begun).model_digest == "sha256:first"


def test_an_unknown_score_has_no_parts(begun: Database) -> None:
    decide_at(begun, 45, [REF])
    answer_ = _explained(begun)
    assert answer_.explained.score is None  # orders are stale, and voice alone is below 40 percent
    assert answer_.change is not None
    assert (answer_.change.delta, answer_.change.parts) == (None, ())
    assert standings(begun)[REF].computed == "C"


def test_old_decisions_stay_as_they_were(begun: Database) -> None:
    """Late records, corrections, rules, models: the old explanation and its bytes stay, by the old rules."""
    decide_at(begun, 3, [REF])
    before, number = as_json(_explained(begun)), decision_of(begun, REF)
    for act in (_bought_before_and_told_later, _order_was_corrected, _spend_weighs_less):
        act(begun)
    predict_by(begun, model_version(begun, "first", 5), 5)
    publish(begun, rules(b2c=("{key: C, at_least: 25", "{key: M, at_least: 5")), "crm-ops", "renamed", day(7))
    decide_at(begun, 10, [REF])
    with begun.read() as session:
        assert as_json(explain_decision(session, number)) == before
        assert replay(session).different == []
    after = as_json(_explained(begun))
    assert after["revision"] != before["revision"]
    assert [tier["key"] for tier in before["tiers"]] == ["A", "B", "C", "D"]
    assert [tier["key"] for tier in after["tiers"]] == ["A", "B", "M", "D"]
