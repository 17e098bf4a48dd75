"""Every character of a value has its place in the file, however it is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.rulebook.strict import Findings, Scalar, SourceText, Table, read_tree

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
