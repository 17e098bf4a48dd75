"""Books from plain data are the books of the same files."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from engine.errors import RuleBookError
from engine.rulebook import book_from_plain
from engine.rulebook.plain import written
from engine.vocabulary import Market, Stage

BOOK: dict[str, object] = {
    "market": "B2C",
    "currency": "CNY",
    "timezone": "Asia/Shanghai",
    "metrics": {"spend": {"type": "money"}, "n": {"type": "count"}, "per": {"type": "money", "expr": "spend / n"}},
    "scorecard": {"criteria": [{"name": "s", "metric": "spend", "weight": 1, "curve": [[0, 0.0002], [0.5, 1e-4]]}]},
    "tiers": [{"key": "A", "at_least": 70, "or_when": "per > 3 and score >= 45"}, {"key": "D"}],
    "force": [],
    "lifecycle": [],
}


def test_plain_data_becomes_a_book() -> None:
    rules = book_from_plain(BOOK).markets[Market.B2C]
    assert rules.scorecard.criteria[0].node.ys == (2, 1)
    assert [(rule.stage, rule.when) for rule in rules.lifecycle] == [(Stage.ACTIVE, None)]


def test_what_is_wrong_is_refused() -> None:
    with pytest.raises(RuleBookError):
        book_from_plain({**BOOK, "tiers": [{"key": "A"}, {"key": "D"}]})
    with pytest.raises(ValueError, match="colour"):
        book_from_plain({**BOOK, "colour": "red"})


@pytest.mark.parametrize(
    "value",
    [0, -7, 10**18, 0.1, Decimal("0.000001"), True, None, "x: y", "客户", [1, [2]], {"a": {"b": [None, "yes"]}}],
)
def test_written_data_reads_back(value: object) -> None:
    assert yaml.safe_load(written(value)) == (float(value) if isinstance(value, Decimal) else value)


def test_every_shared_case_makes_a_book(shared: Path) -> None:
    cases = json.loads((shared / "cases" / "decisions.json").read_text(encoding="utf-8"))["cases"]
    assert len(cases) >= 80
    for case in cases:
        book = book_from_plain(case["book"])
        rules = book.markets[Market(case["book"]["market"])]
        assert [tier.key for tier in rules.tiers] == [tier["key"] for tier in case["book"]["tiers"]]
        assert set(case["facts"]) <= set(book.metrics)
