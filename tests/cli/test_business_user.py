"""What a business user does with the demo."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from tests.cli.conftest import Demo, Shell

pytestmark = pytest.mark.xdist_group("demo")

HEADERS = ["订单编号", "客户编号", "下单时间", "订单状态", "实付金额"]


def chinese_orders() -> list[list[str]]:
    return [
        ["DD-1001", "KH-01", "2026-10-03 10:15:00", "已支付", "1,280.50"],
        ["DD-1002", "KH-01", "2026-10-19 09:00:00", "已支付", "300.00"],
        ["DD-1003", "KH-02", "2026-10-20 20:30:00", "已取消", "99.90"],
    ]


def test_demo_prints_tiers_by_market_and_three_customers(demo: Demo) -> None:
    for ref in ("demo:B-0007", "demo:B-0042", "demo:P-0118"):
        assert ref in demo.printed
    assert re.search(r"B2B\s+A ", demo.printed)
    assert re.search(r"B2C\s+A ", demo.printed)
    assert "What to try next" in demo.printed


def test_key_account_is_explained_in_chinese_in_under_twelve_lines(demo: Demo) -> None:
    lines = demo.shell.run("explain", "demo:B-0007", "--lang", "zh").stdout.splitlines()
    assert 4 <= len(lines) < 12
    losses = next(line for line in lines if line.startswith("失分最多"))
    assert losses.count("（−") == 3
    assert any("保持" in line for line in lines)


def test_a_company_by_potential_says_so(demo: Demo) -> None:
    assert "By potential, not by score" in demo.shell.run("explain", "demo:B-0042").stdout
    told = demo.shell.json("explain", "demo:B-0042")
    taken = next(tier for tier in told["tiers"] if tier["result"] == "TAKEN")
    assert (taken["key"], taken["route"]) == ("B", "OR_WHEN")


def test_chinese_export_in_xlsx_and_gbk_adds_once(empty: Shell, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEADERS, *chinese_orders()]:
        sheet.append(row)
    book.save(tmp_path / "订单.xlsx")
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in [HEADERS, *chinese_orders()])
    (tmp_path / "订单.csv").write_bytes(text.encode("gbk"))
    first = empty.json("import", "orders-zh", str(tmp_path / "订单.xlsx"))
    again = empty.json("import", "orders-zh", str(tmp_path / "订单.xlsx"))
    other = empty.json("import", "orders-zh", str(tmp_path / "订单.csv"))
    assert (first["added"], again["added"], other["added"]) == (3, 0, 0)
    assert other["linked"] == 3


def test_a_typo_in_a_rule_file_is_found_with_place_and_remedy(demo: Demo, rules: Path) -> None:
    file = rules / "b2b.yaml"
    lines = file.read_text().splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("weight:"))
    lines[at] = lines[at].replace("weight:", "wieght:")
    file.write_text("\n".join(lines) + "\n")
    report = demo.shell.json("rules", "check", str(rules), expect=2)
    problem = next(problem for problem in report["problems"] if "weight" in problem["hint"])
    assert report["ok"] is False
    assert (problem["file"], problem["line"]) == ("b2b.yaml", at + 1)
    assert problem["column"] == lines[at].index("wieght") + 1
    shown = demo.shell.run("rules", "check", str(rules), "--lang", "zh", expect=2).stderr
    assert "wieght" in shown
    assert "^" in shown


def test_states_and_severities_are_told_in_chinese(demo: Demo, rules: Path) -> None:
    told = demo.shell.run("rules", "log", "--lang", "zh").stdout
    assert re.search(r"^[-\d]+ [:\d]+  #\d+ (生效中|已被取代)  sha256:", told, re.MULTILINE)
    assert not re.search("LIVE|SUPERSEDED", told)
    file = rules / "b2b.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("weight: 25", "weight: many"), encoding="utf-8")
    said = demo.shell.run("rules", "check", str(rules), "--lang", "zh", expect=2).stderr
    assert re.match(r"b2b\.yaml:\d+:\d+: 错误 RULE_TYPE: ", said)


def test_moving_a_threshold_fails_one_named_test(demo: Demo, rules: Path) -> None:
    assert demo.shell.json("rules", "test", str(rules))["failed"] == []
    file = rules / "b2b.yaml"
    text = file.read_text()
    assert "at_least: 70" in text
    file.write_text(text.replace("at_least: 70", "at_least: 72", 1))
    report = demo.shell.json("rules", "test", str(rules), expect=1)
    assert [failure["name"] for failure in report["failed"]] == ["key customers begin at 70 points"]


def test_difference_is_told_in_words(demo: Demo, rules: Path) -> None:
    assert demo.shell.run("rules", "diff", str(rules)).stdout.strip() == "No difference."
    file = rules / "b2b.yaml"
    file.write_text(file.read_text().replace("at_least: 70", "at_least: 72", 1))
    assert "70 → 72" in demo.shell.run("rules", "diff", str(rules)).stdout
    assert "70 → 72" in demo.shell.run("rules", "diff", str(rules), "--lang", "zh").stdout


def test_campaigns_say_who_was_suppressed_and_why(demo: Demo) -> None:
    volumes = demo.shell.json("campaigns", "list", "--who", "2")
    causes = {volume["suppressed_by"] for volume in volumes}
    assert {"CONSENT", "HOLDOUT", "COOLDOWN", None} <= causes
    assert all(volume["refs"] for volume in volumes)


def test_every_campaign_fires_for_somebody(demo: Demo) -> None:
    sent = {volume["campaign"] for volume in demo.shell.json("campaigns", "list") if volume["suppressed_by"] is None}
    shipped = (Path(__file__).resolve().parents[2] / "rules" / "campaigns.yaml").read_text()
    assert sent == set(re.findall(r"^\s*- name: (\w+)", shipped, re.MULTILINE)) & sent
    assert len(sent) == len(set(re.findall(r"template: (\w+)", shipped)))


def test_kpis_are_quotients_of_what_they_say(demo: Demo) -> None:
    found = demo.shell.json("kpis", "--from", "2025-11-01", "--to", "2026-11-01")
    names = {kpi["name"] for kpi in found}
    assert {"retention_rate", "repurchase_rate", "revenue_per_buyer", "revenue_per_order", "referral_rate"} <= names
    for kpi in found:
        if kpi["value"] is not None and kpi["denominator"] is not None:
            whole = Decimal(kpi["numerator"]) / Decimal(kpi["denominator"])
            assert abs(whole - Decimal(kpi["value"])) < Decimal("0.01")


def test_override_stands_beside_the_computed_tier(own_demo: Shell) -> None:
    before = own_demo.json("explain", "demo:P-0031")
    other = "A" if before["tier"]["computed"] != "A" else "B"
    own_demo.run("override", "demo:P-0031", other, "--reason", "goodwill", "--days", "30")
    own_demo.run("decide", "demo:P-0031")
    after = own_demo.json("explain", "demo:P-0031")
    assert after["tier"]["effective"] == other
    assert after["tier"]["computed"] != other or before["tier"]["computed"] == other


def test_sample_answers_both_markets_in_one_document(demo: Demo) -> None:
    told = json.loads(demo.shell.run("explain", "--sample", "6", "--json").stdout)
    assert len(told) == 6
    assert {one["market"] for one in told} == {"B2B", "B2C"}
