"""The four answers a model has to beat: base rate, recency, logistic regression, BG/NBD."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.churn.catalogue import FEATURES
from engine.churn.features import Layout, Matrix
from engine.churn.logistic import Line, apply_line, expit, fit_line, fit_weights, rounded
from engine.churn.settings import BASE_RATE, BG_NBD, LOGISTIC, RECENCY
from engine.value.frame import Flags, Floats


@dataclass(frozen=True, slots=True)
class Regression:
    """Logistic regression on standardised columns; a missing value is the mean.

    Attributes:
        weights: Intercept, one per number, one per level of each category.
        means, widths: Of the numbers (logarithms where skewed).
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    widths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Baselines:
    """Fitted baselines, all of them functions of the feature matrix.

    Attributes:
        base_rate: Share that churned.
        recency: Line in ln(1 + days since the last purchase).
        regression: None: too few of either kind.
        bg_nbd: Line in the log-odds of the silence expected by BG/NBD; None: it could not be fitted.
    """

    base_rate: float
    recency: Line
    regression: Regression | None
    bg_nbd: Line | None


def fit_baselines(matrix: Matrix, churned: Flags, layout: Layout) -> Baselines:
    """Fit all four on the rows of a training matrix."""
    rate = rounded((float(churned.sum()) + 1) / (len(churned) + 2))
    enough = min(int(churned.sum()), int((~churned).sum())) >= len(layout.names)
    silence = _silence(matrix, layout)
    known = np.isfinite(silence)
    return Baselines(
        rate,
        fit_line(_recency(matrix, layout), churned),
        _fit_regression(matrix, churned, layout) if enough else None,
        fit_line(silence[known], churned[known]) if known.mean() > 0.5 else None,
    )


def baseline_probabilities(baselines: Baselines, matrix: Matrix, layout: Layout) -> dict[str, Floats]:
    """Probability of churn by each baseline there is, (rows,) each."""
    answers = {
        BASE_RATE: np.full(len(matrix), baselines.base_rate),
        RECENCY: apply_line(baselines.recency, _recency(matrix, layout)),
    }
    if baselines.regression is not None:
        design = _design(matrix, layout, baselines.regression)
        weights = np.array(baselines.regression.weights)
        answers[LOGISTIC] = expit(weights[0] + (design * weights[1:]).sum(axis=1))
    if baselines.bg_nbd is not None:
        silence = _silence(matrix, layout)
        known = np.isfinite(silence)
        answer = apply_line(baselines.bg_nbd, np.where(known, silence, 0.0))
        answers[BG_NBD] = np.where(known, answer, answers[RECENCY])
    return answers


def _recency(matrix: Matrix, layout: Layout) -> Floats:
    return np.log1p(matrix[:, layout.numbers.index("days_since_purchase")].astype(np.float64))


def _silence(matrix: Matrix, layout: Layout) -> Floats:
    chance = matrix[:, layout.numbers.index("silence_expected")].astype(np.float64)
    bounded = np.clip(chance, 1e-6, 1 - 1e-6)
    return np.log(bounded / (1 - bounded))


def _fit_regression(matrix: Matrix, churned: Flags, layout: Layout) -> Regression:
    numbers = _transformed(matrix, layout)
    known = np.isfinite(numbers)
    count = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, numbers, 0.0).sum(axis=0) / count
    widths = np.sqrt(np.where(known, (numbers - means) ** 2, 0.0).sum(axis=0) / count)
    widths = np.where(widths > 1e-9, widths, 1.0)
    empty = Regression((), tuple(map(rounded, means.tolist())), tuple(map(rounded, widths.tolist())))
    weights = fit_weights(_design(matrix, layout, empty), churned)
    return Regression(tuple(weights.tolist()), empty.means, empty.widths)


def _design(matrix: Matrix, layout: Layout, regression: Regression) -> Floats:
    numbers = (_transformed(matrix, layout) - np.array(regression.means)) / np.array(regression.widths)
    parts = [np.clip(np.nan_to_num(numbers, nan=0.0), -8, 8)]
    for index, category in enumerate(layout.categories):
        codes = matrix[:, len(layout.numbers) + index]
        parts.append((codes[:, None] == np.arange(len(category.levels))).astype(np.float64))
    return np.column_stack(parts)


def _transformed(matrix: Matrix, layout: Layout) -> Floats:
    numbers = matrix[:, : len(layout.numbers)].astype(np.float64)
    for index, name in enumerate(layout.numbers):
        if FEATURES[name].skewed:
            numbers[:, index] = np.log1p(np.maximum(numbers[:, index], 0.0))
    return numbers
