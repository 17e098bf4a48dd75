"""Nothing somebody types crashes, hangs or gets through: each line states the codes it must give."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Place, Severity
from engine.expressions import ExpressionProblems, check_expression
from engine.vocabulary import Unit
from tests.expressions.facts import PLACE, SCOPE

CORPUS = Path(__file__).parents[1] / "cases" / "expressions_hostile.jsonl"


def _corpus() -> list[dict]:
    return [json.loads(line) for line in CORPUS.read_text(encoding="utf-8").splitlines()]


def _text(case: dict) -> str:
    return case["text"] * case.get("times", 1) + case.get("suffix", "")


@pytest.mark.parametrize("case", _corpus(), ids=lambda case: ascii(_text(case))[:60])
def test_hostile_text_is_refused_with_its_codes_and_a_remedy(case: dict) -> None:
    text = _text(case)
    with pytest.raises(ExpressionProblems) as raised:
        check_expression(text, SCOPE, Unit.BOOL, PLACE)
    problems = raised.value.problems
    assert sorted({problem.code for problem in problems}) == case["codes"]
    assert list(problems) == sorted(problems, key=lambda problem: (problem.place, problem.code))
    for problem in problems:
        assert problem.severity is Severity.ERROR
        assert problem.place.line == PLACE.line
        assert 0 <= problem.place.column - PLACE.column <= len(text)
        assert problem.message.en
        assert problem.message.zh
        assert problem.hint.en, problem
        assert problem.hint.zh, problem


def test_the_corpus_is_large_and_names_every_code() -> None:
    codes = {code for case in _corpus() for code in case["codes"]}
    assert len(_corpus()) >= 100
    assert codes == {
        "RULE_SYNTAX",
        "RULE_EXPRESSION",
        "RULE_FUNCTION",
        "RULE_UNKNOWN_NAME",
        "RULE_TYPE",
        "RULE_UNIT",
        "RULE_VALUE",
        "RULE_COST",
        "RULE_LIMIT",
    }


def test_every_problem_of_an_expression_is_told_at_once_each_at_its_place() -> None:
    text = "orders > 1 and tier == 'Z' and\n spend > gap or x == null or ok + 1 > 0"
    with pytest.raises(ExpressionProblems) as raised:
        check_expression(
            text,
            SCOPE,
            Unit.BOOL,
            PLACE,
            origin=lambda offset: Place(
                "b2b.yaml", 7 + text[:offset].count("\n"), offset - text.rfind("\n", 0, offset)
            ),
        )
    told = [(problem.code, str(problem.place)) for problem in raised.value.problems]
    assert told == [
        ("RULE_UNKNOWN_NAME", "b2b.yaml:7:1"),
        ("RULE_VALUE", "b2b.yaml:7:24"),
        ("RULE_UNIT", "b2b.yaml:8:10"),
        ("RULE_UNKNOWN_NAME", "b2b.yaml:8:17"),
        ("RULE_EXPRESSION", "b2b.yaml:8:22"),
        ("RULE_TYPE", "b2b.yaml:8:30"),
    ]


def test_places_count_characters_not_bytes() -> None:
    with pytest.raises(ExpressionProblems) as raised:
        check_expression("city == '上海市' and oders > 1", SCOPE, Unit.BOOL, PLACE)
    assert raised.value.problems[0].place.column == PLACE.column + len("city == '上海市' and ")


@pytest.mark.parametrize(
    ("text", "unit", "code", "hint"),
    [
        ("spend / n", Unit.RATIO, "RULE_UNIT", "type: money"),
        ("n / 3", Unit.COUNT, "RULE_UNIT", "round("),
        ("spend", Unit.DAYS, "RULE_UNIT", "type: money"),
        ("ok", Unit.RATIO, "RULE_TYPE", "type: bool"),
        ("n > 1", Unit.COUNT, "RULE_TYPE", "type: bool"),
    ],
)
def test_a_metric_of_another_type_is_told_what_to_declare(text: str, unit: Unit, code: str, hint: str) -> None:
    with pytest.raises(ExpressionProblems) as raised:
        check_expression(text, SCOPE, unit, PLACE)
    assert [problem.code for problem in raised.value.problems] == [code]
    assert hint in raised.value.problems[0].hint.en


_PIECES = st.sampled_from(
    [*SCOPE, *"()[]{}+-*/<>=,.:;'\"#%&|!~ \n", "and", "or", "not", "in", "if", "else", "min(", "1", "0.5", "'A'", "=="]
)


@given(st.one_of(st.text(max_size=60), st.lists(_PIECES, max_size=30).map(" ".join), st.lists(_PIECES).map("".join)))
def test_any_text_is_either_checked_or_refused(text: str) -> None:
    names: tuple[str, ...] = ()
    with contextlib.suppress(ExpressionProblems):
        names = check_expression(text, SCOPE, None, PLACE).names
    assert set(names) <= set(SCOPE)
