"""Measures and fits against known values."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.churn.logistic import apply_line, fit_line, fit_weights
from engine.churn.matrix import hashed
from engine.churn.measures import area_under_curve, calibration_error_by_chance, measure


def test_measures_by_hand() -> None:
    found = measure(np.array([0.2, 0.8, 0.6]), np.array([False, True, False]))
    assert found.auc == 1.0
    assert np.isclose(found.brier or 0, (0.04 + 0.04 + 0.36) / 3)
    assert np.isclose(found.log_loss or 0, -(np.log(0.8) + np.log(0.8) + np.log(0.4)) / 3)


def test_one_class_has_no_ranking() -> None:
    assert measure(np.array([0.2, 0.3]), np.array([True, True])).auc is None
    assert measure(np.empty(0), np.empty(0, np.bool_)).log_loss is None


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_area_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    score, happened = np.array([r[0] for r in rows], float), np.array([r[1] for r in rows])
    pairs = [(a > b) + 0.5 * (a == b) for a in score[happened] for b in score[~happened]]
    found = area_under_curve(score, happened)
    assert found is None if not pairs else np.isclose(found or 0.0, np.mean(pairs))


def test_even_a_perfect_model_shows_some_calibration_error() -> None:
    probability = np.random.default_rng(1).beta(2, 2, 1_400)
    assert 0.02 < calibration_error_by_chance(probability) < 0.04


def test_platt_finds_the_line_behind_the_labels() -> None:
    chance = np.random.default_rng(2)
    score = chance.normal(size=20_000)
    churned = chance.random(20_000) < 1 / (1 + np.exp(-(0.5 + 2 * score)))
    line = fit_line(score, churned)
    assert abs(line.intercept - 0.5) < 0.1
    assert abs(line.slope - 2) < 0.1
    assert np.isclose(apply_line(line, score).mean(), churned.mean(), atol=1e-3)


def test_a_score_that_ranks_the_wrong_way_becomes_the_base_rate() -> None:
    score = np.linspace(-1, 1, 1_000)
    line = fit_line(score, score < -0.4)
    assert line.slope == 0
    assert np.allclose(apply_line(line, score), 0.3, atol=0.01)


def test_separable_rows_do_not_explode() -> None:
    matrix = np.array([[-1.0], [-0.5], [0.5], [1.0]] * 30)
    weights = fit_weights(matrix, matrix[:, 0] > 0)
    assert np.isfinite(weights).all()
    assert 0 < weights[1] < 50


@given(st.integers(-(2**63), 2**63 - 1))
def test_hashes_of_keys_are_shares(key: int) -> None:
    value = hashed(np.array([key], np.int64), 1)[0]
    assert 0 <= value < 1
    assert value == hashed(np.array([5, key], np.int64), 1)[1]
