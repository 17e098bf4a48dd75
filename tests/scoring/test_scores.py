"""Scores of one and of many agree with each other and with fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions import Bins, Column, Curve, Fact, Name, points
from engine.expressions.rounding import half_even, half_even_many
from engine.scoring import LARGEST_WEIGHT, MissingPolicy, Scorecard, score_columns, score_one
from engine.vocabulary import MetricState, Unit
from tests.scoring.cards import PLACE, chance_card, chance_columns, criterion, oracle

ROWS = 250
STATES = [MetricState.KNOWN, MetricState.ASSUMED, MetricState.UNKNOWN]


def _compare(card: Scorecard, columns: dict[str, Column], length: int) -> None:
    many = score_columns(card, columns, length)
    for row in range(length):
        facts = {name: column.fact(row) for name, column in columns.items()}
        values = {one.metric: facts[one.metric].value if one.metric in facts else None for one in card.criteria}
        wanted = oracle(card, values)
        one = score_one(card, facts)
        told = (card, values)

        assert [part.points for part in one.criteria] == wanted.points, told
        assert (one.score.value, one.score.low, one.score.high) == (wanted.score, wanted.low, wanted.high), told
        assert one.known_weight == wanted.known_weight, told
        parts = {part.criterion.name: part.contribution for part in one.criteria if part.contribution is not None}
        assert parts == wanted.contributions, told
        assert wanted.score is None or sum(parts.values()) == wanted.score, told
        assert sum(part.effective_weight for part in one.criteria) in (0, 1), told

        assert many.points[row].tolist() == [-1 if own is None else own for own in wanted.points], told
        assert [STATES[state] for state in many.states[row]] == [part.state for part in one.criteria], told
        assert many.score.values[row] == (-1 if wanted.score is None else wanted.score), told
        assert bool(many.score.known[row]) is (wanted.score is not None), told
        assert (many.score.low[row], many.score.high[row]) == (wanted.low, wanted.high), told
        assert many.known_weight[row] == wanted.known_weight, told


def _run(seeds: range) -> None:
    for seed in seeds:
        card = chance_card(seed, largest_x=10**12 if seed % 7 == 0 else 10**9)
        _compare(card, chance_columns(card, seed, ROWS), ROWS)


@pytest.mark.parametrize("start", range(0, 100, 25))
def test_scores_agree_with_fractions(start: int) -> None:
    _run(range(start, start + 25))


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(1_000, 2_000, 100))
def test_scores_agree_with_fractions_on_a_quarter_million_pairs(start: int) -> None:
    _run(range(start, start + 100))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_any_card_agrees_on_any_facts(seed: int, facts: int) -> None:
    card = chance_card(seed)
    _compare(card, chance_columns(card, facts, 5), 5)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32), st.data())
def test_more_points_of_one_criterion_never_lower_the_score(seed: int, data: st.DataObject) -> None:
    card = chance_card(seed)
    chosen = data.draw(st.sampled_from(card.criteria))
    facts = {name: column.fact(0) for name, column in chance_columns(card, seed, 1).items()}
    value = st.integers(-(2**40), 2**40)
    one, other = (score_one(card, {**facts, chosen.metric: Fact(data.draw(value))}) for _ in range(2))
    index = card.criteria.index(chosen)
    first, second = sorted((one, other), key=lambda scored: scored.criteria[index].points or 0)
    assert first.score.low <= second.score.low
    assert first.score.high <= second.score.high
    assert first.score.value is None or first.score.value <= (second.score.value or 0)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_whatever_becomes_known_the_score_stays_between_the_bounds(seed: int) -> None:
    card = chance_card(seed)
    columns = chance_columns(card, seed, 12)
    facts = {name: column.fact(0) for name, column in columns.items()}
    bounds = score_one(card, facts).score
    left_out = [p.criterion for p in score_one(card, facts).criteria if p.state is MetricState.UNKNOWN]
    for row in range(1, 12):
        filled = dict(facts)
        for one in left_out:
            filled[one.metric] = Fact(columns[one.metric].fact(row).value if one.metric in columns else row)
        later = score_one(card, filled).score
        assert bounds.low <= later.low <= later.high <= bounds.high


@settings(max_examples=300, deadline=None)
@given(st.integers(-(2**61), 2**61), st.integers(1, 2**60))
def test_half_to_even_is_that_of_fractions(numerator: int, denominator: int) -> None:
    wanted = round(Fraction(numerator, denominator))
    assert half_even(numerator, denominator) == wanted
    assert half_even_many(np.array([numerator]), np.array([denominator])).tolist() == [wanted]


@pytest.mark.parametrize("width", [2, 3, 7, 2**20, 2**30, 2**30 + 2, 10**12, 2**41])
def test_curves_are_exact_at_every_half_and_beside_it(width: int) -> None:
    """Both ways of dividing: in doubles where they are exact, in whole numbers beyond."""
    low, high = 123_457, 999_998
    node = Curve(Name("n", Unit.COUNT), (17, 17 + width), (low, high))
    rise = high - low
    halves = [(2 * k + 1) * width // (2 * rise) for k in range(0, rise, max(1, rise // 500))]
    xs = sorted({17 + min(max(half + step, 0), width) for half in halves for step in (-1, 0, 1)})
    column = Column(np.array(xs, np.int64), np.zeros(len(xs), np.uint8), Unit.COUNT)
    wanted = [round(Fraction(low * width + rise * (x - 17), width)) for x in xs]
    assert points(node, {"n": column}, len(xs)).tolist() == wanted


def test_a_curve_of_one_point_and_one_that_is_level() -> None:
    column = Column(np.array([-5, 0, 9]), np.zeros(3, np.uint8), Unit.COUNT)
    name = Name("n", Unit.COUNT)
    assert points(Curve(name, (3,), (70,)), {"n": column}, 3).tolist() == [70, 70, 70]
    assert points(Curve(name, (0, 1), (70, 70)), {"n": column}, 3).tolist() == [70, 70, 70]
    assert (
        score_one(Scorecard((criterion("n", 1, Curve(name, (3,), (70,))),), 60, PLACE), {"n": Fact(1)}).score.value
        == 70
    )


def test_an_unknown_card_has_bounds_and_no_score() -> None:
    card = Scorecard((criterion("n", 3, Bins(Name("n", Unit.COUNT), (1,), (0, 10_000))),), 0, PLACE)
    one, many = score_one(card, {}), score_columns(card, {}, 2)
    assert (one.score.value, one.score.low, one.score.high, one.coverage) == (None, 0, 1_000_000, 0)
    assert [part.contribution for part in one.criteria] == [None]
    assert many.score.values.tolist() == [-1, -1]
    assert many.score.high.tolist() == [1_000_000, 1_000_000]


def test_exactly_the_least_known_weight_is_enough() -> None:
    node = Bins(Name("n", Unit.COUNT), (1,), (0, 800_000))
    other = Bins(Name("m", Unit.COUNT), (1,), (0, 800_000))
    card = Scorecard((criterion("n", 3, node), criterion("m", 2, other, MissingPolicy.NEUTRAL)), 60, PLACE)
    scored = score_one(card, {"n": Fact(1)})
    assert (scored.score.value, scored.coverage) == (680_000, Fraction(3, 5))
    assert score_one(Scorecard(card.criteria, 61, PLACE), {"n": Fact(1)}).score.value is None


def test_no_customers_and_chunks_without_a_seam() -> None:
    card = chance_card(3)
    assert score_columns(card, {}, 0).points.shape == (0, len(card.criteria))
    columns = chance_columns(card, 3, 70_000)
    whole = score_columns(card, columns, 70_000)
    for rows in (slice(32_760, 32_776), slice(65_530, 65_545)):
        part = score_columns(
            card, {name: column.take(rows) for name, column in columns.items()}, rows.stop - rows.start
        )
        assert np.array_equal(part.points, whole.points[rows])
        assert np.array_equal(part.score.values, whole.score.values[rows])


@pytest.mark.parametrize("weights", [(-1, 2), (LARGEST_WEIGHT, 1)])
def test_weights_beyond_exact_scores_are_refused(weights: tuple[int, int]) -> None:
    node = Bins(Name("n", Unit.COUNT), (1,), (0, 1))
    card = Scorecard(tuple(criterion(f"c{i}", weight, node) for i, weight in enumerate(weights)), 60, PLACE)
    with pytest.raises(ValueError, match="weights"):
        score_columns(card, {}, 1)
    with pytest.raises(ValueError, match="weights"):
        score_one(card, {})
