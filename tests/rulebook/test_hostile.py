"""No file can crash, hang or take over the loader: it is refused with coded problems, quickly."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.rulebook import check_book

CASES = Path(__file__).parents[1] / "cases"
SMALLEST = {file.name: file.read_bytes() for file in (CASES / "rules" / "smallest").glob("*.yaml")}

MERGES = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 200))
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 200))

HOSTILE: dict[str, tuple[bytes, str]] = {
    "tower of brackets": (b"[" * 50_000, "RULE_LIMIT"),
    "tower of braces": (b"{a: " * 20_000, "RULE_LIMIT"),
    "tower of brackets, closed": (b"[" * 45_000 + b"]" * 45_000, "RULE_LIMIT"),
    "tower on many lines": (b"[\n" * 45_000, "RULE_LIMIT"),
    "tower of dashes": (b"- " * 45_000, "RULE_LIMIT"),
    "tower of question marks": (b"? " * 45_000, "RULE_LIMIT"),
    "staircase": (b"".join(b" " * i + b"a:\n" for i in range(500)), "RULE_LIMIT"),
    "merge bomb": (MERGES.encode(), "RULE_SYNTAX"),
    "billion laughs": (LAUGHS.encode(), "RULE_SYNTAX"),
    "anchor to itself": (b"a: &a [*a]\n", "RULE_SYNTAX"),
    "python object": (b"market: !!python/object/apply:os.system [id]\n", "RULE_SYNTAX"),
    "binary": (b"market: !!binary aGk=\n", "RULE_SYNTAX"),
    "set": (b"market: !!set {a, b}\n", "RULE_SYNTAX"),
    "tag directive": (b"%TAG ! tag:example.com,2000:\n---\nmarket: B2B\n", "RULE_SYNTAX"),
    "huge version": (b"%YAML " + b"9" * 5_000 + b".1\n---\nmarket: B2B\n", "RULE_SYNTAX"),
    "escape beyond Unicode": (b'market: "\\UFFFFFFFF"\n', "RULE_SYNTAX"),
    "escaped surrogate": (b'market: "\\ud800"\n', "RULE_ENCODING"),
    "escaped zero": (b'market: "a\\0b"\n', "RULE_ENCODING"),
    "zero byte": (b"market: B2B\0\n", "RULE_ENCODING"),
    "escape byte": (b"market: \x1b[31mB2B\n", "RULE_ENCODING"),
    "text that runs backwards": ("market: \u202eB2B\n".encode(), "RULE_ENCODING"),
    "hidden line break": ("market: B2B # \u2028tiers: []\n".encode(), "RULE_ENCODING"),
    "latin 1": ("owner: Müller\n".encode("latin-1"), "RULE_ENCODING"),
    "gbk": ("owner: 客户\n".encode("gbk"), "RULE_ENCODING"),
    "overlong utf-8": (b"market: \xc0\xaf\n", "RULE_ENCODING"),
    "utf-8 surrogate": (b"market: \xed\xa0\x80\n", "RULE_ENCODING"),
    "utf-16": ("market: B2B\n".encode("utf-16"), "RULE_ENCODING"),
    "utf-16 without a mark": ("market: B2B\n".encode("utf-16-le"), "RULE_ENCODING"),
    "utf-32": ("market: B2B\n".encode("utf-32"), "RULE_ENCODING"),
    "huge file": (b"# " + b"x" * 5_000_000, "RULE_LIMIT"),
    "huge text": (b"market: " + b"x" * 90_000, "RULE_LIMIT"),
    "huge quoted text": (b'market: "' + b"x" * 90_000 + b'"', "RULE_LIMIT"),
    "huge number": (b"market: " + b"9" * 90_000, "RULE_LIMIT"),
    "long number": (b"market: " + b"9" * 3_000, "RULE_SCALAR"),
    "huge key": (b"x" * 900 + b": 1\n", "RULE_SYNTAX"),
    "many keys": (b"".join(b"k%d: 1\n" % i for i in range(9_000)), "RULE_LIMIT"),
    "many duplicates": (b"k: 1\n" * 9_000, "RULE_DUPLICATE_KEY"),
    "many quotes": (b"market: " + b"''" * 1_900 + b"\n", "RULE_VALUE"),
    "many comments": (b"# x\n" * 20_000, "RULE_MISSING_KEY"),
    "many documents": (b"---\n" * 20_000, "RULE_SYNTAX"),
    "tabs": (b"\t" * 90_000, "RULE_SYNTAX"),
    "unclosed quote": (b"market: '" + b"x\n" * 45_000, "RULE_SYNTAX"),
    "unclosed flow on one line": (b"market: {" + b"a, " * 30_000, "RULE_SYNTAX"),
    "deep expression": (b"tiers: [{key: A, at_least: 1, or_when: " + b"(" * 3_000 + b"}]\n", "RULE_LIMIT"),
    "long expression": (b'tiers: [{key: A, at_least: 1, or_when: "' + b"not " * 900 + b'vip"}]\n', "RULE_LIMIT"),
    "powers": (b'tiers: [{key: A, at_least: 1, or_when: "9**9**9**9 > 1"}]\n', "RULE_EXPRESSION"),
    "dunder": (b"tiers: [{key: A, at_least: 1, or_when: \"().__class__.__mro__ == 1\"}]\n", "RULE_EXPRESSION"),
    "windows line ends with a lone return": (b"market: B2B\rtiers: yes\r", "RULE_SCALAR"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused(name: str) -> None:
    body, code = HOSTILE[name]
    book, problems = check_book({**SMALLEST, "b2b.yaml": body})
    assert book is None
    assert code in {problem.code for problem in problems}
    assert len(problems) <= 500
    for problem in problems:
        assert problem.code.startswith("RULE_")
        assert len(problem.message.en) < 700
        assert problem.message.en.isprintable()
        assert problem.message.zh


def test_many_large_files_are_refused_together() -> None:
    body = b"k: 1\n" * 15_000
    _, problems = check_book(dict.fromkeys(("rulebook.yaml", "metrics.yaml", "b2b.yaml", "b2c.yaml"), body))
    assert "RULE_LIMIT" in {problem.code for problem in problems}


@pytest.mark.parametrize("name", ["../b2b.yaml", "/etc/passwd", "b2b.yml", "B2B.yaml", "sub/b2b.yaml", "\x00", ""])
def test_other_file_names_are_refused(name: str) -> None:
    book, problems = check_book({**SMALLEST, name: b"market: B2B\n"})
    assert book is None
    assert [problem.code for problem in problems] == ["RULE_UNKNOWN_KEY"]


def test_a_text_that_cannot_be_bytes_is_refused() -> None:
    book, problems = check_book({**SMALLEST, "b2b.yaml": "market: \ud800\n"})
    assert book is None
    assert "RULE_ENCODING" in {problem.code for problem in problems}
