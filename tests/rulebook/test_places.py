"""Every character of a value has its place in the file, however it is written."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.rulebook import check_book
from engine.rulebook.strict import Findings, Scalar, SourceText, Table, read_tree
from tests.rulebook.asked import SMALLEST

WORDS = st.lists(st.sampled_from(["revenue_12m", ">", "100", "and", "status", "==", "or", "客户", "x"]), min_size=1)


def scalar(text: str) -> Scalar:
    findings = Findings()
    tree = read_tree(SourceText.of("b2b.yaml", text), findings)
    assert findings.problems == ()
    assert isinstance(tree, Table)
    value = tree.entries["when"].value
    assert isinstance(value, Scalar)
    return value


def check(text: str) -> None:
    lines = text.split("\n")
    value = scalar(text)
    for offset, character in enumerate(value.text):
        if not character.isspace():
            place = value.origin(offset)
            assert lines[place.line - 1][place.column - 1] == character


@pytest.mark.parametrize(
    "text",
    [
        "when: revenue > 5 and vip",
        "when: 'status == ''paid'' or vip'",
        "when: \"status == 'paid'\n  or vip\"",
        "when: revenue >\n    5\n\n    and vip",
        "when: >-\n  revenue > 5\n  and vip\n\n  or x",
        "when: >\n    revenue > 5\n      and indented\n    vip",
        "when: |\n  revenue\n  > 5",
        "a: 1\nwhen: |2-\n    revenue\n  > 5",
        "when:   客户 == 5",
    ],
)
def test_written_forms(text: str) -> None:
    check(text)


@given(WORDS, st.sampled_from([" ", "\n    ", "\n\n    "]), st.sampled_from(["plain", "single", "double", "folded"]))
def test_any_words_in_any_style(words: list[str], between: str, style: str) -> None:
    body = between.join(words)
    if style == "plain":
        if words[0] in (">", "==") or len(words) == 1:
            words = ["x", *words, "y"]
        check("when: " + between.join(words))
    elif style == "single":
        check(f"when: '{body}'")
    elif style == "double":
        check(f'when: "{body}"')
    else:
        check(f"when: >-\n    {body}\n")


@given(
    st.text(
        st.characters(
            min_codepoint=33, max_codepoint=0xFFFF, exclude_categories=["Cs", "Cc", "Cf", "Cn", "Zs", "Zl", "Zp"]
        )
    )
)
def test_escapes_point_to_their_backslash(text: str) -> None:
    written = json.dumps(text)
    value = scalar(f"when: {written}\n" if text else 'when: "x"\n')
    places = [value.origin(offset).column for offset in range(len(value.text))]
    assert places == sorted(places)
    for offset, character in enumerate(value.text):
        raw = f"when: {written}"[value.origin(offset).column - 1 :] if text else "x"
        assert raw[0] in (character, "\\")


WRONG = "zqx9"
"""A name nobody declared: its place is what a problem must point to."""

PARTS = st.lists(
    st.sampled_from(
        ["orders > 1 and", "(revenue >= 100.5 or vip) and", "'B2B' == market and", "not", "known(churn) and"]
    ),
    max_size=6,
)
BREAKS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def wrong_rules(draw: st.DrawFn) -> tuple[str, str]:
    """A lifecycle file whose condition holds a wrong name somewhere, and how that name is written there."""
    words = " ".join(["vip and", *draw(PARTS), WRONG, "> 1 and", *draw(PARTS), "vip"]).split(" ")
    style = draw(st.sampled_from(["plain", "'", '"', "|", ">"]))
    name = draw(st.sampled_from([WRONG, "\\x7aqx9", "z\\u0071x9"])) if style == '"' else WRONG
    words = [name if word == WRONG else _written(word, style, draw) for word in words]
    gaps = [draw(st.sampled_from([" ", "  ", "\n", "\n\n", "\n\n\n"])) for _ in words[1:]]
    deeper = draw(st.booleans()) and style in ("|", ">")
    body = words[0]
    for gap, word in zip(gaps, words[1:], strict=True):
        body += gap if "\n" not in gap else gap + " " * 8 + (" " * draw(st.integers(0, 4)) if deeper else "")
        body += word
    head = {
        "|": draw(st.sampled_from(["|", "|-", "|+", "|2-", "| # why"])),
        ">": draw(st.sampled_from([">", ">-", ">2"])),
    }
    if style in head:
        value = f"{head[style]}\n        {body}\n"
    else:
        value = f"{body}\n" if style == "plain" else f"{style}{body}{style}\n"
    # With an indentation indicator the text begins 2 columns in, whatever stands before the words.
    text = (
        "lifecycle:\n  - stage: PROSPECT   # 潜在客户\n    phase: ACQUIRE\n    title: {zh: 客户}\n    when: "
        + value
        + "  - {else: ACTIVE, phase: RETAIN}\n"
    )
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return mark + text.replace("\n", draw(BREAKS)), name


def _written(word: str, style: str, draw: st.DrawFn) -> str:
    if style == "'":
        return word.replace("'", "''")
    if style == '"' and draw(st.booleans()):
        return f"\\x{ord(word[0]):02x}{word[1:]}"
    return word


@settings(max_examples=300, deadline=None)
@given(wrong_rules())
def test_a_wrong_name_is_found_where_it_is_written(case: tuple[str, str]) -> None:
    text, name = case
    _, problems = check_book({**SMALLEST, "lifecycle.yaml": text})
    wrong = [problem.place for problem in problems if problem.code == "RULE_UNKNOWN_NAME"]
    lines = re.split("\r\n|\r|\n", text.removeprefix("\ufeff"))
    assert len(wrong) == 1, problems
    assert lines[wrong[0].line - 1][wrong[0].column - 1 :].startswith(name), (wrong, text)
