"""The comparison of two books' decisions: counts that add up, moves down, guardrails, order."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import Moment, States, decide, decide_many, many
from engine.decisions.model import Outcomes
from engine.errors import Place
from engine.rulebook import Book, Guardrail, guardrails_of, load_book
from engine.trials.preview import Comparison, Pair, Side
from engine.trials.preview.limits import judge
from engine.vocabulary import Market

BOOK = Path(__file__).parents[1] / "operations" / "book"
FILES = {path.name: path.read_text(encoding="utf-8") for path in BOOK.glob("*.yaml")}
MOMENT = Moment(datetime(2026, 3, 1, tzinfo=UTC), 20_513)
LIVE = load_book(FILES)
FEWER = load_book(
    {
        **FILES,
        "b2c.yaml": FILES["b2c.yaml"].replace("  - {key: B, at_least: 50, title: {en: Potential, zh: 潜力}}\n", ""),
    }
)


def side(book: Book, tiers: list[int], scores: list[int] | None = None) -> Side:
    """Decisions that gave these tiers (by index, −1: UNRATED)."""
    rules, number = book.markets[Market.B2C], len(tiers)
    states = States.first(number, len(rules.campaigns.triggers))
    outcomes = decide(rules, {}, states, MOMENT)
    codes = np.array(tiers, np.int16)
    changed: dict[str, Any] = {"effective": codes, "computed": codes}
    if scores is not None:
        changed["score"] = np.array(scores, np.int32)
    values = {name: getattr(outcomes, name) for name in Outcomes.__slots__}
    return Side(book, Market.B2C, {}, states, Outcomes(**{**values, **changed}), MOMENT)


def pair(live: Side | None, candidate: Side | None, number: int, revenue: list[int] | None = None) -> Pair:
    refs = [f"t:{row}" for row in range(number)]
    return Pair(Market.B2C, np.arange(number) + 1, refs, np.array(revenue or [0] * number), live, candidate)


def of_live(before: list[int], after: list[int]) -> Pair:
    return pair(side(LIVE, before), side(LIVE, after), len(before))


TIERS = st.integers(-1, 3)


@given(st.lists(st.tuples(TIERS, TIERS), min_size=1, max_size=40))
@settings(max_examples=60)
def test_every_customer_is_in_one_cell_and_moves_are_off_the_diagonal(moves: list[tuple[int, int]]) -> None:
    before, after = ([move[n] for move in moves] for n in (0, 1))
    found = Comparison(LIVE, LIVE, [of_live(before, after)])
    assert sum(cell.customers for cell in found.matrix) == len(moves) == found.customers
    assert sum(cell.customers for cell in found.matrix if cell.before != cell.after) == found.moved
    assert found.moved == sum(one != other for one, other in moves)
    worst = [4 if tier < 0 else tier for tier in range(-1, 4)]
    assert found.moved_down == sum(worst[one + 1] < worst[other + 1] for one, other in moves)
    assert len(found.movers) == found.moved


def test_tiers_are_compared_by_key_when_ladders_differ() -> None:
    found = pair(side(LIVE, [0, 1, 2, 3]), side(FEWER, [0, 1, 1, 2]), 4)
    assert found.keys == ("A", "C", "D", "B")
    assert [found.key(int(code)) for code in found.before] == ["A", "B", "C", "D"]
    assert found.moved.tolist() == [False, True, False, False]
    assert found.worse.tolist() == [False, True, False, False]


def test_back_to_a_tier_that_comes_is_better_by_the_candidates_ladder() -> None:
    found = pair(side(FEWER, [1, 2, -1]), side(LIVE, [1, 1, 3]), 3)
    assert found.moved.tolist() == [True, True, True]
    assert found.worse.tolist() == [False, False, False]


def test_a_hundred_points_are_in_the_last_band_and_unknown_scores_in_none() -> None:
    scores = [0, 99_999, 100_000, 999_999, 1_000_000, -1]
    found = Comparison(LIVE, LIVE, [pair(side(LIVE, [0] * 6, scores), side(LIVE, [0] * 6, [-1] * 6), 6)])
    assert {band.low: band.before for band in found.scores if band.before} == {0: 2, 10: 1, 90: 2}
    assert not any(band.after for band in found.scores)
    assert found.newly_unknown == 5


def test_movers_are_ordered_filtered_and_found_by_their_place() -> None:
    found = Comparison(LIVE, LIVE, [pair(side(LIVE, [0, 1, 2, 0]), side(LIVE, [1, 0, 2, -1]), 4, [5, 9, 7, 9])])
    movers = found.movers
    assert [(mover.ref, mover.before, mover.after, mover.down) for mover in movers.first(9)] == [
        ("t:1", "B", "A", False), ("t:3", "A", None, True), ("t:0", "A", "B", True),
    ]  # fmt: skip
    assert [mover.ref for mover in movers.of(Market.B2C, "A", None).first(9)] == ["t:3", "t:0"]
    assert [mover.ref for mover in movers.of(None, None, "UNRATED").first(9)] == ["t:3"]
    assert len(movers.of(Market.B2B, None, None)) == len(movers.of(None, "Z", None)) == 0
    assert (movers.beyond(10, 0), movers.beyond(9, 2), movers.beyond(9, 4), movers.beyond(5, 1)) == (0, 1, 2, 3)


@pytest.mark.parametrize(("limit", "crossed"), [(500_000, False), (499_999, True), (1_000_000, False), (0, True)])
def test_a_guardrail_is_crossed_beyond_its_limit_and_not_at_it(limit: int, crossed: bool) -> None:
    down = Guardrail("max_moved_down_from.A", "A", limit, Place("rulebook.yaml", 1, 1))
    (found,) = judge([down], [of_live([0, 0, 1, 1], [1, 0, 0, 2])])
    assert (found.moved, found.customers, found.market, found.crossed) == (1, 2, Market.B2C, crossed)


def test_nobody_in_a_tier_crosses_nothing() -> None:
    down = Guardrail("max_moved_down_from.A", "A", 0, Place("rulebook.yaml", 1, 1))
    (found,) = judge([down], [of_live([1], [2])])
    assert (found.found, found.crossed) == (0, False)


def test_of_two_books_the_stricter_guardrail_counts_with_its_place() -> None:
    loose, strict = (_guarded(text) for text in ("{max_moved: 50%}", "{max_moved: 10%, max_moved_down_from: {A: 5%}}"))
    for live, candidate in ((loose, strict), (strict, loose)):
        found = {one.name: one for one in guardrails_of(live, candidate)}
        assert {name: one.limit for name, one in found.items()} == {
            "max_moved": 100_000,
            "max_moved_down_from.A": 50_000,
        }
        assert found["max_moved"].place.file == "rulebook.yaml"
        assert found["max_moved"].place.line == FILES["rulebook.yaml"].count("\n") + 1
    assert guardrails_of(LIVE, LIVE) == ()


def _guarded(text: str) -> Book:
    return load_book({**FILES, "rulebook.yaml": FILES["rulebook.yaml"] + f"guardrails: {text}\n"})


@pytest.mark.parametrize("threads", [1, 2])
def test_deciding_many_in_slices_is_deciding_them_at_once(monkeypatch: pytest.MonkeyPatch, threads: int) -> None:
    from tests.bench.synthetic import shipped_book, synthetic_columns

    monkeypatch.setattr(many, "SLICE", 97)
    monkeypatch.setattr(many.os, "cpu_count", lambda: threads)
    book = shipped_book()
    columns = synthetic_columns(book, 1_000)
    for market in Market:
        rules = book.markets[market]
        states = States.first(1_000, len(rules.campaigns.triggers))
        whole, parts = decide(rules, columns, states, MOMENT), decide_many(rules, columns, states, MOMENT)
        for name in Outcomes.__slots__:
            one, other = getattr(whole, name), getattr(parts, name)
            assert one.dtype == other.dtype
            assert np.array_equal(one, other), name
