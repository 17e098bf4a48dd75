"""What would be with other figures, other rules, at another time: on the demo, as a business user asks it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.clerk import Clerk
from tests.cli.conftest import Demo, Shell

pytestmark = pytest.mark.xdist_group("demo")

REF, AT = "demo:P-0118", "2026-11-02"


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


def test_before_and_after_are_told_with_the_reason(demo: Demo, clerk: Clerk) -> None:
    given = ("whatif", REF, "--as-of", AT, "--set", "satisfaction=90", "--set", "days_since_purchase=3")
    english, _ = clerk.run(demo.shell, *given)
    assert f"{REF}: what if, as of {AT}; nothing is stored" in english
    assert "Satisfaction (satisfaction)                         40 points → 90 points" in english
    assert "score       66.1 → 87.3 (+21.2)" in english
    assert "The score differs by Repurchase rhythm +16.5, Satisfaction +4.8." in english
    assert "The score 87.3 reaches 80." in english
    chinese, _ = clerk.run(demo.shell, *given, "--lang", "zh")
    assert "假设分析" in chinese
    assert "得分变化：复购节奏 +16.5，客户满意度 +4.8。" in chinese
    assert "得分 87.3，达到 80" in chinese


def test_json_is_an_explanation_beside_the_one_without_the_changes(demo: Demo) -> None:
    told = demo.shell.json("whatif", REF, "--as-of", AT, "--set", "satisfaction=90")
    plain = demo.shell.json("explain", REF)
    assert plain.keys() <= told.keys() | {"time_alone"}
    assert plain.keys() <= told["before"].keys() | {"stale_sources", "time_alone"}
    assert (told["decision"], told["run"], told["change"], told["before"]["decision"]) == (None,) * 4
    assert told["set"] == [{"metric": "satisfaction", "before": "40.0000", "after": "90.0000"}]
    delta = Decimal(told["score"]) - Decimal(told["before"]["score"])
    assert Decimal(told["delta"]) == delta == sum(Decimal(part["delta"]) for part in told["parts"]) > 0
    assert sum(Decimal(one["contribution"]) for one in told["criteria"]) == Decimal(told["score"])


def test_the_instant_of_a_stored_decision_gives_its_digest(demo: Demo) -> None:
    for ref in (REF, "demo:B-0007"):
        stored = demo.shell.json("explain", ref)
        at = stored["as_of"]
        told = demo.shell.json("whatif", ref, "--as-of", at, "--as-known-at", at)
        assert told["revision"] == stored["revision"]
        assert told["digest"] == stored["digest"]
        earlier = demo.shell.json("whatif", ref, "--as-of", "2026-09-15")
        assert (
            earlier["tier"]["previous"] == demo.shell.json("explain", ref, "--as-of", "2026-09-15")["tier"]["effective"]
        )


def test_draft_rules_are_tried_and_told(demo: Demo, clerk: Clerk, rules: Path) -> None:
    file = rules / "b2c.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("at_least: 80", "at_least: 62", 1), encoding="utf-8")
    given = ("whatif", REF, "--as-of", AT, "--rules", str(rules))
    assert "B2C · tier A: starts at 80 → 62" in clerk.run(demo.shell, *given)[0]
    assert "The score 66.1 reaches 62." in clerk.run(demo.shell, *given)[0]
    assert [one["item"] for one in demo.shell.json(*given)["edits"]] == ["b2c.tiers.A.at_least"]
    file.write_text(
        text.replace("at_least: 80", "at_leest: 80", 1).replace("weight: 15", "weight: x", 1), encoding="utf-8"
    )
    out, err = clerk.run(demo.shell, *given, expect=2)
    assert out == ""
    assert "at_leest" in err
    assert "not `x`" in err


def test_what_no_rule_reads_is_said(demo: Demo, clerk: Clerk) -> None:
    told, _ = clerk.run(demo.shell, "whatif", "demo:B-0007", "--as-of", AT, "--set", "orders_12m=3")
    assert "⚠ No rule of B2B reads orders_12m: it changes nothing." in told
    assert demo.shell.json("whatif", "demo:B-0007", "--as-of", AT, "--set", "orders_12m=3")["idle"] == ["orders_12m"]


def test_wrong_input_says_what_to_do(demo: Demo, clerk: Clerk, empty: Shell) -> None:
    clerk.refused(demo.shell, "whatif", "demo:P-9999999", en="demo:P-9999999", zh="demo:P-9999999")
    clerk.refused(
        demo.shell, "whatif", REF, "--set", "satisfacton=1", en="Did you mean `satisfaction`?", zh="`satisfaction`"
    )
    clerk.refused(demo.shell, "whatif", REF, "--set", "satisfaction", en="--set METRIC=VALUE", zh="--set 指标=值")
    clerk.refused(
        demo.shell, "whatif", REF, "--set", "satisfaction=good", en="A number belongs here", zh="这里应是数字"
    )
    clerk.refused(demo.shell, "whatif", REF, "--as-of", "soon", en="not a date", zh="不是日期")
    clerk.refused(empty, "whatif", REF, en="No rule book is published", zh="尚未发布规则库")
    _, err = clerk.run(demo.shell, "whatif", REF, "--set", "satisfacton=1", "--set", "churn=2", expect=2)
    assert len(err.splitlines()) == 2, "every mistake at once"


def test_help_has_an_example_that_runs(demo: Demo, clerk: Clerk) -> None:
    out, _ = clerk.run(demo.shell, "whatif", "--help")
    words = " ".join(out.split()).partition("Example: touchstone ")[2].split(" Arguments")[0].split()
    given = words[: words.index("2026-11-02") + 1]
    assert "nothing is stored" in clerk.run(demo.shell, *given)[0]
