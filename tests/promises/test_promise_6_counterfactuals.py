"""Promise 6: a counterfactual shown is true when it is applied and decided again, and there is no smaller one.

On small books ways up and down are tried against everything; on books of every kind of rule, and on stored decisions,
each one shown is applied. What waiting does is tried in `test_promise_6_time_alone.py`.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import lru_cache, partial
from itertools import combinations, product
from typing import Any

import numpy as np
from hypothesis import strategies as st

from engine.decisions import (
    Moment,
    Outcomes,
    States,
    decide,
    explain_row,
    loss_of_tier,
    narrate,
    next_states,
    take_rows,
)
from engine.decisions.record import Explained, NextTier, Way
from engine.decisions.rows import repeated_row
from engine.expressions import Column
from engine.metrics import second_pass
from engine.operations.explaining import explain_by_itself
from engine.operations.whatif import Asked, what_if
from engine.rulebook.book import Book
from engine.rulebook.plain import book_from_plain
from engine.store import Database
from engine.vocabulary import Locale, Market, UnknownCause
from tests.decisions.random_books import BOOKS as BOOKS_OF_ALL
from tests.decisions.random_books import (
    DAY,
    MOMENT,
    SEEDS,
    random_book,
    random_columns,
    random_states,
    rules_of,
)
from tests.operations.shop import READERS, day, decide_at, decision_of, model_version, predict_by, refs
from tests.promises.sizes import hold, sizes

METRICS = {
    "v": {"type": "points", "low": 0, "high": 100, "actionable": {"direction": "up", "step": 5}},
    "n": {"type": "count", "low": 0, "high": 12, "actionable": {"direction": "up", "step": 1}},
    "debt": {"type": "days", "low": 0, "high": 200, "actionable": {"direction": "down", "step": 10}},
    "ok": {"type": "bool"},
    "w": {"type": "points"},
    "load": {"type": "days", "expr": "(debt + 10) / (n + 1)"},
}
GATES = ["ok", "n >= 3", "debt < 91", "score >= 40 and n >= 1"]
DOORS = ["ok and n >= 5", "v > 90", "load < 3"]
# Where the way is not simply up: no bounds, criteria that peak, metrics that only conditions or calculations read.
ODD_METRICS = {
    **METRICS,
    "n": {"type": "count", "actionable": {"direction": "up", "step": 1}},
    "debt": {"type": "days", "actionable": {"direction": "down", "step": 10}},
    "load": {"type": "days", "expr": "(debt + 10) / 4"},
}
ODD_GATES = ["n >= 3 and debt < 91", "2 <= n <= 6", "v < 72", "n * 2 - 1 >= 6", "not (n > 8) and load < 30",
             "v >= 40 or n == 5", "score >= 40 and n >= 1", "load / 3 > 5 or n in (4, 7)", "30 <= v <= 60 and n >= 4",
             "v < 72 and n > 9", "(n >= 8 or v > 90) and ok"]  # fmt: skip
ODD_DOORS = ["n >= 5 and debt < 40", "v == 35 and n > 9", "abs(n - 7) <= 1 and load < 20"]
BEYOND = 30
"""Steps after which nothing changes any more, for metrics without bounds."""
FACTS = {"v": st.integers(0, 20), "n": st.integers(0, 12), "debt": st.integers(0, 20), "ok": st.integers(0, 1),
         "w": st.integers(0, 100)}  # fmt: skip
UNITS = {"v": 50_000, "n": 1, "debt": 10, "ok": 1, "w": 10_000}


@lru_cache(maxsize=256)
def small_book(seed: int) -> Book:
    """A book drawn by the seed: for every even one its criteria all rise with what can be changed, within bounds."""
    draw, odd = np.random.default_rng(seed), seed % 2 == 1

    def some(options: list[Any]) -> Any:
        return options[int(draw.integers(len(options)))]

    cuts = sorted(draw.choice(np.arange(10, 65 if odd else 95, 5), 3, replace=False).tolist(), reverse=True)
    tiers: list[dict[str, Any]] = [{"key": key, "at_least": cut} for key, cut in zip("ABC", cuts, strict=True)]
    for tier in tiers:
        if draw.random() < (0.9 if odd else 0.4):
            tier["gates"] = [{"name": "g", "when": some(ODD_GATES if odd else GATES)}]
        if odd and draw.random() < 0.4:
            tier["gates"] = [*tier.get("gates", []), {"name": "h", "when": some(ODD_GATES)}]
        if draw.random() < 0.3:
            tier["or_when"] = {"when": some(ODD_DOORS if odd else DOORS)}
    force = [{"name": "bad_debt", "when": "debt > 150", "tier": "D"}] if draw.random() < 0.3 else []
    criteria = [
        {"name": "v", "metric": "v", "weight": some([3, 7]), "curve": [[0, 0], [42, 50], [100, 100]]},
        {"name": "n", "metric": "n", "weight": some([2, 5]), "bins": {"edges": [1, 5], "points": [0, 40, 100]}},
        {"name": "load", "metric": "load", "weight": some([1, 4]), "curve": [[0, 100], [60, 0]]},
        {"name": "w", "metric": "w", "weight": some([2, 4]), "curve": [[0, 0], [100, 100]],
         "missing": some(["renormalise", "neutral"])},
    ]  # fmt: skip
    if odd:
        criteria[0]["curve"], criteria[2]["curve"] = [[0, 0], [52, 100], [100, 10]], [[0, 20], [18, 100], [60, 0]]
        del criteria[1]
    return book_from_plain({
        "market": "B2C", "metrics": ODD_METRICS if odd else METRICS,
        "scorecard": {"missing": {"default": "renormalise", "min_known_weight": some([1, 60])}, "criteria": criteria},
        "tiers": [*tiers, {"key": "D"}], "force": force,
        "stability": {"exit_margin": some([0, 5]), "grace": some(["0d", "28d"]), "min_dwell": some(["0d", "91d"]),
                      "down": some(["one_step", "immediate"]), "up": some(["immediate", "one_step"]),
                      "confirm": some([1, 2])},
        "lifecycle": [{"else": "ACTIVE", "phase": "RETAIN"}],
    })  # fmt: skip


class Trial:
    """One customer of a small book, decided, whose facts can be changed by steps."""

    def __init__(self, seed: int, facts: dict[str, int], stored: int, since: int) -> None:
        self.book = small_book(seed)
        self.rules = self.book.markets[Market.B2C]
        self.given = {name: value * UNITS[name] for name, value in facts.items() if value >= 0}
        self.states = States.first(1, 0)
        if stored >= 0:
            tier, day = np.full(1, stored, np.int16), np.full(1, DAY - since, np.int32)
            self.states = replace(self.states, tier=tier, since=day, effective=tier, effective_since=day)
        self.columns = self.changed([{}])
        self.outcomes = decide(self.rules, self.columns, self.states, MOMENT)
        self.keys = [tier.key for tier in self.rules.tiers]

    def explained(self) -> Explained:
        return explain_row(self.book, Market.B2C, self.columns, self.states, self.outcomes, row=0, moment=MOMENT)

    def changed(self, moves: list[dict[str, int]]) -> dict[str, Column]:
        """Facts after steps in the better (or, negative, the worse) direction, one row each."""
        columns = {}
        for name in FACTS:
            metric, now = self.book.metrics[name], self.given.get(name)
            if now is None:
                columns[name] = Column.unknown(len(moves), metric.unit, UnknownCause.MISSING)
                continue
            step = 0 if metric.actionable is None else metric.actionable.step * (1 if metric.actionable.up else -1)
            values = np.array([now + one.get(name, 0) * step for one in moves], np.int64)
            columns[name] = Column(values, np.zeros(len(moves), np.uint8), metric.unit)
        return {**columns, **second_pass(self.book.metrics.values(), columns, len(moves), DAY)}

    def ladders(self, sign: int) -> dict[str, list[dict[str, int]]]:
        """Every change of every single metric in one direction, fewest steps first."""
        found = {}
        for name, declared in self.book.metrics.items():
            if declared.actionable is None or name not in self.given:
                continue
            rising = declared.actionable.up == (sign > 0)
            step, now = declared.actionable.step, self.given[name]
            top = now + BEYOND * step if declared.high is None else declared.high
            room = top - now if rising else now - (declared.low or 0)
            found[name] = [{name: sign * steps} for steps in range(1, room // step + 1)]
        return found

    def decided(self, moves: list[dict[str, int]]) -> Outcomes:
        return decide(self.rules, self.changed(moves), repeated_row(self.states, len(moves)), MOMENT)

    def rises(self, target: int, moves: list[dict[str, int]]) -> np.ndarray:
        """Which changes ask for a tier or a better one."""
        computed = self.decided(moves).computed
        return (computed >= 0) & (computed <= target)

    def left(self, moves: list[dict[str, int]]) -> np.ndarray:
        """The first other tier when decided again and again with the changes until every delay is over, else −1."""
        columns, stored = self.changed(moves), int(self.outcomes.tier[0])
        states = repeated_row(next_states(self.outcomes, self.states, self.rules, MOMENT), len(moves))
        result = np.full(len(moves), -1)
        for later in (1, 2, 3, 200, 201):
            moment = Moment(MOMENT.as_of, DAY + later)
            outcomes = decide(self.rules, columns, states, moment)
            result = np.where((result < 0) & (outcomes.tier != stored), outcomes.tier, result)
            states = next_states(outcomes, states, self.rules, moment)
        return result

    def falls(self, moves: list[dict[str, int]]) -> np.ndarray:
        """Which changes lose the tier."""
        return self.left(moves) > int(self.outcomes.tier[0])

    def steps(self, way: Way) -> dict[str, int]:
        """A way that was told as steps."""
        found = {}
        for change in way.changes:
            metric = self.book.metrics[change.metric]
            assert metric.actionable is not None
            distance = round(Decimal(change.after) * metric.scale) - self.given[change.metric]
            assert distance % metric.actionable.step == 0
            found[change.metric] = distance // metric.actionable.step * (1 if metric.actionable.up else -1)
        return found


def assert_least_and_complete(trial: Trial, told: NextTier, reaches: Any, sign: int) -> None:
    """Single ways are those that trying everything finds; pairs are true and cannot do with a step less."""
    assert told.exhaustive
    ladders = trial.ladders(sign)
    ways = [trial.steps(way) for way in told.ways]
    if reaches([{}])[0]:
        assert ways == [{}]
        return
    singles = []
    for ladder in ladders.values():
        hits = np.flatnonzero(reaches(ladder)) if ladder else []
        singles += [ladder[int(hits[0])]] if len(hits) else []
    if singles:
        singles.sort(key=lambda moves: (abs(sum(moves.values())), sorted(moves)))
        assert ways == singles[:3]
        return
    every = [{**a, **b} for one, other in combinations(ladders.values(), 2) for a, b in product(one, other)]
    assert bool(ways) == bool(every and reaches(every).any())
    for way in ways:
        less = [{**way, name: steps - sign} for name, steps in way.items()]
        assert len(way) == 2
        assert reaches([way, *less]).tolist() == [True, False, False]


def farthest(trial: Trial, sign: int) -> int | None:
    """The best (worst) score of all combinations of changes."""
    every = [
        {name: steps for moves in chosen for name, steps in moves.items()}
        for chosen in product(*([{}, *ladder] for ladder in trial.ladders(sign).values()))
    ]
    scores = trial.decided(every).score
    known = scores[scores >= 0]
    return None if not len(known) else int(known.max() if sign > 0 else known.min())


def stored_score(told: NextTier) -> int | None:
    return None if told.attainable is None else int(told.attainable * 10_000)


BOOKS, STORED, SINCE = st.integers(0, 99), st.integers(-1, 3), st.integers(0, 120)
DRAWN: dict[str, st.SearchStrategy[Any]] = {"seed": BOOKS, "facts": st.fixed_dictionaries(FACTS), "stored": STORED}
HIDDEN = st.sets(st.sampled_from(["w", "ok", "n"]), max_size=2)


def the_way_up_is_least_and_true(seed: int, facts: dict[str, int], hidden: set[str], stored: int, since: int) -> None:
    trial = Trial(seed, {name: -1 if name in hidden else value for name, value in facts.items()}, stored, since)
    told = trial.explained().next_tier
    if trial.outcomes.tier[0] == 0:
        assert told is None
        return
    assert told is not None
    assert stored_score(told) == farthest(trial, 1)
    if trial.outcomes.tier[0] > 0:
        assert_least_and_complete(trial, told, partial(trial.rises, trial.keys.index(told.key)), 1)


@sizes(60, 1500)
def test_the_way_up_is_least_and_true(size: int) -> None:
    hold(
        the_way_up_is_least_and_true,
        size,
        seed=BOOKS,
        facts=st.fixed_dictionaries(FACTS),
        hidden=HIDDEN,
        stored=STORED,
        since=SINCE,
    )


def the_way_down_is_least_and_true(seed: int, facts: dict[str, int], hidden: set[str], stored: int, since: int) -> None:
    trial = Trial(seed, {name: -1 if name in hidden else value for name, value in facts.items()}, stored, since)
    case = trial.explained().case
    assert case is not None
    told = loss_of_tier(case)
    if trial.outcomes.tier[0] in (-1, 3):
        assert told is None
        return
    assert told is not None
    assert stored_score(told) == farthest(trial, -1)
    assert_least_and_complete(trial, told, trial.falls, -1)
    if told.ways:
        results = trial.left([trial.steps(way) for way in told.ways]).tolist()
        assert trial.keys[results[0]] == told.key
        for way, result in zip(told.ways, results, strict=True):
            assert f"; then {trial.keys[result]}" in way.text.en
            assert f"；随后为 {trial.keys[result]}" in (way.text.zh or "")


@sizes(80, 1500)
def test_the_way_down_is_least_and_true(size: int) -> None:
    hold(
        the_way_down_is_least_and_true,
        size,
        seed=BOOKS,
        facts=st.fixed_dictionaries(FACTS),
        hidden=HIDDEN,
        stored=STORED,
        since=SINCE,
    )


def what_stands_in_the_way_does_whatever_is_changed(
    seed: int, facts: dict[str, int], hidden: set[str], stored: int
) -> None:
    """Nothing stands in the way of a tier that some combination reaches; each obstacle says what to do."""
    trial = Trial(seed, {name: -1 if name in hidden else value for name, value in facts.items()}, stored, 0)
    told = trial.explained().next_tier
    if told is None:
        return
    every = [
        {name: steps for moves in chosen for name, steps in moves.items()}
        for chosen in product(*([{}, *ladder] for ladder in trial.ladders(1).values()))
    ]
    reached = trial.rises(trial.keys.index(told.key), every).any()
    assert told.reachable == reached
    if reached:
        assert told.blocked_by == ()
    for one in told.blocked_by:
        assert one.remedy is not None
        assert one.remedy.en
        assert one.remedy.zh
    assert all(narrate(trial.explained(), locale) for locale in Locale)


@sizes(80, 1500)
def test_what_stands_in_the_way_does_whatever_is_changed(size: int) -> None:
    hold(
        what_stands_in_the_way_does_whatever_is_changed,
        size,
        seed=BOOKS,
        facts=st.fixed_dictionaries(FACTS),
        hidden=HIDDEN,
        stored=STORED,
    )


def one_row(columns: dict[str, Column], row: int) -> dict[str, Column]:
    return {name: column.take(slice(row, row + 1)) for name, column in columns.items()}


def applied(book: Book, columns: dict[str, Column], way: Way, less: int = 0) -> dict[str, Column]:
    """The facts of one customer after a way; `less`: so many steps of every change less."""
    changed = dict(columns)
    for change in way.changes:
        metric = book.metrics[change.metric]
        assert metric.actionable is not None
        value, before = round(Decimal(change.after) * metric.scale), int(columns[change.metric].values[0])
        step = metric.actionable.step if value > before else -metric.actionable.step
        changed[change.metric] = Column(np.array([value - less * step]), np.zeros(1, np.uint8), metric.unit)
    return {**changed, **second_pass(book.metrics.values(), changed, 1, DAY)}


def asks_for(book: Book, columns: dict[str, Column], states: States) -> int:
    """The tier the ladder asks for, by the evaluator of single decisions."""
    return int(decide(rules_of(book), columns, states, MOMENT, "traced").computed[0])


def falls_to(book: Book, columns: dict[str, Column], states: States, outcomes: Outcomes) -> int:
    """The first other tier, decided again and again with these facts until every delay is over; else the same."""
    rules, stored = rules_of(book), int(outcomes.tier[0])
    states = next_states(outcomes, states, rules, MOMENT)
    for later in (1, 2, 3, 200, 201):
        moment = Moment(MOMENT.as_of, DAY + later)
        after = decide(rules, columns, states, moment)
        if after.tier[0] != stored:
            return int(after.tier[0])
        states = next_states(after, states, rules, moment)
    return stored


def ways_shown_are_true(book_seed: int, seed: int) -> None:
    """Both directions, whatever rules the book is made of; one step less of a single change does not do it."""
    book = random_book(book_seed)
    columns, all_states = random_columns(book, seed, 3), random_states(book, seed + 1, 3)
    outcomes = decide(rules_of(book), columns, all_states, MOMENT)
    keys = [tier.key for tier in rules_of(book).tiers]
    for row in range(3):
        explained = explain_row(book, Market.B2C, columns, all_states, outcomes, row=row, moment=MOMENT)
        mine, states = one_row(columns, row), take_rows(all_states, slice(row, row + 1))
        for way in explained.next_tier.ways if explained.next_tier else ():
            assert explained.next_tier is not None
            target = keys.index(explained.next_tier.key)
            assert way.verified
            assert 0 <= asks_for(book, applied(book, mine, way), states) <= target
            if len(way.changes) == 1:
                assert not 0 <= asks_for(book, applied(book, mine, way, less=1), states) <= target
        assert explained.case is not None
        loss, own = loss_of_tier(explained.case), take_rows(outcomes, slice(row, row + 1))
        for number, way in enumerate(loss.ways if loss else ()):
            assert loss is not None
            result = falls_to(book, applied(book, mine, way), states, own)
            assert way.verified
            assert result > own.tier[0]
            assert number > 0 or keys[result] == loss.key
            if len(way.changes) == 1:
                assert falls_to(book, applied(book, mine, way, less=1), states, own) <= own.tier[0]


@sizes(60, 3_000)
def test_every_way_shown_is_true_in_books_of_every_kind_of_rule(size: int) -> None:
    hold(ways_shown_are_true, size, book_seed=BOOKS_OF_ALL, seed=SEEDS)


def test_every_way_shown_of_a_stored_decision_is_what_a_what_if_then_tells(crowded: Database) -> None:
    """Through the store: the decision's own instant and book, with the change as a fact set by hand."""
    predict_by(crowded, model_version(crowded, "first", -1), -0.5, 0.3)
    decide_at(crowded, 0)
    tried = 0
    with crowded.read() as session:
        for ref in [*refs(), *READERS[:3]]:
            shown = explain_by_itself(session, decision_of(crowded, ref)).explained.next_tier
            for way in shown.ways if shown else ():
                assert shown is not None
                facts = tuple((change.metric, change.after) for change in way.changes)
                after = what_if(session, Asked(ref, day(0), day(0), facts), day(1)).after.decision.explained
                taken = [verdict.key for verdict in after.tiers if verdict.result == "TAKEN"]
                assert taken <= [shown.key], "keys of this book sort from best to worst"
                tried += 1
    assert tried > 10
