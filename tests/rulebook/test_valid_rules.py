"""Rule folders that are right load, and every key reaches the linked book."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.rulebook import Book, check_book, load_book

CASES = Path(__file__).parents[1] / "cases" / "rules"


def folder(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.glob("*.yaml")}


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.iterdir()))
def test_right_rules_have_no_problems(name: str) -> None:
    book, problems = check_book(folder(CASES / name))
    assert problems == ()
    assert book is not None


@pytest.fixture(scope="module")
def every_key() -> Book:
    return load_book(folder(CASES / "every_key"))


LINKED = {
    # rulebook.yaml
    "name": "every_key",
    "title.zh": "每个键一次",
    "owner": "crm-ops",
    "currency": "JPY",
    "timezone": "Europe/Berlin",
    "review_by.year": 2027,
    "fresh_within_days.orders": 3,
    "approvers": 2,
    "guardrails.max_moved": 125_000,
    "guardrails.max_moved_down_from.A": 50_000,
    # metrics.yaml: yen have no minor unit
    "metrics.revenue_90d.scale": 1,
    "metrics.revenue_90d.title.en": "近90天销售额",
    "metrics.revenue_90d.actionable.up": True,
    "metrics.revenue_90d.actionable.step": 100,
    "metrics.revenue_90d.low": 0,
    "metrics.revenue_90d.high": 9_000_000,
    "metrics.revenue_90d.origin.source": "orders",
    "metrics.revenue_90d.origin.take.function": "sum",
    "metrics.revenue_90d.origin.take.field": "net",
    "metrics.revenue_90d.origin.where.names": ("net", "status"),
    "metrics.revenue_90d.origin.within.days": 90,
    "metrics.revenue_90d.origin.within.offset": 30,
    "metrics.revenue_90d.origin.min_count": 2,
    "metrics.revenue_90d.origin.empty": 500,
    "metrics.revenue_per_order.origin.expression.names": ("orders_ever", "revenue_90d"),
    "metrics.silence.origin.take.inner": "max",
    "metrics.tenure.origin.within.days": 365,
    "metrics.orders_ever.origin.take.field": None,
    "metrics.orders_ever.origin.empty": None,
    "metrics.all_running.origin.empty": 0,
    "metrics.last_channel.values": ("web", "shop"),
    "metrics.industry.origin.field": "industry",
    "metrics.industry.origin.empty": "steel",
    "metrics.industry.origin.max_age_days": 400,
    "metrics.clv.origin.horizon_days": 180,
    "metrics.clv.origin.max_age_days": 31,
    "metrics.cac.origin.value": "cac",
    "metrics.churn.origin.model": "churn",
    "metrics.churn.origin.max_age_days": 8,
    "metrics.churn.scale": 1_000_000,
    "metrics.stated.origin": None,
    "metrics.churn.low": 0,
    "metrics.churn.high": 1_000_000,
    "metrics.stated.high": None,
    # b2b.yaml
    "markets.B2B.scorecard.min_known_weight": 40,
    "markets.B2B.scorecard.criteria.0.missing": "renormalise",
    "markets.B2B.scorecard.criteria.1.missing": "worst",
    "markets.B2B.scorecard.criteria.0.weight": 3,
    "markets.B2B.scorecard.criteria.0.reason": "R_VALUE",
    "markets.B2B.scorecard.criteria.0.title.zh": "价值",
    "markets.B2B.scorecard.criteria.0.node.xs": (0, 120_000, 1_000_000),
    "markets.B2B.scorecard.criteria.0.node.ys": (0, 605_000, 1_000_000),
    "markets.B2B.scorecard.criteria.1.node.edges": (1, 31),
    "markets.B2B.scorecard.criteria.1.node.ys": (1_000_000, 700_000, 0),
    "markets.B2C.scorecard.criteria.0.missing": "best",
    "markets.B2B.tiers.0.at_least": 702_500,
    "markets.B2B.tiers.0.gates.0.on_unknown": "pass",
    "markets.B2B.tiers.0.gates.0.title.en": "Runs",
    "markets.B2B.tiers.0.gates.1.on_unknown": "hold",
    "markets.B2B.tiers.0.or_when.on_unknown": "fail",
    "markets.B2B.tiers.1.or_when.on_unknown": "hold",
    "markets.B2B.tiers.2.at_least": None,
    "markets.B2B.force.0.tier": "C",
    "markets.B2B.force.0.reason": "F_BAD_DEBT",
    "markets.B2B.force.0.on_unknown": "pass",
    "markets.B2B.stability.exit_margin": 25_000,
    "markets.B2B.stability.grace_days": 28,
    "markets.B2B.stability.min_dwell_days": 91,
    "markets.B2B.stability.down": "one_step",
    "markets.B2B.stability.up": "one_step",
    "markets.B2B.stability.confirm": 2,
    "markets.B2C.stability.down": "immediate",
    "markets.B2B.risk.metric": "churn",
    "markets.B2B.risk.keys": ("LOW", "HIGH"),
    "markets.B2B.risk.edges": (0, 250_000),
    "markets.B2C.risk": None,
    "markets.B2B.reasons.R_VALUE.text.en": "Value is low",
    # lifecycle.yaml
    "markets.B2C.lifecycle.0.stage": "PROSPECT",
    "markets.B2C.lifecycle.0.on_unknown": "fail",
    "markets.B2C.lifecycle.1.on_unknown": "hold",
    "markets.B2C.lifecycle.2.when": None,
    "markets.B2C.lifecycle.2.phase": "RETAIN",
    # campaigns.yaml: by falling priority, then name
    "markets.B2B.campaigns.triggers.0.name": "visit",
    "markets.B2B.campaigns.triggers.1.name": "news",
    "markets.B2B.campaigns.triggers.2.name": "win_back",
    "markets.B2B.campaigns.triggers.0.channel.capacity_per_owner": 5,
    "markets.B2B.campaigns.triggers.0.channel.to_owner": True,
    "markets.B2B.campaigns.triggers.0.marketing": False,
    "markets.B2B.campaigns.triggers.0.due_days": 2,
    "markets.B2B.campaigns.triggers.0.holdout": None,
    "markets.B2B.campaigns.triggers.0.quiet_hours": None,
    "markets.B2B.campaigns.triggers.1.cooldown_days": 30,
    "markets.B2B.campaigns.triggers.1.holdout.percent": 5,
    "markets.B2B.campaigns.triggers.1.quiet_hours.start_minute": 21 * 60,
    "markets.B2B.campaigns.triggers.2.quiet_hours.end_minute": 8 * 60 + 15,
    "markets.B2B.campaigns.triggers.2.channel.consent": "marketing_sms",
    "markets.B2B.campaigns.triggers.2.cooldown_days": 90,
    "markets.B2B.campaigns.triggers.2.unit_cost": 50,
    "markets.B2B.campaigns.triggers.2.per_day": 200,
    "markets.B2B.campaigns.triggers.2.holdout.salt": "win_back_1",
    "markets.B2B.campaigns.triggers.2.on_unknown": "pass",
    "markets.B2B.campaigns.triggers.2.marketing": True,
    "markets.B2B.campaigns.cap.maximum": 2,
    "markets.B2B.campaigns.cap.per_days": 30,
    "markets.B2B.campaigns.tags.0.name": "silent",
    # tests
    "tests.0.given.clv": 500_000,
    "tests.0.given.last_end": 20_878,
    "tests.0.expect.score.points": 750_000,
    "tests.0.state.pending.dates": 1,
    "tests.1.as_of.month": 11,
    "tests.1.given": {"clv": 0, "overdue": 40, "all_running": 1},
    "tests.1.state.tier": "B",
    "tests.1.state.since.month": 2,
    "invariants.1.more": False,
    "invariants.2.high": 125_000,
    "invariants.3.more": False,
    "invariants.3.score": True,
    "invariants.4.tiers": ("A", "B"),
    "invariants.4.low": 0,
    "invariants.4.high": 900_000,
    "invariants.5.condition.names": ("overdue",),
    "invariants.5.holds": True,
    "invariants.5.inside": True,
    "invariants.6.inside": False,
    "invariants.7.holds": False,
    "invariants.7.condition.names": ("all_running", "score"),
}


@pytest.mark.parametrize("path", LINKED)
def test_every_key_reaches_the_linked_book(every_key: Book, path: str) -> None:
    found: Any = every_key
    for step in path.split("."):
        if step.isdigit():
            found = found[int(step)]
        elif isinstance(found, Mapping):
            found = found[step]
        else:
            found = getattr(found, step)
    assert found == LINKED[path]


def test_metrics_follow_what_they_read(every_key: Book) -> None:
    names = list(every_key.metrics)
    assert names.index("revenue_per_order") > max(names.index("revenue_90d"), names.index("orders_ever"))


def test_a_revision_depends_on_every_byte_and_name() -> None:
    files = folder(CASES / "smallest")
    revision = load_book(files).revision
    assert load_book(dict(reversed(files.items()))).revision == revision
    assert load_book({name: body.decode() for name, body in files.items()}).revision == revision
    assert load_book({**files, "b2b.yaml": files["b2b.yaml"] + b"# why\n"}).revision != revision
    for file in load_book(files).files:
        assert file.text.encode() == files[file.path]


def test_text_with_a_byte_order_mark_is_read() -> None:
    files = folder(CASES / "smallest")
    book, problems = check_book({**files, "b2b.yaml": b"\xef\xbb\xbf" + files["b2b.yaml"]})
    assert book is not None
    assert problems == ()
    wrong = b"\xef\xbb\xbfmarkt: B2B\n" + files["b2b.yaml"].split(b"\n", 1)[1]
    _, problems = check_book({**files, "b2b.yaml": wrong})
    assert [(problem.code, problem.place.line, problem.place.column) for problem in problems] == [
        ("RULE_UNKNOWN_KEY", 1, 1)
    ]
