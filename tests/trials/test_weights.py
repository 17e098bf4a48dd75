"""Weights said to be of no use: only those that change no tier, whatever the points, the data and the stored tier."""

from __future__ import annotations

import pytest

from engine.rulebook import check_book
from engine.trials.analysis import analyse
from tests.trials.test_findings import BASE

MARGIN = """market: B2B
scorecard:
  criteria:
    - {name: spend, metric: revenue, weight: 90, bins: {edges: [100, 1000], points: [0, 70, 100]}}
    - {name: visits, metric: orders, weight: 10, bins: {edges: [2], points: [0, 50]}}
    - {name: voice, metric: satisfaction, weight: 0, curve: [[40, 0], [90, 100]]}
tiers:
  - {key: A, at_least: 70}
  - {key: C}
stability: {exit_margin: 5}
"""

HELD = """market: B2B
scorecard:
  missing: {min_known_weight: 0}
  criteria:
    - {name: spend, metric: revenue, weight: 90, bins: {edges: [100, 1000], points: [0, 70, 100]}}
    - {name: visits, metric: orders, weight: 10, bins: {edges: [2], points: [0, 50]}}
tiers:
  - {key: A, at_least: 93, gates: [{name: pleased, when: satisfaction >= 50}, {name: small, when: revenue < 1000}]}
  - {key: B, at_least: 50}
  - {key: C}
"""

BETWEEN = """market: B2B
scorecard:
  criteria:
    - {name: spend, metric: revenue, weight: 60, bins: {edges: [100], points: [0, 100]}}
    - {name: visits, metric: orders, weight: 40, bins: {edges: [2, 5], points: [0, 30, 100]}}
tiers:
  - {key: A, at_least: 45, gates: [{name: fitting, when: score >= 45}]}
  - {key: C}
"""
FEW, MANY = "bins: {edges: [2, 5], points: [0, 30, 100]}", "curve: [[0, 0], [100000, 100]]"


def visits_unused(text: str) -> bool:
    """Whether `visits` is said to be of no use."""
    book, problems = check_book({**BASE, "b2b.yaml": text})
    assert book is not None, problems
    said = [problem.message.en for problem in analyse(book) if problem.code == "RULE_UNUSED"]
    return any("`visits` never changes a tier" in one for one in said)


@pytest.mark.parametrize(("margin", "unused"), [("0", True), ("1", True), ("5", False), ("7", False), ("8", True)])
def test_a_weight_that_keeps_a_stored_tier_is_of_use(margin: str, unused: bool) -> None:
    """63 points without `visits`, 68 with them: who holds A stays if 65 are enough."""
    text = MARGIN.replace("weight: 0,", "weight: 1,").replace("weight: 90", "weight: 89")
    assert visits_unused(text.replace("exit_margin: 5", f"exit_margin: {margin}")) == unused


@pytest.mark.parametrize(("least", "unused"), [("0", False), ("50", True)])
def test_a_weight_that_keeps_a_stored_tier_while_the_rest_is_unknown_is_of_use(least: str, unused: bool) -> None:
    """Nobody is given A at first. But with revenue unknown 90 points are possible, 95 with `visits`: then A stays."""
    assert visits_unused(HELD.replace("min_known_weight: 0", f"min_known_weight: {least}")) == unused


@pytest.mark.parametrize(
    ("gate", "visits", "unused"),
    [
        ("score >= 45", FEW, True),
        ("not (70 <= score and score < 75)", FEW, False),
        ("score != 72", FEW, False),
        ("not (score == 70)", FEW, True),
        ("score >= 45", MANY, True),
        ("score < 70 or score > 75", MANY, False),
        ("not (score == 42)", MANY, True),
    ],
)
def test_points_between_the_fewest_and_the_most_may_matter_where_a_gate_asks(
    gate: str, visits: str, unused: bool
) -> None:
    """60 points without `visits`, 72 with some, 100 with many: all are A, unless a gate shuts for those between."""
    assert visits_unused(BETWEEN.replace(FEW, visits).replace("when: score >= 45", f"when: '{gate}'")) == unused
