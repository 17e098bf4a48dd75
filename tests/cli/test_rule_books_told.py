"""What a business user reads of rule books: told in words, side by side, different, and what the editor gets."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.clerk import Clerk
from tests.cli.conftest import ROOT, Shell


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


def test_the_book_is_told_in_both_languages_with_places(clerk: Clerk, nowhere: Shell) -> None:
    english, _ = clerk.run(nowhere, "rules", "explain")
    assert "- Tier A (Key): from 70 points, provided that: (b2b.yaml:58:5)\n" in english
    chinese, _ = clerk.run(nowhere, "rules", "explain", "--lang", "zh")
    assert "- 等级 A（重点客户）：70 分起，且须满足：（b2b.yaml:58:5）\n" in chinese
    assert len(english.splitlines()) == len(chinese.splitlines()) > 100
    told = json.loads(clerk.run(nowhere, "rules", "explain", "--json")[0])
    first = next(line for line in told["lines"] if line["place"])
    assert set(first) == {"en", "zh", "depth", "place"}


def test_both_markets_side_by_side(clerk: Clerk, nowhere: Shell) -> None:
    out, _ = clerk.run(nowhere, "rules", "compare", "b2b", "b2c")
    lines = [line.split() for line in out.splitlines()]
    assert ["A", "(Key)", "70", "80"] in lines
    assert ["Growth", "potential", "20", "%", "—"] in lines
    told = json.loads(clerk.run(nowhere, "rules", "compare", "B2B", "B2C", "--json")[0])
    weights = [row for row in told["rows"] if row["section"] == "weights" and row["item"] != "min_known_weight"]
    for side in ("left", "right"):
        assert sum(float(row[side]["value"]) for row in weights if row[side]) == 100
    clerk.refused(nowhere, "rules", "compare", "b2b", "b2d", en="has no market 'b2d'", zh="没有市场 'b2d'")


def test_two_folders_differ_without_a_database(clerk: Clerk, nowhere: Shell, rules: Path) -> None:
    book = rules / "b2b.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("at_least: 70\n", "at_least: 72\n"), encoding="utf-8")
    out, _ = clerk.run(nowhere, "rules", "diff", str(ROOT / "rules"), str(rules))
    assert out == "B2B · tier A: starts at 70 → 72  [moving]  b2b.yaml:59:5\n"
    out, _ = clerk.run(nowhere, "rules", "diff", str(rules), "--base", str(ROOT / "rules"), "--lang", "zh")
    assert out == "B2B · 等级 A：起点分 70 → 72  [可能改变等级]  b2b.yaml:59:5\n"
    told = json.loads(clerk.run(nowhere, "rules", "diff", str(rules), str(ROOT / "rules"), "--json")[0])
    assert told["edits"][0]["place"] == {"file": "b2b.yaml", "line": 59, "column": 5}
    assert (told["edits"][0]["before"], told["edits"][0]["after"]) == ("72", "70")
    clerk.refused(nowhere, "rules", "diff", "a", "b", "c", en="more than two books", zh="多于两个")


def test_revisions_may_be_cut_short(clerk: Clerk, empty: Shell, rules: Path) -> None:
    head = rules / "rulebook.yaml"
    head.write_text(head.read_text(encoding="utf-8").replace("approvers: 1", "approvers: 0"), encoding="utf-8")
    first = json.loads(clerk.run(empty, "rules", "publish", str(rules), "--reason", "first", "--json")[0])["revision"]
    book = rules / "b2b.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("at_least: 70\n", "at_least: 72\n"), encoding="utf-8")
    second = json.loads(clerk.run(empty, "rules", "publish", str(rules), "--reason", "more", "--json")[0])["revision"]
    out, _ = clerk.run(empty, "rules", "diff", first[:15], second.removeprefix("sha256:")[:9])
    assert out.startswith("B2B · tier A: starts at 70 → 72")
    assert clerk.run(empty, "rules", "diff", first[:19], str(ROOT / "rules"))[0].startswith("Rule book · approval")
    clerk.refused(empty, "rules", "diff", "sha256:0000000", en="no rule revision sha256:0000000", zh="没有规则版本")


def test_schemas_are_written_beside_the_rules(clerk: Clerk, nowhere: Shell, rules: Path) -> None:
    shutil.rmtree(rules / ".schema")
    out, _ = clerk.run(nowhere, "rules", "schema", str(rules))
    assert out == f"Wrote 6 files to {rules / '.schema'}.\n"
    for path in (ROOT / "rules" / ".schema").iterdir():
        assert (rules / ".schema" / path.name).read_bytes() == path.read_bytes()
    book = rules / "b2b.yaml"
    book.write_text(book.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    out, _ = clerk.run(nowhere, "rules", "schema", str(rules), "--lang", "zh")
    assert out.splitlines()[1:] == [
        "请在文件首行加入：",
        "  b2b.yaml: # yaml-language-server: $schema=.schema/b2b.json",
    ]
    clerk.run(nowhere, "rules", "schema", str(rules), "--out", str(rules / "elsewhere"))
    assert len(list((rules / "elsewhere").iterdir())) == 6
    assert json.loads(clerk.run(nowhere, "rules", "schema", "--json")[0])["definitions"]["b2b_tier"]["enum"][0] == "A"
