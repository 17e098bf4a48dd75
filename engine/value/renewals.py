"""Value of customers with contracts: margin already contracted, and renewals as likely as they have been.

Fader, P. S. & Hardie, B. G. S. (2007). How to project customer retention. Journal of Interactive Marketing
21(1), 76–90 (sBG); (2010). Customer-base valuation in a contractual setting. Marketing Science 29(1), 85–93
(DERL).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.value.frame import AsOf, Floats, Integers
from engine.value.lifetime import ANNUAL_DISCOUNT, DAYS_PER_YEAR, ValueColumns
from engine.vocabulary import EXACT_LIMIT

MIN_OUTCOMES: Final = 30
"""Contracts that ended one way or the other, needed to tell two parameters apart."""


@dataclass(frozen=True, slots=True)
class Renewals:
    """How likely a contract is renewed the n-th time: (β + n − 1) / (α + β + n − 1).

    Attributes:
        alpha, beta: Shapes of the Beta of the chance to leave at a renewal; None: one rate for all.
        rate: Share of the outcomes that were renewals, one of each kind added (the rate without shapes).
    """

    alpha: float | None
    beta: float | None
    rate: float
    outcomes: int
    method: str


@dataclass(frozen=True, slots=True)
class Contracts:
    """Contracts in force at the instant, one row each.

    Attributes:
        customer: (contracts,) row of the customer.
        starts, ends: (contracts,) local days; the end day is the first one not covered.
        annual_margin: (contracts,) minor units a year, after the cost to serve it.
        renewals: (contracts,) how often it has been renewed before.
    """

    customer: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    annual_margin: Integers
    renewals: NDArray[np.int32]


def fit_renewals(times: NDArray[Any], renewed: NDArray[Any]) -> Renewals:
    """Fit from contracts that ended.

    Args:
        times: (outcomes,) which renewal it would have been, from 1.
        renewed: (outcomes,) whether it was.
    """
    from scipy.optimize import minimize

    n, kept = np.asarray(times, np.float64), np.asarray(renewed, np.bool_)
    rate = float(f"{(kept.sum() + 1) / (len(kept) + 2):.10g}")
    if len(kept) < MIN_OUTCOMES or kept.all() or not kept.any() or len(np.unique(n)) < 2:
        return Renewals(None, None, rate, len(kept), "constant_retention")

    def loss(theta: Floats) -> float:
        alpha, beta = np.exp(theta)
        lost = np.log(alpha) - np.log(alpha + beta + n - 1)
        stays = np.log(beta + n - 1) - np.log(alpha + beta + n - 1)
        return -float(np.where(kept, stays, lost).mean())

    result = minimize(loss, np.log([1.0, 2.0]), method="L-BFGS-B", bounds=[(-6, 6)] * 2)
    alpha, beta = (float(f"{value:.10g}") for value in np.exp(result.x))
    return Renewals(alpha, beta, rate, len(kept), "sbg")


def retention(model: Renewals, n: NDArray[Any]) -> Floats:
    """Chance of the n-th renewal, given all before it (2007, eq. 6)."""
    times = np.asarray(n, np.float64)
    if model.alpha is None or model.beta is None:
        return np.full(times.shape, model.rate)
    return (model.beta + times - 1) / (model.alpha + model.beta + times - 1)


def expected_residual_renewals(model: Renewals, n: NDArray[Any], discount: float) -> Floats:
    """DERL: discounted expected renewals from the n-th on, just before it, without end (2010, eq. 7).

    Args:
        discount: Per contract period; 0.1 makes the next period's renewal worth 1/1.1.
    """
    from scipy.special import hyp2f1

    times = np.asarray(n, np.float64)
    if model.alpha is None or model.beta is None:
        return np.full(times.shape, model.rate * (1 + discount) / (1 + discount - model.rate))
    series = hyp2f1(1.0, model.beta + times, model.alpha + model.beta + times, 1 / (1 + discount))
    return np.asarray(retention(model, times) * series, np.float64)


def contract_value(
    model: Renewals, contracts: Contracts, customers: int, as_of: AsOf, horizon_days: int, *,
    annual_discount: float = ANNUAL_DISCOUNT,
) -> ValueColumns:  # fmt: skip
    """Margin of the contracts within the horizon: the contracted days, then renewals × their survival.

    A contract renews for its own length. Money of a stretch of days is discounted to its middle. Low: nothing
    is renewed; high: everything is. Unknown for customers without a contract in force.
    """
    length = np.maximum(contracts.ends - contracts.starts, 1).astype(np.float64)
    rate = contracts.annual_margin.astype(np.float64) / DAYS_PER_YEAR
    left = np.maximum(contracts.ends - as_of.day, 0).astype(np.float64)
    covered = rate * _discounted_days(np.zeros(len(left)), np.minimum(left, horizon_days), annual_discount)
    expected, best = covered.copy(), covered.copy()
    start, chance, n = left, np.ones(len(left)), contracts.renewals + 1
    while bool(np.any(start < horizon_days)):
        end = np.minimum(start + length, horizon_days)
        money = rate * _discounted_days(start, end, annual_discount)
        chance = chance * retention(model, n)
        expected, best = expected + money * chance, best + money
        start, n = start + length, n + 1
    amount, low, high = (
        np.bincount(contracts.customer, column, minlength=customers)
        for column in (expected, np.minimum(covered, expected), np.maximum(best, expected))
    )
    known = np.bincount(contracts.customer, minlength=customers) > 0
    known &= (np.abs(low) < EXACT_LIMIT) & (np.abs(high) < EXACT_LIMIT)
    whole = [np.rint(np.where(known, column, 0.0)).astype(np.int64) for column in (amount, low, high)]
    return ValueColumns(whole[0], whole[1], whole[2], known, model.method)


def add_values(left: ValueColumns, right: ValueColumns) -> ValueColumns:
    """Two parts of a value together, e.g. contracts and orders; known where either is."""
    return ValueColumns(
        left.amount + right.amount,
        left.low + right.low,
        left.high + right.high,
        left.known | right.known,
        f"{left.method}+{right.method}",
    )


def _discounted_days(start: Floats, end: Floats, annual_discount: float) -> Floats:
    """Days from start to end, worth what they are in their middle; 0 where end is not after start."""
    days = np.maximum(end - start, 0)
    return np.asarray(days * (1 + annual_discount) ** (-(start + days / 2) / DAYS_PER_YEAR), np.float64)
