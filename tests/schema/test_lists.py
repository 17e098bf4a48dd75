"""Work lists: filters, orders, and pages that stay true while rows come."""

from __future__ import annotations

from typing import Any

import pytest

from engine.operations.recording import CustomerGiven, record_customer
from engine.vocabulary import Market
from tests.schema.business import COMPANIES, NOW, PERSONS
from tests.schema.conftest import Api

PAGE = """
query($first: Int, $after: String, $last: Int, $before: String, $filter: CustomerFilter, $order: CustomerOrder) {
  customers(first: $first, after: $after, last: $last, before: $before, filter: $filter, orderBy: $order) {
    totalCount
    edges { cursor node { ref market owner score stage tags { key } tier { effective { key } } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
ORDERS: list[Any] = [None] + [
    {"key": key, "direction": direction}
    for key in ("SCORE", "CLV", "CHURN", "UPDATED")
    for direction in ("ASC", "DESC")
]


def _refs(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["ref"] for edge in page["edges"]]


def _walk(api: Api, size: int, **given: Any) -> list[str]:
    refs, after = [], None
    while True:
        page = api.data(PAGE, first=size, after=after, **given)["customers"]
        refs += _refs(page)
        if not page["pageInfo"]["hasNextPage"]:
            return refs
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_pages_of_any_size_make_the_same_list(api: Api, order: Any) -> None:
    whole = _walk(api, 100, order=order)
    assert len(whole) == len(set(whole)) == PERSONS + COMPANIES
    assert _walk(api, 7, order=order) == whole


@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_backwards_is_the_same_list(api: Api, order: Any) -> None:
    whole, refs, before = _walk(api, 100, order=order), [], None
    while True:
        page = api.data(PAGE, last=9, before=before, order=order)["customers"]
        refs = _refs(page) + refs
        if not page["pageInfo"]["hasPreviousPage"]:
            break
        before = page["pageInfo"]["startCursor"]
    assert refs == whole


@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_unknown_scores_come_last_in_both_directions(api: Api, direction: str) -> None:
    order = {"key": "SCORE", "direction": direction}
    edges = api.data(PAGE, first=100, order=order)["customers"]["edges"]
    scores = [edge["node"]["score"] for edge in edges]
    known = [float(score) for score in scores if score is not None]
    assert None in scores
    assert scores[len(known) :] == [None] * (len(scores) - len(known))
    assert known == sorted(known, reverse=direction == "DESC")


def test_no_row_comes_twice_while_rows_are_inserted(own_api: Api) -> None:
    order = {"key": "UPDATED", "direction": "DESC"}
    before = _walk(own_api, 100, order=order)
    refs, after = [], None
    for number in range(100):
        page = own_api.data(PAGE, first=10, after=after, order=order)["customers"]
        refs += _refs(page)
        if not page["pageInfo"]["hasNextPage"]:
            break
        given = CustomerGiven(ref=f"shop:N-{number}", market=Market.B2C, name=f"Member 9{number:03}")
        record_customer(own_api.database, given, "crm-ops", NOW)
        after = page["pageInfo"]["endCursor"]
    assert refs == before


FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"market": "B2B"}, "node['market'] == 'B2B'"),
    ({"owner": "team-1"}, "node['owner'] == 'team-1'"),
    ({"stage": ["ACTIVE", "LAPSED"]}, "node['stage'] in ('ACTIVE', 'LAPSED')"),
    ({"tier": ["D", "UNRATED"]}, "(node['tier']['effective'] or {'key': 'UNRATED'})['key'] in ('D', 'UNRATED')"),
    ({"tier": ["UNRATED"]}, "node['tier']['effective'] is None"),
    ({"text": "shop:P-000"}, "node['ref'].startswith('shop:P-000')"),
    ({"text": "member 0007"}, "node['ref'] == 'shop:P-0007'"),
    ({"text": "%"}, "False"),
    ({"tag": "no_such_tag"}, "False"),
    ({"risk": []}, "False"),
    ({"market": "B2C", "owner": "team-2", "stage": ["ACTIVE"]},
     "node['owner'] == 'team-2' and node['stage'] == 'ACTIVE'"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "meaning"), FILTERS, ids=[str(given) for given, _ in FILTERS])
def test_a_filter_keeps_exactly_what_it_says(api: Api, given: dict[str, Any], meaning: str) -> None:
    everybody = api.data(PAGE, first=100)["customers"]["edges"]
    expected = {edge["node"]["ref"] for edge in everybody if eval(meaning, {"node": edge["node"]})}
    found = api.data(PAGE, first=100, filter=given)["customers"]
    assert set(_refs(found)) == expected
    assert found["totalCount"] == len(expected)


def test_a_tag_finds_those_who_have_it(api: Api) -> None:
    edges = api.data(PAGE, first=100)["customers"]["edges"]
    tags = {tag["key"] for edge in edges for tag in edge["node"]["tags"]}
    assert tags, "the shipped rules tag somebody"
    for tag in tags:
        expected = {edge["node"]["ref"] for edge in edges if tag in [one["key"] for one in edge["node"]["tags"]]}
        assert set(_refs(api.data(PAGE, first=100, filter={"tag": tag})["customers"])) == expected


def test_changed_since_compares_with_the_decision_that_changed_them(api: Api) -> None:
    later = api.data(PAGE, first=100, filter={"changedSince": "2026-09-15"})["customers"]["totalCount"]
    ever = api.data(PAGE, first=100, filter={"changedSince": "2026-08-15"})["customers"]["totalCount"]
    assert 0 <= later < ever == PERSONS + COMPANIES


def test_records_of_a_customer_by_kind_time_and_knowledge(api: Api) -> None:
    query = """query($r: Ref!) { customer(ref: $r) {
      all: records(first: 100) { totalCount edges { node { occurredAt } } }
      orders: records(kind: [ORDER]) { totalCount } none: records(kind: [TICKET]) { totalCount }
      summer: records(from: "2026-06-01", to: "2026-09-01", first: 100) { edges { node { occurredAt } } }
      known: records(asKnownAt: "2026-09-10") { totalCount }
    } }"""
    found = api.data(query, r="shop:P-0008")["customer"]
    times = [edge["node"]["occurredAt"] for edge in found["all"]["edges"]]
    assert times == sorted(times, reverse=True)
    assert found["all"]["totalCount"] == found["orders"]["totalCount"] == len(times)
    assert found["none"]["totalCount"] == 0
    inside = [when for when in times if "2026-05-31T16" <= when < "2026-08-31T16"]
    assert [edge["node"]["occurredAt"] for edge in found["summer"]["edges"]] == inside
    assert found["known"]["totalCount"] == len(times) - 1
