"""Every broken rule file gives exactly the problems it states in its first lines (`#! line:column CODE`)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.errors import RuleBookError
from engine.rulebook import check_book, load_book, load_published

CASES = Path(__file__).parents[1] / "cases"
BROKEN = sorted((CASES / "invalid_rules").iterdir())
SMALLEST = {file.name: file.read_bytes() for file in (CASES / "rules" / "smallest").glob("*.yaml")}
SHIPPED = {file.name: file.read_bytes() for file in (CASES.parents[1] / "rules").glob("*.yaml")}
STATED = re.compile(r"^#! (\d+):(\d+) (RULE_[A-Z_]+)(?: (\S+))?$", re.MULTILINE)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_a_broken_file_gives_what_it_states(path: Path) -> None:
    name = ".".join(path.name.split(".")[1:])
    text = path.read_text(encoding="utf-8")
    stated = [(file or name, int(line), int(column), code) for line, column, code, file in STATED.findall(text)]
    book, problems = check_book({**SMALLEST, name: text})
    assert book is None
    assert [(p.place.file, p.place.line, p.place.column, p.code) for p in problems] == stated
    for problem in problems:
        assert problem.message.en
        assert problem.message.zh
        assert bool(problem.hint.en) == bool(problem.hint.zh)


ACCEPTED_ONCE = ["metric_without_type.metrics.yaml"]
"""Broken files that earlier checks let pass, so that a published book may have the like."""


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.name)
def test_only_what_was_accepted_once_is_read_again_where_it_was_published(path: Path) -> None:
    name = ".".join(path.name.split(".")[1:])
    files = {**SMALLEST, name: path.read_bytes()}
    if path.name in ACCEPTED_ONCE:
        assert load_published(files).revision
        return
    with pytest.raises(RuleBookError) as refused:
        load_published(files)
    assert refused.value.problems == check_book(files)[1]


def test_a_metric_without_type_means_what_it_meant_when_it_was_published() -> None:
    files = {**SMALLEST, "metrics.yaml": SMALLEST["metrics.yaml"] + b"  visits: {from: interactions, take: count()}\n"}
    files["b2b.yaml"] = SMALLEST["b2b.yaml"].replace(b"at_least: 50}", b"at_least: 50, or_when: visits > 5}")
    assert [problem.code for problem in check_book(files)[1]] == ["RULE_MISSING_KEY"]
    published, without = load_published(files), load_book(SMALLEST)
    assert set(published.metrics) == set(without.metrics)
    assert [tier.or_when for tier in next(iter(published.markets.values())).tiers] == [None, None]


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 60
    codes = {code for path in BROKEN for _, _, code, _ in STATED.findall(path.read_text(encoding="utf-8"))}
    assert len(codes) >= 15


def test_all_problems_come_at_once_ordered_by_place() -> None:
    b2b = SMALLEST["b2b.yaml"].replace(b"weight: 1", b"weight: 0").replace(b"key: A", b"key: 7")
    metrics = SMALLEST["metrics.yaml"].replace(b"sum(net)", b"sum(nett)")
    with pytest.raises(RuleBookError) as refused:
        load_book({**SMALLEST, "b2b.yaml": b2b, "metrics.yaml": metrics, "notes.yaml": b""})
    places = [(problem.place.file, problem.place.line) for problem in refused.value.problems]
    assert places == [("b2b.yaml", 4), ("b2b.yaml", 6), ("metrics.yaml", 2), ("notes.yaml", 1)]


@pytest.mark.parametrize("name", sorted(SMALLEST))
def test_a_missing_file_is_named(name: str) -> None:
    _, problems = check_book({path: body for path, body in SMALLEST.items() if path != name})
    assert [(problem.code, problem.place.file) for problem in problems] == [("RULE_MISSING_KEY", name)]


@pytest.mark.parametrize("name", ["b2b.yaml", "lifecycle.yaml", "metrics.yaml", "rulebook.yaml"])
def test_an_empty_file_is_told_as_such(name: str) -> None:
    _, problems = check_book({**SHIPPED, name: b"# nothing\n"})
    assert [(problem.place.file, problem.message.en) for problem in problems] == [(name, "The file is empty.")]


@pytest.mark.parametrize(("name", "market"), [("b2b.yaml", "B2B"), ("b2c.yaml", "B2C")])
def test_the_missing_file_of_a_market_that_others_ask_for_is_all_that_is_said(name: str, market: str) -> None:
    _, problems = check_book({path: body for path, body in SHIPPED.items() if path != name})
    assert [problem.place.file for problem in problems] == [name]
    assert re.fullmatch(
        rf"The file `{name}` is missing, but (lifecycle|campaigns).yaml asks for {market} on line \d+.",
        problems[0].message.en,
    )


def test_one_mistake_in_a_metric_is_not_repeated_by_its_readers() -> None:
    metrics = SMALLEST["metrics.yaml"].replace(b"type: money", b"type: mony")
    b2b = SMALLEST["b2b.yaml"].replace(b"at_least: 50}", b"at_least: 50, or_when: revenue > 5}")
    _, problems = check_book({**SMALLEST, "metrics.yaml": metrics, "b2b.yaml": b2b})
    assert [(problem.code, problem.place.file) for problem in problems] == [("RULE_VALUE", "metrics.yaml")]


@pytest.mark.parametrize("name", ["lifecycle.yaml", "metrics.yaml", "rulebook.yaml"])
def test_a_missing_file_of_a_large_book_is_all_that_is_said(name: str) -> None:
    _, problems = check_book({path: body for path, body in SHIPPED.items() if path != name})
    assert [problem.message.en for problem in problems] == [f"The file `{name}` is missing."]
    assert [problem.message.zh for problem in problems] == [f"缺少文件 `{name}`。"]


def test_metrics_that_cannot_be_read_have_no_consequences_in_stages_and_tests() -> None:
    broken = SHIPPED["metrics.yaml"].replace(b"type: days", b"type: dayz")
    _, problems = check_book({**SHIPPED, "metrics.yaml": broken})
    assert {(problem.place.file, problem.code) for problem in problems} == {("metrics.yaml", "RULE_VALUE")}
    assert len(problems) == SHIPPED["metrics.yaml"].count(b"type: days")


def test_a_test_may_leave_out_what_its_fixture_gives_wrongly_without_a_second_problem() -> None:
    b2b = SHIPPED["b2b.yaml"].replace(b"      satisfaction: 85\n", b"      satisfaction: many\n")
    _, problems = check_book({**SHIPPED, "b2b.yaml": b2b})
    assert [problem.code for problem in problems] == ["RULE_TYPE"]


def test_a_tier_below_a_gated_one_may_ask_for_more_but_is_pointed_out() -> None:
    b2b = SMALLEST["b2b.yaml"].replace(
        b"at_least: 50}", b"at_least: 50, gates: [{name: v, when: vip}]}\n  - {key: M, at_least: 60}"
    )
    book, problems = check_book({**SMALLEST, "b2b.yaml": b2b})
    assert book is not None
    assert [(problem.code, problem.severity.value) for problem in problems] == [("RULE_ORDER", "warning")]
    assert book.warnings == problems
