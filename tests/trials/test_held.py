"""What tests touch and notice of small books, against counts made by hand; what a small change is."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import Place
from engine.expressions.point_nodes import bin_points, curve_points
from engine.expressions.tree import Bins, Curve, Name
from engine.rulebook import book_from_plain, load_book
from engine.rulebook.difference.effects import meaning
from engine.scoring import Criterion, MissingPolicy, Scorecard
from engine.trials import Mutation, coverage_of, mutation_of
from engine.trials.equivalence import same_least_known, same_points, same_weights
from engine.trials.mutation import mutants_of
from engine.vocabulary import Text, Unit

ROOT = Path(__file__).parents[2]
HELD = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (ROOT / "tests/cases/held").iterdir()}


@pytest.mark.parametrize("name", sorted(HELD))
def test_coverage_is_what_was_counted_by_hand(name: str) -> None:
    case = HELD[name]
    found = {
        one.kind: [one.covered, one.total, [item.text.en for item in one.missing]]
        for one in coverage_of(book_from_plain(case["book"]))
    }
    assert found == case["coverage"]


@pytest.mark.parametrize("name", sorted(HELD))
def test_mutants_that_survive_are_those_found_by_hand(name: str) -> None:
    case = HELD[name]["mutation"]
    found = mutation_of(book_from_plain(HELD[name]["book"]))
    assert Counter(one.text.en for one in found.survived) == Counter(case["survived"])
    assert (found.noticed, found.same) == (case["noticed"], case["same"])
    assert found.mutants == found.noticed + len(found.survived)


def test_a_failing_test_notices_nothing() -> None:
    plain = HELD["two_tiers_and_a_gate"]["book"]
    wrong = [{**test, "expect": {"tier": "A"}} for test in plain["tests"]]
    assert mutation_of(book_from_plain({**plain, "tests": wrong})).noticed == 0


def test_a_single_weight_and_the_ends_of_a_flat_curve_change_nothing() -> None:
    plain = {
        "market": "B2B",
        "metrics": {"n": {"type": "count"}},
        "scorecard": {"criteria": [{"name": "n", "metric": "n", "weight": 1, "curve": [[0, 50], [1, 50]]}]},
        "tiers": [{"key": "A"}],
        "tests": [],
    }
    found = mutation_of(book_from_plain(plain))
    assert [one.text.en for one in found.survived] == ["B2B · n: points 50 → 51", "B2B · n: points 50 → 49"] * 2
    assert found.same == 3  # the weight up, the first value down, the last up: the others cannot move


def test_where_nothing_can_be_moved_everything_is_noticed() -> None:
    assert Mutation(0, 0, 0, ()).score == 1
    assert Mutation(3, 2, 0, ()).score == Decimal("0.6666")
    assert Mutation(100_000, 99_999, 0, ()).score < 1


FOLDERS = {
    name: {path.name: path.read_text(encoding="utf-8") for path in (ROOT / name).glob("*.yaml")}
    for name in ("tests/cases/rules/every_key", "tests/cases/rules/whole_example", "rules")
}
CHANGE = re.compile(r"(\S+) → (\S+)$")


def edited(files: dict[str, str], place: Place, before: str, after: str) -> dict[str, str] | None:
    """The files with what stands at a place written anew; None: something else stands there."""
    lines = files[place.file].split("\n")
    line = lines[place.line - 1]
    start = place.column - 1
    written = re.match(r"[-0-9.]+d?", line[start:])
    if written is None:
        return None
    shown = written[0].removesuffix("d")
    assert float(shown) == float(before.removesuffix("d")), (place, line)
    lines[place.line - 1] = line[:start] + after + line[start + len(written[0]) :]
    return {**files, place.file: "\n".join(lines)}


@pytest.mark.parametrize(("name", "every"), [(name, 41 if name == "rules" else 1) for name in sorted(FOLDERS)])
def test_a_mutant_is_what_an_edit_at_its_place_would_give(name: str, every: int) -> None:
    files, tried = FOLDERS[name], 0
    for number, mutant in enumerate(mutants_of(load_book(files))):
        change = CHANGE.search(mutant.text.en)
        if number % every or change is None or "`" in mutant.text.en:
            continue
        changed = edited(files, mutant.place, change[1], change[2])
        assert changed is not None, mutant.place
        book = load_book(changed)
        for market, rules in mutant.markets.items():
            assert meaning(book.markets[market]) == meaning(rules), mutant.text.en
        tried += 1
    assert tried >= 4


def test_every_mutant_changes_something_and_says_what() -> None:
    book = load_book(FOLDERS["rules"])
    seen: set[tuple[Place, str]] = set()
    for mutant in mutants_of(book):
        changed = [meaning(rules) for rules in mutant.markets.values()], mutant.metrics and meaning(mutant.metrics)
        same = [meaning(book.markets[market]) for market in mutant.markets], mutant.metrics and meaning(book.metrics)
        assert changed != same, mutant.text.en
        assert "→" in mutant.text.en
        assert "→" in mutant.text.zh
        seen.add((mutant.place, mutant.text.en))
    assert len(seen) > 350


COUNT = Name("n", Unit.COUNT)
POINTS = st.integers(0, 6)


@st.composite
def shapes(draw: st.DrawFn) -> Curve | Bins:
    xs = tuple(sorted(draw(st.sets(st.integers(0, 9), min_size=2, max_size=4))))
    if draw(st.booleans()):
        return Curve(COUNT, xs, tuple(draw(st.lists(POINTS, min_size=len(xs), max_size=len(xs)))))
    return Bins(COUNT, xs, tuple(draw(st.lists(POINTS, min_size=len(xs) + 1, max_size=len(xs) + 1))))


@settings(max_examples=600, deadline=None)
@given(shapes(), shapes())
def test_shapes_called_the_same_give_the_same_points(one: Curve | Bins, other: Curve | Bins) -> None:
    if same_points(one, other):
        assert [points(one, x) for x in range(-3, 13)] == [points(other, x) for x in range(-3, 13)]
    elif isinstance(one, Bins) and isinstance(other, Bins):
        assert [points(one, x) for x in range(-3, 13)] != [points(other, x) for x in range(-3, 13)]


def points(node: Curve | Bins, x: int) -> int:
    return curve_points(node, x) if isinstance(node, Curve) else bin_points(node, x)


def card(weights: list[int], least: int) -> Scorecard:
    place, node = Place("b2b.yaml", 1, 1), Bins(COUNT, (1,), (0, 1))
    named = [
        Criterion(f"c{i}", "n", weight, node, MissingPolicy.RENORMALISE, None, Text("c"), place)
        for i, weight in enumerate(weights)
    ]
    return Scorecard(tuple(named), least, place)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 100), st.integers(0, 100))
def test_a_least_known_weight_is_the_same_iff_no_choice_of_criteria_tells_them_apart(
    weights: list[int], one: int, other: int
) -> None:
    total = sum(weights)
    sums = {sum(chosen) for size in range(len(weights) + 1) for chosen in combinations(weights, size)}
    alike = all((known * 100 >= one * total) == (known * 100 >= other * total) for known in sums)
    assert same_least_known(card(weights, one), other) is alike


def test_weights_are_the_same_in_the_same_proportions() -> None:
    assert same_weights(card([1, 2], 0), card([2, 4], 0))
    assert same_weights(card([3], 0), card([4], 0))
    assert not same_weights(card([1, 2], 0), card([2, 3], 0))


def test_the_shipped_books_are_touched_wholly_and_held_closely() -> None:
    book = load_book(FOLDERS["rules"])
    assert [(one.kind, item.text.en) for one in coverage_of(book) for item in one.missing] == []
    found = mutation_of(book)
    assert found.score >= 0.9
    assert found.mutants > 300


def test_without_tests_nothing_is_touched_or_noticed() -> None:
    book = replace(load_book(FOLDERS["rules"]), tests=())
    assert [one.covered for one in coverage_of(book)] == [0] * 9
    assert mutation_of(book).noticed == 0
