"""Promise 2: the two evaluators agree bit for bit, from whole decisions down.

Expressions and scorecards by themselves, ten million pairs of them every night, are in `tests/expressions` and
`tests/scoring`, with an oracle in fractions.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from engine.decisions import decide
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
from tests.promises.sizes import hold, sizes

OF_CRITERIA = ["points", "point_states"]


def both_decide_alike(book_seed: int, seed: int) -> None:
    book = random_book(book_seed)
    columns, states = random_columns(book, seed, 12), random_states(book, seed + 1, 12)
    fast, slow = (decide(rules_of(book), columns, states, MOMENT, e) for e in ("columnar", "traced"))
    assert differing(fast, slow) == []
    assert [getattr(fast, f.name).dtype for f in fields(fast)] == [getattr(slow, f.name).dtype for f in fields(slow)]


@sizes(60, 3_000)
def test_both_evaluators_give_the_same_decisions(size: int) -> None:
    hold(both_decide_alike, size, book_seed=BOOKS, seed=SEEDS)


def order_and_scale_mean_nothing(book_seed: int, seed: int) -> None:
    """Criteria in another order, all weights multiplied: only the columns' order and the sum of weights differ."""
    book = random_book(book_seed)
    rules, draw = rules_of(book), np.random.default_rng(seed)
    columns, states = random_columns(book, seed, 12), random_states(book, seed + 1, 12)
    order, factor = draw.permutation(len(rules.scorecard.criteria)).tolist(), int(draw.choice([1, 2, 7, 1_000]))
    criteria = tuple(replace(one, weight=one.weight * factor) for one in rules.scorecard.criteria)
    other = replace(rules, scorecard=replace(rules.scorecard, criteria=tuple(criteria[index] for index in order)))
    for evaluator in ("columnar", "traced"):
        one, two = (decide(book, columns, states, MOMENT, evaluator) for book in (rules, other))  # type: ignore[arg-type]
        assert all(np.array_equal(getattr(one, name)[:, order], getattr(two, name)) for name in OF_CRITERIA)
        assert np.array_equal(one.known_weight * factor, two.known_weight)
        assert set(differing(one, two)) <= {*OF_CRITERIA, "known_weight"}


@sizes(60, 3_000)
def test_the_order_of_criteria_and_the_scale_of_weights_change_nothing(size: int) -> None:
    hold(order_and_scale_mean_nothing, size, book_seed=BOOKS, seed=SEEDS)
