"""One customer's page: where it stands, why, and from which records."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.frontend.conftest import Shop
from tests.shell import Demo

pytestmark = pytest.mark.xdist_group("demo")

EXACT = re.compile(r"-?\d+\.\d{4}")
HELD, POTENTIAL, AT_RISK = "demo:B-0007", "demo:B-0042", "demo:P-0118"
"""The three customers the demo explains."""


@pytest.fixture(scope="module")
def explained(demo: Demo) -> dict[str, Any]:
    """What the command line says of the same three customers."""
    return {ref: demo.shell.json("explain", ref) for ref in (HELD, POTENTIAL, AT_RISK)}


@pytest.mark.parametrize("ref", [HELD, POTENTIAL, AT_RISK])
def test_a_profile_by_ref_says_what_the_command_line_says(shop: Shop, explained: dict[str, Any], ref: str) -> None:
    found = shop.customer(
        ref,
        "ref market score stage risk tier { computed { key } effective { key title(locale: ZH) } previous { key } "
        "provisional } churn { status probability model { digest aliases } } updatedAt",
    )
    told = explained[ref]
    assert (found["ref"], found["market"], found["score"]) == (ref, told["market"], told["score"])
    assert (found["stage"], found["risk"]) == (told["stage"], told["risk"])
    tiers = {name: tier["key"] if tier else None for name, tier in found["tier"].items() if name != "provisional"}
    assert tiers == {name: told["tier"][name] for name in ("computed", "effective", "previous")}
    assert re.search(r"[\u4e00-\u9fff]", found["tier"]["effective"]["title"])
    assert found["churn"]["status"] == told["churn"]["status"] == "MODEL"
    assert found["churn"]["probability"] == told["churn"]["probability"]
    assert found["churn"]["model"]["aliases"] == ["live"]


@pytest.mark.parametrize("ref", [HELD, POTENTIAL, AT_RISK])
def test_an_explanation_in_chinese_with_places_that_open_the_rule(
    shop: Shop, explained: dict[str, Any], ref: str
) -> None:
    found = shop.customer(
        ref,
        "explanation { narration english: narration(locale: EN) revision "
        "criteria { name place { file line column } } "
        "tiers { key place { file line } gates { name place { file line } } } "
        "reasons { code place { file line } } stageRule { name place { file line } } "
        "decision { rulebook { revision files { path text } } } }",
        language="zh-CN",
    )["explanation"]
    assert found["narration"] == explained[ref]["narration"]["zh"]
    assert found["english"] == explained[ref]["narration"]["en"]
    assert 0 < len(found["narration"]) < 12
    book = found["decision"]["rulebook"]
    assert book["revision"] == found["revision"]
    lines = {file["path"]: file["text"].splitlines() for file in book["files"]}
    named = [(part["name"], part["place"]) for part in found["criteria"]]
    named += [(tier["key"], tier["place"]) for tier in found["tiers"]]
    named += [(gate["name"], gate["place"]) for tier in found["tiers"] for gate in tier["gates"]]
    named += [(reason["code"], reason["place"]) for reason in found["reasons"]]
    named += [(found["stageRule"]["name"], found["stageRule"]["place"])]
    assert len(named) > 15
    for name, place in named:
        assert name in lines[place["file"]][place["line"] - 1]


def test_contributions_sum_to_the_score_as_written(shop: Shop) -> None:
    """As decimal strings: nobody has to round."""
    page = "edges { node { ref score explanation { criteria { contribution pointsLost effectiveWeight } } } }"
    found = shop.data(
        f"{{ b2b: customers(first: 10, filter: {{market: B2B}}) {{ {page} }} "
        f"b2c: customers(first: 10, filter: {{market: B2C}}) {{ {page} }} }}"
    )
    scored = 0
    for node in [edge["node"] for market in found.values() for edge in market["edges"]]:
        criteria = node["explanation"]["criteria"]
        assert all(EXACT.fullmatch(part["contribution"]) for part in criteria)
        if node["score"] is not None:
            scored += 1
            assert sum(Decimal(part["contribution"]) for part in criteria) == Decimal(node["score"])
            lost = sum(Decimal(part["pointsLost"]) for part in criteria)
            assert Decimal(node["score"]) + lost == 100
    assert scored >= 15


def _records(shop: Shop, ref: str, metric: str, as_of: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A metric as its decision saw it, with all of its records, page by page."""
    wanted = (
        f'decision(asOf: "{as_of}") {{ explanation {{ metrics(names: ["{metric}"]) {{ value unit currency state '
        "records(first: 7%s) { totalCount pageInfo { hasNextPage endCursor } edges { contribution "
        "node { id kind occurredAt fields { name value currency } } } } } } }"
    )
    edges: list[dict[str, Any]] = []
    after = ""
    while True:
        told: dict[str, Any] = shop.customer(ref, wanted % after)["decision"]["explanation"]["metrics"][0]
        edges += told["records"]["edges"]
        page = told["records"]["pageInfo"]
        if not page["hasNextPage"]:
            return told, edges
        after = f', after: "{page["endCursor"]}"'


@pytest.mark.parametrize(("ref", "money"), [(HELD, "revenue_90d"), (AT_RISK, "revenue_12m")])
def test_the_records_behind_a_metric_recompute_to_it(shop: Shop, ref: str, money: str) -> None:
    told, edges = _records(shop, ref, money, "2026-11-01")
    assert len({edge["node"]["id"] for edge in edges}) == len(edges) == told["records"]["totalCount"] > 3
    assert sum(Decimal(edge["contribution"]) for edge in edges) == Decimal(told["value"])
    for edge in edges:
        net = next(field for field in edge["node"]["fields"] if field["name"] == "net")
        assert (net["value"], net["currency"]) == (edge["contribution"], told["currency"])


def test_a_count_is_the_number_of_its_records(shop: Shop) -> None:
    told, edges = _records(shop, AT_RISK, "orders_ever", "2026-11-01")
    assert told["unit"] == "COUNT"
    assert int(told["value"]) == told["records"]["totalCount"] == len(edges) > 20
    assert {edge["contribution"] for edge in edges} == {"1"}


def test_an_expression_names_the_metrics_it_reads(shop: Shop) -> None:
    told = shop.customer(
        HELD, 'metrics(names: ["cost_to_serve_share"]) { records { totalCount } inputs { name value } }'
    )
    metric = told["metrics"][0]
    assert metric["records"]["totalCount"] == 0
    assert {part["name"] for part in metric["inputs"]} >= {"service_cost_12m", "gross_margin_12m"}


def test_the_decision_as_of_a_past_date(shop: Shop, demo: Demo) -> None:
    wanted = "asOf revision score tier { effective { key } } model { digest } entry { position kind text }"
    found = shop.customer(
        HELD,
        f'past: decision(asOf: "2026-09-15") {{ {wanted} }} now: decision {{ {wanted} }} '
        f'unseen: decision(asKnownAt: "2026-09-15") {{ {wanted} }} before: decision(asOf: "2026-08-01") {{ asOf }} '
        "decisions { totalCount edges { node { asOf } } }",
    )
    told = demo.shell.json("explain", HELD, "--as-of", "2026-09-15")
    past = found["past"]
    assert past["asOf"] == "2026-08-31T16:00:00Z"
    assert (past["revision"], past["score"], past["tier"]["effective"]["key"]) == (
        told["revision"], told["score"], told["tier"]["effective"]
    )  # fmt: skip
    assert found["unseen"] == past
    assert found["before"] is None
    assert found["now"]["asOf"] == "2026-10-31T16:00:00Z"
    assert found["now"]["revision"] != past["revision"], "the demo edits a rule between its second and third decisions"
    assert (past["entry"]["kind"], found["decisions"]["totalCount"]) == ("RUN", 3)
