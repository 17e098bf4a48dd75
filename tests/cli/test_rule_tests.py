"""`touchstone rules test` as people use it: what fails, what the tests hold, the stored customers."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Demo, Shell

pytestmark = pytest.mark.xdist_group("demo")


def test_the_shipped_tests_touch_everything_and_notice_nearly_everything(nowhere: Shell, rules: Path) -> None:
    report = nowhere.json("rules", "test", str(rules), "--mutation")
    assert (report["ok"], report["failed"]) == (True, [])
    assert all(one["covered"] == one["total"] for one in report["coverage"])
    assert {one["kind"] for one in report["coverage"]} >= {"tier", "gate", "segment", "stage", "trigger"}
    mutation = report["mutation"]
    assert Decimal(mutation["score"]) >= Decimal("0.9")
    assert mutation["mutants"] - mutation["noticed"] == len(mutation["survived"])
    assert all(one["file"].endswith(".yaml") and one["line"] and one["text"] for one in mutation["survived"])


def test_what_nobody_tests_is_told_by_place_in_both_languages(nowhere: Shell, rules: Path) -> None:
    file = rules / "b2b.yaml"
    text = file.read_text(encoding="utf-8")
    for first, after in (
        ("180 days overdue", "one day overdue"),
        ("a company of 1000 is", "a company of 999 is"),
    ):
        start, end = (text.index(f"  - name: {name}") for name in (first, after))
        text = text[:start] + text[end:]
    file.write_text(text, encoding="utf-8")
    line = next(n for n, one in enumerate(text.splitlines(), 1) if "when: overdue_days < 91" in one)
    told = nowhere.run("rules", "test", str(rules), "--coverage", "--mutation").stdout
    assert f"✗ b2b.yaml:{line}  B2B · tier A, gate paid: `overdue_days < 91` → `overdue_days < 92`" in told
    assert "Mutation score: 9" in told
    assert "Coverage: 112 of 113 (99.1%)" in told
    assert "tag large_company: no test has it" in told
    told = nowhere.run("rules", "test", str(rules), "--mutation", "--lang", "zh").stdout
    assert f"✗ b2b.yaml:{line}  B2B · 等级 A，门槛 paid：`overdue_days < 91` → `overdue_days < 92`" in told


def test_without_a_database_shares_are_not_decided(nowhere: Shell, rules: Path) -> None:
    assert "not decided" not in nowhere.run("rules", "test", str(rules)).stdout
    told = nowhere.run("rules", "test", str(rules), "--base", expect=1).stdout
    assert "? share(A) between 1% and 10%" in told
    assert "There is no database" in told
    assert "4 not decided" in told
    report = nowhere.json("rules", "test", str(rules))
    assert [one["name"] for one in report["undecided"]][:1] == ["share(A) between 1% and 10%"]
    assert report["mutation"] is None


def test_with_a_database_they_are(demo: Demo, rules: Path) -> None:
    asked = ("rules", "test", str(rules), "--base", "--as-of", "2026-11-01")
    report = demo.shell.json(*asked)
    assert (report["ok"], report["undecided"]) == (True, [])
    file = rules / "b2b.yaml"
    text = file.read_text(encoding="utf-8").replace("share(B) between 10% and 40%", "share(B) at most 1%")
    file.write_text(text.replace("every A has has_contract", "every A or B has growth_potential > 0"), encoding="utf-8")
    failed = demo.shell.json(*asked, expect=1)["failed"]
    assert [one["name"] for one in failed] == ["every A or B has growth_potential > 0", "share(B) at most 1%"]
    assert failed[1]["text"].endswith("rated customers.")


def test_an_empty_database_has_no_customers_to_ask(empty: Shell, rules: Path) -> None:
    told = empty.run("rules", "test", str(rules), "--base", "--lang", "zh", expect=1).stdout
    assert "尚未存储客户。" in told
    assert "未判断 4" in told


def test_a_broken_test_fails_loudly(nowhere: Shell, rules: Path) -> None:
    file = rules / "b2b.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("like: large_account", "like: large_acount", 1), encoding="utf-8")
    said = nowhere.run("rules", "test", str(rules), expect=2).stderr
    assert "`large_acount`" in said
    assert "Did you mean `large_account`?" in said
