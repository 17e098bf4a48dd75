"""A candidate beside the live rules over the API: started and ended, both tiers side by side, in pages, for whom."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from engine.access import Role
from engine.operations.deciding import decide
from engine.operations.publishing import publish
from engine.operations.shadowing import newest_shadow, side_by_side
from engine.store.reading import Kind, read_number
from engine.vocabulary import Locale
from tests.schema.business import NOW, rules_alone
from tests.schema.conftest import Api

FOUND = """
query($change: ID!, $first: Int, $after: String, $last: Int, $before: String, $differs: Boolean, $market: Market) {
  node(id: $change) { ... on RuleChange { shadow {
    from until endedAt running revision compared actor { name }
    matrix { market from { key title } to { key } customers }
    customers(first: $first, after: $after, last: $last, before: $before, differs: $differs, market: $market) {
      totalCount pageInfo { hasNextPage hasPreviousPage }
      edges { cursor node { customer { ref market } live { key title } candidate { key } differs
        decision { asOf tier { effective { key } } } } } }
} } } }
"""
DIFFERING = """
query($change: ID!) { node(id: $change) { ... on RuleChange { shadow {
  differing(first: 3) { totalCount edges { node { customer { ref }
    live { revision decision { id } tier { effective { key } } narration }
    candidate { revision decision { id } score tier { computed { key } effective { key } } narration } } } }
} } } }
"""


@pytest.fixture
def change(own_api: Api) -> str:
    """A change somebody proposed where others have to approve; id of it."""
    files = rules_alone()
    files["rulebook.yaml"] = files["rulebook.yaml"].replace("approvers: 0", "approvers: 1")
    live = publish(own_api.database, files, "crm-ops", "four eyes from now on", NOW).revision
    text = files["b2c.yaml"].replace("at_least: 70", "at_least: 45").replace("at_least: 80", "at_least: 55")
    given = {"files": [{"path": "b2c.yaml", "text": text}], "reason": "more in A", "expectedRevision": live}
    query = "mutation($i: ProposeRulebookInput!) { proposeRulebook(input: $i) { change { id } userErrors { code } } }"
    done = own_api.acting(Role.AUTHOR).data(query, i={"idempotencyKey": "p", **given})["proposeRulebook"]
    assert done["userErrors"] == []
    found: str = done["change"]["id"]
    return found


def _do(api: Api, name: str, locale: Locale = Locale.EN, **given: Any) -> Any:
    wanted = "change { state version shadow { from until endedAt running } } userErrors { code message path }"
    query = f"mutation($i: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $i) {{ {wanted} }} }}"
    return api.data(query, locale, i=given)[name]


def _start(api: Api, number: str, key: str = "s", **more: Any) -> Any:
    given = {"idempotencyKey": key, "change": number, "days": 14, "expectedVersion": 1, **more}
    return _do(api, "shadowRulebook", **given)


def _found(api: Api, change: str, **given: Any) -> Any:
    return api.data(FOUND, change=change, **given)["node"]["shadow"]


def _decided(api: Api, days: float = 1) -> None:
    at = NOW + timedelta(days=days)
    decide(api.database, None, at, "schedule", at)


def _instant(at: Any) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def test_it_is_started_and_ended(own_api: Api, change: str) -> None:
    mei = own_api.acting(Role.AUTHOR, Role.ANALYST)
    assert _found(mei, change) is None
    started = [_start(mei, change)["change"] for _ in range(2)]
    assert started[0] == started[1]
    assert (started[0]["state"], started[0]["version"]) == ("IN_REVIEW", 1)
    until = _instant(NOW + timedelta(days=14))
    assert started[0]["shadow"] == {"from": _instant(NOW), "until": until, "endedAt": None, "running": True}
    again = _start(mei, change, "again")
    assert again["userErrors"] == [
        {"code": "WRONG_STATE", "message": "It decides beside the live rules already.", "path": ["change"]}
    ]
    given = {"change": change, "expectedVersion": 1}
    ended = _do(mei, "unshadowRulebook", idempotencyKey="e", **given)["change"]["shadow"]
    assert (ended["endedAt"], ended["running"]) == (_instant(NOW), False)
    assert _do(mei, "unshadowRulebook", idempotencyKey="e", **given)["change"]["shadow"] == ended
    twice = _do(mei, "unshadowRulebook", Locale.ZH, idempotencyKey="f", **given)
    assert twice["userErrors"] == [{"code": "WRONG_STATE", "message": "该变更未在双轨并行。", "path": ["change"]}]
    entries = own_api.data("{ auditLog(first: 2) { edges { node { kind text } } } }")["auditLog"]["edges"]
    assert [edge["node"] for edge in entries] == [
        {"kind": "RULES_SHADOWED", "text": "mei ended deciding beside the live rules"},
        {"kind": "RULES_SHADOWED", "text": "mei let a candidate decide beside the live rules"},
    ]


def test_what_is_wrong_is_told_where_it_is(own_api: Api, change: str) -> None:
    def told(**more: Any) -> list[tuple[str, list[str]]]:
        return [(error["code"], error["path"]) for error in _start(own_api, change, **more)["userErrors"]]

    assert told(days=0) == told(days=367) == [("INVALID", ["days"])]
    assert told(expectedVersion=7) == [("CONFLICT", ["expectedVersion"])]
    assert told(change="chg_0000000zzzzzz") == [("NOT_FOUND", ["change"])]
    assert _found(own_api, change) is None


def test_both_tiers_side_by_side_are_the_engines(own_api: Api, change: str) -> None:
    _start(own_api, change)
    _decided(own_api)
    shadow = _found(own_api, change, first=100)
    with own_api.database.read() as session:
        sides = side_by_side(session, newest_shadow(session, read_number(change, Kind.RULE_CHANGE)).id)
    rows = [edge["node"] for edge in shadow["customers"]["edges"]]
    assert shadow["compared"] == shadow["customers"]["totalCount"] == len(rows) == len(sides) == 54
    for row, both in zip(rows, map(sides.at, range(len(sides))), strict=True):
        live, candidate = ((row[name] or {"key": None})["key"] for name in ("live", "candidate"))
        assert (live, candidate, row["differs"]) == (both.live, both.candidate, both.differs)
        assert (row["decision"]["tier"]["effective"] or {"key": None})["key"] == live
        assert row["decision"]["asOf"] == _instant(NOW + timedelta(days=1))
    cells = Counter({
        (cell["market"], *((cell[name] or {"key": None})["key"] for name in ("from", "to"))): cell["customers"]
        for cell in shadow["matrix"]
    })  # fmt: skip
    assert cells == Counter({(market.value, *tiers): count for (market, *tiers), count in sides.matrix.items()})
    assert sum(count for (_, had, has), count in cells.items() if had != has) > 3
    assert (shadow["running"], shadow["actor"]) == (True, {"name": "api"})


def test_it_comes_in_pages_both_ways_and_filtered(own_api: Api, change: str) -> None:
    _start(own_api, change)
    _decided(own_api)
    whole = _found(own_api, change, first=100, differs=True)["customers"]
    rows = whole["edges"]
    assert whole["totalCount"] == len(rows) > 4
    assert all(row["node"]["differs"] for row in rows)
    forward, cursor = [], None
    while True:
        page = _found(own_api, change, first=2, after=cursor, differs=True)["customers"]
        assert page["pageInfo"]["hasPreviousPage"] == (cursor is not None)
        forward += page["edges"]
        cursor = page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert forward == rows
    assert _found(own_api, change, last=2, before=rows[3]["cursor"], differs=True)["customers"]["edges"] == rows[1:3]
    same = _found(own_api, change, first=100, differs=False)["customers"]
    assert same["totalCount"] + whole["totalCount"] == 54
    companies = _found(own_api, change, first=100, market="B2B")["customers"]["edges"]
    assert {row["node"]["customer"]["market"] for row in companies} == {"B2B"}
    assert own_api.codes(FOUND, change=change, after="nonsense") == ["BAD_CURSOR"]


def test_who_differs_is_explained_by_both(own_api: Api, change: str) -> None:
    _start(own_api, change)
    _decided(own_api)
    live = own_api.data("{ rulebook { revision } }")["rulebook"]["revision"]
    found = own_api.data(DIFFERING, change=change)["node"]["shadow"]["differing"]
    assert found["totalCount"] >= len(found["edges"]) == 3
    for edge in found["edges"]:
        had, has = edge["node"]["live"], edge["node"]["candidate"]
        assert had["tier"]["effective"] != has["tier"]["effective"]
        assert had["revision"] == live != has["revision"]
        assert (had["decision"] is None, has["decision"]) == (False, None)
        assert had["narration"] != has["narration"]


def test_who_may_start_it_and_who_may_look(own_api: Api, change: str) -> None:
    asked = "{ ruleChanges(first: 1) { edges { node { shadow { compared } } } } }"
    rights = {
        Role.VIEWER: (False, False),
        Role.ANALYST: (False, True),
        Role.APPROVER: (False, True),
        Role.AUTHOR: (True, True),
    }
    for role, (starts, looks) in rights.items():
        api = own_api.acting(role)
        codes = [error["code"] for error in _start(api, change, role.value)["userErrors"]]
        assert ("FORBIDDEN" not in codes) == starts, role
        assert ("FORBIDDEN" not in api.codes(asked)) == looks, role


def test_names_are_masked_here_too(own_api: Api, change: str) -> None:
    _start(own_api, change)
    _decided(own_api)
    query = (
        "{ ruleChanges(first: 1) { edges { node { shadow { customers(first: 1, market: B2C) "
        "{ edges { node { customer { name } } } } } } } } }"
    )

    def name(api: Api) -> str:
        shadow = api.data(query)["ruleChanges"]["edges"][0]["node"]["shadow"]
        told: str = shadow["customers"]["edges"][0]["node"]["customer"]["name"]
        return told

    analyst = own_api.acting(Role.ANALYST)
    masked = analyst.data('{ customer(ref: "shop:P-0000") { name } }')["customer"]["name"]
    assert name(analyst) == masked != name(own_api)


def test_a_damaged_shadow_is_the_fault_of_itself_alone(own_api: Api, change: str) -> None:
    from sqlalchemy import text

    _start(own_api, change)
    _decided(own_api)
    with own_api.database.write() as session:
        session.execute(text("update shadow_chunk set body = x'00'"))
    result = own_api.ask("{ customer(ref: \"shop:P-0001\") { tier { effective { key } } } "
                         "ruleChanges(first: 1) { edges { node { id shadow { until compared } } } } }")  # fmt: skip
    assert [(error.extensions or {})["code"] for error in result.errors or ()] == ["DAMAGED"]
    assert result.data is not None
    assert result.data["customer"]["tier"]["effective"]["key"]
