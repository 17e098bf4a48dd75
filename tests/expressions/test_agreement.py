"""The two evaluators give the same bits: expressions by chance over columns by chance."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.expressions import CAUSES, Column, Expression, ScoreColumn, ScoreFact, Tracer, check_expression, written
from engine.expressions.columnar import lanes, quantised, truths
from engine.vocabulary import Truth, Unit, UnknownCause
from tests.expressions.facts import DAY, PLACE, SCOPE
from tests.expressions.generate import chance_expression, random_columns, random_scores

ROWS = 250
Row = tuple[bytes | str | bool | None, UnknownCause | None]


def _bits(value: float | str | bool | None) -> bytes | str | bool | None:
    return struct.pack("<d", value) if isinstance(value, float) else value


def _columnar(expression: Expression, columns: dict[str, Column], length: int, score: ScoreColumn | None) -> list[Row]:
    rows: list[Row] = []
    for part, lane in lanes(expression, columns, length, score, DAY):
        size = part.stop - part.start
        data = np.broadcast_to(lane.data, (size,)).tolist()
        causes = [0] * size if lane.causes is None else lane.causes.tolist()
        for value, cause in zip(data, causes, strict=True):
            known = lane.texts[value] if lane.texts else value
            rows.append((None, CAUSES[cause]) if cause else (_bits(known), None))
    return rows


def _compare(expression: Expression, columns: dict[str, Column], length: int, score: ScoreColumn | None) -> None:
    text = expression.text
    facts = [
        {name: column.fact(row) for name, column in columns.items() if name in expression.names}
        for row in range(length)
    ]
    wanted = _columnar(expression, columns, length, score)
    codes = truths(expression, columns, length, score, DAY).tolist() if expression.unit is Unit.BOOL else []
    scale = SCALE.get(expression.unit, 1)
    stored = quantised(expression, columns, length, expression.unit, scale, day=DAY) if score is None else None
    for row in range(length):
        fact = None
        if score is not None:
            value = int(score.values[row]) if score.known[row] else None
            fact = ScoreFact(value, int(score.low[row]), int(score.high[row]))
        tracer = Tracer(facts[row], fact, DAY)
        result = tracer.value(expression)
        assert (_bits(result.value), result.cause) == wanted[row], (text, row, facts[row], fact)
        if codes:
            assert [Truth.FALSE, Truth.TRUE, Truth.UNKNOWN][codes[row]] is tracer.truth(expression)
        if stored is not None:
            assert tracer.fact(expression, scale) == stored.fact(row), (text, row, facts[row])


SCALE = {unit: SCOPE[name].scale for name, unit in {name: declared.unit for name, declared in SCOPE.items()}.items()}


def _run(seeds: range) -> int:
    pairs = 0
    for seed in seeds:
        with_score = seed % 3 == 0
        columns = random_columns(seed, ROWS, unknown=(0.0, 0.15, 0.5)[seed % 5 % 3])
        score = random_scores(seed, ROWS) if with_score else None
        _compare(chance_expression(seed, with_score=with_score), columns, ROWS, score)
        pairs += ROWS
    return pairs


@pytest.mark.parametrize("start", range(0, 300, 60))
def test_the_evaluators_agree_to_the_bit(start: int) -> None:
    assert _run(range(start, start + 60)) == 60 * ROWS


@pytest.mark.nightly
@pytest.mark.parametrize("start", range(1_000, 41_000, 500))
def test_the_evaluators_agree_to_the_bit_on_ten_million_pairs(start: int) -> None:
    """40,000 expressions by 250 rows, in eighty cases so that every core has some."""
    assert _run(range(start, start + 500)) == 500 * ROWS


@settings(max_examples=60, deadline=None)
@given(st.integers(10_000, 2**32), st.integers(0, 2**32), st.booleans())
def test_any_expression_agrees_on_any_facts(seed: int, facts: int, with_score: bool) -> None:
    score = random_scores(facts, 7) if with_score else None
    _compare(chance_expression(seed, with_score=with_score), random_columns(facts, 7), 7, score)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_a_row_does_not_depend_on_its_neighbours(seed: int, facts: int) -> None:
    expression = chance_expression(seed, with_score=False)
    columns = random_columns(facts, 9)
    together = _columnar(expression, columns, 9, None)
    alone = [
        _columnar(expression, {n: c.take(slice(row, row + 1)) for n, c in columns.items()}, 1, None)[0]
        for row in range(9)
    ]
    assert together == alone


def test_chunks_join_without_a_seam() -> None:
    length = 70_000
    columns = random_columns(5, length)
    for seed in range(40, 52):
        expression = chance_expression(seed, with_score=False)
        whole = quantised(expression, columns, length, expression.unit, 100, day=DAY)
        for rows in (slice(32_760, 32_776), slice(65_530, 65_545)):
            part = quantised(expression, {n: c.take(rows) for n, c in columns.items()}, rows.stop - rows.start,
                             expression.unit, 100, day=DAY)  # fmt: skip
            assert [part.fact(i) for i in range(len(part))] == [whole.fact(i) for i in range(rows.start, rows.stop)]


def test_what_is_written_reads_back_as_the_same_tree() -> None:
    for seed in range(300):
        expression = chance_expression(seed, with_score=True)
        again = check_expression(written(expression.node), SCOPE, None, PLACE)
        assert written(again.node) == written(expression.node)


def test_the_chance_reaches_every_function_operator_and_cause() -> None:
    from engine.expressions import FUNCTIONS

    texts = " ".join(chance_expression(seed, with_score=seed % 3 == 0).text for seed in range(300))
    for word in (
        *(f"{name}(" for name in FUNCTIONS),
        " in ",
        " not in ",
        " if ",
        " and ",
        " or ",
        "not ",
        "score",
        "/",
    ):
        assert word in texts, word
    causes = set()
    for seed in range(60):
        expression = chance_expression(seed, with_score=False)
        causes |= {cause for _, cause in _columnar(expression, random_columns(seed, 50), 50, None)}
    assert causes == {None, *UnknownCause}
