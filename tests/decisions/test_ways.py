"""What stands in the way of a tier, and the exit margin on the way down, as they are told."""

from __future__ import annotations

from typing import Any

import pytest

from engine.decisions import explain_row, loss_of_tier, narrate
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
        "A is not reachable by what can be changed (score 100.0 at best, 60 asked); in the way: contract: Nobody can "
        "change Contract by the rule book: wait, or have its facts corrected if they are wrong. "
        "Voice: Voice: record or import it."
    )
    assert lines[Locale.ZH] == (
        "A 无法通过可改变的指标达到（得分最高 100.0，要求 60）；阻碍：contract：按规则库，没有人能改变合同："
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
