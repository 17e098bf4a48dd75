"""BG/NBD beyond the published case: extremes, integrals, order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta

from engine.value import (
    BgNbd,
    expected_if_alive,
    expected_purchases,
    fit_bgnbd,
    probability_alive,
    probability_silent,
)


def _model(r: float, alpha: float, a: float, b: float) -> BgNbd:
    return BgNbd(r, alpha, a, b, 0.0, 0, 0, True)


@pytest.mark.parametrize("a", [0.6, 1.0, 1.0000001, 2.5, 30.0, 140.0])
@pytest.mark.parametrize(("r", "alpha", "b"), [(0.3, 4.0, 2.0), (5.0, 50.0, 0.4), (20.0, 1.0, 140.0)])
def test_expected_purchases_are_the_integral(r: float, alpha: float, a: float, b: float) -> None:
    model = _model(r, alpha, a, b)
    for x, age, horizon in [(0, 3.0, 52.0), (4, 60.0, 13.0), (200, 100.0, 52.0)]:

        def given_chance(share: float, x: int = x, age: float = age, horizon: float = horizon) -> float:
            p = max(float(beta.ppf(share, a, b + x)), 1e-12)
            return float(-np.expm1(-(r + x) * np.log1p(p * horizon / (alpha + age))) / p)

        expected = quad(given_chance, 0, 1, limit=200)[0]
        found = expected_if_alive(model, np.array([x]), np.array([age]), [horizon])[0, 0]
        assert found == pytest.approx(expected, rel=2e-4)


SIZES = st.floats(-4.5, 4.9).map(np.exp)


@settings(max_examples=60, deadline=None)
@given(SIZES, SIZES, SIZES, SIZES, st.integers(0, 3_000), st.floats(0.1, 500), st.floats(0, 1), st.floats(0.1, 104))
def test_results_are_sane_for_any_parameters(
    r: float, alpha: float, a: float, b: float, x: int, age: float, share: float, horizon: float
) -> None:
    model = _model(r, alpha, a, b)
    rows = np.array([x]), np.array([age * share if x else 0.0]), np.array([age])
    alive = probability_alive(model, *rows)[0]
    silent = probability_silent(model, *rows, horizon)[0]
    expected = expected_purchases(model, *rows, horizon)[0]
    assert 0 <= alive <= 1
    assert 0 <= silent <= 1
    assert 0 <= expected <= (r + x) / (alpha + age) * horizon * 1.001 + 1e-9
    assert expected >= (1 - silent) * 0.99 - 1e-6  # at least one purchase whenever not silent


def test_grouping_and_order_do_not_matter() -> None:
    chance = np.random.default_rng(4)
    age = chance.integers(10, 60, 500).astype(float)
    x = chance.poisson(1.5, 500)
    last = np.where(x > 0, np.floor(age * chance.random(500)), 0.0)
    order = chance.permutation(500)
    assert fit_bgnbd(x, last, age) == fit_bgnbd(x[order], last[order], age[order])


def test_a_longer_silence_is_less_alive() -> None:
    model = _model(0.25, 4.4, 0.8, 2.4)
    last = np.linspace(0, 38, 39)
    alive = probability_alive(model, np.full(39, 3), last, np.full(39, 38.86))
    assert (np.diff(alive) > 0).all()
    assert probability_alive(model, np.array([0]), np.array([0.0]), np.array([99.0]))[0] == 1.0


@pytest.mark.nightly
def test_a_million_customers() -> None:
    chance = np.random.default_rng(1)
    age = chance.integers(1, 730, 1_000_000)
    x = chance.negative_binomial(1, 0.2, 1_000_000)
    last = np.where(x > 0, (age * chance.random(1_000_000)).astype(int), 0)
    model = fit_bgnbd(x, last / 7, age / 7)
    assert model.customers == 1_000_000
    assert np.isfinite(expected_purchases(model, x, last / 7, age / 7, 26.0)).all()
