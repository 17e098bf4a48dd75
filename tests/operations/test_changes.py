"""What changed since the decision before: each cause told apart, exact sums, old decisions as they were."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.cli.explanation import as_json
from engine.decisions.record import Explained
from engine.operations.explaining import ExplainedDecision, explain_by_itself, explain_decision
from engine.operations.metric_values import metric_records
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, FieldGiven, record_customer
from engine.operations.replaying import replay
from engine.operations.waiting import time_alone_after
from engine.store import Database
from engine.vocabulary import UNRATED, HoldCause, Locale, Market
from tests.operations.shop import (
    add_customer,
    answer,
    day,
    decide_at,
    decision_of,
    model_digest,
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


def _explained(database: Database, ref: str = REF) -> ExplainedDecision:
    number = decision_of(database, ref)
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
    assert sum(part.delta or 0 for part in answer_.change.parts) == answer_.change.delta == after - before
    return {part.cause: part.delta for part in answer_.change.parts if part.delta}


def _sum_by_criterion(earlier: Explained, later: ExplainedDecision) -> None:
    """Over all parts each criterion's deltas are the difference of its two contributions; in a part they sum to it."""
    assert later.change is not None
    old, new = ({one.name: one.contribution for one in told.criteria} for told in (earlier, later.explained))
    totals: dict[str, Decimal] = {}
    for part in later.change.parts:
        assert part.delta is None or sum(one.delta for one in part.criteria) == part.delta
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
    assert _explained(begun).model_digest == model_digest("first")


def test_an_unknown_score_has_parts_without_a_whole(begun: Database) -> None:
    before = _explained(begun).explained
    decide_at(begun, 45, [REF])
    answer_ = _explained(begun)
    assert answer_.explained.score is None  # orders are stale, and voice alone is below 40 percent
    assert answer_.change is not None
    assert answer_.change.delta is None
    assert standings(begun)[REF].computed == "C"
    assert [part.delta for part in answer_.change.parts] == [Decimal(0)] * 5 + [None]
    lost = {one.name: one.delta for one in answer_.change.parts[-1].criteria if one.delta}
    assert lost == {"spend": Decimal("-12.5"), "voice": Decimal("-18.75")}
    _sum_by_criterion(before, answer_)


def _moves(database: Database, ref: str = REF) -> list[tuple[str, str | None, str | None]]:
    """Which causes moved the tier, from which to which, in order; they lead from the tier before to the one now."""
    answer_ = _explained(database, ref)
    assert answer_.change is not None
    moves = [(part.cause, part.tier_before, part.tier) for part in answer_.change.parts if part.tier is not None]
    tier = answer_.explained.tier
    ends = (moves[0][1], moves[-1][2]) if moves else (tier.effective,) * 2
    assert ends == (tier.previous or UNRATED, tier.effective or UNRATED)
    return moves


def test_an_override_moves_the_tier_when_it_is_set_and_when_it_is_over(begun: Database) -> None:
    override_tier(begun, OverrideInput(REF, "A", "strategic", day(8)), "sales-lead", day(3))
    decide_at(begun, 4, [REF])
    assert _moves(begun) == [("OVERRIDE", "C", "A")]
    said = [next(line for line in _explained(begun).narration(one) if "C → A" in line) for one in Locale]
    assert said == [
        "Since the decision before 0.0 points: override (tier C → A).",
        "较上次决定 0.0 分：人工设定（等级 C → A）。",
    ]
    record(begun, [order(REF, 5, 800, number=1)], day(5))
    decide_at(begun, 6, [REF])
    assert _moves(begun) == [], "what is earned under an override moves nothing"
    decide_at(begun, 9, [REF])
    assert _moves(begun) == [("OVERRIDE", "A", "B")]


def test_who_is_held_does_not_move_and_falls_when_the_time_is_over(begun: Database) -> None:
    record(begun, [order(REF, 1, 800, number=1), answer(REF, 1, 90, number=1)], day(2))
    decide_at(begun, 3, [REF])
    assert _moves(begun) == [("BEHAVIOUR", "C", "A")]
    record(begun, [order(REF, 1, 1, number=1, corrects=True), order(REF, 65, 1, number=5)], day(65))
    decide_at(begun, 66, [REF])
    told = _explained(begun)
    assert told.change is not None
    assert (_moves(begun), told.explained.tier.effective) == ([], "A")
    assert [part.cause for part in told.change.parts if part.felt] == ["DATA_CORRECTION"]
    record(begun, [order(REF, 93, 1, number=6)], day(93))
    decide_at(begun, 94, [REF])
    assert _moves(begun) == [("TIME", "A", "B")]


def test_a_second_step_with_nothing_swapped_is_time(begun: Database) -> None:
    held = "stability: {exit_margin: 5, grace: 28d, min_dwell: 60d, down: one_step, up: immediate}"
    publish(begun, rules(b2c=(held, "stability: {down: one_step}")), "crm-ops", "x", day(0.5))
    record(begun, [order(REF, 1, 800, number=1), answer(REF, 1, 90, number=1)], day(2))
    decide_at(begun, 3, [REF])
    record(begun, [order(REF, 1, 1, number=1, corrects=True), order(REF, -2, 1, corrects=True)], day(4))
    decide_at(begun, 5, [REF])
    assert _moves(begun) == [("DATA_CORRECTION", "A", "B")]
    decide_at(begun, 6, [REF])
    assert _moves(begun) == [("TIME", "B", "C")]
    decide_at(begun, 7, [REF])
    assert _moves(begun) == []


def test_the_first_rating_is_told_without_a_difference(shop: Database) -> None:
    """Orders are too old: staying alone is below 40 percent, with voice it is above."""
    add_customer(shop, REF, Market.B2C, at=44)
    predict_by(shop, model_version(shop, "first", 44), 44, 0)
    decide_at(shop, 45, [REF])
    record(shop, [answer(REF, 46, 90)], day(46))
    decide_at(shop, 47, [REF])
    told = _explained(shop)
    assert told.change is not None
    assert (told.change.delta, told.explained.score) == (None, Decimal(94))
    assert _moves(shop) == [("BEHAVIOUR", UNRATED, "C")]
    assert [part.delta for part in told.change.parts] == [None] + [Decimal(0)] * 5
    criteria = {one.name: one.delta for one in told.change.parts[0].criteria}
    assert criteria == {"spend": 0, "voice": Decimal(54), "staying": Decimal(40)}
    assert [one.key for one in told.evidence.records["BEHAVIOUR"]] == [f"S-{REF}-0"]
    assert "Since the decision before: behaviour (tier UNRATED → C)." in told.narration(Locale.EN)
    assert "较上次决定：客户行为（等级 UNRATED → C）。" in told.narration(Locale.ZH)
    record(shop, [order(REF, 48, 900)], day(49))
    decide_at(shop, 50, [REF])
    assert _moves(shop) == [("DATA_CORRECTION", "C", "A")], "orders are up to date again"
    assert [one.key for one in _explained(shop).evidence.records["DATA_CORRECTION"]] == [f"O-{REF}-0"]


def test_rules_that_stayed_change_nothing(shop: Database) -> None:
    """A gate's metric becomes unknown: the customer stays, and neither rules nor data moved anything."""
    firm = "shop:B-0002"
    record(shop, [order(firm, -1, 9_000, number=50)], day(-0.5))
    decide_at(shop, 0, [firm])
    given = CustomerGiven(ref=firm, market=Market.B2B, fields=[FieldGiven("region", None)], expected_version=1)
    record_customer(shop, given, "crm-ops", day(1))
    decide_at(shop, 2, [firm])
    told = _explained(shop, firm)
    assert told.explained.tier.effective == "A"
    assert told.explained.held_by[0].cause is HoldCause.MISSING_DATA
    assert _moves(shop, firm) == []
    assert told.change is not None
    assert not any(part.felt for part in told.change.parts)


def test_a_past_decision_is_told_in_its_market_though_the_customer_is_in_another_now(begun: Database) -> None:
    record(begun, [order(REF, 5, 800, number=1), answer(REF, 5, 90, number=1)], day(5))
    decide_at(begun, 10, [REF])
    before, number = as_json(_explained(begun)), decision_of(begun, REF)
    with begun.read() as session:
        waits = time_alone_after(session, explain_by_itself(session, number))
    assert waits is not None
    edited = CustomerGiven(ref=REF, market=Market.B2B, expected_version=1)
    record_customer(begun, edited, "crm-ops", day(11))
    with begun.read() as session:
        assert as_json(explain_decision(session, number)) == before
        assert time_alone_after(session, explain_by_itself(session, number)) == waits
        assert len(metric_records(session, _explained(begun).customer_id, "revenue", day(10), day(10))) == 2
    decide_at(begun, 12, [REF])
    told = _explained(begun)
    assert told.explained.market is Market.B2B
    assert told.change is not None
    assert (told.change.delta, told.change.parts) == (None, ())


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
