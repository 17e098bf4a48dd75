"""The records and rule edits behind the parts of a change, and that what comes late never rewrites what was decided."""

from __future__ import annotations

import random

import pytest

from engine.cli.explanation import as_json
from engine.cli.told_change import change_lines
from engine.operations.explaining import ExplainedDecision, explain_decision
from engine.operations.metric_values import metrics_of
from engine.operations.publishing import publish
from engine.operations.records_behind import MOST_RECORDS
from engine.operations.replaying import replay
from engine.operations.selecting import decision_of as decision_known_at
from engine.store import Database
from engine.vocabulary import Locale, Market
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
    refs,
    rules,
    ticket,
)

REF = "shop:P-0050"
COMPANY = "shop:B-0050"


@pytest.fixture
def begun(shop: Database) -> Database:
    """A person decided on day 0 with one order and one answer."""
    add_customer(shop, REF, Market.B2C)
    record(shop, [order(REF, -2, 200), answer(REF, -2, 50)], day(-1))
    decide_at(shop, 0, [REF])
    return shop


def explained(database: Database, ref: str = REF, at: float | None = None) -> ExplainedDecision:
    number = decision_of(database, ref, at)
    with database.read() as session:
        return explain_decision(session, number)


def behind(database: Database, ref: str = REF, at: float | None = None) -> dict[str, list[str]]:
    """Keys (without the customer) of the records behind each cause, newest first."""
    found = explained(database, ref, at).evidence.records
    return {cause: [one.key.replace(f"-{ref}", "") for one in records] for cause, records in found.items()}


def test_what_happened_since_stands_behind_behaviour(begun: Database) -> None:
    cancelled = order(REF, 7, 10, number=2, status="cancelled")
    record(begun, [order(REF, 5, 300, number=1), answer(REF, 6, 90, number=1), cancelled], day(8))
    record(begun, [order(REF, 11, 500, number=3), ticket(REF, 4, 1)], day(9))
    decide_at(begun, 10, [REF])
    # The cancelled order counts for nothing, the next one is yet to come; the force rule reads tickets.
    assert behind(begun) == {"BEHAVIOUR": ["S-1", "O-1", "T-1"]}


def test_late_and_corrected_records_stand_behind_data_correction(begun: Database) -> None:
    record(
        begun, [order(REF, -10, 100, number=2), order(REF, -2, 120, corrects=True), order(REF, 5, 1, number=9)], day(6)
    )
    decide_at(begun, 10, [REF])
    found = explained(begun).evidence.records
    corrected = [(one.key[-1], one.net) for one in found["DATA_CORRECTION"]]
    assert corrected == [("0", 12_000), ("0", 20_000), ("2", 10_000)]
    assert found["DATA_CORRECTION"][0].corrects_id == found["DATA_CORRECTION"][1].id
    assert [one.key[-1] for one in found["BEHAVIOUR"]] == ["9"]


def test_what_left_a_window_stands_behind_time(begun: Database) -> None:
    record(begun, [order(REF, -360, 400, number=3)], day(1))
    decide_at(begun, 2, [REF])
    decide_at(begun, 10, [REF])
    assert behind(begun) == {"TIME": ["O-3"]}


def test_records_of_what_the_market_does_not_read_stand_behind_nothing(shop: Database) -> None:
    add_customer(shop, COMPANY, Market.B2B, budget="50000.00", region="north")
    record(shop, [order(COMPANY, -2, 200)], day(-1))
    decide_at(shop, 0, [COMPANY])
    record(shop, [answer(COMPANY, 5, 90), ticket(COMPANY, 5, 1), order(COMPANY, 6, 5, number=1)], day(7))
    decide_at(shop, 10, [COMPANY])
    assert behind(shop, COMPANY) == {"BEHAVIOUR": ["O-1"]}


def test_at_most_a_hundred_records_the_newest_first(begun: Database) -> None:
    record(begun, [order(REF, 1 + n / 20, 1, number=n) for n in range(1, 121)], day(9))
    decide_at(begun, 10, [REF])
    assert behind(begun)["BEHAVIOUR"] == [f"O-{n}" for n in range(120, 120 - MOST_RECORDS, -1)]


def test_what_a_prediction_learned_stands_behind_behaviour(begun: Database) -> None:
    version = model_version(begun, "first", 1)
    predict_by(begun, version, 1, 0.5)
    decide_at(begun, 2, [REF])
    record(begun, [ticket(REF, 3, 1)], day(4))
    predict_by(begun, version, 5, 0.4)
    record(begun, [ticket(REF, 6, 2)], day(7))
    narrow = ("take: count(), within: 90d, type: count", "take: count(), within: 1d, type: count")
    publish(begun, rules(metrics=narrow), "crm-ops", "tickets of one day", day(7))
    decide_at(begun, 8, [REF])
    predict_by(begun, version, 9, 0.3)
    decide_at(begun, 10, [REF])
    # No rule counts these tickets any more (one day), yet the last prediction was made with the second of them.
    assert behind(begun)["BEHAVIOUR"] == ["T-2"]
    predict_by(begun, model_version(begun, "second", 11), 11, 0.1)
    decide_at(begun, 12, [REF])
    assert behind(begun) == {}, "another model, nothing learned"


def test_rule_edits_that_touch_the_market_stand_behind_rule(begun: Database) -> None:
    record(begun, [order("shop:B-0000", 1, 10, number=7)], day(2))
    decide_at(begun, 2, ["shop:B-0000"])
    changed = rules(
        b2c=("curve: [[0, 0], [1000, 100]]", "curve: [[0, 0], [2000, 100]]"),
        b2b=("at_least: 60", "at_least: 65"),
        campaigns=("priority: 50", "priority: 40"),
        metrics=("title: {en: Budget, zh: 预算}", "title: {en: The budget, zh: 预算}"),
        rulebook=("fresh_within: 40d", "fresh_within: 41d"),
    )
    publish(begun, changed, "crm-ops", "many edits", day(5))
    decide_at(begun, 10, [REF, "shop:B-0000"])
    person, company = explained(begun).evidence.edits, explained(begun, "shop:B-0000").evidence.edits
    assert [edit.item for edit in person] == [
        "rulebook.sources.orders.fresh_within",
        "b2c.scorecard.criteria.spend.curve",
    ]
    assert [edit.item for edit in company] == ["rulebook.sources.orders.fresh_within", "b2b.tiers.A.at_least"]
    document = as_json(explained(begun))["change"]["parts"]
    assert [bool(part["edits"]) for part in document] == [False, False, True, False, False, False]


def test_the_change_is_told_in_text_in_both_languages(begun: Database) -> None:
    record(begun, [order(REF, 5, 500, number=1), order(REF, -2, 120, corrects=True)], day(6))
    decide_at(begun, 10, [REF])
    told = explained(begun)
    english, chinese = (
        next(line for line in told.narration(one) if "Spend" in line or "消费 " in line) for one in Locale
    )
    assert "behaviour +31.2 (Spend +31.2, tier C → B); corrected data −5.0 (Spend −5.0, tier B → C)." in english
    assert "客户行为 +31.2（消费 +31.2，等级 C → B）；数据更正 −5.0（消费 −5.0，等级 B → C）。" in chinese
    assert list(change_lines(told, Locale.EN)) == [
        f"Behind the change: behaviour: order O-{REF}-1 (2026-03-06); corrected data: order O-{REF}-0 (2026-02-27)."
    ]
    assert list(change_lines(told, Locale.ZH)) == [
        f"变化依据：客户行为：订单 O-{REF}-1（2026-03-06）；数据更正：订单 O-{REF}-0（2026-02-27）。"
    ]
    assert list(change_lines(explained(begun, at=0), Locale.EN)) == []


def test_what_comes_late_never_rewrites_a_decision_and_shows_in_the_next(begun: Database) -> None:
    """Two clocks: the past decision, its change and what stands behind it stay byte for byte."""
    record(begun, [order(REF, 2, 50, number=1)], day(2))
    decide_at(begun, 3, [REF])
    before = as_json(explained(begun, at=3))
    assert [one["key"] for one in before["change"]["parts"][0]["records"]] == [f"O-{REF}-1"]
    record(begun, [order(REF, 1, 70, number=2), order(REF, 2, 20, number=1, corrects=True)], day(5))
    assert as_json(explained(begun, at=3)) == before
    decide_at(begun, 10, [REF])
    assert as_json(explained(begun, at=3)) == before
    assert behind(begun) == {"DATA_CORRECTION": ["O-1", "O-1", "O-2"]}
    with begun.read() as session:
        assert replay(session).different == []
        customer = explained(begun).customer_id
        values = [metrics_of(session, customer, ["revenue"], day(3), day(known))[0].value for known in (3, 10)]
        assert values == ["250.00", "290.00"], "as we knew it then, as we know now"
        asked = (decision_known_at(session, REF, None, day(known)) for known in (3, 10))
        assert list(asked) == [decision_of(begun, REF, 3), decision_of(begun, REF, 10)]


def test_the_records_behind_everybody_explain_every_moved_metric(shop: Database) -> None:
    """A part whose score moved by a metric of records has records behind it; random late, corrected, new ones."""
    decide_at(shop, 0)
    chance = random.Random(7)
    given = []
    for ref in refs(companies=0):
        for number in range(chance.randrange(3)):
            given.append(
                order(ref, 9 - 60 * chance.random() * (number % 2), 300 * chance.random(), number=100 + number)
            )
    record(shop, given, day(9.5))
    decide_at(shop, 10)
    seen = set()
    for ref in refs(companies=0):
        told = explained(shop, ref)
        if told.change is None or told.change.delta is None:
            continue
        for part in told.change.parts:
            if part.delta and part.cause in ("BEHAVIOUR", "DATA_CORRECTION"):
                assert told.evidence.records[part.cause], (ref, part)
                seen.add(part.cause)
    assert seen == {"BEHAVIOUR", "DATA_CORRECTION"}
