"""Logistic regression with a ridge, by Newton's method; sums are NumPy's own, never of a threaded library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.value.frame import Flags, Floats

RIDGE: Final = 1.0
STEPS: Final = 50
_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class Line:
    """Log-odds = intercept + slope · x."""

    intercept: float
    slope: float


def expit(value: Floats) -> Floats:
    """1 / (1 + e^−x) without overflow."""
    small = np.exp(-np.abs(value))
    return np.where(value >= 0, 1 / (1 + small), small / (1 + small))


def rounded(value: float) -> float:
    """Ten digits: what a text holds and another machine reads back alike."""
    return float(f"{value:.{_DIGITS}g}")


def fit_weights(matrix: Floats, churned: Flags, ridge: float = RIDGE) -> Floats:
    """Weights (1 + columns,), intercept first and not shrunk.

    Args:
        matrix: (rows, columns) without missing values, standardised.
    """
    design = np.column_stack([np.ones(len(matrix)), matrix])
    shrink = np.full(design.shape[1], ridge)
    shrink[0] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(STEPS):
        probability = expit((design * weights).sum(axis=1))
        slope = (design * (probability - churned)[:, None]).sum(axis=0) + shrink * weights
        curve = probability * (1 - probability)
        bend = np.einsum("ni,nj->ij", design * curve[:, None], design) + np.diag(shrink)
        step = np.linalg.solve(bend, slope)
        # A full step can overshoot where probabilities are near 0 or 1.
        weights = weights - step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-10:
            break
    return np.array([rounded(weight) for weight in weights])


def fit_line(score: Floats, churned: Flags) -> Line:
    """Platt's scaling: log-odds of having churned as a line in a score (Platt 1999, with his targets).

    The slope is not negative: a score that ranks the wrong way is worth nothing, not the opposite.
    """
    intercept, slope = _platt(score, churned)
    if slope <= 0:
        return Line(rounded(_log_odds(churned)), 0.0)
    return Line(rounded(intercept), rounded(slope))


def apply_line(line: Line, score: Floats) -> Floats:
    """Probabilities of a calibrated score."""
    return expit(line.intercept + line.slope * score)


def _platt(score: Floats, churned: Flags) -> tuple[float, float]:
    positive = float(churned.sum())
    negative = len(churned) - positive
    target = np.where(churned, (positive + 1) / (positive + 2), 1 / (negative + 2))
    centre, width = float(score.mean()), max(float(score.std()), 1e-12)
    unit = (score - centre) / width
    intercept, slope = _log_odds(churned), 0.0
    for _ in range(STEPS):
        probability = expit(intercept + slope * unit)
        miss, curve = probability - target, np.maximum(probability * (1 - probability), 1e-12)
        a, b, c = float(curve.sum()), float((curve * unit).sum()), float((curve * unit * unit).sum()) + 1e-9
        g, h = float(miss.sum()), float((miss * unit).sum())
        inverse = a * c - b * b
        if inverse <= 0:
            break
        first, second = (c * g - b * h) / inverse, (a * h - b * g) / inverse
        size = max(abs(first), abs(second))
        damp = min(1.0, 5.0 / max(size, 1e-12))
        intercept, slope = intercept - damp * first, slope - damp * second
        if size < 1e-12:
            break
    return intercept - slope * centre / width, slope / width


def _log_odds(churned: Flags) -> float:
    positive = float(churned.sum()) + 1
    return float(np.log(positive / (len(churned) - positive + 2)))
