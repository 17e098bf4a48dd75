"""The shipped books and the examples of the manual are right, and said in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rulebook import Book, check_book
from engine.rulebook.strict import Findings, SourceText, read_tree
from engine.rulebook.strict.located import Node, Series, Table
from engine.trials import run_tests
from engine.vocabulary import Market

ROOT = Path(__file__).parents[2]
RULES = {path.name: path.read_bytes() for path in (ROOT / "rules").glob("*.yaml")}


@pytest.fixture(scope="module")
def book() -> Book:
    found, problems = check_book(RULES)
    assert problems == ()
    assert found is not None
    return found


def test_its_own_tests_pass(book: Book) -> None:
    report = run_tests(book)
    assert report.failed == ()
    assert report.passed >= 18
    assert [failure.code for failure in report.undecided] == ["RULE_NOT_DECIDED"] * len(report.undecided)


@pytest.mark.parametrize("market", list(Market))
def test_each_market_has_tests_and_reasons(book: Book, market: Market) -> None:
    rules = book.markets[market]
    assert sum(test.market is market for test in book.tests) >= 6
    assert all(criterion.reason in rules.reasons for criterion in rules.scorecard.criteria)
    assert sum(criterion.weight for criterion in rules.scorecard.criteria) == 100
    churn = next(criterion for criterion in rules.scorecard.criteria if criterion.metric == "churn")
    assert churn.weight * 10_000 <= rules.stability.exit_margin


def test_every_metric_is_read_by_some_rule(book: Book) -> None:
    read = {
        name for rules in book.markets.values() for test in rules.lifecycle if test.when for name in test.when.names
    }
    for rules in book.markets.values():
        read |= {criterion.metric for criterion in rules.scorecard.criteria}
        for condition in (*rules.campaigns.triggers, *rules.campaigns.tags, *rules.force):
            read |= set(condition.when.names)
        for tier in rules.tiers:
            read |= {
                name for gate in (*tier.gates, *([tier.or_when] if tier.or_when else [])) for name in gate.when.names
            }
    for metric in reversed(book.metrics.values()):
        if metric.name in read and hasattr(metric.origin, "expression"):
            read |= set(metric.origin.expression.names)
    assert set(book.metrics) - read == set()


def test_every_title_is_in_both_languages() -> None:
    for name, body in RULES.items():
        for node in tables(read_tree(SourceText.of(name, body.decode()), Findings())):
            languages = {"en", "zh"} & set(node.entries)
            assert languages in (set(), {"en", "zh"}), node.place


def test_it_is_written_in_block_style() -> None:
    for name, body in RULES.items():
        longest = max(body.decode().splitlines(), key=len)
        assert len(longest) <= 120, f"{name}: {longest}"


def tables(node: Node) -> list[Table]:
    if isinstance(node, Table):
        return [node, *(inner for entry in node.entries.values() for inner in tables(entry.value))]
    return [inner for item in node.items for inner in tables(item)] if isinstance(node, Series) else []
