"""What each evaluator promises by itself: zeros, steps, and that nothing of Python can be reached."""

from __future__ import annotations

import ast
import struct
from itertools import product

import numpy as np
import pytest
from simpleeval import FeatureNotAvailable

from engine.expressions import FUNCTIONS, Expression, Tracer, check_expression, truths
from engine.expressions.meaning import FIRST_DAY, LAST_DAY, NEEDS_DAY, NUMBERS
from engine.expressions.tree import Call, Name
from engine.expressions.vectors import NUMBERS as VECTORS
from engine.vocabulary import Truth, Unit, UnknownCause
from tests.expressions.facts import DAY, PLACE, SCOPE, parse_facts

ZEROS_AND_HALVES = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.1, 5e-324, -5e-324]
EXTREMES = [2.0**52 + 0.5, -(2.0**53), 2.0**63, 1e300, -1e300]
DATES = [DAY, DAY - 30, FIRST_DAY, LAST_DAY, FIRST_DAY - 1, LAST_DAY + 1, 11_016, 11_016.5, 59]
ODD = [*ZEROS_AND_HALVES, *EXTREMES, *DATES]


@pytest.mark.parametrize("function", sorted(NUMBERS))
def test_a_function_gives_the_same_bits_for_one_and_for_many(function: str) -> None:
    count = FUNCTIONS[function].least
    rows = [tuple(map(float, row)) for row in product(ODD, repeat=count)]
    today = [DAY] if function in NEEDS_DAY else []
    with np.errstate(over="ignore"):
        many = VECTORS[function](*today, *np.array(rows).T).tolist()
    for row, result in zip(rows, many, strict=True):
        one = NUMBERS[function](*today, *row)
        if one is UnknownCause.OUT_OF_RANGE:
            assert not np.isfinite(result), (function, row)
        else:
            assert struct.pack("<d", one) == struct.pack("<d", result), (function, row)


def test_functions_that_look_at_unknowns_themselves_are_the_only_others() -> None:
    assert set(FUNCTIONS) - set(NUMBERS) == {"between", "coalesce", "known", "missing"}
    assert set(NUMBERS) == set(VECTORS)


def test_steps_tell_names_with_values_and_every_answer() -> None:
    facts, score = parse_facts("n=3 spend=?stale score=40..60")
    tracer = Tracer(facts, score)
    expression = check_expression("n > 2 and (spend > 5 or score >= 50)", SCOPE, Unit.BOOL, PLACE)
    assert tracer.truth(expression) is Truth.UNKNOWN
    assert [(step.text, step.result.value, step.result.cause) for step in tracer.steps] == [
        ("n", 3.0, None),
        ("n > 2", True, None),
        ("spend", None, UnknownCause.STALE),
        ("spend > 5", None, UnknownCause.STALE),
        ("score >= 50", None, UnknownCause.MISSING),
        ("spend > 5 or score >= 50", None, UnknownCause.STALE),
        ("n > 2 and (spend > 5 or score >= 50)", None, UnknownCause.STALE),
    ]


@pytest.mark.parametrize("text", ["1 + 1", "n", "(1).__class__", "__import__('os')", "[x for x in (1,)]"])
def test_the_tracer_parses_no_text_and_knows_no_syntax_of_python(text: str) -> None:
    tracer = Tracer({})
    with pytest.raises(FeatureNotAvailable):
        tracer.eval(text)
    for node in ast.walk(ast.parse(text, mode="eval")):
        with pytest.raises(FeatureNotAvailable):
            tracer.eval(text, node)


def test_the_tracer_calls_only_functions_of_the_list() -> None:
    smuggled = Expression("x", Call("eval", (Name("n", Unit.COUNT),), Unit.COUNT), Unit.COUNT, ("n",), PLACE)
    facts, _ = parse_facts("n=1")
    with pytest.raises(KeyError):
        Tracer(facts).value(smuggled)


def test_a_question_about_today_needs_the_day() -> None:
    expression = check_expression("in_last(d, 3)", SCOPE, Unit.BOOL, PLACE)
    facts, _ = parse_facts("d=2026-11-30")
    with pytest.raises(ValueError, match="day"):
        Tracer(facts).truth(expression)
    with pytest.raises(ValueError, match="day"):
        truths(expression, {}, 2)


def test_no_customers_give_no_answers() -> None:
    expression = check_expression("n > 1 and tier == 'A'", SCOPE, Unit.BOOL, PLACE)
    assert truths(expression, {}, 0).tolist() == []


def test_every_function_says_what_it_means_in_both_languages() -> None:
    for name, function in FUNCTIONS.items():
        assert function.usage.startswith(f"{name}(")
        assert function.meaning.en
        assert function.meaning.zh
