"""Which types stand together and what they give: every pair, from tests/cases/units.csv; `-` is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from engine.expressions import ExpressionProblems, check_expression
from engine.vocabulary import Unit
from tests.expressions.facts import PLACE, SCOPE

CASES = Path(__file__).parents[1] / "cases" / "units.csv"
NAMES = {
    "money": ("spend", "cost"),
    "ratio": ("share", "share + 0"),
    "probability": ("p", "p + 0"),
    "count": ("n", "m"),
    "days": ("gap", "debt"),
    "months": ("tenure", "tenure + 0"),
    "points": ("v", "v + 0"),
    "bool": ("ok", "good"),
    "text": ("city", "town"),
    "date": ("d", "e"),
    "number": ("7", "0.5"),
}
FORMS = {
    "less": "({a}) < ({b})",
    "equal": "({a}) == ({b})",
    "plus": "({a}) + ({b})",
    "minus": "({a}) - ({b})",
    "times": "({a}) * ({b})",
    "over": "({a}) / ({b})",
    "min": "min({a}, {b})",
    "choice": "{a} if ok else {b}",
    "coalesce": "coalesce({a}, {b})",
}


def _lines() -> list[dict[str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("line", _lines(), ids=lambda line: f"{line['left']} {line['right']}")
def test_two_types_beside_one_another(line: dict[str, str]) -> None:
    left, right = NAMES[line["left"]][0], NAMES[line["right"]][1]
    for form, pattern in FORMS.items():
        text = pattern.format(a=left, b=right)
        if line[form] == "-":
            with pytest.raises(ExpressionProblems) as refused:
                check_expression(text, SCOPE, None, PLACE)
            assert refused.value.problems[0].code in ("RULE_UNIT", "RULE_TYPE", "RULE_VALUE"), text
        else:
            assert check_expression(text, SCOPE, None, PLACE).unit == line[form], text


def test_every_pair_of_types_is_there() -> None:
    units = {*Unit, "number"}
    assert {(line["left"], line["right"]) for line in _lines()} == {(a, b) for a in units for b in units}


def test_what_has_a_dimension_meets_only_its_own_kind() -> None:
    """No line converts: money, points, spans and dates are compared with themselves or a bare number."""
    pure = {"count", "ratio", "probability"}
    for line in _lines():
        if line["equal"] == "bool":
            pair = {line["left"], line["right"]} - {"number"}
            assert len(pair) <= 1 or pair <= pure, line
