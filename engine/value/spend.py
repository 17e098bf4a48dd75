"""Money per purchase: Gamma-Gamma where spending is independent of frequency, a shrunken mean elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.value.frame import Floats

CORRELATION_LIMIT: Final = 0.3
"""Gamma-Gamma takes spending and frequency for independent; beyond this correlation it is refused."""

MIN_SPENDERS: Final = 50
_BOUNDS: Final = [(-7.0, 7.0), (float(np.log(1.05)), 7.0), (-10.0, 15.0)]


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Fitted parameters; `gamma` is in the unit of the money it was fitted on.

    Attributes:
        p, q, gamma: Shapes and scale of Fader & Hardie (2013).
        converged: The optimiser ended inside its bounds (q above 1.05, so that a mean exists).
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float
    customers: int
    converged: bool


@dataclass(frozen=True, slots=True)
class ShrunkenMean:
    """Credibility (Bühlmann 1967): (n·own mean + k·mean of all) / (n + k)."""

    mean: float
    k: float


def fit_gamma_gamma(counts: NDArray[Any], means: NDArray[Any]) -> GammaGamma:
    """Fit by maximum likelihood (Fader & Hardie 2013, "The Gamma-Gamma model of monetary value").

    Args:
        counts: (customers,) purchases behind each mean, at least 1.
        means: (customers,) mean spend, above 0.
    """
    from scipy.optimize import minimize

    x, m = np.asarray(counts, np.int64), np.asarray(means, np.float64)
    scale = float(m.mean())
    result = minimize(
        _loss, np.log([2.0, 3.0, 2.0]), (x, m / scale, np.bincount(x).astype(np.float64)), method="L-BFGS-B",
        jac=True, bounds=_BOUNDS, options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
    )  # fmt: skip
    p, q, gamma = (float(f"{value:.10g}") for value in np.exp(result.x) * (1, 1, scale))
    inside = all(low + 1e-6 < value < high - 1e-6 for value, (low, high) in zip(result.x, _BOUNDS, strict=True))
    fitted = float(f"{-result.fun * len(x) - len(x) * np.log(scale):.10g}")
    return GammaGamma(p, q, gamma, fitted, len(x), inside)


def conditional_mean(model: GammaGamma, counts: NDArray[Any], means: NDArray[Any]) -> Floats:
    """E[M | x, z̄], (customers,): the mean of all where counts is 0, ever nearer the own mean after.

    It is linear in the own mean, and used so for means below zero (purchases made at a loss) too.
    """
    weight = model.p * np.asarray(counts) / (model.p * np.asarray(counts) + model.q - 1)
    own = weight * np.asarray(means)
    return np.asarray((1 - weight) * model.p * model.gamma / (model.q - 1) + own, np.float64)


def fit_shrunken_mean(counts: NDArray[Any], means: NDArray[Any]) -> ShrunkenMean:
    """Mean of all, and how many purchases it weighs, from how means scatter by number of purchases.

    The variance of a mean of n purchases is between + within / n: a weighted line through the squared
    deviations at 1/n gives both; k = within / between, kept between 0.5 and 20.
    """
    n, m = np.asarray(counts, np.float64), np.asarray(means, np.float64)
    mean = float((n * m).sum() / n.sum())
    inverse, squares = 1 / n, (m - mean) ** 2
    spread = inverse - inverse.mean()
    slope = float((spread * squares).sum()) / max(float((spread**2).sum()), 1e-12)
    between = float(squares.mean()) - slope * float(inverse.mean())
    k = 20.0 if between <= 0 else min(max(slope / between, 0.5), 20.0)
    return ShrunkenMean(float(f"{mean:.10g}"), float(f"{k:.10g}"))


def shrink(model: ShrunkenMean, counts: NDArray[Any], means: NDArray[Any]) -> Floats:
    """The shrunken mean of each customer, (customers,)."""
    n = np.asarray(counts, np.float64)
    return np.asarray((n * np.asarray(means) + model.k * model.mean) / (n + model.k), np.float64)


def correlation(left: NDArray[Any], right: NDArray[Any]) -> float:
    """Pearson's correlation; 0 where one side does not vary."""
    x, y = np.asarray(left, np.float64), np.asarray(right, np.float64)
    x, y = x - x.mean(), y - y.mean()
    size = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / size if size > 0 else 0.0


def _loss(theta: Floats, x: NDArray[np.int64], m: Floats, weights: Floats) -> tuple[float, Floats]:
    """Mean negative log-likelihood and its gradient in the logarithms of (p, q, γ)."""
    from scipy.special import gammaln, psi

    p, q, gamma = np.exp(theta)
    k = np.arange(len(weights), dtype=np.float64)
    k[0] = 1.0  # never weighed: counts are at least 1
    log_all = np.log(gamma + m * x)
    by_count = gammaln(p * k + q) - gammaln(p * k) - gammaln(q) + q * np.log(gamma) + p * k * np.log(k)
    value = (weights * by_count).sum() + ((p * x - 1) * np.log(m) - (p * x + q) * log_all).sum()
    slope_p = (weights * k * (psi(p * k + q) - psi(p * k) + np.log(k))).sum() + (x * (np.log(m) - log_all)).sum()
    slope_q = (weights * (psi(p * k + q) - psi(q) + np.log(gamma))).sum() - log_all.sum()
    slope_gamma = len(x) * q / gamma - ((p * x + q) / (gamma + m * x)).sum()
    slopes = np.array([slope_p * p, slope_q * q, slope_gamma * gamma])
    return float(-value / len(x)), -slopes / len(x)
