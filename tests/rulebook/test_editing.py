"""What editors are told: schemas that are right, take every right book, and refuse what readers refuse."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.rulebook import Book, load_book
from engine.rulebook.blank import Blank
from engine.rulebook.editing import file_schemas, schema_files, whole_schema
from engine.rulebook.editing.sheets import blank_sheets
from engine.rulebook.strict import Findings, Node, Scalar, Series, SourceText, Table, read_tree
from engine.rulebook.wordings.keywords import meaning
from engine.rulebook.wordings.words import WORDS
from tests.rulebook.json_schema import Checker, malformed

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
FOLDERS = [ROOT / "rules", *sorted((CASES / "rules").iterdir())]
STATED = re.compile(r"^#! \d+:\d+ (RULE_[A-Z_]+)", re.MULTILINE)


def book_in(folder: Path) -> Book:
    return load_book({path.name: path.read_bytes() for path in folder.glob("*.yaml")})


def plain(node: Node) -> Any:
    """A tree as an editor sees it: dates are texts there."""
    if isinstance(node, Table):
        return {key: plain(entry.value) for key, entry in node.entries.items()}
    if isinstance(node, Series):
        return [plain(item) for item in node.items]
    assert isinstance(node, Scalar)
    if isinstance(node.value, Decimal):
        return int(node.value) if node.value == node.value.to_integral_value() else float(node.value)
    return node.text if isinstance(node.value, date) else node.value


def tree(path: Path, name: str) -> tuple[Node, Findings]:
    findings = Findings()
    return read_tree(SourceText.of(name, path.read_text(encoding="utf-8")), findings), findings


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_schemas_are_schemas(folder: Path) -> None:
    book = book_in(folder)
    for schema in (*file_schemas(book).values(), whole_schema(book)):
        assert list(malformed(schema, schema)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_right_book_is_right_for_editors(folder: Path) -> None:
    book = book_in(folder)
    whole = Checker(whole_schema(book))
    for name, schema in file_schemas(book).items():
        if (folder / name).exists():
            value = plain(tree(folder / name, name)[0])
            assert Checker(schema).problems(value) == [], name
            assert whole.problems(value) == [], name


SMALLEST = book_in(CASES / "rules" / "smallest")
BEYOND_SHAPES = {
    # what stands inside expressions and sentences
    "cost_of_an_expression", "error_behind_escapes", "error_within_a_folded_text", "gate_that_is_no_condition",
    "invariant_over_an_unknown_metric", "invariant_over_an_unknown_tier", "score_in_a_force_rule",
    "score_in_a_trigger", "stage_read_in_the_lifecycle", "tier_in_a_gate", "unknown_field_in_take",
    "unknown_name_in_a_gate", "unknown_risk_in_the_lifecycle", "unknown_tier_in_a_trigger",
    "where_compares_money_with_text", "where_knows_the_declared_values", "where_reads_a_metric",
    "invariant_over_several_tiers", "invariant_with_a_condition_of_another_type",
    "invariant_with_an_unknown_metric_in_its_condition", "invariant_with_turned_bounds",
    "test_of_a_score_below_all", "test_of_a_score_beyond_all",
    # how several values go together
    "fixture_like_a_later_one", "fixture_like_itself", "state_without_since", "test_in_a_tier_without_since",
    "test_of_a_phase_that_is_never_given", "test_of_a_risk_without_bands", "test_of_a_stage_that_is_never_given",
    "test_without_a_day",
    "bands_that_do_not_start_at_zero", "bins_that_do_not_rise", "bins_with_too_few_points", "curve_that_does_not_rise",
    "curve_with_too_wide_a_span", "low_above_high", "stage_in_two_phases",
    # names of a kind of which the book around it has none yet, and names from elsewhere
    "test_like_an_unknown_fixture", "unknown_channel", "unknown_reason", "unknown_time_zone",
    # digits after the point
    "more_digits_than_the_currency_has",
}  # fmt: skip
"""Wrong in a way that a schema cannot or should not say; `rules check` does."""

SHAPES = ("UNKNOWN_KEY", "MISSING_KEY", "UNKNOWN_NAME", "TYPE", "VALUE", "LIMIT", "CURVE")
INVALID = [
    path
    for path in sorted((CASES / "invalid_rules").iterdir())
    if set(STATED.findall(path.read_text(encoding="utf-8"))) & {f"RULE_{shape}" for shape in SHAPES}
]


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.name)
def test_a_broken_file_is_refused_while_typing(path: Path) -> None:
    case, _, name = path.name.partition(".")
    node, findings = tree(path, name)
    if not findings.problems:  # otherwise no editor could read it
        problems = Checker(file_schemas(SMALLEST)[name]).problems(plain(node))
        assert bool(problems) is (case not in BEYOND_SHAPES), problems


def test_enough_broken_files_are_refused() -> None:
    assert len(INVALID) - len(BEYOND_SHAPES) >= 50


def test_names_are_offered_with_their_titles() -> None:
    definitions = whole_schema(book_in(ROOT / "rules"))["definitions"]
    assert definitions["b2b_tier"]["enum"] == ["A", "B", "C", "D"]
    assert definitions["b2b_tier"]["enumDescriptions"][0] == "Key · 重点客户"
    assert definitions["b2c_tier"]["enumDescriptions"][0] == "Key · 高价值客户"
    assert "UNRATED" in definitions["b2b_tier_or_unrated"]["enum"]
    metrics = definitions["scored_metric"]
    assert "has_contract" not in metrics["enum"]
    told = dict(zip(metrics["enum"], metrics["enumDescriptions"], strict=True))
    assert told["revenue_12m"] == "Revenue, last 12 months · 近12个月销售额"
    assert "R_VALUE" in definitions["b2b_reason"]["enum"]
    assert definitions["channel"]["enum"] == ["owner_task", "sms", "wecom", "email"]
    assert "coupon_50" in definitions["template"]["enum"]
    stages = definitions["lifecycle.yaml"]["properties"]["lifecycle"]["items"]["properties"]["stage"]
    assert stages["enumDescriptions"][stages["enum"].index("LAPSED")] == "Lapsed · 沉睡（待挽回）"
    given = definitions["b2c.yaml"]["properties"]["tests"]["items"]["properties"]["given"]
    assert given["properties"]["fraud_confirmed"]["type"] == "boolean"


def keys_of(blank: Blank, found: dict[tuple[str, str], None]) -> dict[tuple[str, str], None]:
    for owner in blank.owners:
        if owner.en != "given":
            found.update({(owner.en, key): None for key, below in blank.keys.items() if below.asked})
    for below in (*blank.keys.values(), *blank.items, *(value for _, value in blank.entries)):
        keys_of(below, found)
    return found


def test_every_key_has_a_word_and_a_meaning() -> None:
    found = {pair for sheet in blank_sheets(SMALLEST).values() for pair in keys_of(sheet, {})}
    assert len(found) > 120
    assert {key for _, key in found if key not in WORDS} == set()
    for owner, key in found:
        told = meaning(key, owner)
        assert told is not None, (owner, key)
        assert told.en.endswith(".")
        assert told.zh.endswith("。")


def test_the_committed_schemas_are_those_of_the_shipped_book() -> None:
    for name, text in schema_files(book_in(ROOT / "rules")).items():
        assert (ROOT / "rules" / ".schema" / name).read_text(encoding="utf-8") == text, "touchstone rules schema rules"


@pytest.mark.parametrize("path", sorted((ROOT / "rules").glob("*.yaml")), ids=lambda path: path.name)
def test_shipped_files_lead_editors_to_their_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    found = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert found
    assert (path.parent / found[1]).is_file()
    assert Path(found[1]).stem == path.stem
