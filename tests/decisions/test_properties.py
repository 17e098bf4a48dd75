"""What holds for every book, customer and state: the promises about decisions."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decisions import (
    CAMPAIGN_QUIET,
    NO_DAY,
    SUPPRESSIONS,
    Moment,
    Outcomes,
    States,
    decide,
    decision_digests,
    explain_row,
    from_kept,
    kept,
    next_states,
    row_bytes,
    row_layout,
    states_from_stored,
    stored_from_outcomes,
    take_rows,
)
from engine.expressions import Column
from engine.metrics import second_pass
from engine.rulebook.book import Book
from engine.rulebook.plain import book_from_plain
from engine.store.chunks import Chunk, encode_chunk
from engine.vocabulary import Market, SuppressionCause, Unit, UnknownCause

DAY = 20_000
MOMENT = Moment(datetime(2024, 10, 3, 16, tzinfo=UTC), DAY)
UNKNOWN_DATA = 2 + SUPPRESSIONS.index(SuppressionCause.UNKNOWN_DATA)
GRIDS = {"v": [0, 300_000, 700_000, 1_000_000], "w": [0, 550_000, 1_000_000], "n": [0, 1, 3, 9], "ok": [0, 1],
         "debt": [0, 90, 181], "churn": [0, 250_000, 900_000]}  # fmt: skip
CONDITIONS = ["ok", "n >= 3", "debt < 91", "n > 0 or ok", "not ok and debt == 0", "score >= 45 and n >= 1",
              "60 > score", "known(n) and n > 2", "score * 2 >= 100", "(n if ok else 2) > 1"]  # fmt: skip
FORCES = ["debt > 180", "ok and n > 5", "debt > 80 and n == 0"]
STAGES = [("PROSPECT", "ACQUIRE", "n == 0"), ("LAPSED", "WIN_BACK", "debt > 180"),
          ("AT_RISK", "RETAIN", "risk in ('HIGH', 'CRITICAL') or tier == 'D'")]  # fmt: skip
TRIGGERS = ["tier in ('A', 'B') and risk == 'HIGH'", "stage == 'LAPSED' or n > 5", "tier == 'C' and debt < 90",
            "phase == 'RETAIN' and market == 'B2C'"]  # fmt: skip


@lru_cache(maxsize=256)
def random_book(seed: int, says_what_absence_means: bool = True) -> Book:
    """A book made of every kind of rule, drawn by the seed."""
    draw = np.random.default_rng(seed)
    meanings = ["renormalise", *(["neutral", "worst", "best"] if says_what_absence_means else [])]
    policies = ["hold", "hold", "hold", "pass", "fail"] if says_what_absence_means else ["hold"]

    def some(options: list[Any]) -> Any:
        return options[int(draw.integers(len(options)))]

    def condition(options: list[str]) -> dict[str, Any]:
        allowed = [text for text in options if says_what_absence_means or "known(" not in text]
        return {"when": some(allowed), "on_unknown": some(policies)}

    def meaning() -> dict[str, str]:
        return {"missing": some(meanings)}

    cuts = sorted(draw.choice(np.arange(5, 95, 5), 3, replace=False).tolist(), reverse=True)
    tiers: list[dict[str, Any]] = [{"key": key, "at_least": cut} for key, cut in zip("ABC", cuts, strict=True)]
    for tier in tiers:
        if draw.random() < 0.4:
            tier["gates"] = [{"name": "g", **condition(CONDITIONS)}]
        if draw.random() < 0.4:
            tier["or_when"] = condition(CONDITIONS)
    return book_from_plain({
        "market": "B2C",
        "metrics": {"v": {"type": "points", "actionable": {"direction": "up", "step": 5}}, "w": {"type": "points"},
                    "n": {"type": "count", "actionable": {"direction": "up", "step": 1}}, "ok": {"type": "bool"},
                    "debt": {"type": "days", "actionable": {"direction": "down", "step": 10}},
                    "churn": {"type": "probability"}, "load": {"type": "days", "expr": "debt / n"}},
        "scorecard": {
            "missing": {"default": "renormalise", "min_known_weight": some([1, 50, 60, 80])},
            "criteria": [
                {"name": "v", "metric": "v", "weight": some([3, 7]), "curve": [[0, 0], [40, 50], [100, 100]]},
                {"name": "w", "metric": "w", "weight": some([2, 5]), "curve": [[0, 100], [100, 0]], **meaning()},
                {"name": "load", "metric": "load", "weight": some([1, 3]), "curve": [[0, 100], [90, 0]], **meaning()},
                {"name": "n", "metric": "n", "weight": some([1, 4]),
                 "bins": {"edges": [1, 5], "points": [0, 33.3333, 100]}, **meaning()},
            ],
        },
        "tiers": [*tiers, {"key": "D"}],
        "force": [{"name": f"f{i}", "tier": some(["A", "C", "D"]), **condition(FORCES)}
                  for i in range(some([0, 1, 2]))],
        "stability": {"exit_margin": some([0, 5]), "grace": some(["0d", "28d"]), "min_dwell": some(["0d", "91d"]),
                      "down": some(["one_step", "immediate"]), "up": some(["immediate", "one_step"]),
                      "confirm": some([1, 2])},
        "risk": {"metric": "churn", "bands": {"LOW": 0, "HIGH": 0.25, "CRITICAL": 0.5}},
        "lifecycle": [*({"stage": stage, "phase": phase, "when": when, "on_unknown": some(policies)}
                        for stage, phase, when in STAGES), {"else": "ACTIVE", "phase": "RETAIN"}],
        "channels": {"sms": {"consent": "marketing_sms"}, "owner_task": {}},
        "triggers": [{"name": f"t{i}", "when": when, "priority": 90 - i, "channel": some(["sms", "owner_task"]),
                      "template": "t", "title": {"en": "t"}} for i, when in enumerate(TRIGGERS)],
        "tags": [{"tag": "big", "when": "n > 2 and tier != 'D'", "title": {"en": "Big"}}],
    })  # fmt: skip


def rules_of(book: Book) -> Any:
    return book.markets[Market.B2C]


def random_columns(book: Book, seed: int, length: int) -> dict[str, Column]:
    """Facts on the grids and off them, a fifth of them unknown for some cause."""
    draw = np.random.default_rng(seed)
    columns = {}
    for name, grid in GRIDS.items():
        values = np.where(draw.random(length) < 0.7, draw.choice(grid, length), draw.integers(0, max(grid) + 1, length))
        causes = np.where(draw.random(length) < 0.2, draw.integers(1, 6, length), 0).astype(np.uint8)
        columns[name] = Column(np.where(causes == 0, values, 0), causes, book.metrics[name].unit)
    return {**columns, **second_pass(book.metrics.values(), columns, length, DAY)}


def random_states(book: Book, seed: int, length: int) -> States:
    """Every kind of state that decisions leave."""
    draw, rules = np.random.default_rng(seed), rules_of(book)
    triggers = len(rules.campaigns.triggers)
    tier = draw.integers(-1, 4, length).astype(np.int16)
    rated = tier >= 0
    forced = np.where(rated, draw.integers(-1, len(rules.force) + 1, length), -1).astype(np.int16)
    forced[forced >= len(rules.force)] = -1
    targets = np.array([*(["A", "B", "C", "D"].index(force.tier) for force in rules.force), 0])
    tier = np.where(forced >= 0, targets[forced], tier).astype(np.int16)
    pending = np.where(rated, draw.integers(0, 3, length), 0).astype(np.int8)
    begun = DAY - draw.integers(1, 60, length)
    waits = pending > 0
    return replace(
        States.first(length, triggers),
        tier=tier,
        since=np.where(rated, DAY - draw.integers(0, 200, length), NO_DAY).astype(np.int32),
        provisional=rated & (draw.random(length) < 0.2),
        pending=pending,
        pending_to=np.where(waits, draw.integers(0, 4, length), -1).astype(np.int16),
        pending_since=np.where(waits, begun, NO_DAY).astype(np.int32),
        pending_last=np.where(waits, np.minimum(begun + draw.integers(0, 60, length), DAY), NO_DAY).astype(np.int32),
        pending_dates=np.where(waits, draw.integers(1, 4, length), 0).astype(np.int16),
        forced=forced,
        stage=draw.integers(-1, 7, length).astype(np.int16),
        effective=tier,
        effective_since=np.where(rated, DAY - 100, NO_DAY).astype(np.int32),
        override=np.where(draw.random(length) < 0.1, draw.integers(0, 4, length), -1).astype(np.int16),
        consents=draw.integers(0, 2, length).astype(np.uint32),
        last_contact=np.where(draw.random((length, triggers)) < 0.3, DAY - 10, NO_DAY).astype(np.int32),
        contacts=draw.integers(0, 3, length).astype(np.int16),
        holdout=draw.random((length, triggers)) < 0.1,
        full=draw.random((length, triggers)) < 0.1,
    )


def differing(one: Outcomes, other: Outcomes) -> list[str]:
    return [f.name for f in fields(one) if not np.array_equal(getattr(one, f.name), getattr(other, f.name))]


SEEDS = st.integers(0, 10_000)
BOOKS = st.integers(0, 59)


@settings(max_examples=60, deadline=None)
@given(book_seed=BOOKS, seed=SEEDS)
def test_both_evaluators_give_the_same_outcomes(book_seed: int, seed: int) -> None:
    book = random_book(book_seed)
    columns, states = random_columns(book, seed, 12), random_states(book, seed + 1, 12)
    fast, slow = (decide(rules_of(book), columns, states, MOMENT, e) for e in ("columnar", "traced"))
    assert differing(fast, slow) == []
    assert [getattr(fast, f.name).dtype for f in fields(fast)] == [getattr(slow, f.name).dtype for f in fields(slow)]


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


@settings(max_examples=40, deadline=None)
@given(book_seed=BOOKS, seed=SEEDS)
def test_a_stored_decision_replays_to_the_same_bytes(book_seed: int, seed: int) -> None:
    book, market = random_book(book_seed), Market.B2C
    columns, states = random_columns(book, seed, 16), random_states(book, seed + 1, 16)
    before = [getattr(states, f.name).tobytes() for f in fields(states)]
    outcomes = decide(rules_of(book), columns, states, MOMENT)
    assert [getattr(states, f.name).tobytes() for f in fields(states)] == before
    nobody = Column.unknown(16, Unit.TEXT, UnknownCause.MISSING)
    mine = kept(rules_of(book), columns, states, outcomes, previous=nobody, shown={})
    chunk = Chunk(encode_chunk(mine.header, mine.arrays), "it")
    facts, given_states, left = from_kept(chunk.header, chunk)
    again = decide(rules_of(book), facts, given_states, MOMENT, "traced")
    assert differing(again, left) == []
    rows, layout = row_bytes(columns, states, outcomes), row_layout(columns, states, outcomes)
    assert row_layout(facts, given_states, again) == layout
    header = {"revision": book.revision, "engine_version": "1", "as_of": MOMENT.as_of, "market": market}
    digests = decision_digests(rows, layout, **header)
    assert digests == decision_digests(row_bytes(facts, given_states, again), layout, **header)
    assert len(set(digests)) == len({row.tobytes() for row in rows})


@settings(max_examples=150, deadline=None)
@given(
    book_seed=BOOKS,
    facts=st.fixed_dictionaries({name: st.sampled_from(grid) for name, grid in GRIDS.items()}),
    hidden=st.sets(st.sampled_from(sorted(GRIDS)), min_size=1, max_size=3),
    seed=SEEDS,
)
def test_missing_data_never_moves_or_contacts_anybody(
    book_seed: int, facts: dict[str, int], hidden: set[str], seed: int
) -> None:
    """A tier moves only if every value of what is missing would move it that far."""
    book = random_book(book_seed, says_what_absence_means=False)
    names = sorted(hidden)
    completions = list(itertools.product(*(GRIDS[name] for name in names)))
    rows = len(completions) + 1
    columns = {}
    for name in GRIDS:
        values = np.full(rows, facts[name], np.int64)
        causes = np.zeros(rows, np.uint8)
        if name in hidden:
            values[:-1] = [completion[names.index(name)] for completion in completions]
            values[-1], causes[-1] = 0, 2
        columns[name] = Column(values, causes, book.metrics[name].unit)
    columns.update(second_pass(book.metrics.values(), columns, rows, DAY))
    states = take_rows(random_states(book, seed, 1), np.zeros(rows, np.intp))
    outcomes = decide(rules_of(book), columns, states, MOMENT)
    stored, after = int(states.tier[0]), int(outcomes.tier[-1])
    if stored >= 0 and after < stored:
        assert outcomes.tier[:-1].max() <= after
    if stored >= 0 and after > stored:
        assert outcomes.tier[:-1].min() >= after
    alike = (outcomes.effective == outcomes.effective[-1]) & (outcomes.stage == outcomes.stage[-1])
    triggered = ~np.isin(outcomes.campaigns, [CAMPAIGN_QUIET, UNKNOWN_DATA])
    assert not (triggered[-1] & ~triggered[alike]).any()


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


@settings(max_examples=50, deadline=None)
@given(book_seed=BOOKS, seed=SEEDS)
def test_explanations_add_up_and_their_ways_are_true(book_seed: int, seed: int) -> None:
    book = random_book(book_seed)
    columns, states = random_columns(book, seed, 3), random_states(book, seed + 1, 3)
    outcomes = decide(rules_of(book), columns, states, MOMENT)
    for row in range(3):
        explained = explain_row(book, Market.B2C, columns, states, outcomes, row=row, moment=MOMENT)
        if explained.score is not None:
            assert sum(criterion.contribution for criterion in explained.criteria) == explained.score
            assert abs(sum(criterion.effective_weight for criterion in explained.criteria) - 1) == 0
        taken = [verdict.key for verdict in explained.tiers if verdict.result == "TAKEN"]
        assert taken == ([] if explained.tier.computed is None else [explained.tier.computed])
        losses = [reason.points_lost for reason in explained.reasons if reason.criterion]
        assert losses == sorted(losses, reverse=True)
        for way in explained.next_tier.ways if explained.next_tier else ():
            assert way.verified
            if way.changes:
                assert_true(book, columns, states, row, explained.next_tier.key, way)


def assert_true(book: Book, columns: dict[str, Column], states: States, row: int, key: str, way: Any) -> None:
    """Deciding again with the changes asks for that tier or a better one; one step less of a single one does not."""
    keys = [tier.key for tier in rules_of(book).tiers]
    steps = {change.metric: book.metrics[change.metric].actionable for change in way.changes}
    shortened = [0, *([1] if len(way.changes) == 1 else [])]
    answers = []
    for less in shortened:
        one = {name: column.take(slice(row, row + 1)) for name, column in columns.items()}
        for change in way.changes:
            scale = book.metrics[change.metric].scale
            value = round(float(change.after) * scale)
            value -= less * (steps[change.metric].step if steps[change.metric].up else -steps[change.metric].step)
            one[change.metric] = Column(np.array([value]), np.zeros(1, np.uint8), one[change.metric].unit)
        one.update(second_pass(book.metrics.values(), one, 1, DAY))
        outcome = decide(rules_of(book), one, take_rows(states, slice(row, row + 1)), MOMENT, "traced")
        answers.append(0 <= outcome.computed[0] <= keys.index(key))
    assert answers == [True, False][: len(shortened)]


@pytest.mark.parametrize("length", [0, 1])
def test_frames_of_no_and_one_customer(length: int) -> None:
    book = random_book(1)
    outcomes = decide(rules_of(book), random_columns(book, 1, length), random_states(book, 1, length), MOMENT)
    assert len(outcomes.tier) == length
