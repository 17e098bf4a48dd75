"""The parts of a change sum exactly, criterion by criterion, whatever the books, facts and states."""

from __future__ import annotations

import itertools
from decimal import Decimal

from hypothesis import given, settings

from engine.decisions import CHANGE_CAUSES, Inputs, change_parts, take_rows
from engine.scoring import score_one
from engine.vocabulary import UNRATED
from tests.decisions.test_properties import BOOKS, MOMENT, SEEDS, random_book, random_columns, random_states, rules_of

STEPS = len(CHANGE_CAUSES) + 1


def contributions(inputs: Inputs) -> dict[str, Decimal]:
    """What every criterion contributes to a score, by the scorecard alone; empty: the score is unknown."""
    one = score_one(inputs.rules.scorecard, {name: column.fact(0) for name, column in inputs.columns.items()})
    if one.score.value is None:
        return {}
    return {part.criterion.name: Decimal(part.contribution or 0).scaleb(-4) for part in one.criteria}


@settings(max_examples=150, deadline=None)
@given(first=BOOKS, second=BOOKS, seed=SEEDS)
def test_parts_sum_to_the_difference_by_criterion_and_by_cause(first: int, second: int, seed: int) -> None:
    steps = []
    for row in range(STEPS):
        book = random_book(first if row < STEPS // 2 else second)
        columns = {name: column.take(slice(row, row + 1)) for name, column in random_columns(book, seed, STEPS).items()}
        states = take_rows(random_states(book, seed, STEPS), slice(row, row + 1))
        steps.append(Inputs(rules_of(book), columns, states, MOMENT))
    old, new = contributions(steps[0]), contributions(steps[-1])
    parts = change_parts(steps[0], steps[1:])
    assert (parts is None) == (not old or not new)
    if parts is None:
        return
    assert [part.cause for part in parts] == list(CHANGE_CAUSES)
    names = {*old, *new}
    for part, step in zip(parts, steps[1:], strict=True):
        assert {one.name for one in part.criteria} == names
        assert sum(one.delta for one in part.criteria) == part.delta
        assert contributions(step) or not part.delta
    totals = {name: sum(one.delta for part in parts for one in part.criteria if one.name == name) for name in names}
    assert totals == {name: new.get(name, Decimal(0)) - old.get(name, Decimal(0)) for name in names}
    assert sum(part.delta for part in parts) == sum(new.values()) - sum(old.values())
    moves = [(part.tier_before, part.tier) for part in parts if part.tier is not None]
    assert all(before != after for before, after in moves)
    assert all(one[1] == other[0] for one, other in itertools.pairwise(moves))
    assert {key for move in moves for key in move} <= {"A", "B", "C", "D", UNRATED}
