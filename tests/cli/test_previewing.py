"""Who would move, seen before anything is published: on the demo, as a business user does it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.operations.deciding import decide
from engine.operations.previewing import preview
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import load_book
from engine.store import open_database
from tests.cli.clerk import Clerk
from tests.cli.conftest import Demo, Shell
from tests.operations.approved import publish_approved
from tests.operations.checks import preview_digests
from tests.operations.shop import decisions

pytestmark = pytest.mark.xdist_group("demo")

KEYS = {
    "customers", "moved", "matrix", "movers", "campaigns", "guardrails", "scores", "held_by_stability", "newly_unknown",
    "attribution", "interaction", "snapshot", "base", "candidate", "as_of",
}  # fmt: skip


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


def edit(rules: Path, file: str, before: str, after: str) -> None:
    text = (rules / file).read_text(encoding="utf-8")
    assert before in text
    (rules / file).write_text(text.replace(before, after, 1), encoding="utf-8")


def test_the_rules_as_they_are_move_nobody(demo: Demo) -> None:
    told = demo.shell.json("rules", "preview")
    assert told.keys() >= KEYS
    assert (told["moved"], told["movers"], told["attribution"], told["interaction"]) == (0, [], [], 0)
    assert all(cell["from"] == cell["to"] for cell in told["matrix"])
    assert sum(cell["customers"] for cell in told["matrix"]) == told["customers"] == 3235
    assert all(one["before"] == one["after"] and one["cost_before"] == one["cost_after"] for one in told["campaigns"])
    assert told["base"] == told["candidate"]


def test_an_edit_shows_who_moves_why_and_what_it_costs(demo: Demo, rules: Path) -> None:
    edit(rules, "b2c.yaml", "at_least: 80", "at_least: 76")
    edit(rules, "b2c.yaml", "metric: margin_to_cac\n      weight: 15", "metric: margin_to_cac\n      weight: 25")
    edit(rules, "campaigns.yaml", "unit_cost: 50", "unit_cost: 60")
    told = demo.shell.json("rules", "preview", str(rules), "--movers", "3")
    moves = {(cell["from"], cell["to"]): cell["customers"] for cell in told["matrix"] if cell["market"] == "B2C"}
    assert told["moved"] == sum(number for (one, other), number in moves.items() if one != other) > 100
    assert moves["B", "A"] > 100
    assert sum(one["moved"] for one in told["attribution"]) + told["interaction"] == told["moved"]
    assert [one["edits"][0]["item"] for one in told["attribution"]] == [
        "b2c.scorecard.criteria.payback.weight", "b2c.tiers.A.at_least", "campaigns.triggers.win_back.unit_cost",
    ]  # fmt: skip
    assert [one["moved"] > 0 for one in told["attribution"]] == [True, True, False]
    (win_back,) = (one for one in told["campaigns"] if one["campaign"] == "win_back")
    assert Decimal(win_back["cost_after"]) == 60 * win_back["after"] > Decimal(win_back["cost_before"])
    assert len(told["movers"]) == 3
    revenues = [Decimal(mover["revenue_12m"]) for mover in told["movers"]]
    assert revenues == sorted(revenues, reverse=True)
    for mover in told["movers"]:
        assert (mover["live"]["tier"]["effective"], mover["candidate"]["tier"]["effective"]) == (
            mover["from"],
            mover["to"],
        )
        assert mover["why"]["en"].endswith("reaches 76.")
        total = sum(Decimal(shift["delta"]) for shift in mover["shifts"])
        assert total == Decimal(mover["candidate"]["score"]) - Decimal(mover["live"]["score"])
        assert mover["candidate"]["criteria"][0]["place"]["file"] == "b2c.yaml"


def test_the_text_says_it_at_a_glance_in_both_languages(demo: Demo, rules: Path, clerk: Clerk) -> None:
    edit(rules, "b2c.yaml", "at_least: 80", "at_least: 60")
    english, _ = clerk.run(demo.shell, "rules", "preview", str(rules), "--movers", "2")
    chinese, _ = clerk.run(demo.shell, "rules", "preview", str(rules), "--movers", "2", "--lang", "zh")
    for text, words in (
        (english, ("customers would move", "GUARDRAIL CROSSED", "✗ customers who move", "tier A: starts at 80 → 60",
                   "from (rows) to (columns)", "largest revenue", "↑ A", "reaches 60")),
        (chinese, ("变动等级", "护栏：已越过", "✗ 变动等级的客户", "B2C · 等级 A：起点分 80 → 60", "从（行）到（列）",
                   "销售额从高到低", "↑ A", "达到 60")),
    ):  # fmt: skip
        assert all(word in text for word in words), text
        assert all(len(line) < 200 for line in text.splitlines())


def test_without_attribution_no_edit_is_tried_alone(demo: Demo, rules: Path) -> None:
    edit(rules, "b2c.yaml", "at_least: 80", "at_least: 76")
    told = demo.shell.json("rules", "preview", str(rules), "--no-attribution", "--movers", "1")
    assert (told["attribution"], told["interaction"], told["movers"][0]["edits"]) == (None, None, None)


def test_wrong_rules_and_wrong_instants_are_refused(demo: Demo, rules: Path, clerk: Clerk) -> None:
    as_of = ("rules", "preview", "--as-of", "2026-10-31")
    clerk.refused(demo.shell, *as_of, en="Everybody has a decision", zh="所有客户已有")
    edit(rules, "b2c.yaml", "at_least: 80", "at_leest: 80")
    _, said = clerk.run(demo.shell, "rules", "preview", str(rules), expect=2)
    assert "at_least" in said


def test_before_anything_is_published_there_is_nothing_to_compare_with(empty: Shell) -> None:
    assert "rules publish" in empty.run("rules", "preview", expect=2).stderr


def test_on_the_demo_a_preview_is_what_publishing_and_deciding_then_does(own_demo: Shell, rules: Path) -> None:
    edit(rules, "b2c.yaml", "at_least: 80", "at_least: 76")
    edit(rules, "b2c.yaml", "grace: 28d", "grace: 0d")
    edit(rules, "b2b.yaml", "weight: 20", "weight: 5")
    edit(rules, "metrics.yaml", "within: 365d", "within: 180d")
    edit(rules, "campaigns.yaml", "per_day: 200", "per_day: 3")
    edit(rules, "lifecycle.yaml", "days_since_purchase > 180", "days_since_purchase > 90")
    files = read_rule_folder(rules)
    when, now = datetime(2026, 11, 2, tzinfo=ZoneInfo("Asia/Shanghai")), datetime.now(UTC)
    with open_database(f"sqlite:///{own_demo.database}") as database:
        with database.read() as session:
            done = preview(session, load_book(files), when, now)
        publish_approved(database, files, "as previewed", now)
        report = decide(database, None, when, "schedule", now)
        stored = {key: value for key, value in decisions(database).items() if key[1] == when}
    assert preview_digests(done) == stored
    assert len(stored) == report.decided == 3235
    assert done.comparison.moved > 100
    for market, tiers in report.tiers.items():
        told = {cell.after or "UNRATED": 0 for cell in done.comparison.matrix if cell.market == market}
        for cell in done.comparison.matrix:
            if cell.market == market:
                told[cell.after or "UNRATED"] += cell.customers
        assert told == {key: number for key, number in tiers.items() if number}
