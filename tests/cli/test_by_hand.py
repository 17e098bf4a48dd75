"""Tiers set by hand and reviews at the command line, on the demo and its shipped rules."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

import pytest

from tests.cli.clerk import Clerk
from tests.cli.conftest import Shell

REASON = ("--reason", "strategic")
SEEN = ("--evidence", "https://crm.example/7")


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


def _refs(shell: Shell, computed: str, count: int) -> list[str]:
    query = (
        "select c.ref from standing s join customer c on c.id = s.customer_id "
        "where s.market = 'B2C' and s.computed = ? and s.effective = ? order by c.id limit ?"
    )
    with closing(sqlite3.connect(shell.database)) as connection:
        return [row[0] for row in connection.execute(query, (computed, computed, count))]


def test_three_tiers_up_take_two_people(clerk: Clerk, own_demo: Shell) -> None:
    low, other = _refs(own_demo, "D", 2)
    said = clerk.run(own_demo, "override", low, "A", *REASON, "--note", "board", *SEEN, "--by", "mei")[0]
    assert "once somebody else approves: touchstone override approve 1" in said
    assert clerk.run(own_demo, "override", other, "C", *REASON, "--lang", "zh")[0].endswith("下次评级起生效。\n")
    clerk.refused(own_demo, "override", "approve", "1", "--by", "MEI", en="Nobody approves", zh="不得审批自己")
    by_others = ("override", "approve", "1", "--by", "li", "--on-behalf-of", "M e i")
    clerk.refused(own_demo, *by_others, en="Nobody approves", zh="不得审批自己")
    clerk.refused(own_demo, "override", "approve", "2", "--by", "li", en="does not wait", zh="无需审批")
    clerk.refused(own_demo, "override", "approve", "9", "--by", "li", en="no override 9", zh="没有人工评级 9")
    waiting = json.loads(clerk.run(own_demo, "override", "list", "--pending", "--json")[0])
    assert [(one["customer"], one["tier"], one["computed"], one["state"]) for one in waiting] == [
        (low, "A", "D", "PENDING")
    ]
    clerk.run(own_demo, "decide", low)
    assert _tiers(clerk, own_demo, low) == ("D", "D")
    shown = clerk.run(own_demo, "override", "show", "1", "--lang", "zh")[0]
    for line in (f"客户：{low}", "计算等级：D", "状态：待第二人批准", "备注：board",
                 "须第二人的原因：与计算等级相差较大"):  # fmt: skip
        assert f"{line}\n" in shown
    clerk.refused(own_demo, "override", "show", "9", en="no override 9", zh="没有人工评级 9")
    told = clerk.run(own_demo, "override", "approve", "1", "--by", "li", "--note", "seen")[0]
    for line in (f"customer: {low}", "computed: D", "reason: strategic", "evidence: https://crm.example/7", "by: mei",
                 "why a second person: it lies far from the computed tier"):  # fmt: skip
        assert f"{line}\n" in told
    assert "\nby hand: A → " in told
    assert told.endswith("Override 1 is approved; in force from the next decision on.\n")
    clerk.run(own_demo, "decide", low)
    assert _tiers(clerk, own_demo, low) == ("D", "A")
    assert "待第二人批准" not in clerk.run(own_demo, "override", "list", "--lang", "zh")[0]
    assert clerk.run(own_demo, "override", "end", "1", "--reason", "over")[0] == "Override 1 has ended.\n"
    clerk.refused(own_demo, "override", "end", "1", "--reason", "over", en="no running override", zh="没有生效中")
    assert json.loads(clerk.run(own_demo, "override", "expire", "--json")[0]) == {"expired": []}
    assert clerk.run(own_demo, "audit", "verify")[0].startswith("Intact")


def _tiers(clerk: Clerk, shell: Shell, ref: str) -> tuple[str, str]:
    tier = json.loads(clerk.run(shell, "explain", ref, "--json")[0])["tier"]
    return tier["computed"], tier["effective"]


def test_statistics_say_which_rules_are_overridden_most(clerk: Clerk, own_demo: Shell) -> None:
    assert json.loads(clerk.run(own_demo, "override", "stats", "--json")[0])["rules"] == []
    low, middle = _refs(own_demo, "D", 2), _refs(own_demo, "C", 1)
    for ref in low:
        clerk.run(own_demo, "override", ref, "C", "--reason", "goodwill")
    clerk.run(own_demo, "override", middle[0], "B", *REASON)
    found = json.loads(clerk.run(own_demo, "override", "stats", "--json")[0])
    counted = {one["rule"]: one["overridden"] for one in found["rules"]}
    assert sum(counted.values()) == 3
    assert counted["b2c.tiers.C"] == 1
    assert all(one["customers"] > 0 for one in found["rules"])
    assert found["reasons"] == [{"reason": "goodwill", "count": 2}, {"reason": "strategic", "count": 1}]
    assert found["moves"][0] == {"market": "B2C", "computed": "D", "tier": "C", "count": 2}
    assert found["states"] == [{"state": "ACTIVE", "count": 3}]
    told = clerk.run(own_demo, "override", "stats", "--lang", "zh")[0]
    assert "人工改动次数" in told
    assert "生效中" in told


def test_reviews_of_the_demo_are_listed_given_and_closed(clerk: Clerk, own_demo: Shell) -> None:
    listed = json.loads(clerk.run(own_demo, "reviews", "list", "--limit", "100", "--json")[0])
    assert listed["total"] >= len(listed["reviews"]) > 2
    assert {one["reason"] for one in listed["reviews"]} <= {"MISSING_DATA", "NEAR_THRESHOLD", "GUARDRAIL"}
    first, second, third = (one["id"] for one in listed["reviews"][:3])
    assert clerk.run(own_demo, "reviews", "assign", str(first), "--to", "mei")[0] == f"Review {first} is with mei.\n"
    mine = json.loads(clerk.run(own_demo, "reviews", "list", "--assignee", "mei", "--json")[0])
    assert [one["id"] for one in mine["reviews"]] == [first]
    assert "无人" in clerk.run(own_demo, "reviews", "assign", str(first), "--lang", "zh")[0]
    close = ("reviews", "close", str(first), "OVERRIDDEN")
    clerk.refused(own_demo, *close, en="no tier set by hand", zh="没有人工评级")
    assert clerk.run(own_demo, "reviews", "close", str(first), "CONFIRMED")[0].endswith("is closed: CONFIRMED.\n")
    clerk.refused(own_demo, *close, en="DONE already", zh="状态已是 DONE")
    closed = clerk.run(own_demo, "reviews", "close", str(second), "a test customer", "--dismiss", "--json")[0]
    assert json.loads(closed) == {"review": second, "state": "DISMISSED", "outcome": "a test customer"}
    told = clerk.run(own_demo, "reviews", "list", "--all", "--limit", "100")[0]
    assert "a test customer" in told
    assert f"\n{third} " in told
    chinese = clerk.run(own_demo, "reviews", "list", "--all", "--limit", "100", "--lang", "zh")[0]
    for word in ("待复核", "已完成", "无需复核", "已确认", "a test customer"):
        assert word in chinese
    assert not re.search(r"OPEN|DONE|DISMISSED|EXPIRED|LAPSED|CONFIRMED", chinese)
    clerk.refused(own_demo, "reviews", "assign", "999999", en="no task 999999", zh="没有任务 999999")
    assert clerk.run(own_demo, "audit", "verify")[0].startswith("Intact")


def test_a_run_says_what_it_did_to_the_queue(clerk: Clerk, own_demo: Shell) -> None:
    told = clerk.run(own_demo, "decide", "--as-of", "2026-11-03", "--lang", "zh")[0]
    assert re.search(r"^复核：新增 [1-9]\d* 件.*。$", told, re.MULTILINE)
    done = json.loads(clerk.run(own_demo, "decide", "--as-of", "2026-11-03", "--json")[0])
    assert "reviews" not in done, "nobody was due"
    later = json.loads(clerk.run(own_demo, "decide", "--as-of", "2026-11-04", "--json")[0])["reviews"]
    assert later.keys() == {"made", "over", "lapsed"}
