"""What is called impossible never happens: ranges of conditions against the evaluator, on random boxes."""

from __future__ import annotations

import random

import pytest

from engine.expressions.columns import Column, Fact
from engine.rulebook import book_from_plain
from engine.trials.analysis.pool import TODAY, crowd_of
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.ranges import FALSE, TRUE, UNKNOWN
from engine.trials.analysis.spans import Span
from engine.vocabulary import Unit, UnknownCause

CONDITIONS = [
    "a / b > 2", "a - b < b * 2", "abs(a) <= 3", "abs(a - b) > 2", "min(a, b, 2) >= 1", "max(a, b) < 4",
    "clamp(a, b, 3) == 2", "round(a / 2) == 2", "floor(a / b) != 1", "ceil(b / 2) in (1, 2)", "coalesce(a, b) > 1",
    "known(a) and missing(b)", "(a if flag else b) > 1", "not flag or a > b", "a > 1 if known(b) else flag",
    "between(a, b, 4)", "word == 'x' or word in ('y', 'z')", "word != other", "coalesce(word, 'x') == 'x'",
    "months_between(day, later) >= 1", "days_since(day) > 400", "in_last(day, 90)", "day < later", "ratio > 1.5",
    "ratio * 2 <= a", "a == b and a != 3", "known(a / b)", "a * 1000000000 * 1000000 > b", "a < 2 <= b",
]  # fmt: skip
SPANS = {"a": (-5, 6), "b": (-3, 4), "flag": (0, 1), "word": (0, 3), "other": (0, 3), "day": (-40_000, 40_000),
         "later": (-40_000, 40_000)}  # fmt: skip
WORDS = ("w", "x", "y", "z")
PLAIN: dict[str, object] = {
    "market": "B2B",
    "metrics": {
        "a": {"type": "count"}, "b": {"type": "count"}, "flag": {"type": "bool"}, "word": {"type": "text"},
        "other": {"type": "text"}, "day": {"type": "date"}, "later": {"type": "date"},
        "ratio": {"type": "ratio", "expr": "a / b", "low": -2, "high": 3},
    },
    "scorecard": {"criteria": [{"name": "p", "metric": "a", "weight": 1, "curve": [[0, 0], [1, 100]]}]},
    "tiers": [{"key": "A", "at_least": 50}, {"key": "B"}],
    "lifecycle": [{"else": "ACTIVE", "phase": "RETAIN"}],
    "tags": [{"tag": f"t{index}", "when": when} for index, when in enumerate(CONDITIONS)],
}  # fmt: skip
BOOK = book_from_plain(PLAIN)
RULES = next(iter(BOOK.markets.values()))
BIT = {0: FALSE, 1: TRUE, 2: UNKNOWN}


def _span(draw: random.Random, name: str) -> Span:
    low, high = sorted(draw.randint(*SPANS[name]) for _ in range(2))
    if draw.random() < 0.3:
        high = low
    known, unknown = draw.choice([(True, False)] * 4 + [(True, True), (False, True)])
    texts = WORDS if name in ("word", "other") else ()
    return Span(low, high, True, unknown, texts) if known else Span(0, 0, False, True, texts)


def _fact(draw: random.Random, span: Span) -> Fact:
    if not span.known or (span.unknown and draw.random() < 0.3):
        return Fact(None, UnknownCause.MISSING)
    value = draw.choice((span.low, span.high, draw.randint(span.low, span.high)))
    return Fact(span.texts[value] if span.texts else value)


@pytest.mark.parametrize("seed", range(120))
def test_what_happens_was_possible(seed: int) -> None:
    draw = random.Random(seed)
    box = {name: _span(draw, name) for name in SPANS}
    customers = [{name: _fact(draw, span) for name, span in box.items()} for _ in range(60)]
    columns = {name: Column.of([one[name] for one in customers], BOOK.metrics[name].unit) for name in box}
    crowd = crowd_of(BOOK, RULES, columns, len(customers))
    possible = Possible(BOOK.metrics, box)
    for tag in RULES.campaigns.tags:
        happened = {BIT[code] for code in crowd.facts_answer(tag.when).tolist()}
        truths = possible.truths(tag.when.node)
        assert all(bit & truths for bit in happened), (tag.when.text, box, happened, truths)


@pytest.mark.parametrize("seed", range(60))
def test_of_one_customer_it_says_exactly_what_happens(seed: int) -> None:
    draw = random.Random(seed)
    facts = {
        name: _fact(draw, Span(*SPANS[name], True, True, WORDS if name in ("word", "other") else ())) for name in SPANS
    }
    box = {
        name: Span(0, 0, False, True) if fact.value is None else _point(fact) for name, fact in facts.items()
    }  # fmt: skip
    crowd = crowd_of(BOOK, RULES, {name: Column.of([fact], BOOK.metrics[name].unit) for name, fact in facts.items()}, 1)
    possible = Possible(BOOK.metrics, box)
    for tag in RULES.campaigns.tags:
        if "days_since" in tag.when.text or "in_last" in tag.when.text:
            continue  # holds for any day, not only for one
        assert possible.truths(tag.when.node) == BIT[int(crowd.facts_answer(tag.when)[0])], (tag.when.text, facts)


def _point(fact: Fact) -> Span:
    at = WORDS.index(fact.value) if isinstance(fact.value, str) else int(fact.value or 0)
    return Span(at, at, True, False, WORDS if isinstance(fact.value, str) else ())


def test_the_day_made_up_customers_are_decided_is_a_usual_one() -> None:
    assert (TODAY.year, BOOK.metrics["day"].unit) == (2026, Unit.DATE)
