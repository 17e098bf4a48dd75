"""The published numbers: CDNOW (Fader, Hardie & Lee 2005; Fader & Hardie 2013)."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from engine.value import (
    conditional_mean,
    correlation,
    expected_purchases,
    fit_bgnbd,
    fit_gamma_gamma,
    probability_alive,
)


@pytest.fixture(scope="module")
def cdnow(shared: Path) -> dict[str, np.ndarray]:
    with (shared / "data" / "cdnow" / "cdnow_customers_summary_with_transactions.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in ("x", "t_x", "T", "zbar")}


def test_bgnbd_of_cdnow(cdnow: dict[str, np.ndarray]) -> None:
    model = fit_bgnbd(cdnow["x"], cdnow["t_x"], cdnow["T"])
    assert model.converged
    assert model.customers == 2_357
    assert model.repeaters == 946
    assert model.r == pytest.approx(0.2426, abs=5e-5)
    assert model.alpha == pytest.approx(4.4135, abs=5e-5)
    assert model.a == pytest.approx(0.7929, abs=5e-5)
    assert model.b == pytest.approx(2.4258, abs=5e-5)
    assert model.log_likelihood == pytest.approx(-9_582.43, abs=5e-3)
    two, last, age = np.array([2]), np.array([30.43]), np.array([38.86])
    assert expected_purchases(model, two, last, age, 39.0)[0] == pytest.approx(1.226, abs=5e-4)
    assert 0.7 < probability_alive(model, two, last, age)[0] < 0.8


def test_gamma_gamma_of_cdnow(cdnow: dict[str, np.ndarray]) -> None:
    again = cdnow["x"] > 0
    counts, means = cdnow["x"][again], cdnow["zbar"][again]
    model = fit_gamma_gamma(counts, means)
    assert model.customers == 946
    assert model.p == pytest.approx(6.249, abs=2e-3)
    assert model.q == pytest.approx(3.745, abs=2e-3)
    assert model.gamma == pytest.approx(15.448, abs=1e-2)
    assert correlation(counts, means) == pytest.approx(0.114, abs=1e-3)
    nobody = conditional_mean(model, np.array([0]), np.array([0.0]))[0]
    assert nobody == pytest.approx(model.p * model.gamma / (model.q - 1))
