"""Inline tests pass when the decision fits, and say readably when it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from engine.decisions import States, decide
from engine.expressions.columns import Column
from engine.rulebook import Book, book_from_plain, load_book
from engine.trials import Base, run_tests
from engine.trials.found import READERS
from engine.trials.frames import frames_of, moment_of
from engine.vocabulary import Market, Unit

DAY = date(2026, 12, 1)
PLAIN: dict[str, object] = {
    "market": "B2B",
    "currency": "CNY",
    "timezone": "Asia/Shanghai",
    "metrics": {
        "spend": {"type": "money"},
        "orders": {"type": "count"},
        "per_order": {"type": "money", "expr": "spend / orders"},
        "debt": {"type": "days"},
        "churn": {"type": "probability"},
        "industry": {"type": "text", "values": ["steel", "glass"]},
    },
    "scorecard": {
        "missing": {"default": "renormalise", "min_known_weight": 60},
        "criteria": [
            {"name": "spend", "metric": "spend", "weight": 60, "curve": [[0, 0], [1000, 100]], "reason": "R_SPEND"},
            {"name": "debt", "metric": "debt", "weight": 40, "bins": {"edges": [31], "points": [100, 0]}},
        ],
    },
    "tiers": [
        {"key": "A", "at_least": 70, "gates": [{"name": "g", "when": "industry == 'steel'"}]},
        {"key": "B", "at_least": 40, "or_when": "per_order >= 100 and score >= 30"},
        {"key": "C"},
    ],
    "force": [{"name": "bad_debt", "when": "debt > 180", "tier": "C", "reason": "F_DEBT"}],
    "stability": {"exit_margin": 5, "grace": "28d", "min_dwell": "91d", "down": "one_step"},
    "risk": {"metric": "churn", "bands": {"LOW": 0, "HIGH": 0.25}},
    "reasons": {"R_SPEND": {"en": "Spends little", "zh": "消费少"}, "F_DEBT": {"en": "Debt", "zh": "欠款"}},
    "channels": {"owner_task": {}, "sms": {"consent": "marketing_sms"}},
    "triggers": [
        {"name": "visit", "when": "tier == 'A'", "priority": 9, "channel": "owner_task", "template": "x"},
        {"name": "coupon", "when": "tier == 'C'", "priority": 5, "channel": "sms", "template": "x", "cooldown": "30d"},
    ],
    "tags": [{"tag": "steel", "when": "industry == 'steel'"}],
}


def tried(given: dict[str, object], expect: dict[str, object], state: dict[str, object] | None = None) -> list[str]:
    """What a test with these facts says; nothing: it passes."""
    test = {"name": "t", "as_of": "2026-12-01", "given": given, "state": state or {}, "expect": expect}
    report = run_tests(book_from_plain({**PLAIN, "tests": [test]}))
    assert report.passed == (not report.failed)
    assert all(failure.text.zh and failure.place.file == "b2b.yaml" for failure in report.failed)
    return [failure.text.en for failure in report.failed]


RIGHT = [
    (
        {"spend": 1000, "debt": 0, "industry": "steel"},
        {"tier": "A", "score": 100, "tags": ["steel"], "campaigns": ["visit"]},
        {},
    ),
    ({"spend": 1000, "debt": 0, "industry": "glass"}, {"tier": "B", "computed": "B", "tags": []}, {}),
    (
        {"spend": 500, "debt": 40, "orders": 50},
        {"score": "30", "tier": "C", "reasons": ["R_SPEND"], "campaigns": ["coupon"]},
        {},
    ),
    ({"spend": 500, "debt": 40, "orders": 4}, {"tier": "B", "score": "<= 30"}, {}),
    ({"spend": 500, "debt": 40, "per_order": 100}, {"tier": "B"}, {}),
    ({"debt": 200}, {"tier": "C", "forced": "bad_debt", "reasons": ["F_DEBT"], "score": None}, {}),
    ({"debt": 0}, {"tier": "UNRATED", "score": None, "forced": None}, {}),
    (
        {"spend": 0, "debt": 40, "churn": 0.3},
        {"tier": "A", "held_by": "grace", "risk": "HIGH"},
        {"tier": "A", "since": "2026-01-01"},
    ),
    (
        {"spend": 0, "debt": 40},
        {"tier": "B", "held_by": None, "risk": None, "stage": "ACTIVE", "phase": "RETAIN"},
        {
            "tier": "A",
            "since": "2026-01-01",
            "pending": {"direction": "down", "to": "B", "since": "2026-10-01", "last": "2026-11-01", "dates": 2},
        },
    ),
    ({"spend": 500, "debt": 40, "orders": 50}, {"campaigns": []}, {"consents": []}),
    ({"spend": 500, "debt": 40, "orders": 50}, {"campaigns": []}, {"last_contact": {"coupon": "2026-11-20"}}),
    (
        {"spend": 500, "debt": 40},
        {"tier": "A", "provisional": False},
        {"tier": "C", "since": "2026-01-01", "override": "A"},
    ),
]


@pytest.mark.parametrize(("given", "expect", "state"), RIGHT)
def test_a_right_expectation_passes(
    given: dict[str, object], expect: dict[str, object], state: dict[str, object]
) -> None:
    assert tried(given, expect, state) == []


WRONG = [
    ({"tier": "A"}, "tier: expected A, found C (score 30.0000)"),
    ({"score": ">= 75"}, "score: expected >= 75.0000, found 30.0000"),
    ({"score": None}, "score: expected null, found 30.0000"),
    ({"reasons": ["F_DEBT"]}, "reasons: expected [F_DEBT], found [R_SPEND]"),
    ({"campaigns": []}, "campaigns: expected [], found [coupon]"),
    ({"held_by": "grace"}, "held_by: expected grace, found null"),
    ({"provisional": True}, "provisional: expected true, found false"),
    ({"stage": "ACTIVE", "tags": ["steel"]}, "tags: expected [steel], found []"),
    ({"tier": "B", "risk": "LOW"}, "tier: expected B, found C (score 30.0000); risk: expected LOW, found null"),
]


@pytest.mark.parametrize(("expect", "said"), WRONG)
def test_a_wrong_expectation_says_what_came_out(expect: dict[str, object], said: str) -> None:
    assert tried({"spend": 500, "debt": 40, "orders": 50}, expect) == [said]


def test_every_failing_test_is_told() -> None:
    tests = [
        {"name": f"t{i}", "as_of": "2026-12-01", "given": {"spend": 0, "debt": 40}, "expect": {"tier": t}}
        for i, t in enumerate(["A", "C", "B"])
    ]
    report = run_tests(book_from_plain({**PLAIN, "tests": tests}))
    assert "（得分 " in report.failed[0].text.zh
    assert "score" not in report.failed[0].text.zh
    assert report.passed == 1
    assert [failure.name for failure in report.failed] == ["t0", "t2"]
    assert {failure.code for failure in report.failed} == {"RULE_TEST_FAILED"}


def with_invariants(*texts: str) -> Book:
    return book_from_plain({**PLAIN, "invariants": list(texts)})


def test_an_invariant_that_holds_passes() -> None:
    report = run_tests(with_invariants("more spend never lowers the tier", "less debt never lowers the tier"))
    assert (report.passed, report.failed) == (2, ())


@pytest.mark.parametrize(
    "text", ["less spend never lowers the tier", "more debt never lowers the tier", "more orders never lowers the tier"]
)
def test_an_invariant_that_does_not_hold_shows_a_customer(text: str) -> None:
    (failure,) = run_tests(with_invariants(text)).failed
    assert failure.code == "RULE_INVARIANT_FAILED"
    assert failure.text.en.startswith(f"A customer with {text.split()[1]} ")
    assert failure.name == text


def test_invariants_see_conditions_too() -> None:
    gates = [{"name": "g", "when": "spend < 900"}]
    plain = {**PLAIN, "tiers": [{"key": "A", "at_least": 30, "gates": gates}, {"key": "C"}]}
    report = run_tests(book_from_plain({**plain, "invariants": ["more spend never lowers the tier"]}))
    assert len(report.failed) == 1


def test_shares_need_customers() -> None:
    book = with_invariants("share(A) between 20% and 40%", "share(C) between 1% and 10%")
    report = run_tests(book)
    assert (report.passed, report.failed) == (0, ())
    assert [failure.code for failure in report.undecided] == ["RULE_NOT_DECIDED"] * 2
    spend = np.array([100_000] * 3 + [10_000] * 7, np.int64)
    known = np.zeros(10, np.uint8)
    columns = {
        "spend": Column(spend, known, Unit.MONEY),
        "debt": Column(np.zeros(10, np.int64), known, Unit.DAYS),
        "industry": Column(np.zeros(10, np.int64), known, Unit.TEXT, ("steel",)),
    }
    moment = moment_of(date(2026, 12, 1), book.timezone)
    base = Base(columns, States.first(10, 2), moment)
    report = run_tests(book, {Market.B2B: base})
    assert (report.passed, [failure.text.en for failure in report.failed]) == (1, ["0.0% of 10 rated customers."])
    nobody = replace(base, columns={})
    assert len(run_tests(book, {Market.B2B: nobody}).failed) == 2


def test_tests_in_one_frame_are_decided_as_each_alone_by_the_other_evaluator() -> None:
    """Facts given in one test and calculated in another, other days, texts: nothing leaks between tests."""
    shipped = {path.name: path.read_bytes() for path in (Path(__file__).parents[2] / "rules").glob("*.yaml")}
    cases = [
        {"name": f"t{n}", "as_of": f"2026-12-0{1 + n % 2}", "given": given, "state": state, "expect": expect}
        for n, (given, expect, state) in enumerate(RIGHT)
    ]
    for book in (load_book(shipped), book_from_plain({**PLAIN, "tests": cases})):
        for frame in frames_of(book):
            rules = book.markets[frame.market]
            together = frame.decided(rules)
            for row, test in enumerate(frame.tests):
                (alone,) = frames_of(replace(book, tests=(test,)))
                one = decide(rules, alone.columns, alone.states, alone.moment, evaluator="traced")
                for key, read in READERS.items():
                    assert read(rules, together, row) == read(rules, one, 0), (test.name, key)


FIXTURES = {
    "rich": {"as_of": "2026-12-01", "given": {"spend": 1000, "debt": 0, "industry": "steel"}},
    "rich_in_a": {"like": "rich", "state": {"tier": "A", "since": "2026-01-01"}},
    "fallen": {"like": "rich_in_a", "given": {"spend": 0, "debt": 40}, "without": ["industry"]},
}


def test_a_fixture_is_taken_over_and_what_a_test_writes_comes_on_top() -> None:
    tests: list[dict[str, object]] = [
        {"name": "as it is", "like": "rich", "expect": {"tier": "A", "score": 100}},
        {"name": "another fact", "like": "rich", "given": {"industry": "glass"}, "expect": {"tier": "B"}},
        {"name": "a fact less", "like": "rich", "without": ["industry"], "expect": {"tier": "B"}},
        {"name": "the state of it", "like": "fallen", "expect": {"tier": "A", "held_by": "grace", "score": 0}},
        {"name": "another day", "like": "fallen", "as_of": "2026-03-01", "expect": {"held_by": "min_dwell"}},
        {"name": "a key of it", "like": "fallen", "state": {"since": "2026-11-30"}, "expect": {"held_by": "min_dwell"}},
    ]
    book = book_from_plain({**PLAIN, "fixtures": FIXTURES, "tests": tests})
    assert [failure.text.en for failure in run_tests(book).failed] == []
    assert [test.place.file for test in book.tests] == ["b2b.yaml"] * len(tests)
    assert set(book.tests[2].given) == {"spend", "debt"}
    assert book.tests[5].state.tier == "A"
