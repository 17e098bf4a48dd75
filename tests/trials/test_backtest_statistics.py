"""Statistics of back-tests against published figures and independent small computations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.churn.measures import area_under_curve
from engine.trials.backtest import Order, bootstrap_mean, gini, gini_difference, lift, top_lift, wilson
from engine.trials.backtest.statistics import concentration

AMOUNTS = st.lists(st.integers(0, 50), min_size=2, max_size=12)


@pytest.mark.parametrize(
    ("happened", "customers", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_published_intervals(happened: int, customers: int, low: float, high: float) -> None:
    """Newcombe 1998, table I, method 3."""
    found = wilson(happened, customers)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_wilson_ends_at_the_ends_and_knows_nothing_of_nobody() -> None:
    nobody, all_of_them = wilson(0, 7), wilson(7, 7)
    assert nobody is not None
    assert all_of_them is not None
    assert (nobody.low, all_of_them.high) == (0.0, 1.0)
    assert wilson(0, 0) is None


def test_a_mean_of_many_is_as_sure_as_its_standard_error_says() -> None:
    values = np.random.default_rng(3).normal(100, 20, 400)
    found = bootstrap_mean(values)
    assert found is not None
    assert found.value == pytest.approx(values.mean())
    error = values.std(ddof=1) / 20
    assert found.high - found.value == pytest.approx(1.96 * error, rel=0.12)
    assert found.value - found.low == pytest.approx(1.96 * error, rel=0.12)


def test_intervals_of_few_values_hold_the_truth_nearly_as_often_as_they_say() -> None:
    chance = np.random.default_rng(5)
    held = 0
    for _ in range(300):
        found = bootstrap_mean(chance.normal(10, 3, 8))
        assert found is not None
        held += found.low <= 10 <= found.high
    assert 0.91 <= held / 300 <= 0.985  # plain percentiles: about 0.88


def test_a_mean_knows_no_order_and_one_value_no_interval() -> None:
    values = np.random.default_rng(1).exponential(50, 30)
    assert bootstrap_mean(values) == bootstrap_mean(values[::-1].copy())
    assert bootstrap_mean(values[:1]) is None


def _pairwise(rank: list[int], brought: list[int]) -> float:
    """The concentration index by its definition over all pairs."""
    ranks, money = np.array(rank), np.array(brought, np.float64)
    signs = np.sign(ranks[:, None] - ranks[None, :])
    return float(((money[:, None] - money[None, :]) * signs).sum() / (2 * len(money) ** 2 * money.mean()))


@given(AMOUNTS, st.randoms(use_true_random=False))
def test_the_area_is_that_of_all_pairs(brought: list[int], chance: object) -> None:
    rank = [chance.randrange(4) for _ in brought]  # type: ignore[attr-defined]
    found = concentration(Order.by(np.array(rank)), np.array(brought, np.float64))
    if sum(brought) == 0:
        assert found is None
    else:
        assert found == pytest.approx(_pairwise(rank, brought), abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=30))
def test_of_yes_and_no_the_gini_is_twice_the_area_under_the_curve_less_one(rows: list[tuple[int, bool]]) -> None:
    rank, happened = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    area = area_under_curve(rank.astype(np.float64), happened)
    found = gini(Order.by(rank), happened.astype(np.float64))
    assert (found is None) == (area is None)
    if area is not None:
        assert found == pytest.approx(2 * area - 1)


def test_the_best_order_is_one_the_reverse_minus_one() -> None:
    brought = np.array([5.0, 0.0, 20.0, 1.0])
    assert gini(Order.by(brought), brought) == pytest.approx(1)
    assert gini(Order.by(-brought), brought) == pytest.approx(-1)
    assert gini(Order.by(np.zeros(4)), brought) == pytest.approx(0)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), min_size=1, max_size=6), st.integers(1, 6))
def test_the_lift_of_the_first_few_is_the_mean_over_every_order_of_equal_ranks(
    rows: list[tuple[int, int]], members: int
) -> None:
    members = min(members, len(rows))
    total = sum(money for _, money in rows)
    fitting = [
        one for one in permutations(rows) if [row[0] for row in one] == sorted((r for r, _ in rows), reverse=True)
    ]
    mean = sum(sum(money for _, money in one[:members]) for one in fitting) / len(fitting)
    found = top_lift(Order.by(np.array([row[0] for row in rows])), np.array([row[1] for row in rows], float), members)
    if total == 0:
        assert found is None
    else:
        assert found == pytest.approx((mean / total) / (members / len(rows)))


def test_lift_is_a_quotient_of_shares() -> None:
    assert lift(30, 100, 10, 100) == pytest.approx(3)
    assert lift(1, 0, 10, 100) is None


def test_a_better_order_is_told_from_chance_and_the_same_is_not() -> None:
    chance = np.random.default_rng(8)
    brought = chance.exponential(100, 800)
    good, noise = Order.by(brought + chance.normal(0, 20, 800)), Order.by(chance.random(800))
    better, same = gini_difference(good, noise, brought), gini_difference(good, good, brought)
    assert better is not None
    assert better.low > 0.5
    assert same is not None
    assert (same.low, same.value, same.high) == (0, 0, 0)
