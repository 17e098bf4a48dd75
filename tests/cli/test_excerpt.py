"""The caret stands under its character, whatever stands before it on the line."""

from __future__ import annotations

import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli import excerpt as module
from engine.cli import terminal
from engine.cli.excerpt import excerpt, lines_of, width
from engine.errors import Place, Problem
from engine.vocabulary import Locale, Text


def test_docstrings() -> None:
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(terminal).failed == 0


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("weight: 25", 1, "weight: 25", 0),
        ("  zh: 重点客户, en: x", 13, "  zh: 重点客户, en: x", 16),
        ("zh: “ｖip”", 7, "zh: “ｖip”", 7),
        ("en: cafe\u0301 x", 11, "en: cafe\u0301 x", 9),
        ("a:\tb", 4, "a: b", 3),
        ("a: \x1b[31mb", 10, "a: \\x1b[31mb", 12),
        ("a: \u202eb", 5, "a: \\u202eb", 9),
        ("a: 👍b", 5, "a: 👍b", 5),
        ("short", 6, "short", 5),
        ("short", 99, "short", 5),
        ("", 1, "", 0),
    ],
)
def test_lines(line: str, column: int, shown: str, caret: int) -> None:
    assert excerpt(line, column) == (shown, " " * caret + "^")


@given(st.text(max_size=400), st.integers(1, 401), st.text("x客 ", max_size=300))
def test_a_caret_stands_under_its_character(before: str, column: int, after: str) -> None:
    line = before + "§" + after
    shown, below = excerpt(line, len(before) + 1)
    at = shown.rindex("§", 0, len(shown) - len(after) if len(line) <= 100 else None)
    assert width(below) - 1 == width(shown[:at]) or "§" in before + after
    assert len(shown) <= 10 * 102
    assert all(character.isprintable() or unicodedata.category(character) == "Zs" for character in shown)
    excerpt(line, column)


def test_lines_are_counted_as_places_count_them() -> None:
    assert lines_of("\ufeffa\r\nb\rc\nd\x0be\x85f\u2028g") == ["a", "b", "c", "d\x0be\x85f\u2028g"]


def test_a_problem_is_printed_with_place_line_caret_and_remedy(capsys: pytest.CaptureFixture[str]) -> None:
    problem = Problem("RULE_VALUE", Text("Wrong.", "错了。"), Place("b2b.yaml", 2, 12), Text("Mend it.", "请改正。"))
    sources = {"b2b.yaml": "\ufeffmarket: B2B\r\nzh: 重点客户, x"}
    terminal.print_problems([problem], Locale.ZH, sources)
    assert capsys.readouterr().err.split("\n") == [
        "b2b.yaml:2:12: 错误 RULE_VALUE: 错了。",
        "    zh: 重点客户, x",
        "                   ^",
        "    = 请改正。",
        "",
    ]
