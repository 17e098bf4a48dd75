"""BG/NBD: how often customers without a contract buy, and whether they still do.

Fader, P. S., Hardie, B. G. S. & Lee, K. L. (2005). "Counting Your Customers" the easy way: an alternative
to the Pareto/NBD model. Marketing Science 24(2), 275–284. Time is in weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.value.frame import Floats

MIN_REPEATERS: Final = 50
"""With fewer customers who bought again, four parameters say more about chance than about them."""

DAYS_PER_WEEK: Final = 7.0
_LOWEST: Final = 10.0
_HIGHEST: Final = np.array([5.0, 10.0, 5.0, 5.0])
"""On the logarithms of the parameters: r, a and b beyond e^5 only say that everybody is alike."""

_LARGE: Final = 8.0
_NODES: Final = 48
_DIGITS: Final = 10


@dataclass(frozen=True, slots=True)
class BgNbd:
    """Fitted parameters.

    Attributes:
        r, alpha: Shape and rate of the Gamma of purchase rates (alpha in weeks).
        a, b: Shapes of the Beta of the chance to stop after a purchase.
        log_likelihood: At these parameters.
        converged: The optimiser ended inside its bounds.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    customers: int
    repeaters: int
    converged: bool


@dataclass(frozen=True, slots=True)
class _Groups:
    """Equal (x, t_x, T) rows counted once; logarithms are taken per distinct time, not per row."""

    x: NDArray[np.int64]
    lasts: Floats
    last: NDArray[np.intp]
    ages: Floats
    age: NDArray[np.intp]
    weight: Floats
    counts: Floats


def fit_bgnbd(repeats: NDArray[Any], last: NDArray[Any], age: NDArray[Any]) -> BgNbd:
    """Fit by maximum likelihood.

    Args:
        repeats: (customers,) x, whole numbers.
        last: (customers,) t_x in weeks, 0 where x is 0.
        age: (customers,) T in weeks.
    """
    from scipy.optimize import minimize

    scale = max(float(np.max(age, initial=0.0)), 1.0) / 10
    groups = _grouped(np.asarray(repeats, np.int64), np.asarray(last) / scale, np.asarray(age) / scale)
    result = minimize(
        _loss, np.log([1.0, 1.0, 1.0, 2.0]), (groups,), method="L-BFGS-B", jac=True,
        bounds=[(-_LOWEST, bound) for bound in _HIGHEST],
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9, "maxcor": 20},
    )  # fmt: skip
    r, alpha, a, b = (float(f"{value:.{_DIGITS}g}") for value in np.exp(result.x) * (1, scale, 1, 1))
    customers = float(groups.weight.sum())
    # Times were divided by `scale`: the density of x purchases carries scale^-x.
    shift = float((groups.counts * np.arange(len(groups.counts))).sum()) * np.log(scale)
    return BgNbd(
        r, alpha, a, b,
        log_likelihood=float(f"{-result.fun * customers - shift:.{_DIGITS}g}"),
        customers=int(customers),
        repeaters=int(groups.counts[1:].sum()),
        converged=bool(np.all((result.x > -0.999 * _LOWEST) & (result.x < 0.999 * _HIGHEST))),
    )  # fmt: skip


def probability_alive(model: BgNbd, repeats: NDArray[Any], last: NDArray[Any], age: NDArray[Any]) -> Floats:
    """P(alive | x, t_x, T), (customers,); times in weeks (Fader & Hardie 2008, note 21)."""
    from scipy.special import expit

    x = np.asarray(repeats, np.float64)
    gone = np.log(model.a / (model.b + np.maximum(x, 1) - 1))
    gone = gone + (model.r + x) * np.log((model.alpha + np.asarray(age)) / (model.alpha + np.asarray(last)))
    return np.where(x > 0, expit(-gone), 1.0)


def probability_silent(
    model: BgNbd, repeats: NDArray[Any], last: NDArray[Any], age: NDArray[Any], horizon: float
) -> Floats:
    """P(no purchase within `horizon` weeks | x, t_x, T), (customers,).

    Gone, or alive with the rate's Gamma(r + x, α + T) silent so long; nobody leaves between purchases.
    """
    x = np.asarray(repeats, np.float64)
    alive = probability_alive(model, repeats, last, age)
    quiet = np.exp(-(model.r + x) * np.log1p(horizon / (model.alpha + np.asarray(age))))
    return np.asarray(1 - alive + alive * quiet, np.float64)


def expected_purchases(
    model: BgNbd, repeats: NDArray[Any], last: NDArray[Any], age: NDArray[Any], horizon: float
) -> Floats:
    """E[Y(horizon) | x, t_x, T], (customers,): purchases in the next `horizon` weeks (2005, eq. 10)."""
    alive = probability_alive(model, repeats, last, age)
    return np.asarray(alive * expected_if_alive(model, repeats, age, [horizon])[0], np.float64)


def expected_if_alive(model: BgNbd, repeats: NDArray[Any], age: NDArray[Any], horizons: list[float]) -> Floats:
    """E[Y(t) | alive at T, x], (horizons, customers), in weeks."""
    pairs, inverse = _distinct(np.asarray(repeats, np.int64), np.asarray(age, np.float64))
    x, weeks = pairs
    out = np.empty((len(horizons), len(inverse)))
    for index, horizon in enumerate(horizons):
        values = _closed_form(model, x, weeks, horizon)
        rest = ~np.isfinite(values) | (model.a > _LARGE)
        values[rest] = _quadrature(model, x[rest], weeks[rest], horizon)
        out[index] = values[inverse]
    return out


def _closed_form(model: BgNbd, x: Floats, weeks: Floats, horizon: float) -> Floats:
    """By Euler's transformation (1−z)^(r+x)·₂F₁(r+x, b+x; c; z) = (1−z)^(a−1)·₂F₁(a+b−1−r, a−1; c; z).

    With c = a+b+x−1 and z = t/(α+T+t); x then only stands in the denominator and nothing overflows.
    """
    from scipy.special import hyp2f1

    # The formula has removable poles at a = 1 and, for x = 0, at a + b = 1.
    a = model.a + 1e-6 if abs(model.a - 1) < 1e-6 else model.a
    b = model.b + 1e-6 if abs(a + model.b - 1) < 1e-6 else model.b
    c = a + b + x - 1
    z = horizon / (model.alpha + weeks + horizon)
    with np.errstate(all="ignore"):  # what overflows is computed by quadrature
        part = hyp2f1(a + b - 1 - model.r, a - 1, c, z) * (1 - z) ** (a - 1)
        return np.asarray(c / (a - 1) * (1 - part), np.float64)


def _quadrature(model: BgNbd, x: Floats, weeks: Floats, horizon: float) -> Floats:
    """The same as ∫ Beta(p; a, b+x)·[1 − (1 + pt/(α+T))^−(r+x)]/p dp by Gauss–Jacobi: smooth for large a."""
    out = np.empty(len(x))
    for count in np.unique(x):
        rows = x == count
        chance, weight = _beta_nodes(model.a, model.b + count)
        silent = -(model.r + count) * np.log1p(chance * horizon / (model.alpha + weeks[rows]))
        out[rows] = (weight * -np.expm1(silent) / chance).sum(axis=0)
    return out


def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes in (0, 1) and weights, (nodes, 1) each, of Gauss's rule for Beta(a, b), which sum to 1.

    Golub, G. H. & Welsch, J. H. (1969). Calculation of Gauss quadrature rules. Math. Comp. 23, 221–230. SciPy's
    `roots_jacobi` scales its weights by a Beta function that overflows for many purchases.
    """
    from scipy.linalg import eigh_tridiagonal

    left, right, n = b - 1, a - 1, np.arange(1, _NODES, dtype=np.float64)
    total = left + right
    middle = (right**2 - left**2) / ((2 * n + total) * (2 * n + total + 2))
    side = 4 * n * (n + left) * (n + right) / (2 * n + total) ** 2 / (2 * n + total + 1)
    side[1:] *= (n[1:] + total) / (2 * n[1:] + total - 1)  # for n = 1 the two are one and the same
    node, vector = eigh_tridiagonal(np.append((right - left) / (total + 2), middle), np.sqrt(side))
    return ((node + 1) / 2)[:, None], (vector[0] ** 2)[:, None]


def _loss(theta: Floats, groups: _Groups) -> tuple[float, Floats]:
    """Mean negative log-likelihood and its gradient in the logarithms of (r, α, a, b)."""
    from scipy.special import gammaln, psi

    r, alpha, a, b = np.exp(theta)
    k = np.arange(len(groups.counts), dtype=np.float64)
    log_age, log_last = np.log(alpha + groups.ages)[groups.age], np.log(alpha + groups.lasts)[groups.last]
    later = (np.log(a) - np.log(b + np.maximum(k, 1) - 1))[groups.x]
    exponent = r + groups.x
    alive, gone = -exponent * log_age, np.where(groups.x > 0, later - exponent * log_last, -np.inf)
    both = np.logaddexp(alive, gone)
    w_alive, w_gone = groups.weight * np.exp(alive - both), groups.weight * np.exp(gone - both)
    by_count = gammaln(r + k) - gammaln(r) + r * np.log(alpha)
    by_count += gammaln(a + b) + gammaln(b + k) - gammaln(b) - gammaln(a + b + k)
    total = groups.counts.sum()
    value = (groups.counts * by_count).sum() + (groups.weight * both).sum()
    gone_by_count = np.bincount(groups.x, w_gone, minlength=len(k))
    rate = (w_alive * exponent / (alpha + groups.ages)[groups.age]).sum()
    rate += (w_gone * exponent / (alpha + groups.lasts)[groups.last]).sum()
    slope_r = (groups.counts * (psi(r + k) - psi(r) + np.log(alpha))).sum()
    slope_r -= (w_alive * log_age).sum() + (w_gone * log_last).sum()
    slope_a = (groups.counts * (psi(a + b) - psi(a + b + k))).sum() + gone_by_count.sum() / a
    slope_b = (groups.counts * (psi(a + b) + psi(b + k) - psi(b) - psi(a + b + k))).sum()
    slope_b -= (gone_by_count / (b + np.maximum(k, 1) - 1)).sum()
    slopes = np.array([slope_r * r, (total * r / alpha - rate) * alpha, slope_a * a, slope_b * b])
    return float(-value / total), -slopes / total


def _grouped(x: NDArray[np.int64], last: Floats, age: Floats) -> _Groups:
    lasts, last_code = np.unique(last, return_inverse=True)
    ages, age_code = np.unique(age, return_inverse=True)
    packed = (x * len(lasts) + last_code) * len(ages) + age_code
    keys, weight = np.unique(packed, return_counts=True)
    rest, age_code = np.divmod(keys, len(ages))
    repeats, last_code = np.divmod(rest, len(lasts))
    counts = np.bincount(x).astype(np.float64)
    return _Groups(repeats, lasts, last_code, ages, age_code, weight.astype(np.float64), counts)


def _distinct(x: NDArray[np.int64], age: Floats) -> tuple[tuple[Floats, Floats], NDArray[np.intp]]:
    """Distinct (x, T) pairs and where each customer's is."""
    ages, code = np.unique(age, return_inverse=True)
    keys, inverse = np.unique(x * max(len(ages), 1) + code, return_inverse=True)
    repeats, code = np.divmod(keys, max(len(ages), 1))
    return (repeats.astype(np.float64), ages[code]), inverse
