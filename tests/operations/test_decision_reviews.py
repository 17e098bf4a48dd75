"""Decisions that a person should look at: which a run makes, how many, and when they go."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from engine.errors import InputError
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import ANY_REVISION, publish
from engine.operations.tasks import assign_task, complete_task
from engine.store import Database, insert_rows, read_chunk, read_customers
from engine.store.tables import ValueEstimateRow
from tests.operations.shop import (
    count,
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

HEADER = "approval: {approvers: 0}"
HELD = f"{HEADER}\nreview_queue: {{missing_data: true, per_run: 5}}"
EVERYTHING = f"{HEADER}\nreview_queue: {{missing_data: true}}"
WORTH = ("tags:\n", "tags:\n  - {tag: worth, when: clv >= 1}\n")


def _publish(database: Database, header: str, at: float = -0.5, **more: tuple[str, str]) -> None:
    publish(database, rules(rulebook=(HEADER, header), **more), "crm-ops", "reviews", day(at), ANY_REVISION)


def _reviews(database: Database, where: str = "1 = 1") -> list[Any]:
    query = "select r.*, c.ref, c.market from task r join customer c on c.id = r.customer_id"
    query = f"{query} where r.kind = 'REVIEW' and {where} order by 1"
    with database.read() as session:
        return list(session.execute(text(query)))


def test_a_book_that_asks_for_none_makes_none_and_decides_the_same(shop: Database) -> None:
    report = decide_at(shop, 0)
    decide_at(shop, 60)
    assert report.reviews is None
    assert "reviews" not in report.as_dict()
    assert len(_reviews(shop)) == 0
    assert count(shop, "ledger_entry", "kind = 'RUN' and body like '%reviews%'") == 0


def test_reviews_change_no_decision(shop: Database, crowded: Database) -> None:
    """The same customers come out the same with the queue as without it."""
    _publish(shop, EVERYTHING)
    for number in (0, 30, 60):
        decide_at(shop, number)
        decide_at(crowded, number)
    told = ("computed", "effective", "score", "stage", "risk", "provisional", "effective_since")
    with_queue, without = decisions(shop, *told), decisions(crowded, *told)
    assert with_queue == {key: without[key] for key in with_queue}
    assert len(_reviews(shop)) > 0


def _predicted(database: Database) -> int:
    """Predictions of day −1; forty days later they are too old, and keep tiers as they are. Gives their version."""
    version = model_version(database, "one", -1)
    predict_by(database, version, -1)
    return version


def _heard(database: Database, version: int) -> None:
    """New orders and predictions, on day 61.5."""
    predict_by(database, version, 61.5)
    record(database, [order("shop:P-0001", 61.4, 50, number=99)], day(61.5))


def _held(database: Database) -> set[str]:
    """Whose tier the latest run's chunks say is kept by missing data, or provisional."""
    found = set()
    with database.read() as session:
        refs = dict(tuple(row) for row in session.execute(text("select id, ref from customer")))
        newest = text("select id from chunk where run_id = (select max(id) from run)")
        for number in session.execute(newest).scalars():
            chunk = read_chunk(session, number)
            by_data = chunk["outcome.provisional"] | (chunk["outcome.held_by"] == 0)
            found |= {refs[one] for one in chunk["customer"][by_data & (chunk["outcome.tier"] >= 0)].tolist()}
    return found


def test_tiers_that_missing_data_keep_are_queued_and_go_when_the_data_come(any_shop: Database) -> None:
    _publish(any_shop, EVERYTHING)
    version = _predicted(any_shop)
    stale = 0
    for number in (0, 60, 61, 62):  # after sixty days orders and predictions are too old
        if number == 62:
            _heard(any_shop, version)
        done = decide_at(any_shop, number).reviews
        assert done is not None
        held = _held(any_shop)
        assert {one.ref for one in _reviews(any_shop, "r.state = 'OPEN'")} == held
        stale = max(stale, len(held))
    assert 0 < len(held) < stale
    assert (done.made, done.lapsed) == (0, stale - len(held))
    gone = _reviews(any_shop, "r.state = 'EXPIRED'")
    assert {(one.outcome, one.completed_by, one.review_reason) for one in gone} == {("LAPSED", None, "MISSING_DATA")}


def test_one_run_makes_no_more_than_the_book_allows_and_says_how_many_are_left(shop: Database) -> None:
    _publish(shop, HELD)
    _predicted(shop)
    decide_at(shop, 0)
    for number in (60, 61):
        before = {one.ref for one in _reviews(shop, "r.state = 'OPEN'")}
        done = decide_at(shop, number).reviews
        assert done is not None
        assert (done.made, done.over) == (5, len(_held(shop) - before) - 5)
    assert count(shop, "ledger_entry", "kind = 'RUN' and body like '%reviews%'") == 3


def test_what_a_person_closed_comes_again_only_after_a_decision_without_the_reason(shop: Database) -> None:
    _publish(shop, EVERYTHING)
    version = _predicted(shop)
    decide_at(shop, 0)
    already = _held(shop)
    decide_at(shop, 60)
    made = _reviews(shop)
    one = next(review for review in made if review.ref not in already)
    assign_task(shop, one.id, "mei", "lead", day(60))
    complete_task(shop, one.id, "DONE", "CONFIRMED", "mei", day(60.1))
    decide_at(shop, 61)
    assert len(_reviews(shop)) == len(made), "it still is as the person saw it"
    _heard(shop, version)
    decide_at(shop, 62)
    closed = _reviews(shop, f"r.id = {one.id}")[0]
    assert (closed.outcome, closed.completed_by, closed.assignee) == ("CONFIRMED", "mei", "mei"), (
        "a run takes nothing back"
    )
    decide_at(shop, 130)
    assert [again.id > one.id for again in _reviews(shop, f"r.state = 'OPEN' and c.ref = '{one.ref}'")] == [True]


def test_taking_the_key_out_of_the_book_closes_what_is_open(shop: Database) -> None:
    _publish(shop, HELD)
    decide_at(shop, 0)
    opened = len(_reviews(shop))
    _publish(shop, HEADER, 0.5)
    done = decide_at(shop, 1).reviews
    assert done is not None
    assert (done.made, done.lapsed) == (0, opened) != (0, 0)
    assert decide_at(shop, 2).reviews is None


def test_scores_near_a_start_are_queued_for_the_most_valuable_alone(any_shop: Database) -> None:
    near = "review_queue: {near_threshold: {margin: 100, top_share: 25%}}"
    _publish(any_shop, f"{HEADER}\n{near}", campaigns=WORTH)
    with any_shop.write() as session:
        ids = read_customers(session).ids
        columns = {"name": "clv", "customer_id": ids, "as_of": day(-1), "recorded_at": day(-1), "currency": "CNY",
                   "horizon_days": 365, "method": "test", "amount": [int(number) * 100 for number in ids]}  # fmt: skip
        insert_rows(session, ValueEstimateRow, columns)
    decide_at(any_shop, 0)
    rows, found = standings(any_shop), _reviews(any_shop)
    starts = {"A": 700_000, "B": 500_000, "C": 250_000}
    expected = set()
    for market in ("B2B", "B2C"):
        mine = sorted((row.clv, ref) for ref, row in rows.items() if row.market == market and row.clv is not None)
        top = [ref for _, ref in mine[len(mine) - len(mine) // 4 :]]
        expected |= {ref for ref in top if rows[ref].score is not None and rows[ref].forced is None}
    assert {one.ref for one in found} == expected != set()
    for one in (one for one in found if one.market == "B2C"):
        score = rows[one.ref].score
        assert abs(score - starts[one.tier]) == min(abs(score - start) for start in starts.values())
    by_value = sorted((rows[one.ref].clv for one in found if one.market == "B2C"), reverse=True)
    assert [rows[one.ref].clv for one in found if one.market == "B2C"] == by_value, "the most valuable first"


def test_moves_that_cross_a_guardrail_are_queued_until_the_customer_has_moved_on(shop: Database) -> None:
    guarded = f"{HEADER}\nguardrails: {{max_moved: 1%}}\nreview_queue: {{guardrail: true}}"
    _publish(shop, guarded)
    assert decide_at(shop, 0).reviews is not None
    assert len(_reviews(shop)) == 0, "nobody had a tier before"
    before = {ref: row.effective for ref, row in standings(shop).items()}
    _publish(shop, guarded, 0.5, b2c=("at_least: 25", "at_least: 1"))
    decide_at(shop, 1)
    after = {ref: row.effective for ref, row in standings(shop).items()}
    moved = {ref for ref in before if before[ref] is not None and after[ref] is not None and before[ref] != after[ref]}
    assert {one.ref for one in _reviews(shop)} == moved != set()
    assert decide_at(shop, 2).reviews.lapsed == 0  # type: ignore[union-attr]


def test_overridden_needs_a_tier_set_by_hand_and_a_closed_review_stays(shop: Database) -> None:
    _publish(shop, HELD)
    decide_at(shop, 0)
    decide_at(shop, 60)
    one = _reviews(shop)[0]
    for state, outcome, code in (
        ("DONE", "OVERRIDDEN", "WRONG_STATE"),
        ("EXPIRED", "LAPSED", "INVALID"),
        ("DONE", " ", "INVALID"),
    ):
        with pytest.raises(InputError) as refused:
            complete_task(shop, one.id, state, outcome, "mei", day(61))
        assert refused.value.code == code
    override_tier(shop, OverrideInput(one.ref, one.tier, "data_error", day(90)), "mei", day(61))
    complete_task(shop, one.id, "DONE", "OVERRIDDEN", "mei", day(61.1))
    with pytest.raises(InputError) as refused:
        assign_task(shop, one.id, "li", "mei", day(61.2))
    assert refused.value.code == "WRONG_STATE"
    assert decisions(shop) != {}
