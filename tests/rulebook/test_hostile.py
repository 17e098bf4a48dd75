"""No file can crash, hang or take over the loader: tests/cases/hostile_files.jsonl says what each must give.

A case is written as `parts` (texts, `[text, times]`, or `[text, times, "numbered"]` with # and @ for the
number and the next one) in an `encoding`, or as `hex`; it stands for one file of the smallest book.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.rulebook import check_book
from tests.rulebook.asked import CASES, SMALLEST

CORPUS = [json.loads(line) for line in (CASES / "hostile_files.jsonl").read_text(encoding="utf-8").splitlines()]


def body(case: dict[str, Any]) -> bytes:
    """The bytes of a case."""
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    text = "".join(_part(part) for part in case["parts"])
    return text.encode(case.get("encoding", "utf-8"), "surrogatepass")


def _part(part: str | list[Any]) -> str:
    if isinstance(part, str):
        return part
    text, times = part[:2]
    if len(part) == 2:
        return str(text) * int(times)
    return "".join(text.replace("#", str(number)).replace("@", str(number + 1)) for number in range(times))


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case["name"])
def test_a_hostile_file_gives_what_it_must(case: dict[str, Any]) -> None:
    book, problems = check_book({**SMALLEST, case.get("file", "b2b.yaml"): body(case)})
    if case["problem"] is None:
        assert book is not None
        assert problems == ()
        return
    assert book is None
    assert case["problem"] in [f"{p.place.line}:{p.place.column} {p.code}" for p in problems]
    assert len(problems) <= 500
    for problem in problems:
        assert problem.code.startswith("RULE_")
        for text in (problem.message, problem.hint):
            assert len(text.en) < 700
            assert text.en.isprintable()
            assert text.zh.isprintable()


def test_the_corpus_is_large_and_its_cases_have_names_of_their_own() -> None:
    assert len({case["name"] for case in CORPUS}) == len(CORPUS) >= 240
    assert sum(case["problem"] is None for case in CORPUS) <= 10


def test_many_large_files_are_refused_together() -> None:
    text = b"k: 1\n" * 15_000
    _, problems = check_book(dict.fromkeys(("rulebook.yaml", "metrics.yaml", "b2b.yaml", "b2c.yaml"), text))
    assert "RULE_LIMIT" in {problem.code for problem in problems}


@pytest.mark.parametrize(
    "name", ["../b2b.yaml", "/etc/passwd", "b2b.yml", "B2B.yaml", "sub/b2b.yaml", "\x00", "", "\u202ex"]
)
def test_other_file_names_are_refused(name: str) -> None:
    book, problems = check_book({**SMALLEST, name: b"market: B2B\n"})
    assert book is None
    assert [problem.code for problem in problems] == ["RULE_UNKNOWN_KEY"]
    assert problems[0].message.en.isprintable()


def test_ten_thousand_files_are_refused() -> None:
    book, problems = check_book({**SMALLEST, **{f"f{number}.yaml": b"" for number in range(10_000)}})
    assert book is None
    assert {problem.code for problem in problems} == {"RULE_UNKNOWN_KEY"}


def test_a_text_that_cannot_be_bytes_is_refused() -> None:
    book, problems = check_book({**SMALLEST, "b2b.yaml": "market: \ud800\n"})
    assert book is None
    assert "RULE_ENCODING" in {problem.code for problem in problems}
