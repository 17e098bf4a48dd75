"""Back-test, health and thresholds on the demo, as a business user asks for them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.cli.conftest import Demo, Shell

pytestmark = pytest.mark.xdist_group("demo")

AT = ("--market", "B2C", "--at", "2026-05-01", "--horizon", "180d")


@pytest.fixture(scope="module")
def tested(demo: Demo) -> dict[str, Any]:
    found: dict[str, Any] = demo.shell.json("rules", "backtest", *AT)
    return found


def test_a_back_test_ends_in_sentences_a_person_understands(demo: Demo) -> None:
    told = demo.shell.run("rules", "backtest", *AT).stdout
    assert re.search(r"A Key +\d+ +[\d,]+ +[\d,]+–[\d,]+", told)
    assert re.search(r"A customers later brought \d+\.\d times the average", told)
    assert "The ladder is monotone." in told
    assert re.search(r"last year's revenue +0\.\d\d +\d\.\d\d", told)
    assert "Estimated anew from what was known then" in told


def test_a_back_test_adds_up_in_json(tested: dict[str, Any]) -> None:
    (instant,) = tested["instants"]
    assert sum(tier["customers"] for tier in instant["tiers"]) == instant["customers"]
    for tier in instant["tiers"]:
        assert 0 <= tier["churned"] <= tier["active"] <= tier["customers"]
        for name in ("revenue", "margin", "churn"):
            if tier[name] is not None:
                assert tier[name]["low"] <= tier[name]["value"] <= tier[name]["high"]
    rated = [tier for tier in instant["tiers"] if tier["tier"] != "UNRATED"]
    whole, heads = sum(one["revenue_total"] for one in rated), sum(one["customers"] for one in rated)
    best = rated[0]
    assert instant["lift"] == pytest.approx((best["revenue_total"] / whole) / (best["customers"] / heads))
    assert {rival["name"] for rival in instant["rivals"]} == {"revenue_12m", "rfm", "recency"}
    assert instant["clocks_assumed"] is False
    assert instant["verdict"]["zh"]


def test_no_model_of_a_back_test_learns_from_later(own_demo: Shell, tested: dict[str, Any]) -> None:
    """Whatever was recorded after the instant is spoiled: everybody keeps the tier, only what followed changes."""
    (before,) = tested["instants"]
    limit = int(datetime(2026, 4, 30, 16, tzinfo=UTC).timestamp() * 1_000_000)
    with sqlite3.connect(own_demo.database) as connection:
        connection.execute("update record set net = net * 50, cost = 0, score = 0 where recorded_at > ?", (limit,))
        connection.execute("update record set superseded_at = null where superseded_at > ?", (limit,))
        connection.execute("update prediction set probability = 999999 where recorded_at > ?", (limit,))
    connection.close()
    after = own_demo.json("rules", "backtest", *AT)["instants"][0]
    tiers = [{one["tier"]: one["customers"] for one in each["tiers"]} for each in (before, after)]
    assert tiers[0] == tiers[1]
    assert before["estimates"] == after["estimates"]
    assert {one["origin"] for one in before["estimates"]} >= {"estimated"}
    assert after["tiers"][0]["revenue_total"] > 10 * before["tiers"][0]["revenue_total"]


def test_what_cannot_be_known_yet_is_refused_in_both_languages(demo: Demo) -> None:
    for locale, said in (("en", "are not over|complete until"), ("zh", "尚未结束|只完整到")):
        done = demo.shell.run("rules", "backtest", "--at", "2026-10-01", "--lang", locale, expect=2)
        assert re.search(said, done.stderr)
        assert len(done.stderr.splitlines()) == 1
    assert "--at" in demo.shell.run("rules", "backtest", expect=2).stderr
    assert "365d" in demo.shell.run("rules", "backtest", "--at", "2025-09-01", "--horizon", "1y", expect=2).stderr


def test_health_names_rules_with_their_place(demo: Demo, rules: Path) -> None:
    file = rules / "b2b.yaml"
    text = file.read_text()
    assert "when: overdue_days < 91" in text
    file.write_text(text.replace("when: overdue_days < 91", "when: overdue_days < 0"))
    told = demo.shell.run("rules", "health", str(rules), "--market", "b2b").stdout
    line = 1 + next(n for n, one in enumerate(text.splitlines()) if one.strip() == "- name: paid")
    assert re.search(rf"b2b\.yaml:{line}:\d+  b2b\.tiers\.A\.gates\.paid", told)
    assert "It never holds." in told
    assert "从不成立。" in demo.shell.run("rules", "health", str(rules), "--lang", "zh").stdout
    found = demo.shell.json("rules", "health", str(rules), "--market", "B2B")
    paid = next(rule for rule in found["rules"] if rule["item"] == "b2b.tiers.A.gates.paid")
    assert paid["fired"] == 0
    assert paid["place"]["line"] == line


def test_health_counts_what_was_decided(demo: Demo) -> None:
    """The shares of the shipped book's tiers are those everybody sees."""
    found = {market["market"]: market for market in demo.shell.json("rules", "health")}
    printed = dict(re.findall(r"^B2C +([A-D]) \S.*?  +(\d+)  +\d", demo.printed, re.MULTILINE))
    assert len(printed) == 4
    fired = {rule["item"]: rule["fired"] for rule in found["B2C"]["rules"]}
    for tier, customers in printed.items():
        assert abs(fired[f"b2c.tiers.{tier}"] - int(customers)) <= 0.02 * found["B2C"]["customers"]


def test_a_suggested_threshold_written_into_the_file_gives_that_share(demo: Demo, rules: Path) -> None:
    asked = ("rules", "suggest-threshold", "b2c", "A", "--customers", "8%", "--rules", str(rules))
    found = demo.shell.json(*asked)
    assert found["holds"]["share"] >= 0.08 > found["above"]["share"]
    file = rules / "b2c.yaml"
    file.write_text(file.read_text().replace("at_least: 80", f"at_least: {Decimal(found['threshold']):f}"))
    again = demo.shell.json(*asked)
    assert again["now"] == found["holds"]
    assert again["threshold"] == found["threshold"]
    assert Decimal(found["from"]) <= Decimal(found["rounded"]) <= Decimal(found["threshold"])


def test_a_share_of_margin_and_one_out_of_reach(demo: Demo) -> None:
    told = demo.shell.run("rules", "suggest-threshold", "b2c", "A", "--margin", "30%").stdout
    assert re.search(r"Let it start at [\d.]+: then it holds \d+ customers, 30\.\d+ % of the margin", told)
    told = demo.shell.run("rules", "suggest-threshold", "b2c", "A", "--customers", "90%", expect=1).stdout
    assert "cannot be reached" in told
    for words in (("b2c", "D", "--customers", "8%"), ("b2c", "A"), ("b2c", "A", "--customers", "0%")):
        demo.shell.run("rules", "suggest-threshold", *words, expect=2)


@pytest.mark.parametrize("words", [("health",), ("suggest-threshold", "b2b", "A", "--customers", "8%")])
def test_a_day_before_any_data_is_refused_with_the_first_day_that_has_some(demo: Demo, words: tuple[str, ...]) -> None:
    with closing(sqlite3.connect(demo.shell.database)) as connection:
        (first,) = connection.execute("select min(occurred_at) from record where kind = 'CONTRACT'").fetchone()
    day = datetime.fromtimestamp(first / 1_000_000, ZoneInfo("Asia/Shanghai")).date()
    for locale, said in (("en", f"There are no data before {day}"), ("zh", f"{day} 之前没有数据")):
        done = demo.shell.run("rules", *words, "--as-of", "2020-01-01", "--lang", locale, expect=2)
        assert said in done.stderr
        assert "2020-01-01" in done.stderr
    demo.shell.run("rules", "health", "--as-of", f"{day + timedelta(days=1)}", "--market", "b2b")
