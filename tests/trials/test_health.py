"""Health on planted bases: what does nothing, says the same, or is set aside is found, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from scipy.stats import spearmanr

from engine.decisions import States
from engine.expressions import Column
from engine.rulebook import MarketBook, book_from_plain
from engine.trials import Base
from engine.trials.frames import moment_of
from engine.trials.health import RuleHealth, correlations, rule_health, shared_findings
from engine.vocabulary import Market, Unit

CUSTOMERS = 200
MOMENT = moment_of(date(2026, 12, 1), "Asia/Shanghai")
NUMBERS = ("spend", "echo", "fixed", "rare", "debt")
PLAIN: dict[str, object] = {
    "market": "B2B",
    "currency": "CNY",
    "timezone": "Asia/Shanghai",
    "metrics": {**{name: {"type": "count"} for name in NUMBERS}, "churn": {"type": "probability"}},
    "scorecard": {
        "missing": {"default": "neutral"},
        "criteria": [
            {"name": name, "metric": name, "weight": 10, "curve": [[0, 0], [1000, 100]]}
            for name in ("spend", "echo", "fixed", "rare")
        ],
    },
    "tiers": [
        {"key": "A", "at_least": 60, "gates": [
            {"name": "open", "when": "debt >= 0"}, {"name": "shut", "when": "spend < 0"},
            {"name": "idle", "when": "spend > 100"},
        ]},
        {"key": "B", "at_least": 20, "or_when": "spend >= 900"},
        {"key": "C"},
    ],
    "force": [
        {"name": "debt", "when": "debt > 50", "tier": "C"},
        {"name": "more_debt", "when": "debt > 60", "tier": "C"},
        {"name": "no_debt", "when": "debt > 9999", "tier": "C"},
    ],
    "risk": {"metric": "churn", "bands": {"LOW": 0, "HIGH": 0.5}},
    "lifecycle": [
        {"stage": "LAPSED", "phase": "WIN_BACK", "when": "debt > 90"},
        {"stage": "AT_RISK", "phase": "RETAIN", "when": "debt > 95"},
        {"else": "ACTIVE", "phase": "RETAIN"},
    ],
    "channels": {"owner_task": {}},
    "triggers": [
        {"name": "nobody", "when": "tier == 'A'", "channel": "owner_task", "template": "x", "priority": 1},
        {"name": "blind", "when": "churn > 0.2", "channel": "owner_task", "template": "x", "priority": 2},
    ],
    "tags": [{"tag": "everybody", "when": "stage in ('LAPSED', 'ACTIVE')"}],
}  # fmt: skip


def planted(override: list[int] | None = None) -> tuple[MarketBook, Base]:
    rules = book_from_plain(PLAIN).markets[Market.B2B]
    chance = np.random.default_rng(2)
    spend = chance.integers(0, 1000, CUSTOMERS)
    values = {
        "spend": spend,
        "echo": np.clip(spend + chance.integers(-20, 20, CUSTOMERS), 0, 1000),
        "fixed": np.full(CUSTOMERS, 500),
        "rare": chance.integers(0, 1000, CUSTOMERS),
        "debt": np.arange(CUSTOMERS) % 100,
    }
    columns = {
        name: Column(column.astype(np.int64), np.zeros(CUSTOMERS, np.uint8), Unit.COUNT)
        for name, column in values.items()
    }
    causes = np.where(np.arange(CUSTOMERS) < 150, 1, 0).astype(np.uint8)
    columns["rare"] = replace(columns["rare"], causes=causes)
    states = States.first(CUSTOMERS, 2)
    if override is not None:
        by_hand = states.override.copy()
        by_hand[override] = 0
        states = replace(states, override=by_hand)
    return rules, Base(columns, states, MOMENT)


@pytest.fixture(scope="module")
def found() -> dict[str, RuleHealth]:
    return {one.item: one for one in rule_health(*planted())}


def said(found: dict[str, RuleHealth], item: str) -> str | None:
    finding = found[item].finding
    if finding is None:
        return None
    assert finding.zh
    return finding.en


def test_every_rule_is_there_once_with_its_place(found: dict[str, RuleHealth]) -> None:
    assert list(found) == [
        *(f"b2b.scorecard.criteria.{name}" for name in ("spend", "echo", "fixed", "rare")),
        "b2b.tiers.A", "b2b.tiers.A.gates.open", "b2b.tiers.A.gates.shut", "b2b.tiers.A.gates.idle",
        "b2b.tiers.B", "b2b.tiers.B.or_when", "b2b.tiers.C",
        "b2b.force.debt", "b2b.force.more_debt", "b2b.force.no_debt",
        "lifecycle.LAPSED", "lifecycle.AT_RISK", "lifecycle.ACTIVE",
        "campaigns.triggers.blind", "campaigns.triggers.nobody", "campaigns.tags.everybody",
    ]  # fmt: skip
    assert all(one.customers == CUSTOMERS and one.place.line > 0 for one in found.values())


def test_two_criteria_that_say_the_same_are_named(found: dict[str, RuleHealth]) -> None:
    spend, echo = found["b2b.scorecard.criteria.spend"], found["b2b.scorecard.criteria.echo"]
    assert (spend.correlates_with, echo.correlates_with) == (echo.item, spend.item)
    assert spend.correlation == echo.correlation
    assert spend.correlation is not None
    assert spend.correlation > 0.99
    assert "nearly the same as `spend`" in (said(found, echo.item) or "")


def test_a_criterion_that_tells_nobody_apart_and_one_that_is_mostly_unknown(found: dict[str, RuleHealth]) -> None:
    assert said(found, "b2b.scorecard.criteria.fixed") == (
        "It gives everybody the same 50 points: it tells nobody apart."
    )
    assert said(found, "b2b.scorecard.criteria.rare") == "Its metric is unknown for 75 % of the customers."
    assert found["b2b.scorecard.criteria.rare"].unknown == 150


def test_gates_that_never_or_always_hold_or_stop_nobody(found: dict[str, RuleHealth]) -> None:
    assert said(found, "b2b.tiers.A.gates.open") == "It holds for everybody."
    assert said(found, "b2b.tiers.A.gates.shut") == "It never holds."
    assert (said(found, "b2b.tiers.A.gates.idle") or "").startswith("It stops nobody")
    assert said(found, "b2b.tiers.A") == "Nobody has this tier."
    assert said(found, "b2b.tiers.B") is None


def test_a_door_nobody_needs(found: dict[str, RuleHealth]) -> None:
    assert (said(found, "b2b.tiers.B.or_when") or "").startswith("Nobody comes in by it alone")


def test_force_rules_and_stages_behind_others(found: dict[str, RuleHealth]) -> None:
    assert said(found, "b2b.force.debt") is None
    assert found["b2b.force.debt"].fired == 98
    assert said(found, "b2b.force.more_debt") == "It holds for 78, but a line above it always comes first."
    assert said(found, "b2b.force.no_debt") == "It never holds."
    assert said(found, "lifecycle.AT_RISK") == "It holds for 8, but a line above it always comes first."
    assert found["lifecycle.LAPSED"].fired + found["lifecycle.ACTIVE"].fired == CUSTOMERS


def test_campaigns_and_tags(found: dict[str, RuleHealth]) -> None:
    assert said(found, "campaigns.triggers.nobody") == "It never holds."
    assert said(found, "campaigns.triggers.blind") == "It is unknown for everybody."
    assert said(found, "campaigns.tags.everybody") == "It holds for everybody."


def test_a_rule_people_set_aside_is_named_with_what_they_chose() -> None:
    forced = [row for row in range(CUSTOMERS) if row % 100 > 50][:20]
    found = {one.item: one for one in rule_health(*planted(forced))}
    assert found["b2b.force.debt"].overridden == 20
    assert said(found, "b2b.force.debt") == "20 of its 98 customers were set by hand to another tier, mostly A."
    assert found["b2b.tiers.B"].overridden == 0


def test_a_shared_rule_that_fires_for_the_other_market_is_no_finding_here() -> None:
    here = rule_health(*planted())
    there = tuple(replace(one, fired=3, finding=None) for one in here if one.item == "campaigns.triggers.nobody")
    found = {one.item: one for one in shared_findings(here, there)}
    assert said(found, "campaigns.triggers.nobody") is None
    assert said(found, "b2b.tiers.A") == "Nobody has this tier."
    assert said(found, "campaigns.tags.everybody") == "It holds for everybody."


def test_correlations_are_spearmans() -> None:
    chance = np.random.default_rng(4)
    points = chance.integers(0, 5, (80, 3)).astype(np.int32)
    points[:, 1] = np.clip(points[:, 0] + chance.integers(0, 2, 80), 0, 5)
    known = np.ones(points.shape, np.bool_)
    known[:10, 2] = False
    found = correlations(points, known)
    assert found[0, 1] == pytest.approx(spearmanr(points[:, 0], points[:, 1]).statistic)
    assert found[2, 0] == pytest.approx(spearmanr(points[10:, 0], points[10:, 2]).statistic)
    assert np.isnan(correlations(points[:20], known[:20])).all()


def test_a_base_without_customers_has_no_findings() -> None:
    rules, base = planted()
    nobody = np.zeros(0, np.intp)
    empty = Base({name: column.take(nobody) for name, column in base.columns.items()}, States.first(0, 2), MOMENT)
    assert [one.finding for one in rule_health(rules, empty) if one.finding is not None] == []
