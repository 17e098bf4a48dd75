"""What an auditor does with the demo."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import ROOT, Demo, Shell

pytestmark = pytest.mark.xdist_group("demo")


def test_contributions_sum_to_the_score(demo: Demo) -> None:
    told = demo.shell.json("explain", "--sample", "40")
    known = [one for one in told if one["score"] is not None]
    assert len(known) >= 30
    for one in known:
        assert sum(Decimal(line["contribution"]) for line in one["criteria"]) == Decimal(one["score"])
        weights = sum(Decimal(line["effective_weight"]) for line in one["criteria"])
        assert abs(weights - 1) <= Decimal("0.00001")


def test_parts_of_a_change_sum_to_the_difference(demo: Demo) -> None:
    told = [one for one in demo.shell.json("explain", "--sample", "40") if one["change"] and one["change"]["delta"]]
    assert len(told) >= 20
    for one in told:
        parts = one["change"]["parts"]
        assert [part["cause"] for part in parts] == [
            "BEHAVIOUR",
            "DATA_CORRECTION",
            "RULE",
            "MODEL",
            "OVERRIDE",
            "TIME",
        ]
        assert sum(Decimal(part["delta"]) for part in parts) == Decimal(one["change"]["delta"])
        for part in parts:
            assert sum(Decimal(line["delta"]) for line in part["criteria"]) == Decimal(part["delta"])
            assert all(line["kind"] and line["key"] for line in part["records"])
    assert any(part["records"] for one in told for part in one["change"]["parts"] if part["cause"] == "BEHAVIOUR")
    one = told[0]
    earlier = demo.shell.json("explain", one["customer"], "--as-of", "2026-10-15")
    assert Decimal(one["score"]) - Decimal(earlier["score"]) == Decimal(one["change"]["delta"])
    assert demo.shell.json("explain", one["customer"], "--as-known-at", "2026-10-15") == earlier


def test_a_place_opens_the_rule_line_of_that_revision(demo: Demo) -> None:
    told = demo.shell.json("explain", "demo:B-0007")
    for line in told["criteria"]:
        text = (ROOT / "rules" / line["place"]["file"]).read_text().splitlines()[line["place"]["line"] - 1]
        assert line["name"] in text


def test_every_stored_decision_replays_identically(demo: Demo) -> None:
    report = json.loads(demo.shell.process("replay", "--all", "--json").stdout)
    assert report["checked"] > 9000
    assert report["identical"] == report["checked"]
    assert report["different"] == []


def test_what_another_engine_decided_is_listed_with_the_version_needed(own_demo: Shell) -> None:
    with closing(sqlite3.connect(own_demo.database)) as connection:
        connection.execute("update run set engine_version = '0.0.9' where id = 3")
        connection.commit()
    report = own_demo.json("replay", "demo:P-0031", expect=1)
    assert (report["checked"], report["identical"], report["different"]) == (2, 2, [])
    assert [len(names) for names in report["other_engines"].values()] == [1]
    told = own_demo.run("replay", "demo:P-0031", expect=1).stdout
    assert "2 replayed, 2 identical, 0 different" in told
    assert "1 not replayable here: engine 0.0.9 is needed" in told
    assert report["other_engines"]["0.0.9"][0] in told
    assert "需要引擎 0.0.9" in own_demo.run("replay", "demo:P-0031", "--lang", "zh", expect=1).stdout
    refused = own_demo.run("explain", "demo:P-0031", expect=2).stderr
    assert "made by engine 0.0.9" in refused
    assert own_demo.json("explain", "demo:P-0031", "--as-of", "2026-10-15")["engine"] != "0.0.9"


def test_one_flipped_byte_is_found(own_demo: Shell) -> None:
    fine = json.loads(own_demo.process("audit", "verify", "--json").stdout)
    assert fine["ok"] is True
    with closing(sqlite3.connect(own_demo.database)) as connection:
        names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'trigger'")]
        dropped = [
            connection.execute("select sql from sqlite_master where name = ?", (n,)).fetchone()[0] for n in names
        ]
        for name in names:
            connection.execute(f"drop trigger {name}")
        body = connection.execute("select body from ledger_entry where position = 5").fetchone()[0]
        flipped = body.replace("demo-", "demO-", 1)
        assert flipped != body
        connection.execute("update ledger_entry set body = ? where position = 5", (flipped,))
        for statement in dropped:
            connection.execute(statement)
        connection.commit()
    found = own_demo.json("audit", "verify", expect=1)
    assert (found["ok"], found["first_bad"]) == (False, 5)


def test_the_log_names_actor_reason_and_time(demo: Demo) -> None:
    changes = demo.shell.json("rules", "log")
    assert [change["state"] for change in changes] == ["LIVE", "SUPERSEDED"]
    assert all(change["actor"] == "crm-ops" and change["reason"] and change["at"] for change in changes)
    assert "82 → 80" in demo.shell.run("rules", "log").stdout


def test_revision_and_model_of_a_day_are_told(demo: Demo) -> None:
    live, first = demo.shell.json("rules", "log")
    september = demo.shell.json("explain", "demo:P-0031", "--as-of", "2026-09-15")
    november = demo.shell.json("explain", "demo:P-0031")
    assert september["revision"] == first["revision"]
    assert november["revision"] == live["revision"]
    assert september["model"] == demo.shell.json("model", "card")["digest"]


def test_a_late_record_leaves_old_decisions_as_they_were(own_demo: Shell, tmp_path: Path) -> None:
    before = own_demo.json("explain", "demo:P-0031")
    late = tmp_path / "late.csv"
    late.write_text(
        "customer,key,occurred_at,recorded_at,currency,net,gross,cost,quantity,status,channel,category,order_no,due_on,paid_on\n"
        "P-0031,LATE-1,2026-08-15T10:00:00+08:00,2026-11-10T10:00:00+08:00,CNY,5000.00,5000.00,2000.00,1,paid,web,home,LATE-1,,2026-08-15\n"
    )
    assert own_demo.json("import", "demo-orders", str(late))["added"] == 1
    assert own_demo.json("replay", "demo:P-0031")["different"] == []
    assert own_demo.json("explain", "demo:P-0031")["digest"] == before["digest"]


def test_model_card_names_label_cut_offs_baselines_and_shares(demo: Demo) -> None:
    card = demo.shell.json("model", "card")
    assert card["digest"].startswith("sha256:")
    assert card["cut_offs"]
    assert set(card["evaluation"][0]["baselines"]) >= {"base_rate", "recency", "logistic_regression", "bg_nbd"}
    assert sum(Decimal(share["share"]) for share in card["predictions"].values()) == pytest.approx(1, abs=1e-5)


def test_a_stale_source_moves_nobody(own_demo: Shell) -> None:
    def tiers() -> dict[str, tuple[str | None, int]]:
        with closing(sqlite3.connect(own_demo.database)) as connection:
            rows = connection.execute(
                "select c.ref, s.effective, s.forced is not null from standing s "
                "join customer c on c.id = s.customer_id where c.market = 'B2B'"
            )
            return {ref: (tier, forced) for ref, tier, forced in rows}

    before = tiers()
    report = own_demo.json("decide", "--as-of", "2026-12-20")
    assert report["decided"] == 3235
    assert tiers() == before
    told = own_demo.json("explain", "demo:B-0007")
    states = {line["metric"]: line["cause"] for line in told["criteria"]}
    assert states["overdue_days"] == "stale"
    assert [hold["cause"] for hold in told["held_by"]] == ["missing_data"]
