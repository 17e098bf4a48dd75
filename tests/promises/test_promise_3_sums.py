"""Promise 3: contributions sum exactly to the score, and the parts of a change to the difference of two scores."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from engine.decisions import CHANGE_CAUSES, Inputs, change_parts, decide, explain_row, take_rows
from engine.decisions.record import ChangePart
from engine.operations.explaining import ExplainedDecision, explain_decision
from engine.operations.publishing import publish
from engine.scoring import score_one
from engine.store import Database
from engine.vocabulary import UNRATED, Market
from tests.decisions.random_books import (
    BOOKS,
    MOMENT,
    SEEDS,
    random_book,
    random_columns,
    random_states,
    rules_of,
)
from tests.operations.life import Life
from tests.operations.shop import day, decide_at, decision_of, model_version, predict_by, rules
from tests.promises.sizes import hold, sizes

STEPS = len(CHANGE_CAUSES) + 1


def contributions(inputs: Inputs) -> dict[str, Decimal]:
    """What every criterion contributes to a score, by the scorecard alone; empty: the score is unknown."""
    one = score_one(inputs.rules.scorecard, {name: column.fact(0) for name, column in inputs.columns.items()})
    if one.score.value is None:
        return {}
    return {part.criterion.name: Decimal(part.contribution or 0).scaleb(-4) for part in one.criteria}


def parts_sum_by_criterion_and_by_cause(first: int, second: int, seed: int) -> None:
    steps = []
    for row in range(STEPS):
        book = random_book(first if row < STEPS // 2 else second)
        columns = {name: column.take(slice(row, row + 1)) for name, column in random_columns(book, seed, STEPS).items()}
        states = take_rows(random_states(book, seed, STEPS), slice(row, row + 1))
        steps.append(Inputs(rules_of(book), columns, states, MOMENT))
    scores = [contributions(step) for step in steps]
    old, new = scores[0], scores[-1]
    started = "ABCD"[seed % 4]
    parts = change_parts(steps[0], steps[1:], started)
    assert [part.cause for part in parts] == list(CHANGE_CAUSES)
    names = {criterion.name for step in (steps[0], steps[-1]) for criterion in step.rules.scorecard.criteria}
    for part, score in zip(parts, scores[1:], strict=True):
        assert {one.name for one in part.criteria} == names
        assert part.delta is None or sum(one.delta for one in part.criteria) == part.delta
        assert score or not part.delta
    totals = {name: sum(one.delta for part in parts for one in part.criteria if one.name == name) for name in names}
    assert totals == {name: new.get(name, Decimal(0)) - old.get(name, Decimal(0)) for name in names}
    if old and new:
        assert sum(deltas_of(parts)) == sum(new.values()) - sum(old.values())
    else:
        told = [part.delta is not None for part in parts]
        assert told == [bool(one and other) for one, other in itertools.pairwise(scores)]
    tiers = [effective(step) for step in steps]
    chain(parts, started, tiers[-1])
    for part, before, after in zip(parts[:-1], tiers, tiers[1:-1], strict=False):
        assert part.tier is None if before == after else part.tier in {after, None}


def deltas_of(parts: Sequence[ChangePart]) -> list[Decimal]:
    """The differences of all parts, each of which has one."""
    deltas = [part.delta for part in parts if part.delta is not None]
    assert len(deltas) == len(parts)
    return deltas


def effective(inputs: Inputs) -> str:
    """Key of the effective tier some inputs give, by the evaluator that explanations do not use."""
    code = int(decide(inputs.rules, inputs.columns, inputs.states, inputs.moment).effective[0])
    return inputs.rules.tiers[code].key if code >= 0 else UNRATED


def chain(parts: Sequence[ChangePart], before: str, after: str) -> None:
    """The moves of the parts lead from one effective tier to another without a gap."""
    tier = before
    for part in parts:
        assert (part.tier is None) == (part.tier_before is None)
        if part.tier is not None:
            assert part.tier_before == tier != part.tier
            tier = part.tier
    assert tier == after


@sizes(100, 5_000)
def test_parts_sum_to_the_difference_by_criterion_and_by_cause(size: int) -> None:
    hold(parts_sum_by_criterion_and_by_cause, size, first=BOOKS, second=BOOKS, seed=SEEDS)


def contributions_sum(book_seed: int, seed: int) -> None:
    """What an explanation shows: contributions, effective weights and losses, with reasons in their order."""
    book = random_book(book_seed)
    columns, states = random_columns(book, seed, 3), random_states(book, seed + 1, 3)
    outcomes = decide(rules_of(book), columns, states, MOMENT)
    for row in range(3):
        explained = explain_row(book, Market.B2C, columns, states, outcomes, row=row, moment=MOMENT)
        if explained.score is not None:
            assert sum(criterion.contribution for criterion in explained.criteria) == explained.score
            assert sum(criterion.effective_weight for criterion in explained.criteria) == 1
            assert sum(criterion.points_lost for criterion in explained.criteria) == 100 - explained.score
            counted = [criterion for criterion in explained.criteria if criterion.points is not None]
            weight = sum(criterion.weight for criterion in counted)
            for criterion in counted:
                exactly = Fraction(criterion.weight, weight) * Fraction(100 - (criterion.points or 0))
                assert abs(Fraction(criterion.points_lost) - exactly) < Fraction(1, 10_000), "rounded up or down"
        else:
            assert not any(criterion.points_lost for criterion in explained.criteria)
        whole = [criterion for criterion in explained.criteria if criterion.points in (None, 100)]
        assert not any(criterion.points_lost for criterion in whole), "with full points, and left out"
        taken = [verdict.key for verdict in explained.tiers if verdict.result == "TAKEN"]
        assert taken == ([] if explained.tier.computed is None else [explained.tier.computed])
        losses = [reason.points_lost for reason in explained.reasons if reason.criterion]
        assert losses == sorted(losses, reverse=True)


@sizes(50, 2_000)
def test_contributions_sum_to_the_score(size: int) -> None:
    hold(contributions_sum, size, book_seed=BOOKS, seed=SEEDS)


def told(database: Database, refs: list[str]) -> dict[str, ExplainedDecision]:
    numbers = {ref: decision_of(database, ref) for ref in refs}
    with database.read() as session:
        return {ref: explain_decision(session, number) for ref, number in numbers.items()}


def parts_of_stored(before: ExplainedDecision, now: ExplainedDecision) -> set[str]:
    """The causes that moved score or tier between two stored decisions, which sum exactly in every direction."""
    change = now.change
    assert change is not None
    assert change.since == before.decision_id
    old, new = before.explained, now.explained
    chain(change.parts, old.tier.effective or UNRATED, new.tier.effective or UNRATED)
    if old.score is None or new.score is None:
        assert change.delta is None
        assert None in [part.delta for part in change.parts]
    else:
        assert sum(deltas_of(change.parts)) == change.delta == new.score - old.score
    was, is_ = ({one.name: one.contribution for one in side.criteria} for side in (old, new))
    for part in change.parts:
        assert part.delta is None or sum(one.delta for one in part.criteria) == part.delta
    for name in {*was, *is_}:
        moved = sum(one.delta for part in change.parts for one in part.criteria if one.name == name)
        assert moved == is_.get(name, Decimal(0)) - was.get(name, Decimal(0))
    moving = {part.cause for part in change.parts if part.tier or any(one.delta for one in part.criteria)}
    assert old.revision != new.revision or "RULE" not in moving
    assert before.model_digest != now.model_digest or "MODEL" not in moving
    return moving


def test_parts_of_everything_at_once_sum_for_everybody(shop: Database) -> None:
    """Behaviour, corrections, rules, models, overrides and time between two decisions, all mixed."""
    life, seen = Life(shop, 3), set()
    predict_by(shop, model_version(shop, "first", -1), -0.5, 0.3)
    decide_at(shop, 0)
    before = told(shop, life.people[::2])
    for passing, weight in ((1, 20), (230, 70), (3, None)):
        life.now += passing
        acts = [life.buy, life.buy, life.correct, life.answer, life.override, life.predict] * 2
        acts += [] if weight is None else [life.publish] * 2
        life.chance.shuffle(acts)
        for act in acts:
            life.now += life.chance.choice((0.3, 2.0))
            act()
        if weight is not None:
            publish(shop, rules(b2c=("weight: 50", f"weight: {weight}")), "crm-ops", "other weights", day(life.now))
        decide_at(shop, life.now)
        now = told(shop, list(before))
        for ref, one in now.items():
            seen |= parts_of_stored(before[ref], one)
        before = now
    assert seen == set(CHANGE_CAUSES)
