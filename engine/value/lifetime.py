"""Customer lifetime value over a horizon: expected purchases × expected money of a purchase, discounted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.value.band import Band, measure_band
from engine.value.bgnbd import (
    DAYS_PER_WEEK,
    MIN_REPEATERS,
    BgNbd,
    expected_if_alive,
    fit_bgnbd,
    probability_alive,
)
from engine.value.frame import AsOf, EventFrame, Flags, Floats, Integers, as_known, canonical
from engine.value.spend import (
    CORRELATION_LIMIT,
    MIN_SPENDERS,
    GammaGamma,
    ShrunkenMean,
    conditional_mean,
    correlation,
    fit_gamma_gamma,
    fit_shrunken_mean,
    shrink,
)
from engine.value.summary import Summary, summarise
from engine.vocabulary import EXACT_LIMIT, Text

ANNUAL_DISCOUNT: Final = 0.10
DAYS_PER_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class ValueModel:
    """A fitted value model with what is needed to judge it.

    Attributes:
        purchases: None: too few customers bought again (`MIN_REPEATERS`); nothing is predicted.
        spend: Gamma-Gamma, or the shrunken mean where that is refused.
        correlation: Between repeats and mean money of those who bought again.
        margin: Amounts are margin; otherwise net sales, as no margin is known.
        assumed_margins: Share of the purchases whose margin was taken from the others' margin rate.
        margin_rate: That rate; 0 where no margin is known.
        history_days: From the first purchase to the instant.
        band: None: the history is too short for a back-test (under three bands); amounts then have none.
        method: As stored with every amount, e.g. `bg_nbd+gamma_gamma/margin`.
    """

    as_of: AsOf
    horizon_days: int
    annual_discount: float
    purchases: BgNbd | None
    spend: GammaGamma | ShrunkenMean | None
    correlation: float
    margin: bool
    assumed_margins: float
    margin_rate: float
    history_days: int
    band: Band | None
    method: str


@dataclass(frozen=True, slots=True)
class ValueColumns:
    """Predicted values, (customers,) in minor units; zeros where not `known`.

    Attributes:
        low, high: Four of five customers bring something between the two; equal to `amount` without a band.
        method: How they were made.
    """

    amount: Integers
    low: Integers
    high: Integers
    known: Flags
    method: str


def fit_value(
    frame: EventFrame, as_of: AsOf, horizon_days: int, *,
    annual_discount: float = ANNUAL_DISCOUNT, known_at: int | None = None,
) -> ValueModel:  # fmt: skip
    """Fit purchases and spend of one market's customers as of an instant.

    Args:
        annual_discount: 0.1 makes money in a year worth 1/1.1 of money now.
        known_at: Microseconds; records recorded later are not used. None: `as_of.at`.

    Raises:
        InputError: The horizon is not positive, or longer than half the history (`VALUE_HORIZON`).
    """
    frame = as_known(canonical(frame), as_of, known_at)
    days = frame.purchases.day[frame.purchases.net > 0]
    history = as_of.day - int(days.min()) if len(days) else 0
    if horizon_days <= 0:
        raise _horizon("The horizon must be at least one day.", "期限至少为一天。")
    if len(days) and 2 * horizon_days > history:
        raise _horizon(
            f"A horizon of {horizon_days} days is longer than half the history of {history} days.",
            f"期限 {horizon_days} 天超过历史 {history} 天的一半。",
            f"Use at most {history // 2} days, or import older records.",
            f"最多使用 {history // 2} 天，或导入更早的记录。",
        )
    model = replace(_fit(frame, as_of, annual_discount), horizon_days=horizon_days, history_days=history)
    return replace(model, band=_backtest(frame, as_of, model))


def predict_value(
    model: ValueModel, frame: EventFrame, as_of: AsOf | None = None, known_at: int | None = None
) -> ValueColumns:
    """Value of every customer of the frame over the model's horizon, in the frame's order.

    Args:
        as_of: None: the instant the model was fitted at.
    """
    summary = summarise(frame, as_of or model.as_of, known_at)
    value = expected_value(model, summary, model.horizon_days)
    low, high = _banded(model, value)
    known = summary.bought & np.isfinite(value) & (np.abs(high) < EXACT_LIMIT) & (np.abs(value) < EXACT_LIMIT)
    whole = [np.rint(np.where(known, column, 0.0)).astype(np.int64) for column in (value, low, high)]
    return ValueColumns(whole[0], whole[1], whole[2], known, model.method)


def expected_value(model: ValueModel, summary: Summary, horizon_days: int) -> Floats:
    """E[money] of each customer over a horizon, (customers,) in minor units; NaN without a model.

    Weekly sums Σ E[M]·(E[Y(k)] − E[Y(k−1)])/(1+d)^k; the last week may be a part of one.
    """
    if model.purchases is None or model.spend is None:
        return np.full(len(summary.bought), np.nan)
    repeats, weeks = summary.repeats, summary.age / DAYS_PER_WEEK
    ends = [*np.arange(DAYS_PER_WEEK, horizon_days, DAYS_PER_WEEK), float(horizon_days)]
    if model.annual_discount == 0:
        ends = ends[-1:]
    factor = (1 + model.annual_discount) ** (-np.array(ends) / DAYS_PER_YEAR)
    # Σ f_k (Y_k − Y_{k−1}) = Σ Y_k (f_k − f_{k+1}) with f_{K+1} = 0.
    steps = factor - np.append(factor[1:], 0.0)
    expected = np.zeros(len(repeats))
    for end, step in zip(ends, steps, strict=True):
        expected += step * expected_if_alive(model.purchases, repeats, weeks, [end / DAYS_PER_WEEK])[0]
    alive = probability_alive(model.purchases, repeats, summary.last / DAYS_PER_WEEK, weeks)
    return expected * alive * _money(model.spend, repeats + 1, summary.mean)


def _money(spend: GammaGamma | ShrunkenMean, counts: NDArray[np.int32], means: Floats) -> Floats:
    if isinstance(spend, GammaGamma):
        return conditional_mean(spend, counts, means)
    return shrink(spend, counts, means)


def _fit(frame: EventFrame, as_of: AsOf, annual_discount: float) -> ValueModel:
    summary = summarise(frame, as_of)
    bought = summary.bought
    repeats = summary.repeats[bought]
    empty = ValueModel(
        as_of=as_of,
        horizon_days=0,
        annual_discount=annual_discount,
        purchases=None,
        spend=None,
        correlation=0.0,
        margin=summary.margin,
        assumed_margins=summary.assumed,
        margin_rate=summary.rate,
        history_days=0,
        band=None,
        method="unavailable",
    )
    if int((repeats > 0).sum()) < MIN_REPEATERS:
        return empty
    purchases = fit_bgnbd(repeats, summary.last[bought] / DAYS_PER_WEEK, summary.age[bought] / DAYS_PER_WEEK)
    spend, related = _fit_spend(repeats + 1, summary.mean[bought])
    name = "gamma_gamma" if isinstance(spend, GammaGamma) else "shrunken_mean"
    method = f"bg_nbd+{name}/{'margin' if summary.margin else 'net'}"
    return replace(empty, purchases=purchases, spend=spend, correlation=related, method=method)


def _fit_spend(counts: NDArray[np.int32], means: Floats) -> tuple[GammaGamma | ShrunkenMean, float]:
    """Gamma-Gamma on those who bought again and brought money, unless frequency tells the amount."""
    again = (counts > 1) & (means > 0)
    related = correlation(counts[again], means[again]) if again.any() else 0.0
    if int(again.sum()) >= MIN_SPENDERS and abs(related) <= CORRELATION_LIMIT:
        spend = fit_gamma_gamma(counts[again], means[again])
        if spend.converged:
            return spend, related
    return fit_shrunken_mean(counts, means), related


def _backtest(frame: EventFrame, as_of: AsOf, model: ValueModel) -> Band | None:
    """Fit before, compare with what came after."""
    days = min(model.horizon_days, model.history_days // 3)
    if model.purchases is None or days < DAYS_PER_WEEK:
        return None
    # The same local time `days` earlier; a daylight saving hour does not matter to a band.
    before = AsOf(as_of.at - days * 86_400_000_000, as_of.day - days)
    earlier = _fit(as_known(frame, before), before, 0.0)
    if earlier.purchases is None:
        return None
    summary = summarise(frame, before)
    predicted = expected_value(earlier, summary, days)
    return measure_band(frame, before, predicted, summary.bought, days)


def _banded(model: ValueModel, value: Floats) -> tuple[Floats, Floats]:
    if model.band is None:
        return value, value
    group = np.searchsorted(np.array(model.band.edges), value / model.horizon_days, side="right")
    low, high = value * np.array(model.band.low)[group], value * np.array(model.band.high)[group]
    return np.minimum(np.minimum(low, high), value), np.maximum(np.maximum(low, high), value)


def _horizon(en: str, zh: str, hint_en: str = "", hint_zh: str = "") -> InputError:
    return InputError(Text(en, zh), Text(hint_en, hint_zh), "VALUE_HORIZON")
