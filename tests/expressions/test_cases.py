"""One line, one case, both evaluators: tests/cases/expressions.csv."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from engine.expressions import FUNCTIONS, Expression, Fact, Tracer, check_expression, quantised, truths
from engine.vocabulary import Truth, Unit, UnknownCause, scale_of
from tests.expressions.facts import DAY, PLACE, SCOPE, as_columns, parse_facts, score_column, stored

CASES = Path(__file__).parents[1] / "cases" / "expressions.csv"


def _cases() -> list[tuple[str, str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return [(row["expression"], row["facts"], row["expected"]) for row in csv.DictReader(file)]


@pytest.mark.parametrize(("text", "given", "expected"), _cases())
def test_both_evaluators_answer_the_line(text: str, given: str, expected: str) -> None:
    facts, score = parse_facts(given)
    word, _, detail = expected.partition(" ")
    unit = None if word in ("unknown", "text") else Unit.BOOL if word in ("true", "false") else Unit(word)
    expression = check_expression(text, SCOPE, unit, PLACE)
    tracer = Tracer(facts, score, DAY)
    columns, scores = as_columns(facts, 3), score_column(score, 3)

    if expression.unit is Unit.BOOL:
        wanted = {"true": Truth.TRUE, "false": Truth.FALSE, "bool": Truth.TRUE, "unknown": Truth.UNKNOWN}[word]
        assert tracer.truth(expression) is wanted
        code = [Truth.FALSE, Truth.TRUE, Truth.UNKNOWN].index(wanted)
        assert truths(expression, columns, 3, scores, DAY).tolist() == [code] * 3
        if word == "unknown":
            assert tracer.value(expression).cause is UnknownCause(detail)
        return
    assert score is None, "values of expressions know no score"
    _check_value(expression, tracer, columns, expected)


def _check_value(expression: Expression, tracer: Tracer, columns: dict, expected: str) -> None:
    word, _, detail = expected.partition(" ")
    unit = expression.unit if word == "unknown" else Unit(word)
    scale = scale_of(unit, "CNY")
    wanted = Fact(None, UnknownCause(detail)) if word == "unknown" else Fact(stored(detail, unit))
    assert tracer.fact(expression, scale) == wanted
    column = quantised(expression, columns, 3, unit, scale, day=DAY)
    assert [column.fact(row) for row in range(3)] == [wanted] * 3


def test_the_file_covers_the_language() -> None:
    lines = _cases()
    assert len(lines) >= 120
    for word in (*FUNCTIONS, " in ", " not in ", " if ", " and ", " or ", "not "):
        assert any(word in text for text, _, _ in lines), word
    for cause in UnknownCause:
        assert any(expected == f"unknown {cause}" for _, _, expected in lines), cause


ENDS = ("9007199254740992", "0001-01-01", "9999-12-31", "36500")
"""The greatest whole number, and the first and last days and spans."""


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_asked_known_unknown_at_zero_at_minus_zero_and_at_the_ends(function: str) -> None:
    lines = [line for line in _cases() if f"{function}(" in line[0]]
    zero = [line for line in lines if re.search(r"=0(?: |$)|=2026-12-01", line[1])]
    assert any(not expected.startswith("unknown") for _, _, expected in lines)
    assert any("?" in given or not given for _, given, _ in lines)
    assert function in ("known", "missing") or any(expected.startswith("unknown") for _, _, expected in lines)
    assert any("* -1" not in text for text, _, _ in zero)
    assert any("* -1" in text for text, _, _ in zero)
    assert any(end in text + given for text, given, _ in lines for end in ENDS)
