"""Back-test, health and thresholds over GraphQL."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.vocabulary import Locale
from tests.schema.conftest import Api

BACKTEST = """
query($at: [DateTime!]!, $days: Int!) { rulebook { backtest(market: B2C, asOf: $at, horizonDays: $days) {
  asOf tier { key title } customers revenue { value low high } margin { value } churn { value low high }
  lift gini monotone clocksAssumed rivals { name gini lift }
} } }
"""


def test_a_back_test_is_a_row_for_each_tier_at_each_instant(api: Api) -> None:
    found = api.data(BACKTEST, at=["2026-09-02", "2026-09-10T00:00:00+08:00"], days=20)["rulebook"]["backtest"]
    instants = [row["asOf"] for row in found]
    assert instants == sorted(instants)
    assert set(instants) == {"2026-09-01T16:00:00Z", "2026-09-09T16:00:00Z"}
    assert sum(row["customers"] for row in found if row["asOf"] == instants[0]) == 50
    for row in found:
        assert {rival["name"] for rival in row["rivals"]} == {"revenue_12m", "rfm", "recency"}
        assert row["margin"] is None, "the orders have no costs"
        assert row["clocksAssumed"] is False
        assert row["revenue"] is None or row["revenue"]["low"] <= row["revenue"]["value"] <= row["revenue"]["high"]


@pytest.mark.parametrize(
    ("at", "days", "says"),
    [
        (["2026-09-10"], 60, "尚未结束"),
        ([f"2026-08-{day:02}" for day in range(1, 14)], 20, "1 至 12"),
        ([], 20, "1 至 12"),
        (["2026-09-02"], 0, "期限"),
    ],
)
def test_what_cannot_be_tested_is_a_fault_with_a_sentence(api: Api, at: list[str], days: int, says: str) -> None:
    result = api.ask(BACKTEST, Locale.ZH, at=at, days=days)
    (fault,) = result.errors or ()
    assert says in fault.message
    assert (fault.extensions or {})["code"] == "BAD_USER_INPUT"
    assert result.data == {"rulebook": {"backtest": None}}


def test_health_tells_every_rule_with_its_place_in_the_language_asked_for(api: Api) -> None:
    query = """{ rulebook { health(market: B2C) {
        item place { file line column } customers fired unknown overridden correlatesWith correlation
        finding zh: finding(locale: ZH)
    } } }"""
    found = {rule["item"]: rule for rule in api.data(query)["rulebook"]["health"]}
    satisfaction = found["b2c.scorecard.criteria.satisfaction"]
    assert satisfaction["unknown"] == satisfaction["customers"] == 50
    assert satisfaction["finding"] == "Its metric is unknown for everybody: it never counts."
    assert satisfaction["zh"] == "其指标对所有客户都未知：从未起作用。"
    assert satisfaction["place"]["file"] == "b2c.yaml"
    assert found["campaigns.tags.large_company"]["finding"] is None, "it is meant for companies, and holds there"


def test_a_suggested_threshold_is_exact_or_null(api: Api) -> None:
    query = """query($tier: String!, $share: Decimal) { rulebook {
        suggestThreshold(market: B2C, tier: $tier, customers: $share) } }"""
    found = api.data(query, tier="C", share="0.5")["rulebook"]["suggestThreshold"]
    assert 0 <= Decimal(found) < 70
    assert len(found.split(".")[1]) == 4
    assert api.data(query, tier="A", share="1")["rulebook"]["suggestThreshold"] is None
    assert api.codes(query, tier="D", share="0.5") == ["BAD_USER_INPUT"]
    assert api.codes(query, tier="A") == ["BAD_USER_INPUT"]
