"""Each bound of an expression, on both sides."""

from __future__ import annotations

import pytest

from engine.expressions import ExpressionProblems, check_expression, cost_of
from engine.expressions.language import MAX_COST, MAX_DEPTH, MAX_LENGTH, MAX_NESTING, MAX_NODES, MAX_TOKENS
from engine.vocabulary import Unit
from tests.expressions.facts import PLACE, SCOPE

MONTHS = "months_between(d, e) > 0"


def _members(values: int, brackets: int, negations: int = 0) -> str:
    """So many values, some of them in brackets of their own: 2 tokens each without a node."""
    listed = ["(1)"] * brackets + ["1"] * (values - brackets)
    return "not " * negations + f"n in ({', '.join(listed)})"


WITHIN = {
    "length": "n > 1" + " " * (MAX_LENGTH - 5),
    "tokens": _members(300, 98, 1),
    "brackets": "(" * MAX_NESTING + "n" + ")" * MAX_NESTING + " > 1",
    "signs in a row": "not " * MAX_NESTING + "ok",
    "depth": " + ".join(["n"] * (MAX_DEPTH - 1)) + " > 1",
    "nodes": _members(MAX_NODES - 3, 0),
    "cost": " and ".join([MONTHS] * 41 + ["ok"] * 15),
}
BEYOND = {
    "length": ("n > 1" + " " * (MAX_LENGTH - 4), "RULE_LIMIT"),
    "tokens": (_members(300, 98, 2), "RULE_LIMIT"),
    "brackets": ("(" * (MAX_NESTING + 1) + "n" + ")" * (MAX_NESTING + 1) + " > 1", "RULE_LIMIT"),
    "signs in a row": ("not " * (MAX_NESTING + 1) + "ok", "RULE_LIMIT"),
    "depth": (" + ".join(["n"] * MAX_DEPTH) + " > 1", "RULE_LIMIT"),
    "nodes": (_members(MAX_NODES - 2, 0), "RULE_LIMIT"),
    "cost": (" and ".join([MONTHS] * 41 + ["ok"] * 16), "RULE_COST"),
}


@pytest.mark.parametrize("bound", WITHIN)
def test_an_expression_at_a_bound_is_read(bound: str) -> None:
    assert check_expression(WITHIN[bound], SCOPE, Unit.BOOL, PLACE).unit is Unit.BOOL


@pytest.mark.parametrize("bound", BEYOND)
def test_an_expression_one_beyond_is_refused(bound: str) -> None:
    text, code = BEYOND[bound]
    with pytest.raises(ExpressionProblems) as refused:
        check_expression(text, SCOPE, Unit.BOOL, PLACE)
    assert [problem.code for problem in refused.value.problems] == [code]


def test_the_cases_stand_at_the_bounds() -> None:
    assert len(WITHIN["length"]) == MAX_LENGTH
    signs = WITHIN["tokens"].replace("(", " ( ").replace(")", " ) ").replace(",", " , ")
    assert len(signs.split()) == MAX_TOKENS
    assert cost_of(check_expression(WITHIN["cost"], SCOPE, Unit.BOOL, PLACE).node) == MAX_COST
