"""Ways up and down that the rules hide, what stands in the way of a tier, and what counts on the way down."""

from __future__ import annotations

from typing import Any

import pytest

from engine.decisions import explain_row, loss_of_tier, narrate
from engine.decisions.explanation.search import Found, Search
from engine.decisions.explanation.ways import next_tier_of
from engine.decisions.record import Explained
from engine.vocabulary import Locale


def test_a_gate_that_nobody_can_change_is_named_with_what_to_do(player: Any) -> None:
    played = player(GATED, "columnar")
    explained = explain_row(
        played.book, played.market, played.columns, played.states, played.outcomes, row=0, moment=played.moment
    )
    told = explained.next_tier
    assert told is not None
    assert [(one.name, one.result.value, one.when) for one in told.blocked_by] == [
        ("contract", "false", "ok"),
        ("voice", "false", "known(w)"),
    ]
    assert (str(told.attainable), told.reachable, told.ways) == ("100.0000", False, ())
    lines = {locale: next(line for line in narrate(explained, locale) if line.startswith("A ")) for locale in Locale}
    assert lines[Locale.EN] == (
        "A is not reachable by what can be changed; in the way: contract: Nobody can "
        "change Contract by the rule book: wait, or have its facts corrected if they are wrong. "
        "Voice: Voice: record or import it."
    )
    assert lines[Locale.ZH] == (
        "A 无法通过可改变的指标达到；阻碍：contract：按规则库，没有人能改变合同："
        "只能等待；若数据有误，请更正。评价：评价：请录入或导入数据。"
    )


GATED = {
    "as_of": "2026-12-01",
    "book": {
        "market": "B2C",
        "metrics": {
            "v": {"type": "points", "actionable": {"direction": "up", "step": 5}},
            "ok": {"type": "bool", "title": {"en": "Contract", "zh": "合同"}},
            "w": {"type": "points", "title": {"en": "Voice", "zh": "评价"}},
        },
        "scorecard": {"missing": {"default": "renormalise", "min_known_weight": 40}, "criteria": [
            {"name": "v", "metric": "v", "weight": 50, "curve": [[0, 0], [100, 100]]},
            {"name": "voice", "metric": "w", "weight": 50, "curve": [[0, 0], [100, 100]]},
        ]},
        "tiers": [{"key": "A", "at_least": 60, "gates": [{"name": "contract", "when": "ok"}]}, {"key": "B"}],
        "lifecycle": [{"else": "ACTIVE", "phase": "RETAIN"}],
    },
    "facts": {"v": 30, "ok": False},
    "state": {"tier": "B", "since": "2026-01-01"},
}  # fmt: skip


@pytest.mark.parametrize(("margin", "after"), [(0, "69.0000"), (5, "64.0000")])
def test_the_exit_margin_counts_on_the_way_down(player: Any, margin: int, after: str) -> None:
    book = {
        **GATED["book"],
        "scorecard": {"criteria": [{"name": "v", "metric": "v", "weight": 1, "curve": [[0, 0], [100, 100]]}]},
        "metrics": {"v": {"type": "points", "actionable": {"direction": "up", "step": 1}}},
        "tiers": [{"key": "A", "at_least": 70}, {"key": "B"}],
        "stability": {"exit_margin": margin, "grace": "28d", "min_dwell": "91d"},
    }
    state = {"tier": "A", "since": "2026-11-01"}
    played = player({**GATED, "book": book, "facts": {"v": 80}, "state": state}, "columnar")
    explained = explain_row(
        played.book, played.market, played.columns, played.states, played.outcomes, row=0, moment=played.moment
    )
    assert explained.case is not None
    told = loss_of_tier(explained.case)
    assert told is not None
    assert (told.key, str(told.attainable), [way.changes[0].after for way in told.ways]) == ("B", "0.0000", [after])
    assert told.ways[0].text.en.endswith("; then B, not before 2027-01-31")
    assert (told.ways[0].text.zh or "").endswith("；随后为 B，最早 2027-01-31")


MONEY = {"type": "money", "actionable": {"direction": "up", "step": 100}}
POINTS = {"type": "points", "low": 0, "high": 100, "actionable": {"direction": "up", "step": 5}}
RISING, PEAKED = [[0, 0], [100, 100]], [[0, 0], [50, 100], [100, 0]]


def told_of(player: Any, metrics: dict[str, Any], facts: dict[str, Any], **more: Any) -> Explained:
    """One customer by criteria of one weight, given by `curves`, with two tiers, the better one given by `tier`."""
    criteria = [{"name": name, "metric": name, "weight": 1, "curve": curve} for name, curve in more["curves"].items()]
    book = {
        "market": "B2C",
        "metrics": {"a": {"type": "points"}, **metrics},
        "scorecard": {"criteria": criteria},
        "tiers": [{"key": "A", **more["tier"]}, {"key": "B"}],
        "stability": more.get("stability", {}),
        "lifecycle": [{"else": "ACTIVE", "phase": "RETAIN"}],
    }
    state = {"tier": more.get("stored", "B"), "since": "2026-01-01"}
    played = player({"as_of": "2026-12-01", "book": book, "facts": facts, "state": state}, "columnar")
    return explain_row(
        played.book, played.market, played.columns, played.states, played.outcomes, row=0, moment=played.moment
    )


def ways_up(explained: Explained) -> list[dict[str, str]]:
    assert explained.next_tier is not None
    return [{change.metric: change.after for change in way.changes} for way in explained.next_tier.ways]


JOINT = "rev >= 50000 and mar >= 10000"
PAIR = [{"mar": "10000.00", "rev": "50000.00"}]


@pytest.mark.parametrize(
    "tier",
    [
        {"at_least": 70, "or_when": JOINT},
        {"at_least": 50, "gates": [{"name": "g", "when": JOINT}]},
        {"at_least": 50, "gates": [{"name": "g", "when": "rev >= 50000"}, {"name": "h", "when": "20000 <= mar * 2"}]},
        {"at_least": 50, "gates": [{"name": "g", "when": JOINT}, {"name": "h", "when": "rev < 60000"}]},
    ],
)
def test_two_metrics_that_only_conditions_read_are_changed_together(player: Any, tier: dict[str, Any]) -> None:
    metrics, facts = {"rev": MONEY, "mar": MONEY}, {"a": 60, "rev": 40_000, "mar": 8_000}
    explained = told_of(player, metrics, facts, curves={"a": RISING}, tier=tier)
    assert ways_up(explained) == PAIR
    assert explained.next_tier is not None
    assert explained.next_tier.reachable
    assert explained.next_tier.blocked_by == ()


def test_two_criteria_that_peak_are_changed_together(player: Any) -> None:
    peaks = {"p": PEAKED, "q": PEAKED}
    explained = told_of(player, {"p": POINTS, "q": POINTS}, {"p": 30, "q": 30}, curves=peaks, tier={"at_least": 90})
    assert ways_up(explained) == [{"p": "40.0000", "q": "50.0000"}]


@pytest.mark.parametrize(("rev", "after"), [(52_300, "70000.00"), (30_000, "70000.00"), (10, "70010.00")])
def test_a_window_is_found_from_afar(player: Any, rev: int, after: str) -> None:
    tier = {"at_least": 70, "gates": [{"name": "g", "when": "rev <= 70400"}]}
    explained = told_of(player, {"rev": MONEY}, {"rev": rev}, curves={"rev": [[0, 0], [100_000, 100]]}, tier=tier)
    assert ways_up(explained) == [{"rev": after}]


def test_two_metrics_that_only_a_gate_reads_lose_the_tier_together(player: Any) -> None:
    tier = {"at_least": 50, "gates": [{"name": "g", "when": "rev >= 50000 or mar >= 10000"}]}
    facts = {"a": 60, "rev": 60_000, "mar": 60_000}
    explained = told_of(player, {"rev": MONEY, "mar": MONEY}, facts, curves={"a": RISING}, tier=tier, stored="A")
    assert explained.case is not None
    loss = loss_of_tier(explained.case)
    assert loss is not None
    assert [{one.metric: one.after for one in way.changes} for way in loss.ways] == [
        {"mar": "9900.00", "rev": "49900.00"}
    ]


def test_what_was_not_tried_to_the_end_is_not_called_unreachable(player: Any) -> None:
    """A metric without bounds stands on both sides of a comparison, with another one."""
    tier = {"at_least": 50, "gates": [{"name": "g", "when": "rev - mar > rev"}]}
    facts = {"a": 60, "rev": 40_000, "mar": 8_000}
    explained = told_of(player, {"rev": MONEY, "mar": MONEY}, facts, curves={"a": RISING}, tier=tier)
    told = explained.next_tier
    assert told is not None
    assert (told.reachable, told.exhaustive) == (False, False)
    lines = {locale: narrate(explained, locale)[-1] for locale in Locale}
    assert lines[Locale.EN] == (
        "No way to A was found among the changes tried; in the way: g: None of the changes that were tried is enough "
        "(mar, rev)."
    )
    assert lines[Locale.ZH] == "在已尝试的改变中未找到达到 A 的途径；阻碍：g：已尝试的改变均不够（mar、rev）。"


def test_the_score_asked_is_that_of_the_tier_aimed_at(player: Any) -> None:
    """The customer falls from A today: what keeps A is less than what takes it."""
    stability = {"exit_margin": 5}
    metrics, tier = {"v": {**POINTS, "high": 67}}, {"at_least": 70}
    explained = told_of(player, metrics, {"v": 10}, curves={"v": RISING}, tier=tier, stored="A", stability=stability)
    assert explained.tier.computed == "B"
    assert narrate(explained, Locale.EN)[-1] == (
        "A is not reachable by what can be changed (score 65.0 at best, 70 asked)."
    )


@pytest.mark.parametrize(("confirm", "said"), [(1, ""), (3, ", after 3 deciding dates")])
def test_a_loss_tells_on_how_many_dates_it_must_be_decided(player: Any, confirm: int, said: str) -> None:
    tier, stability = {"at_least": 70}, {"confirm": confirm}
    explained = told_of(
        player, {"v": POINTS}, {"v": 90}, curves={"v": RISING}, tier=tier, stored="A", stability=stability
    )
    assert explained.case is not None
    loss = loss_of_tier(explained.case)
    assert loss is not None
    assert loss.ways[0].text.en == f"v from 90 points to 65 points; then B{said}"
    assert (loss.ways[0].text.zh or "").endswith("须经 3 个决定日" if said else "随后为 B")


def test_a_way_that_the_traced_evaluator_does_not_give_is_not_shown(
    player: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts, tier = {"v": 30}, {"at_least": 70}
    explained = told_of(player, {"v": POINTS}, facts, curves={"v": RISING}, tier=tier)
    assert explained.case is not None
    assert next_tier_of(explained.case) == explained.next_tier
    monkeypatch.setattr(Search, "found", lambda _: Found([{"v": 7}], True, True, None, ()))
    with pytest.raises(RuntimeError, match="disagree"):
        next_tier_of(explained.case)
