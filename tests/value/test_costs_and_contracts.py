"""Acquisition costs to the last minor unit, and renewals of contracts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.value import (
    AcquisitionCosts,
    Contracts,
    Renewals,
    add_values,
    allocate_costs,
    contract_value,
    expected_residual_renewals,
    fit_renewals,
    retention,
)
from tests.value.shop import at


def _costs(rows: list[tuple[int, int, int, int]]) -> AcquisitionCosts:
    amount, customer, channel, day = (np.array(column) for column in zip(*rows, strict=True))
    return AcquisitionCosts(
        amount.astype(np.int64), customer.astype(np.int32), channel.astype(np.int16), day.astype(np.int32)
    )


def test_a_channel_and_month_is_shared_equally() -> None:
    keys = np.array([30, 10, 20, 40])
    costs = _costs([(100, -1, 0, 5), (7, 3, -1, 5), (50, -1, 1, 5), (9, -1, 0, 400)])
    found = allocate_costs(
        costs, keys, np.array([0, 0, 0, 2], np.int16), np.array([3, 20, 30, 8], np.int32), np.ones(4, np.bool_)
    )
    assert found.amount.tolist() == [33, 34, 33, 7]  # the odd unit goes to the lowest key
    assert found.known.all()
    assert (found.allocated, found.unallocated) == (107, 59)


@given(
    st.lists(
        st.tuples(st.integers(0, 10**12), st.integers(-1, 5), st.integers(-1, 2), st.integers(0, 200)), min_size=1
    ),
    st.lists(
        st.tuples(st.integers(-1, 2), st.integers(0, 200), st.booleans()), min_size=6, max_size=6
    ),
)  # fmt: skip
def test_no_minor_unit_is_lost(costs: list[tuple[int, int, int, int]], people: list[tuple[int, int, bool]]) -> None:
    channel, acquired, won = (np.array(column) for column in zip(*people, strict=True))
    found = allocate_costs(
        _costs(costs), np.arange(6), channel.astype(np.int16), acquired.astype(np.int32), won.astype(np.bool_)
    )
    assert sum(found.amount.tolist()) + found.unallocated == sum(row[0] for row in costs)
    assert not found.amount[~found.known].any()


def test_derl_is_the_sum_it_stands_for() -> None:
    model = Renewals(0.7, 1.4, 0.0, 100, "sbg")
    for n in (1, 4):
        brute, alive = 0.0, 1.0
        for step in range(3_000):
            alive *= retention(model, np.array([n + step]))[0]
            brute += alive / 1.15**step
        assert expected_residual_renewals(model, np.array([n]), 0.15)[0] == pytest.approx(brute, rel=1e-9)


def test_constant_retention_has_its_own_closed_form() -> None:
    model = Renewals(None, None, 0.8, 3, "constant_retention")
    assert expected_residual_renewals(model, np.array([1]), 0.1)[0] == pytest.approx(0.8 * 1.1 / (1.1 - 0.8))


def test_retention_rises_with_every_renewal() -> None:
    chance = np.random.default_rng(5)
    leaves = chance.beta(0.8, 2.0, 4_000)
    times, renewed = [], []
    for share in leaves:
        for n in range(1, 6):
            stays = chance.random() > share
            times.append(n)
            renewed.append(stays)
            if not stays:
                break
    model = fit_renewals(np.array(times), np.array(renewed))
    assert model.method == "sbg"
    assert model.alpha == pytest.approx(0.8, abs=0.15)
    assert model.beta == pytest.approx(2.0, abs=0.4)
    assert (np.diff(retention(model, np.arange(1, 6))) > 0).all()


def test_few_outcomes_give_one_rate() -> None:
    model = fit_renewals(np.array([1, 1, 2]), np.array([True, True, False]))
    assert (model.method, model.rate, model.outcomes) == ("constant_retention", 0.6, 3)


def test_contract_value_by_hand() -> None:
    contracts = Contracts(
        np.array([0, 2], np.int32), np.array([0, 300], np.int32), np.array([365, 400], np.int32),
        np.array([36_500, 73_000], np.int64), np.array([0, 3], np.int32),
    )  # fmt: skip
    model = Renewals(None, None, 0.5, 9, "constant_retention")
    values = contract_value(model, contracts, 3, at(265), 200, annual_discount=0.0)
    first = 100 * 100 + Fraction(1, 2) * 100 * 100
    second = 200 * (135 + Fraction(1, 2) * 65)
    assert values.amount.tolist() == [first, 0, second]
    assert values.low.tolist() == [10_000, 0, 27_000]
    assert values.high.tolist() == [20_000, 0, 40_000]
    assert values.known.tolist() == [True, False, True]
    later = contract_value(model, contracts, 3, at(265), 200)
    assert later.amount[0] < values.amount[0]
    both = add_values(values, later)
    assert both.amount[2] == values.amount[2] + later.amount[2]
    assert both.method == "constant_retention+constant_retention"
