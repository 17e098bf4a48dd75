"""Four eyes at the command line: proposed, shown, approved by somebody else, published, rolled back."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from engine.cli import terminal
from engine.operations.shadowing import beside
from engine.store import open_database
from tests.cli.clerk import Clerk
from tests.cli.conftest import ROOT, Shell
from tests.schema.business import NOW, fill


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


@pytest.fixture
def ruled(clerk: Clerk, empty: Shell, rules: Path) -> Shell:
    """The shipped rules are live, and ask for an approver; the folder `rules` says something else."""
    clerk.run(empty, "rules", "publish", "--reason", "first")
    book = rules / "b2b.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("at_least: 70\n", "at_least: 72\n"), encoding="utf-8")
    return empty


def test_a_change_takes_two(clerk: Clerk, ruled: Shell, rules: Path) -> None:
    clerk.refused(ruled, "rules", "publish", str(rules), "--reason", "72", en="needs an approval", zh="须经批准")
    out, err = clerk.run(ruled, "rules", "propose", str(rules), "--reason", "72", "--by", "mei")
    assert "against the live rules" in out
    assert "Needs one other person to approve it: touchstone rules approve 2" in out
    assert "key customers begin at 70 points" in err
    own = ("rules", "approve", "2", "--by", "MEI")
    clerk.refused(ruled, *own, en="Nobody approves their own change", zh="不得审批自己")
    early = ("rules", "publish", "--change", "2", "--reason", "72")
    clerk.refused(ruled, *early, en="0 of 1 needed", zh="目前 0 人")
    assert "#2 审批中" in clerk.run(ruled, "rules", "log", "--lang", "zh")[0]
    assert clerk.run(ruled, "rules", "approve", "2", "--by", "li", "--note", "fine")[0].startswith(
        "Change 2 is approved"
    )
    clerk.refused(ruled, *early, str(rules), en="not both", zh="只能指定一个")
    assert "B2B · 等级 A：起点分 70 → 72" in clerk.run(ruled, *early, "--lang", "zh")[0]
    told = json.loads(clerk.run(ruled, "rules", "log", "--json")[0])
    assert [(one["state"], [review["actor"] for review in one["reviews"]]) for one in told] == [
        ("LIVE", ["li"]),
        ("SUPERSEDED", []),
    ]
    back = json.loads(clerk.run(ruled, "rules", "rollback", told[1]["revision"], "--reason", "back", "--json")[0])
    assert (back["state"], back["approvers_needed"], back["revision"]) == ("IN_REVIEW", 1, told[1]["revision"])
    assert clerk.run(ruled, "rules", "approve", "3", "--by", "li", "--reject")[0] == "Change 3 is rejected.\n"


def test_a_change_is_taken_back_by_its_author(clerk: Clerk, ruled: Shell, rules: Path) -> None:
    told = json.loads(clerk.run(ruled, "rules", "propose", str(rules), "--reason", "72", "--json", "--draft")[0])
    assert (told["state"], told["failed_tests"]) == ("DRAFT", ["key customers begin at 70 points"])
    clerk.refused(ruled, "rules", "withdraw", "2", "--by", "li", "--reason", "no", en="Only its author", zh="只有作者")
    assert clerk.run(ruled, "rules", "withdraw", "2", "--reason", "no", "--lang", "zh")[0] == "变更 2 已撤回。\n"
    out, _ = clerk.run(ruled, "rules", "log", "--lang", "zh")
    assert "crm-ops 撤回：no" in out
    assert "⚠ 规则文件中有测试未通过：key customers begin at 70 points。" in out
    (told, _) = json.loads(clerk.run(ruled, "rules", "log", "--json")[0])
    assert (told["withdrawal"]["reason"], told["publish_reason"]) == ("no", None)
    assert told["failed_tests"] == ["key customers begin at 70 points"]


def test_for_whom_somebody_acts_and_what_is_rolled_back_is_told(clerk: Clerk, ruled: Shell, rules: Path) -> None:
    clerk.run(ruled, "rules", "propose", str(rules), "--reason", "72", "--by", "mei", "--on-behalf-of", "wang")
    told, warned = clerk.run(ruled, "rules", "approve", "2", "--by", "li", "--on-behalf-of", "chen")
    assert told.startswith("Change 2 is approved")
    assert warned == "Tests in the rule files fail: key customers begin at 70 points.\n"
    clerk.run(ruled, "rules", "publish", "--change", "2", "--reason", "72")
    first = json.loads(clerk.run(ruled, "rules", "log", "--json")[0])[1]["revision"]
    clerk.run(ruled, "rules", "rollback", first, "--reason", "back", "--by", "mei")
    out, _ = clerk.run(ruled, "rules", "log")
    for line in ("rolls back to change 1", "mei (for wang): 72", "approved by li (for chen)"):
        assert line in out
    clerk.run(ruled, "rules", "withdraw", "3", "--by", "deputy", "--on-behalf-of", "mei", "--reason", "away")
    assert "withdrawn by deputy (for mei): away" in clerk.run(ruled, "rules", "log")[0]
    out, _ = clerk.run(ruled, "audit", "log", "--about", "rule_change:2", "--lang", "zh")
    assert "mei 提交了规则变更 2（代 wang）：72" in out
    assert "li 批准了规则变更 2（代 chen）" in out


def test_what_was_in_force(clerk: Clerk, ruled: Shell) -> None:
    assert "No rules were in force then." in clerk.run(ruled, "rules", "log", "--at", "2020-01-01")[0]
    assert "#1 LIVE" in clerk.run(ruled, "rules", "log", "--at", "2199-01-01")[0]


def test_what_moved_a_customer(clerk: Clerk, ruled: Shell) -> None:
    asked = ("rules", "log", "--customer", "demo:nobody")
    clerk.refused(ruled, *asked, en="There is no customer demo:nobody", zh="没有客户 demo:nobody")


def test_a_folder_that_is_not_live_is_told_and_not_used(clerk: Clerk, ruled: Shell, rules: Path) -> None:
    assert "are not the live rules" in clerk.run(ruled, "rules", "check", str(rules))[1]
    assert "不是生效规则" in clerk.run(ruled, "rules", "check", str(rules), "--lang", "zh")[1]
    assert "live rules" not in clerk.run(ruled, "rules", "check", str(ROOT / "rules"))[1]
    assert json.loads(clerk.run(ruled, "rules", "check", str(rules), "--json")[0])["differs_from_live"] is True
    report, live = (
        json.loads(clerk.run(ruled, "decide", "--json", rules=str(folder))[0]) for folder in (rules, ROOT / "rules")
    )
    assert (report["folder_differs"], live["folder_differs"]) == (True, False)
    assert report["revision"] == live["revision"]


def test_a_change_goes_live_by_the_clock(
    clerk: Clerk, ruled: Shell, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk.run(ruled, "rules", "propose", str(rules), "--reason", "72", "--by", "mei")
    clerk.run(ruled, "rules", "approve", "2", "--by", "li")
    given = ("rules", "schedule", "2", "--reason", "then", "--at")
    clerk.refused(ruled, *given, "2020-01-01", en="2020-01-01 is past", zh="2020-01-01 已过")
    clerk.refused(ruled, *given, "2199-01-01", en="Its approval holds until", zh="有效期仅到")
    clerk.refused(ruled, *given, "2030-01-01", "--zone", "Mars", en="no time zone 'Mars'", zh="没有时区")
    skipped = ("2029-03-25T02:30", "--zone", "Europe/Berlin")
    clerk.refused(ruled, *given, *skipped, en="skip 2029-03-25T02:30", zh="会跳过")
    twice = ("2029-10-28 02:30", "--zone", "Europe/Berlin")
    clerk.refused(ruled, *given, *twice, en="twice", zh="两次显示")
    due = datetime.now(UTC) + timedelta(days=2)
    local = f"{due.astimezone(ZoneInfo('Asia/Tokyo')):%Y-%m-%dT%H:%M}"
    out, _ = clerk.run(ruled, *given, local, "--zone", "Asia/Tokyo")
    assert out == f"Change 2 goes live {local.replace('T', ' ')} (Asia/Tokyo).\n"
    assert "待定时生效" in clerk.run(ruled, "rules", "log", "--lang", "zh")[0]
    assert clerk.run(ruled, "rules", "activate-due")[0] == "Nothing is due.\n"
    assert "off its schedule" in clerk.run(ruled, "rules", "unschedule", "2", "--reason", "no")[0]
    clerk.run(ruled, *given, local, "--zone", "Asia/Tokyo")
    monkeypatch.setattr(terminal, "now", lambda: due + timedelta(days=1))
    told = json.loads(clerk.run(ruled, "decide", "--json")[0])
    assert [(one["change"], one["live"], one["zone"]) for one in told["activated"]] == [(2, True, "Asia/Tokyo")]
    assert (
        f"was due {local.replace('T', ' ')} (Asia/Tokyo), scheduled by crm-ops: then"
        in clerk.run(ruled, "rules", "log")[0]
    )


def test_what_cannot_go_live_is_told(clerk: Clerk, ruled: Shell, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk.run(ruled, "rules", "propose", str(rules), "--reason", "72", "--by", "mei")
    clerk.run(ruled, "rules", "approve", "2", "--by", "li")
    due = datetime.now(UTC) + timedelta(days=2)
    clerk.run(ruled, "rules", "schedule", "2", "--reason", "then", "--at", due.isoformat())
    monkeypatch.setattr(terminal, "now", lambda: due + timedelta(days=9))
    out, _ = clerk.run(ruled, "rules", "activate-due", "--lang", "zh", expect=1)
    assert "需处理：其预览已超过规则库规定的有效期。" in out
    assert "⚠ was due" in clerk.run(ruled, "rules", "log")[0]
    assert clerk.run(ruled, "rules", "activate-due", "--json")[0] == "[]\n"


def test_a_change_decides_beside_the_live_rules(
    clerk: Clerk, empty: Shell, rules: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_database(f"sqlite:///{empty.database}") as database:
        fill(database)
    monkeypatch.setattr(terminal, "now", lambda: NOW)
    book = rules / "b2c.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("at_least: 80\n", "at_least: 55\n"), encoding="utf-8")
    clerk.run(empty, "rules", "propose", str(rules), "--reason", "55", "--by", "mei")
    shadow = ("rules", "shadow", "2")
    clerk.refused(empty, *shadow, en="one of --days, --stop and --show", zh="指定一个")
    clerk.refused(empty, *shadow, "--show", en="never decided beside", zh="从未双轨并行")
    clerk.refused(empty, *shadow, "--days", "0", en="not between 1 and 366", zh="不在 1 至 366 天")
    assert clerk.run(empty, *shadow, "--days", "14")[0] == "Change 2 decides beside for 14 days.\n"
    clerk.refused(empty, *shadow, "--days", "14", en="already", zh="已在双轨并行")
    assert "No run has decided by both yet." in clerk.run(empty, *shadow, "--show")[0]
    monkeypatch.setattr(terminal, "now", lambda: NOW + timedelta(days=1))
    clerk.run(empty, "decide")
    told = json.loads(clerk.run(empty, *shadow, "--show", "--json")[0])
    ((compared, differing),) = ((day["compared"], day["differing"]) for day in told["days"])
    assert (told["running"], told["compared"], compared) == (True, 54, 54)
    assert 0 < differing == len(told["movers"]) == sum(n for _, had, has, n in told["matrix"] if had != has)
    out, _ = clerk.run(empty, *shadow, "--show", "--lang", "zh")
    assert "起双轨并行" in out
    one = told["movers"][0]
    assert f"  {one['customer']}  {one['live']} → {one['candidate']}" in out
    assert told["problem"] is None
    monkeypatch.setattr(beside, "block_of", _fail)
    monkeypatch.setattr(terminal, "now", lambda: NOW + timedelta(days=2))
    clerk.run(empty, "decide")
    problem = json.loads(clerk.run(empty, *shadow, "--show", "--json")[0])["problem"]
    assert (problem["run"], problem["why"]) == (told["days"][0]["run"] + 1, beside.UNFORESEEN.en)
    assert f"the candidate decided nobody: {beside.UNFORESEEN.en}" in clerk.run(empty, *shadow, "--show")[0]
    assert f"候选规则未能决定：{beside.UNFORESEEN.zh}" in clerk.run(empty, *shadow, "--show", "--lang", "zh")[0]
    assert clerk.run(empty, *shadow, "--stop", "--lang", "zh")[0] == "变更 2 的双轨并行已结束。\n"
    assert "it has ended" in clerk.run(empty, *shadow, "--show")[0]


def _fail(*given: object) -> object:
    raise ZeroDivisionError


def test_whom_a_change_moved(clerk: Clerk, empty: Shell, rules: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_database(f"sqlite:///{empty.database}") as database:
        fill(database)
    book = rules / "b2c.yaml"
    easier = book.read_text(encoding="utf-8").replace("at_least: 80\n", "at_least: 55\n")
    book.write_text(easier, encoding="utf-8")
    monkeypatch.setattr(terminal, "now", lambda: NOW)
    clerk.run(empty, "rules", "publish", str(rules), "--reason", "55", "--by", "mei")
    book.write_text(easier.replace("at_least: 55\n", "at_least: 56\n"), encoding="utf-8")
    clerk.run(empty, "rules", "propose", str(rules), "--reason", "56", "--by", "mei")
    assert clerk.run(empty, "rules", "moved", "3")[0] == "#3 was never live, so it moved nobody.\n"
    assert "没有改变任何客户的等级" in clerk.run(empty, "rules", "moved", "1", "--lang", "zh")[0]
    monkeypatch.setattr(terminal, "now", lambda: NOW + timedelta(days=1))
    clerk.run(empty, "decide")
    told = json.loads(clerk.run(empty, "rules", "moved", "2", "--first", "99", "--json")[0])
    assert told["count"] == len(told["moved"]) == sum(number for *_, number in told["matrix"]) > 1
    assert all(any(cause["cause"] == "RULE" for cause in one["causes"]) for one in told["moved"])
    one = told["moved"][0]
    assert one["causes"][0]["tier_before"] == one["before"]
    out, _ = clerk.run(empty, "rules", "moved", "2", "--first", "1")
    assert out.startswith(f"#2 moved {told['count']} customers at their first decision since it went live:\n")
    assert f"{one['ref']}  B2C  {one['before']} → {one['after']}" in out
    assert len(out.splitlines()) == 3 + len(told["matrix"])
    seen = json.loads(clerk.run(empty, "explain", one["ref"], "--json")[0])["change"]["parts"]
    assert [part["tier"] for part in seen if part["tier"]] == [cause["tier"] for cause in one["causes"]]
    clerk.refused(empty, "rules", "moved", "9", en="There is no rule change 9", zh="没有规则变更 9")


def test_the_log_tells_what_reviewers_saw_and_why_it_was_published(clerk: Clerk, empty: Shell, rules: Path) -> None:
    with open_database(f"sqlite:///{empty.database}") as database:
        fill(database)
    clerk.run(empty, "rules", "publish", "--reason", "four eyes from now on")
    book = rules / "b2c.yaml"
    book.write_text(book.read_text(encoding="utf-8").replace("at_least: 80\n", "at_least: 55\n"), encoding="utf-8")
    clerk.run(empty, "rules", "propose", str(rules), "--reason", "55", "--by", "mei")
    clerk.run(empty, "rules", "approve", "3", "--by", "li", "--note", "agreed")
    clerk.run(empty, "rules", "approve", "3", "--by", "zhao")
    clerk.run(empty, "rules", "publish", "--change", "3", "--by", "mei", "--reason", "the board's yes")
    out, _ = clerk.run(empty, "rules", "log")
    assert re.search(r"\n    preview: [1-9]\d* of 54 customers would move, 0 of them down\n", out)
    assert re.search(r"\n    20\d\d-\d\d-\d\d \d\d:\d\d approved by li: agreed\n", out)
    assert re.search(r"\n    20\d\d-\d\d-\d\d \d\d:\d\d live, published by mei: the board's yes\n", out)
    zh, _ = clerk.run(empty, "rules", "log", "--lang", "zh")
    assert "li 批准：agreed" in zh
    assert "由 mei 发布：the board's yes" in zh
    told = json.loads(clerk.run(empty, "rules", "log", "--json")[0])[0]
    assert told["publish_reason"] == "the board's yes"
    assert told["preview"]["snapshot"] == told["snapshot"]
    assert sum(cell[3] for cell in told["preview"]["matrix"] if cell[1] != cell[2]) == told["preview"]["moved"] > 0
    with open_database(f"sqlite:///{empty.database}") as database, database.write() as session:
        guards = "select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'rule_change'"
        taken = session.execute(text(guards)).all()
        for name, _ in taken:
            session.execute(text(f"drop trigger {name}"))
        forged = "replace(preview, '\"moved\"', '\"shown\"')"
        session.execute(text(f"update rule_change set preview = {forged} where id = 3"))
        for _, guard in taken:
            session.connection().exec_driver_sql(guard)
    assert "would move" not in clerk.run(empty, "rules", "log")[0], "a damaged preview is not told"
