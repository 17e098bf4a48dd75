"""Back-tests know nothing of what came after an instant, and find the truth planted in a shop."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from engine.cli.told_backtest import lines
from engine.errors import InputError
from engine.operations import backtesting
from engine.operations.anew import Origin
from engine.operations.backtesting import Backtested, backtest
from engine.operations.facts import Clocks, assemble
from engine.operations.judging_rules import health, threshold
from engine.operations.publishing import publish
from engine.rulebook import Book, load_book
from engine.store import Database, insert_rows, open_database, read_customers
from engine.store.tables import PredictionRow, ValueEstimateRow, to_microseconds
from engine.trials.backtest import Judged, judge
from engine.vocabulary import Locale, Market
from tests.operations.shop import (
    add_customer,
    answer,
    contents,
    day,
    decide_at,
    model_version,
    order,
    predict_by,
    record,
    rules,
)

HORIZON = 60
SPENDERS, STAYERS, LATE = 40, 40, 60
NOW = day(200)


@pytest.fixture(scope="module")
def planted_file(tmp_path_factory: pytest.TempPathFactory, opened_file: Path) -> Path:
    """A shop in which those who spent much before day 0 spend ten times as much after it, and half the rest leave."""
    file = tmp_path_factory.mktemp("planted") / "touchstone.db"
    shutil.copyfile(opened_file, file)
    with open_database(f"sqlite:///{file}") as database:
        before, after = [], []
        for number in range(SPENDERS + STAYERS):
            ref, big = f"shop:X-{number:03}", number < SPENDERS
            add_customer(database, ref, Market.B2C)
            before.append(order(ref, -10, 1_000 + number if big else 40 + number, number=1))
            before.append(answer(ref, -9, 90))
            if big or number % 2:
                after.append(order(ref, 20, 2_000 if big else 200, number=2))
        record(database, before, day(-1))
        record(database, after, day(30))
        record(database, [order("shop:P-0001", 190, 5, number=77)], day(190))
    return file


@pytest.fixture
def planted(planted_file: Path, tmp_path: Path) -> Iterator[Database]:
    file = tmp_path / "planted.db"
    shutil.copyfile(planted_file, file)
    with open_database(f"sqlite:///{file}") as database:
        yield database


def book() -> Book:
    return load_book(rules())


def run(database: Database, *at: float, horizon: int = HORIZON, market: Market = Market.B2C) -> Backtested:
    with database.read() as session:
        return backtest(session, book(), market, [day(one) for one in at], horizon, NOW)


def judged(database: Database, at: float = 0) -> Judged:
    return run(database, at).instants[0].judged


def test_the_planted_truth_is_found(planted: Database) -> None:
    found = judged(planted)
    tiers = {one.tier: one for one in found.tiers}
    assert tiers["A"].customers >= SPENDERS
    assert tiers["A"].revenue is not None
    later = {"A": 2_000, "low": 200}
    assert 0 < tiers["A"].revenue.low <= tiers["A"].revenue.value <= later["A"]
    assert found.rises == (("B", "C"),), "nobody in B was planted to buy later, half of those in C were"
    assert found.top is not None
    assert found.top.lift is not None
    assert found.top.lift > 1.5
    mine = SPENDERS * later["A"] + STAYERS // 2 * later["low"]
    assert sum(one.total for one in found.tiers) == pytest.approx(mine)
    left = sum(one.churned for one in found.tiers)
    assert left == sum(one.active for one in found.tiers) - SPENDERS - STAYERS // 2


def test_nothing_is_written(planted: Database) -> None:
    before = contents(planted)
    run(planted, 0, 30)
    with planted.read() as session:
        health(session, book(), Market.B2C, NOW)
    assert contents(planted) == before


def _poison(database: Database, at: float) -> None:
    """Spoil whatever became known after an instant, and add more that pretends to be older."""
    with database.write() as session:
        limit = to_microseconds(day(at))
        session.execute(text("update record set net = net * 1000 where recorded_at > :at"), {"at": limit})
        ids = read_customers(session, Market.B2C).ids
        late = {"recorded_at": day(at + 1), "as_of": day(at - 1), "customer_id": ids}
        insert_rows(session, PredictionRow, {
            **late, "name": "churn", "status": "MODEL", "probability": 990_000, "model_version_id": 1})  # fmt: skip
        insert_rows(session, ValueEstimateRow, {
            **late, "name": "clv", "horizon_days": 365, "amount": 1, "currency": "CNY", "method": "x"})  # fmt: skip
    newcomers = [f"shop:Y-{number:03}" for number in range(LATE)]
    for ref in newcomers:
        add_customer(database, ref, Market.B2C, at=at + 1)
    record(database, [order(ref, at + 1, 70, number=900) for ref in newcomers], day(at + 2))
    poison = [order(f"shop:X-{number:03}", at - 5, 90_000, number=900) for number in range(SPENDERS, SPENDERS + 20)]
    poison += [answer(f"shop:X-{number:03}", at - 5, 0, number=900) for number in range(SPENDERS)]
    poison += [order(f"shop:X-{number:03}", -10, 1, number=1, corrects=True) for number in range(10)]
    record(database, poison, day(at + 2))
    model_version(database, "later", at + 3, live=False)


def _decided(database: Database, monkeypatch: pytest.MonkeyPatch, *at: float) -> tuple[list[Any], Backtested]:
    """Tier and rank of every customer at every instant, and the back-test."""
    seen: list[Any] = []

    def watched(book: Any, as_of: Any, codes: Any, rank: Any, **rest: Any) -> Judged:
        seen.append(
            (as_of, codes.tolist(), rank.tolist(), {name: row.tolist() for name, row in rest["rivals"].items()})
        )
        return judge(book, as_of, codes, rank, **rest)

    monkeypatch.setattr(backtesting, "judge", watched)
    return seen, run(database, *at)


def test_what_became_known_later_changes_no_tier_no_rank_and_no_rival(
    planted: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, before = _decided(planted, monkeypatch, -0.5, 0)
    _poison(planted, 0)
    poisoned, after = _decided(planted, monkeypatch, -0.5, 0)
    assert clean == poisoned
    assert len(clean[0][1]) > SPENDERS + STAYERS
    totals = [[one.total for one in each.instants[1].judged.tiers] for each in (before, after)]
    assert totals[0] != totals[1], "the poison has to be felt where it may be"


def test_the_facts_are_those_deciding_sees(planted: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, _ = _decided(planted, monkeypatch, 0)
    with planted.read() as session:
        known = assemble(session, book(), Market.B2C, Clocks(day(0), day(0)))
    assert len(seen[0][1]) == len(known.customers)


def test_it_is_told_in_chinese_without_a_word_of_english(planted: Database, capsys: pytest.CaptureFixture[str]) -> None:
    lines(run(planted, 0, 30), Locale.ZH)
    told = capsys.readouterr().out
    assert "A 级客户之后的人均销售额是平均值的" in told
    assert "2 个时点中" in told
    assert "当时未知：流失概率。" in told
    words = set(re.findall(r"[A-Za-z]{2,}", told))
    assert words <= {"CNY", "UNRATED", "RFM"}, words


def test_who_was_not_known_yet_is_not_there(planted: Database) -> None:
    early = judged(planted, -1.7)
    assert early.customers == 0
    assert early.tiers == ()
    assert judged(planted, 0).customers > SPENDERS


def test_instants_are_played_forward_so_that_stability_acts(planted: Database) -> None:
    fell = [order(f"shop:X-{number:03}", -10, 300, number=1, corrects=True) for number in range(SPENDERS)]
    record(planted, fell, day(5))
    alone = {one.tier: one.customers for one in judged(planted, 10).tiers}
    played = {one.tier: one.customers for one in run(planted, 10, 0).instants[1].judged.tiers}
    assert alone.get("A", 0) == 0
    assert played["A"] >= SPENDERS, "held by the grace that began at day 10"


def test_a_prediction_known_by_then_is_used_and_a_later_one_is_not(planted: Database) -> None:
    assert {one.metric: one.origin for one in run(planted, 0).instants[0].origins}["churn"] is not Origin.STORED
    predict_by(planted, model_version(planted, "early", -2), -1)
    assert {one.metric: one.origin for one in run(planted, 0).instants[0].origins}["churn"] is Origin.STORED


def test_a_churn_model_that_cannot_be_learned_yet_is_unknown_and_says_why(planted: Database) -> None:
    (churn,) = [one for one in run(planted, 0).instants[0].origins if one.metric == "churn"]
    assert churn.origin is Origin.UNKNOWN
    assert churn.why is not None
    assert churn.why.en
    assert churn.why.zh


def test_clocks_that_were_derived_are_told(planted: Database) -> None:
    assert not run(planted, 0).instants[0].clocks_assumed
    with planted.write() as session:
        session.execute(text("update record set recorded_at_assumed = true where key like 'O-shop:X%'"))
    found = run(planted, 0).instants[0]
    assert found.clocks_assumed
    assert 0 < found.assumed < 1


@pytest.mark.parametrize(
    ("at", "horizon", "market", "says"),
    [
        ([], 60, Market.B2C, "takes 1 to 12 instants"),
        ([float(number) for number in range(13)], 60, Market.B2C, "takes 1 to 12 instants"),
        ([0.0], 0, Market.B2C, "at least a day"),
        ([150.0], 60, Market.B2C, "The 60 days after 2026-07-29 are not over"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    planted: Database, at: list[float], horizon: int, market: Market, says: str
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        run(planted, *at, horizon=horizon, market=market)
    assert refused.value.message.zh
    assert refused.value.hint.zh


def test_orders_that_are_not_complete_until_the_end_of_the_horizon_are_refused(planted: Database) -> None:
    with planted.write() as session:
        session.execute(text("delete from watermark"))
        session.execute(
            text("insert into watermark (source, complete_until, recorded_at) values ('orders', :until, :until)"),
            {"until": to_microseconds(day(10))},
        )
    with pytest.raises(InputError, match="Orders are complete until"):
        run(planted, 9, horizon=90)


def test_without_a_word_on_completeness_the_answer_warns(planted: Database) -> None:
    with planted.write() as session:
        session.execute(text("delete from watermark"))
    with planted.read() as session:
        loose = load_book(rules(rulebook=("orders: {fresh_within: 40d}", "surveys: {fresh_within: 4000d}")))
        found = backtest(session, loose, Market.B2C, [day(0)], HORIZON, NOW)
    assert found.warnings[0].en.startswith("Nobody has said how far the orders are complete")


def test_health_sees_the_base_and_the_overrides_of_the_latest_decisions(planted: Database) -> None:
    decide_at(planted, 1)
    with planted.read() as session:
        found = health(session, book(), Market.B2C, NOW)
    assert found.as_of == day(1)
    items = {one.item: one for one in found.rules}
    assert items["b2c.tiers.A"].fired >= SPENDERS
    assert items["b2c.scorecard.criteria.staying"].unknown == found.customers
    assert items["b2c.scorecard.criteria.staying"].finding is not None


def test_health_does_not_decide_again_what_was_decided_at_that_instant(planted: Database) -> None:
    steps = rules(b2c=("exit_margin: 5, grace: 28d, min_dwell: 60d, down: one_step", "down: one_step"))
    draft_files = {**steps, "b2c.yaml": steps["b2c.yaml"].replace("Key", "Top")}
    publish(planted, steps, "crm-ops", "one step at a time", day(0.5))
    decide_at(planted, 1)
    fell = [order(f"shop:X-{number:03}", -10, 1, number=1, corrects=True) for number in range(SPENDERS)]
    fell += [answer(f"shop:X-{number:03}", 1.5, 0, number=2) for number in range(SPENDERS)]
    record(planted, fell, day(1.7))
    decide_at(planted, 2)
    with planted.read() as session:
        query = "select computed, count(*) as customers from standing where market = 'B2C' group by computed"
        counted = session.execute(text(query)).all()
        standing = {row.computed: row.customers for row in counted}
        found = health(session, load_book(steps), Market.B2C, NOW)
        draft = health(session, load_book(draft_files), Market.B2C, NOW)
    fired = {one.item[-1]: one.fired for one in found.rules if re.fullmatch(r"b2c\.tiers\.\w", one.item)}
    assert standing["B"] >= SPENDERS
    assert fired == {key: standing.get(key, 0) for key in "ABCD"}
    (next_b,) = [one.fired for one in draft.rules if one.item == "b2c.tiers.B"]
    assert next_b <= standing["B"] - SPENDERS, "a book that decided nobody is told by its next decision"


def test_a_suggested_threshold_gives_that_share_when_it_is_decided(planted: Database) -> None:
    with planted.read() as session:
        found = threshold(session, book(), Market.B2C, "A", Decimal("0.2"), None, NOW, day(1)).threshold
    assert found.found is not None
    points = Decimal(found.found.at_least) / 10_000
    moved = load_book(rules(b2c=("at_least: 70", f"at_least: {points}")))
    with planted.read() as session:
        again = threshold(session, moved, Market.B2C, "A", Decimal("0.2"), None, NOW, day(1)).threshold
    assert again.now == found.found
    assert found.found.share >= 0.2
    assert found.found.share == found.found.customers / found.rated


def test_margin_without_costs_is_refused(planted: Database) -> None:
    with planted.read() as session, pytest.raises(InputError, match="Margin is unknown"):
        threshold(session, book(), Market.B2C, "A", None, Decimal("0.4"), NOW, day(1))
    with planted.read() as session, pytest.raises(InputError, match="Exactly one share"):
        threshold(session, book(), Market.B2C, "A", None, None, NOW, day(1))


def test_both_engines_give_the_same(any_shop: Database) -> None:
    record(any_shop, [order("shop:P-0001", 20, 500, number=50), order("shop:P-0002", 190, 5, number=51)], day(190))
    found = run(any_shop, 0)
    assert found.instants[0].judged.customers == 24
    assert np.isclose(sum(one.total for one in found.instants[0].judged.tiers), 500)
