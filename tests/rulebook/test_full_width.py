"""Full-width signs and quotes left open are told at their place, with the plain sign to write."""

from __future__ import annotations

import pytest

from engine.errors import Problem
from engine.rulebook import check_book
from tests.rulebook.test_invalid_rules import SHIPPED


def told(typed: str, instead: str, file: str = "b2b.yaml") -> Problem:
    """The only problem of the shipped book with a piece of it typed another way."""
    text = SHIPPED[file].decode()
    assert typed in text
    book, problems = check_book({**SHIPPED, file: text.replace(typed, instead, 1)})
    assert book is None
    assert len(problems) == 1, [problem.message.en for problem in problems]
    at = problems[0].place
    assert at.file == file
    return problems[0]


@pytest.mark.parametrize(
    ("typed", "instead", "sign", "plain"),
    [
        ("at_least: 70", "at_least: ７０", "７", "70"),
        ("at_least: 70", "at_least：70", "：", ":"),
        ("grace: 28d", "grace: ２８d", "２", "28d"),
        ("as_of: 2026-12-01", "as_of: 2026－12－01", "－", "2026-12-01"),
        ("market: B2B", "market: Ｂ２Ｂ", "Ｂ", "B2B"),
        ("market: B2B", "market: “B2B”", "“", "B2B"),
        ("{en: Key, zh: 重点客户}", "｛en: Key, zh: 重点客户｝", "｛", "{"),
        ("{en: Key, zh: 重点客户}", "{en: Key, zh: 重点客户｝", "｝", "}"),
        ("{en: Key, zh: 重点客户}", "{en：Key, zh: 重点客户}", "：", ":"),
        ("{en: Key, zh: 重点客户}", "{en: Key，zh: 重点客户}", "，", ","),
        ('"Lifetime value, next 12 months"', "“Lifetime value, next 12 months”", "“", 'en: "Lifetime value, next 12'),
        ("edges: [1, 31, 91]", "edges: [1， 31， 91]", "，", ","),
        ("edges: [1, 31, 91]", "edges: ［1, 31, 91］", "［", "[1, 31, 91]"),
        ("[[0, 0], [30000, 30]", "[[0, 0], [30000，30]", "，", ","),
        ("  - key: C\n", "  － key: C\n", "－", "-"),
        ("market: B2B", "＃ companies\nmarket: B2B", "＃", "#"),
    ],
)
def test_a_full_width_sign_is_named_with_the_plain_one(typed: str, instead: str, sign: str, plain: str) -> None:
    problem = told(typed, instead)
    for said in (f"{problem.message.en} {problem.hint.en}", f"{problem.message.zh} {problem.hint.zh}"):
        assert f"`{sign}`" in said
        assert plain in said.replace(f"`{sign}`", "")


def test_a_percentage_typed_full_width_loses_its_sign_too() -> None:
    assert told("weight: 25", "weight: 25％").hint.en == "Write 25 without %."


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_quote_left_open_is_told_where_it_opens(quote: str) -> None:
    text = "R_POTENTIAL: {en: There are few"
    problem = told(text, text.replace("There", f"{quote}There"))
    line = SHIPPED["b2b.yaml"].decode()[: SHIPPED["b2b.yaml"].decode().index(text)].count("\n") + 1
    assert (problem.place.line, problem.place.column) == (line, 21)
    assert "quote" in problem.message.en.lower()


def test_a_quote_left_open_says_on_which_line_it_ends() -> None:
    text = SHIPPED["b2b.yaml"].decode()
    problem = told("en: There are few", 'en: "There are few')
    ended = text[: text.index('"', text.index("There are few"))].count("\n") + 1
    assert problem.message.en == (
        f"The quote that opens here ends only on line {ended}, in the middle of something else."
    )


def test_a_text_over_several_lines_hides_no_later_mistake() -> None:
    problem = told("en: Key, zh: 重点客户", 'en: "Key\n      customers", zh: 重点客户}\n    oops {')
    assert "quote" not in problem.message.en
