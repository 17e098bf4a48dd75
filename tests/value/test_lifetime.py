"""Lifetime value of whole frames: known only where it is, refused where it would mislead, banded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.errors import DamagedError, InputError
from engine.value import (
    EventFrame,
    GammaGamma,
    ShrunkenMean,
    ValueModel,
    fit_shrunken_mean,
    fit_value,
    historic_margin,
    predict_value,
    read_value_document,
    shrink,
    summarise,
    value_document,
)
from tests.value.shop import DAY, at, frame, shop


@pytest.fixture(scope="module")
def business() -> EventFrame:
    return shop()


@pytest.fixture(scope="module")
def model(business: EventFrame) -> ValueModel:
    return fit_value(business, at(620), 100)


def test_prediction_holds_up_against_what_came(business: EventFrame, model: ValueModel) -> None:
    values = predict_value(model, business)
    events = business.purchases
    assert events.margin is not None
    later = (events.day >= 620) & (events.day < 720)
    actual = np.bincount(events.customer[later], events.margin[later], minlength=business.customers)
    known = values.known
    assert values.method == "bg_nbd+gamma_gamma/margin"
    assert 0.7 < actual[known].sum() / values.amount[known].sum() < 1.4
    assert (values.low <= values.amount).all()
    assert (values.amount <= values.high).all()
    assert 0.7 < ((values.low <= actual) & (actual <= values.high))[known].mean() < 0.97
    assert model.band is not None
    assert 0.7 < model.band.total < 1.4


def test_only_buyers_have_a_value(business: EventFrame, model: ValueModel) -> None:
    early = predict_value(model, business, at(300))
    bought = summarise(business, at(300)).bought
    assert np.array_equal(early.known, bought)
    assert not bought.all()
    assert not early.amount[~bought].any()


def test_what_is_recorded_later_is_not_used(business: EventFrame) -> None:
    events = business.purchases
    late = replace(events, recorded=events.recorded + 30 * DAY)
    shifted = predict_value(fit_value(replace(business, purchases=late), at(650), 100), business, at(620))
    assert shifted.method == "bg_nbd+gamma_gamma/margin"
    summary = summarise(replace(business, purchases=late), at(650))
    assert (summary.age - summary.last >= 30)[summary.bought].all()


def test_money_later_is_worth_less(business: EventFrame, model: ValueModel) -> None:
    undiscounted = predict_value(replace(model, annual_discount=0.0), business)
    halved = predict_value(replace(model, annual_discount=1.0), business)
    total, less = undiscounted.amount.sum(), halved.amount.sum()
    assert less < predict_value(model, business).amount.sum() < total
    assert 0.5 ** (100 / 365) < less / total < 1


@pytest.mark.parametrize("horizon", [0, -5, 400])
def test_horizons_that_cannot_be_judged_are_refused(business: EventFrame, horizon: int) -> None:
    with pytest.raises(InputError) as caught:
        fit_value(business, at(620), horizon)
    assert caught.value.code == "VALUE_HORIZON"
    assert caught.value.message.zh


def test_half_the_history_is_just_allowed(business: EventFrame) -> None:
    first = int(business.purchases.day.min())
    model = fit_value(business, at(first + 600), 300)
    assert model.history_days == 600
    with pytest.raises(InputError, match="half the history"):
        fit_value(business, at(first + 600), 301)


def test_gamma_gamma_is_refused_where_frequency_tells_the_amount() -> None:
    model = fit_value(shop(related=True), at(620), 100)
    assert model.correlation > 0.3
    assert isinstance(model.spend, ShrunkenMean)
    assert model.method == "bg_nbd+shrunken_mean/margin"


def test_with_few_buyers_nothing_is_predicted() -> None:
    few = frame([(0, 10, 100, 50), (0, 60, 100, 50), (1, 20, 300, 90)], 2)
    model = fit_value(few, at(300), 30)
    values = predict_value(model, few)
    assert model.purchases is None
    assert values.method == "unavailable"
    assert not values.known.any()


def test_without_margins_it_is_net_and_says_so(business: EventFrame) -> None:
    plain = replace(business, purchases=replace(business.purchases, margin=None))
    model = fit_value(plain, at(620), 100)
    assert model.method == "bg_nbd+gamma_gamma/net"
    net, margin = predict_value(model, plain), predict_value(fit_value(business, at(620), 100), business)
    assert net.amount.sum() / margin.amount.sum() == pytest.approx(2, rel=1e-3)  # the shop earns half of its sales


def test_unknown_margins_take_the_rate_of_the_known_ones() -> None:
    mixed = frame([(0, 10, 1_000, 400), (1, 10, 500, None)], 2)
    summary = summarise(mixed, at(20))
    assert summary.mean.tolist() == [400.0, 200.0]
    assert summary.assumed == 0.5


def test_order_does_not_matter(business: EventFrame, model: ValueModel) -> None:
    order = np.random.default_rng(2).permutation(len(business.purchases))
    mixed = replace(business, purchases=business.purchases.take(order))
    assert fit_value(mixed, at(620), 100) == model


def test_a_model_comes_back_from_its_document(model: ValueModel) -> None:
    text, digest = value_document(model)
    assert read_value_document(text, digest) == model
    assert isinstance(model.spend, GammaGamma)
    with pytest.raises(DamagedError, match="digest"):
        read_value_document(text.replace("1", "2", 1), digest)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"kind":"touchstone.value","format":9}'])
def test_what_is_no_value_model(text: str) -> None:
    import hashlib

    with pytest.raises(DamagedError):
        read_value_document(text, hashlib.sha256(text.encode()).hexdigest())


def test_shrinking_goes_from_all_to_own() -> None:
    chance = np.random.default_rng(3)
    counts = chance.integers(1, 30, 2_000)
    own = chance.normal(100, 10, 2_000)
    means = own + chance.normal(0, 30, 2_000) / np.sqrt(counts)
    model = fit_shrunken_mean(counts, means)
    assert model.mean == pytest.approx(100, abs=2)
    assert model.k == pytest.approx(9, abs=4)  # 30² / 10²
    assert shrink(model, np.array([0, 10**9]), np.array([5.0, 5.0])) == pytest.approx([model.mean, 5.0], abs=1e-4)


def test_historic_margin_is_an_exact_sum_or_unknown() -> None:
    rows = [(0, 1, 1_000, 400), (0, 2, -100, -40), (0, 9, 1_000, 400), (1, 1, 50, None), (1, 2, 50, 20)]
    shop = frame(rows, 3)
    cost = np.array([60, 0, 5], np.int64)
    values = historic_margin(shop, at(5), service_cost=cost)
    assert values.amount.tolist() == [300, 0, 0]
    assert values.known.tolist() == [True, False, False]
    assert values.method == "historic_margin-service"


def test_broken_frames_are_refused() -> None:
    with pytest.raises(InputError, match="not there"):
        frame([(5, 1, 1, 1)], 2)
    good = frame([(0, 1, 1, 1)], 2)
    with pytest.raises(InputError, match="same key"):
        replace(good, keys=np.array([7, 7]))
    with pytest.raises(InputError, match="length"):
        replace(good, purchases=replace(good.purchases, net=np.array([1, 2])))
