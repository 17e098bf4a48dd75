"""Rivals, what followed, and the judgement of a ladder, on customers whose truth is known."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from engine.rulebook import MarketBook, book_from_plain
from engine.trials.backtest import Brought, Judged, brought_after, judge, overall, rival_ranks, verdict
from engine.trials.backtest.rivals import quintiles
from engine.value import NO_MARGIN, AsOf, EventFrame, Purchases
from engine.vocabulary import Market
from tests.trials.test_running import PLAIN

DAY = 86_400_000_000
AS_OF = AsOf(100 * DAY, 100)
NOON = DAY // 2


def frame(*rows: tuple[int, int, int], recorded: int | None = None, margin: list[int] | None = None) -> EventFrame:
    """Purchases as (customer, day, net); recorded when they happened unless said otherwise."""
    customer, day, net = (np.array(column, np.int64) for column in zip(*rows, strict=True))
    occurred = day * DAY + NOON
    known = occurred if recorded is None else np.full(len(day), recorded)
    margins = None if margin is None else np.array(margin, np.int64)
    purchases = Purchases(customer.astype(np.int32), occurred, day.astype(np.int32), net, known, margin=margins)
    return EventFrame(np.arange(6), purchases)


def test_revenue_counts_from_the_instant_to_the_last_day_of_the_horizon_and_loses_what_is_given_back() -> None:
    found = brought_after(
        frame((0, 99, 5), (0, 100, 10), (0, 109, 20), (0, 110, 40), (1, 104, 30), (1, 105, -12), (2, 60, 7)),
        AS_OF, 10, 1_000 * DAY,
    )  # fmt: skip
    assert found.revenue.tolist() == [30, 18, 0, 0, 0, 0]
    assert found.margin is None


def test_churn_is_that_of_the_model_among_the_active() -> None:
    found = brought_after(frame((0, 99, 5), (0, 104, 10), (1, 50, 5), (2, 104, 9), (3, 99, -5)), AS_OF, 10, 1_000 * DAY)
    assert found.active.tolist() == [True, True, False, False, False, False]
    assert found.churned.tolist() == [False, True, False, True, True, True]


def test_margin_is_known_where_every_purchase_within_the_horizon_has_a_cost() -> None:
    rows = ((0, 99, 5), (0, 104, 10), (1, 105, 4))
    known = brought_after(frame(*rows, margin=[NO_MARGIN, 6, 3]), AS_OF, 10, 1_000 * DAY)
    assert known.margin is not None
    assert known.margin.tolist()[:2] == [6, 3]
    assert brought_after(frame(*rows, margin=[1, NO_MARGIN, 3]), AS_OF, 10, 1_000 * DAY).margin is None


def test_what_became_known_later_than_now_is_not_there() -> None:
    late = frame((0, 104, 10), recorded=200 * DAY)
    assert brought_after(late, AS_OF, 10, 199 * DAY).revenue.sum() == 0
    assert brought_after(late, AS_OF, 10, 200 * DAY).revenue.sum() == 10


def test_rivals_rank_by_what_was_known_before_the_instant() -> None:
    found = rival_ranks(
        frame((0, 99, 5), (0, 98, 5), (1, 97, 200), (2, -400, 900), (3, 101, 999), (4, 96, 20), (4, 96, 20)),
        AS_OF,
        np.arange(6),
    )
    assert found["revenue_12m"].tolist() == [10, 200, 0, 0, 40, 0]
    assert np.argsort(-found["recency"], kind="stable").tolist() == [0, 1, 4, 2, 3, 5]
    assert found["rfm"].argmax() == 0
    assert found["rfm"][3] == found["rfm"][5] == found["rfm"].min()
    late = rival_ranks(frame((0, 99, 5), recorded=101 * DAY), AS_OF, np.arange(6))
    assert late["revenue_12m"].sum() == 0


def test_quintiles_are_fifths_and_equals_stay_together() -> None:
    assert np.bincount(quintiles(np.arange(100))).tolist() == [0, 20, 20, 20, 20, 20]
    assert len(set(quintiles(np.array([7, 7, 7, 7])).tolist())) == 1


def rules() -> MarketBook:
    return book_from_plain(PLAIN).markets[Market.B2B]


def judged(codes: list[int], revenue: list[int], rank: list[int] | None = None) -> Judged:
    money = np.array(revenue, np.int64)
    brought = Brought(money, money // 2, np.ones(len(money), np.bool_), money == 0)
    ranks = np.array(rank if rank is not None else [-code for code in codes], np.int64)
    return judge(
        rules(), datetime(2026, 1, 1, tzinfo=UTC), np.array(codes), ranks, brought=brought,
        rivals={"revenue_12m": np.zeros(len(money), np.int64)}, scale=100,
    )  # fmt: skip


def test_a_ladder_that_is_right_is_said_to_be() -> None:
    found = judged([0] * 40 + [1] * 40 + [2] * 40 + [-1] * 5, [900] * 40 + [300] * 40 + [0] * 40 + [700] * 5)
    assert found.monotone
    assert found.top is not None
    assert found.top.lift == (900 * 40 / (1200 * 40)) / (40 / 120)
    assert found.gini == 1.0
    assert [(one.tier, one.customers, one.total) for one in found.tiers] == [
        ("A", 40, 360.0), ("B", 40, 120.0), ("C", 40, 0.0), ("UNRATED", 5, 35.0),
    ]  # fmt: skip
    unrated = found.tiers[-1]
    assert unrated.lift is None
    assert [(one.churned, one.active) for one in found.tiers] == [(0, 40), (0, 40), (40, 40), (0, 5)]
    said = verdict(found)
    assert "A customers later brought 2.2 times the average." in said.en
    assert "The ladder is monotone." in said.en
    assert "No simple ranking does as well" in said.en
    assert "没有简单排序" in said.zh


def test_a_ladder_that_is_wrong_is_named_with_the_tiers() -> None:
    found = judged([0] * 40 + [1] * 40 + [2] * 40, [300] * 40 + [900] * 40 + [0] * 40)
    assert not found.monotone
    assert found.rises == found.beyond_chance == (("A", "B"),)
    assert "B brought more than A, beyond chance" in verdict(found).en
    assert "B 高于 A" in verdict(found).zh


def test_what_chance_may_have_done_is_not_held_against_the_ladder() -> None:
    few = judged([0, 0, 0, 1, 1, 1], [100, 0, 300, 100, 50, 290])
    assert few.rises == (("A", "B"),)
    assert few.beyond_chance == ()
    assert "their intervals meet" in verdict(few).en
    assert "only 3 of them" in verdict(few).en


def test_an_empty_top_tier_nobody_rated_and_nothing_bought_are_said() -> None:
    assert verdict(judged([1] * 40 + [2] * 40, [9] * 40 + [1] * 40)).en.startswith("Nobody was in A. B customers")
    assert verdict(judged([-1] * 4, [9] * 4)).en.startswith("Nobody had a tier")
    assert verdict(judged([0] * 4, [0] * 4)).en.startswith("Nobody with a tier bought")
    assert verdict(judged([], [])).en.startswith("Nobody had a tier")


def test_several_instants_are_summed_up() -> None:
    good = judged([0] * 40 + [1] * 40, [900] * 40 + [300] * 40)
    bad = judged([0] * 40 + [1] * 40, [300] * 40 + [900] * 40)
    assert overall([good, bad]).en == (
        "Over 2 instants: monotone at 1; A customers later brought 0.5 to 1.5 times the average."
    )
    assert overall([good]) == verdict(good)
