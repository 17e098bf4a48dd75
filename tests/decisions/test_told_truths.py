"""What explanations say is so: sentences of tiers taken, and reasons, over books, customers and states by chance."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import given, settings

from engine.decisions import decide, explain_row
from engine.decisions.record import Explained, TierVerdict
from engine.vocabulary import Market, MetricState
from tests.decisions.random_books import (
    BOOKS,
    MOMENT,
    SEEDS,
    random_book,
    random_columns,
    random_states,
    rules_of,
)

REACHES = re.compile(r"reaches ([0-9.]+)\.$")
ROUTES = {"SCORE", "OR_WHEN", "FORCE", "LAST", "HELD", "STEP_DOWN", "STEP_UP", "BEST_POSSIBLE", "WORST_POSSIBLE"}
ORDER = "ABCD"


def told(book_seed: int, seed: int, customers: int) -> Iterator[tuple[Any, str | None, Explained]]:
    """Rules, stored tier before, and explanation of some customers."""
    book = random_book(book_seed)
    rules, columns, states = rules_of(book), random_columns(book, seed, customers), random_states(book, seed, customers)
    outcomes = decide(rules, columns, states, MOMENT)
    for row in range(customers):
        explained = explain_row(book, Market.B2C, columns, states, outcomes, row=row, moment=MOMENT)
        before = int(states.tier[row])
        yield rules, ORDER[before] if before >= 0 else None, explained


def taken_truly(taken: TierVerdict, before: str | None, explained: Explained) -> None:
    """Hold the sentence of the tier taken against bounds, stored tier and what was asked for."""
    assert explained.case is not None
    asked = ORDER[int(explained.case.outcomes.computed[0])]
    text, route, moved = taken.text.en, taken.route, before != taken.key
    reached = REACHES.search(text)
    assert (route == "SCORE") == (reached is not None)
    if reached is not None:
        assert explained.score is not None
        assert explained.bounds.low >= Decimal(reached[1])
    assert (route == "HELD") == ("is kept" in text)
    assert not (route == "HELD" and moved)
    step = {"STEP_DOWN": 1, "STEP_UP": -1}.get(route or "")
    assert (step is not None) == (moved and asked != taken.key)
    if step is not None and before is not None:
        assert ORDER.index(taken.key) - ORDER.index(before) == step
        assert f"on the way to {asked};" in text
        assert (ORDER.index(asked) - ORDER.index(taken.key)) * step > 0
    if route in ("BEST_POSSIBLE", "WORST_POSSIBLE"):
        assert before is not None
        assert (taken.key > before) == (route == "BEST_POSSIBLE")
        assert "missing data leave open (" in text, "the metrics are named"


@settings(max_examples=80, deadline=None)
@given(book_seed=BOOKS, seed=SEEDS)
def test_the_sentence_of_the_tier_taken_is_true(book_seed: int, seed: int) -> None:
    for _, before, explained in told(book_seed, seed, 6):
        taken = [verdict for verdict in explained.tiers if verdict.result == "TAKEN"]
        for verdict in taken:
            taken_truly(verdict, before, explained)


def test_every_route_is_taken_by_somebody() -> None:
    routes = Counter(
        verdict.route
        for book_seed in range(60)
        for _, _, explained in told(book_seed, book_seed, 40)
        for verdict in explained.tiers
        if verdict.result == "TAKEN"
    )
    assert set(routes) == ROUTES, routes


@settings(max_examples=80, deadline=None)
@given(book_seed=BOOKS, seed=SEEDS)
def test_the_words_of_the_book_stand_for_what_is_known(book_seed: int, seed: int) -> None:
    for rules, _, explained in told(book_seed, seed, 6):
        criteria = {criterion.name: criterion for criterion in explained.criteria}
        coded = {criterion.name for criterion in rules.scorecard.criteria if criterion.reason is not None}
        reasons = {reason.criterion: reason for reason in explained.reasons}
        assert reasons.keys() - {None} == {name for name in coded if criteria[name].points_lost > 0}
        for name, reason in reasons.items():
            own = reason.text.en == rules.reasons[reason.code].text.en
            assert own == (reason.state is MetricState.KNOWN)
            if name is not None:
                lost = criteria[name]
                assert (reason.state, reason.cause, reason.points_lost) == (lost.state, lost.cause, lost.points_lost)
                assert reason.state is not MetricState.UNKNOWN, "left out of the score, it costs nothing"
            if reason.state is MetricState.ASSUMED:
                assert "is not known (" in reason.text.en
                assert "points assumed" in reason.text.en


def test_full_points_give_no_reason() -> None:
    """Seeds by which some criterion has full points while others lose some, so that rounding has to go somewhere."""
    whole = np.zeros(2, int)
    for book_seed in range(20):
        for _, _, explained in told(book_seed, book_seed, 40):
            for criterion in explained.criteria:
                if criterion.points == 100 and explained.score is not None:
                    whole[int(explained.score < 100)] += 1
                    assert criterion.points_lost == 0
                    assert criterion.name not in {reason.criterion for reason in explained.reasons}
    assert whole[1] > 100
