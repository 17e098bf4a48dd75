"""Work lists, distribution and migration: what a team lead looks at while others go on working."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.frontend.conftest import Shop
from tests.shell import Demo

pytestmark = pytest.mark.xdist_group("demo")

WANTED = {"tier": ["A", "B"], "risk": ["HIGH", "CRITICAL"]}
PAGE = """
query($first: Int, $after: String, $filter: CustomerFilter, $order: CustomerOrder) {
  customers(first: $first, after: $after, filter: $filter, orderBy: $order) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { cursor node { ref score risk tier { effective { key } } updatedAt } }
  }
}
"""


def _insert(shop: Shop, name: str, number: int) -> str:
    """A new customer with an order, decided; it stands at the head of the list by time of change."""
    ref = f"test:{name}-{number}"
    day = f"2026-11-02T{number % 24:02}:00:00Z"
    shop.done("recordCustomer", "customer { id }", idempotencyKey=f"c-{ref}", ref=ref, market="B2C")
    net = {"amount": "880.00", "currency": "CNY"}
    shop.done("recordOrder", "record { id }", idempotencyKey=f"o-{ref}", customer=ref, occurredAt=day, net=net,
              status="paid")  # fmt: skip
    shop.done("decide", "run { id }", idempotencyKey=f"d-{ref}", customers=[ref])
    return ref


@pytest.mark.parametrize(
    "order", [{"key": "UPDATED", "direction": "DESC"}, {"key": "SCORE", "direction": "ASC"}], ids=["updated", "score"]
)
def test_no_row_comes_twice_and_none_is_missed_while_rows_are_inserted(shop: Shop, order: dict[str, str]) -> None:
    def page(first: int, after: str | None) -> dict[str, Any]:
        found: dict[str, Any] = shop.data(PAGE, first=first, after=after, filter=WANTED, order=order)["customers"]
        return found

    before = [edge["node"]["ref"] for edge in page(100, None)["edges"]]
    assert len(before) >= 50
    seen: list[dict[str, Any]] = []
    after, number = None, 0
    while True:
        found = page(9, after)
        seen += [edge["node"] for edge in found["edges"]]
        if not found["pageInfo"]["hasNextPage"]:
            break
        after = found["pageInfo"]["endCursor"]
        if number < 4:
            _insert(shop, order["key"], number)
            number += 1
    refs = [node["ref"] for node in seen]
    assert len(refs) == len(set(refs))
    assert set(before) <= set(refs)
    assert all(node["tier"]["effective"]["key"] in "AB" and node["risk"] in WANTED["risk"] for node in seen)


def test_rows_that_move_to_the_front_are_not_seen_again(shop: Shop) -> None:
    """Everything read so far is edited while paging by time of change; only unread rows may move out of sight."""
    order = {"key": "UPDATED", "direction": "DESC"}
    keep = {"market": "B2B", "tier": ["A"]}
    first = shop.data(PAGE, first=4, filter=keep, order=order)["customers"]
    refs = [edge["node"]["ref"] for edge in first["edges"]]
    for ref in refs[:2]:
        note = {"customer": ref, "kind": "INTERACTION", "key": f"note-{ref}", "occurredAt": "2026-11-02T01:00:00Z",
                "fields": [{"name": "channel", "value": "phone"}]}  # fmt: skip
        shop.done("recordRecords", "linked", idempotencyKey=f"note-{ref}", records=[note])
    rest = shop.data(PAGE, first=100, after=first["pageInfo"]["endCursor"], filter=keep, order=order)["customers"]
    assert not set(refs) & {edge["node"]["ref"] for edge in rest["edges"]}
    again = shop.data(PAGE, first=100, filter=keep, order=order)["customers"]
    assert {edge["node"]["ref"] for edge in again["edges"][:2]} == set(refs[:2])


def test_the_distribution_of_a_past_date_is_what_was_decided_then(shop: Shop, demo: Demo) -> None:
    found = shop.data('{ tierDistribution(asOf: "2026-09-15") { market tier { key title } customers share } }')
    rows = found["tierDistribution"]
    for market in ("B2B", "B2C"):
        mine = [row for row in rows if row["market"] == market]
        keys = [row["tier"]["key"] if row["tier"] else None for row in mine]
        assert keys == sorted(keys, key=lambda key: key or "Z"), "best tier first, UNRATED last"
        assert abs(sum(Decimal(row["share"]) for row in mine) - 1) < Decimal("0.00001")
    entries = demo.shell.json("audit", "log", "--kind", "RUN")
    assert sum(row["customers"] for row in rows) == _decided(entries)


def _decided(entries: list[dict[str, Any]]) -> int:
    """How many the first run decided."""
    import json

    first = min(entries, key=lambda entry: entry["position"])
    decided: int = json.loads(first["body"])["body"]["decided"]
    return decided


def test_the_migration_between_two_dates_adds_up(shop: Shop) -> None:
    found = shop.data(
        'query { moves: tierMigration(market: B2C, from: "2026-09-15", to: "2026-10-15") '
        "{ market from { key } to { key } customers } "
        'before: tierDistribution(market: B2C, asOf: "2026-09-15") { tier { key } customers } '
        'after: tierDistribution(market: B2C, asOf: "2026-10-15") { tier { key } customers } }'
    )
    assert {move["market"] for move in found["moves"]} == {"B2C"}

    def by(end: str) -> dict[str | None, int]:
        counts: dict[str | None, int] = {}
        for move in found["moves"]:
            key = move[end]["key"] if move[end] else None
            counts[key] = counts.get(key, 0) + move["customers"]
        return counts

    def standing(rows: list[dict[str, Any]]) -> dict[str | None, int]:
        return {row["tier"]["key"] if row["tier"] else None: row["customers"] for row in rows}

    assert by("from") == standing(found["before"]), "nobody decided in September is missing in October"
    new = sum(standing(found["after"]).values()) - sum(by("to").values())
    assert 0 < new < 200, "customers that came in between were decided only once"
    assert any(move["from"] != move["to"] for move in found["moves"])


def test_figures_are_the_quotients_of_their_parts(shop: Shop) -> None:
    rows = shop.data(
        '{ kpis(from: "2025-11-01", to: "2026-11-01") { name title(locale: ZH) market value unit currency cause '
        "numerator denominator } }"
    )["kpis"]
    assert {row["name"] for row in rows} >= {"retention_rate", "repurchase_rate", "revenue_per_buyer", "clv_to_cac"}
    for row in rows:
        if row["value"] is None:
            assert row["cause"]
        elif row["denominator"] is not None:
            quotient = Decimal(row["numerator"]) / Decimal(row["denominator"])
            places = Decimal(1).scaleb(Decimal(row["value"]).as_tuple().exponent)  # type: ignore[arg-type]
            assert abs(quotient - Decimal(row["value"])) <= places, row
            assert len(row["numerator"].partition(".")[2]) <= 6
