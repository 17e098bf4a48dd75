"""What holds for every book, customer and state beside the promises: frames, and states that are stored by name."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from engine.decisions import (
    decide,
    next_states,
    row_bytes,
    states_from_stored,
    stored_from_outcomes,
    take_rows,
)
from tests.decisions.random_books import (
    BOOKS,
    MOMENT,
    SEEDS,
    differing,
    random_book,
    random_columns,
    random_states,
    rules_of,
)


@settings(max_examples=40, deadline=None)
@given(book_seed=BOOKS, seed=SEEDS)
def test_order_and_splitting_of_customers_change_nothing(book_seed: int, seed: int) -> None:
    book = random_book(book_seed)
    columns, states = random_columns(book, seed, 64), random_states(book, seed + 1, 64)
    whole = decide(rules_of(book), columns, states, MOMENT)
    order = np.random.default_rng(seed).permutation(64)
    for rows in (order, order[:7], np.array([5]), np.zeros(0, np.intp)):
        some = {name: column.take(rows) for name, column in columns.items()}
        part = decide(rules_of(book), some, take_rows(states, rows), MOMENT)
        assert differing(part, take_rows(whole, rows)) == []
        assert np.array_equal(row_bytes(some, take_rows(states, rows), part), row_bytes(columns, states, whole)[rows])


@settings(max_examples=60, deadline=None)
@given(book_seed=BOOKS, seed=SEEDS)
def test_states_survive_being_stored_by_name(book_seed: int, seed: int) -> None:
    book = random_book(book_seed)
    columns, states = random_columns(book, seed, 20), random_states(book, seed + 1, 20)
    outcomes = decide(rules_of(book), columns, states, MOMENT)
    following = next_states(outcomes, states, rules_of(book), MOMENT)
    rebuilt = states_from_stored(rules_of(book), stored_from_outcomes(rules_of(book), outcomes))
    kept = ["tier", "since", "provisional", "forced", "stage", "effective", "effective_since", "pending",
            "pending_to", "pending_since", "pending_last", "pending_dates"]  # fmt: skip
    assert [name for name in kept if not np.array_equal(getattr(following, name), getattr(rebuilt, name))] == []


@pytest.mark.parametrize("length", [0, 1])
def test_frames_of_no_and_one_customer(length: int) -> None:
    book = random_book(1)
    outcomes = decide(rules_of(book), random_columns(book, 1, length), random_states(book, 1, length), MOMENT)
    assert len(outcomes.tier) == length
