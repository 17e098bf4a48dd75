"""Four eyes over the API: proposed by one, approved by another, of exactly what both saw."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from engine.access import Caller, Permission, Role
from engine.operations.deciding import decide
from engine.operations.publishing import publish
from engine.operations.rule_life import schedule_change
from engine.store.reading import Kind, read_number
from engine.vocabulary import Locale
from schema.activating import Activating
from tests.schema.business import NOW, rules_alone
from tests.schema.conftest import Api

CHANGE = (
    "{ change { id state version revision baseRevision approversNeeded actor { name } publishedBy { name } "
    "activateAt attention "
    "preview { snapshot base candidate moved customers } reviews { actor { name } approved note revision snapshot "
    "voided } } userErrors { code message path hint } }"
)

SOON = f"{NOW + timedelta(hours=2):%Y-%m-%dT%H:%M:%S}Z"


def _do(api: Api, name: str, locale: Locale = Locale.EN, **given: Any) -> dict[str, Any]:
    kind = f"{name[0].upper()}{name[1:]}Input"
    found: dict[str, Any] = api.data(f"mutation($i: {kind}!) {{ {name}(input: $i) {CHANGE} }}", locale, i=given)[name]
    return found


def _codes(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    assert found["change"] is None
    return [(error["code"], error["path"]) for error in found["userErrors"]]


@pytest.fixture
def mei(own_api: Api) -> Api:
    """An author where somebody else has to approve."""
    files = {**rules_alone()}
    files["rulebook.yaml"] = files["rulebook.yaml"].replace("approvers: 0", "approvers: 1").split("# A change")[0]
    publish(own_api.database, files, "crm-ops", "four eyes from now on", NOW)
    return own_api.acting(Role.AUTHOR, Role.APPROVER, name="mei")


@pytest.fixture
def li(mei: Api) -> Api:
    """Somebody else."""
    return mei.acting(Role.AUTHOR, Role.APPROVER, name="li")


def _edit(points: int = 79) -> list[dict[str, str]]:
    return [{"path": "b2c.yaml", "text": rules_alone()["b2c.yaml"].replace("at_least: 80", f"at_least: {points}")}]


def _live(api: Api) -> str:
    revision: str = api.data("{ rulebook { revision } }")["rulebook"]["revision"]
    return revision


def _propose(api: Api, key: str = "p", **more: Any) -> dict[str, Any]:
    found = _do(api, "proposeRulebook", idempotencyKey=key, reason="79", **{"files": _edit(), **more})
    assert found["userErrors"] == []
    change: dict[str, Any] = found["change"]
    return change


def _seen(change: dict[str, Any]) -> dict[str, Any]:
    return {
        "change": change["id"], "expectedRevision": change["revision"], "snapshot": change["preview"]["snapshot"],
        "approve": True,
    }  # fmt: skip


def test_proposed_approved_published(mei: Api, li: Api) -> None:
    base = _live(mei)
    change = _propose(mei, expectedRevision=base)
    assert (change["state"], change["baseRevision"], change["approversNeeded"]) == ("IN_REVIEW", base, 1)
    assert (change["preview"]["base"], change["preview"]["candidate"]) == (base, change["revision"])
    assert _propose(mei, expectedRevision=base) == change
    own = _do(mei, "approveRulebook", idempotencyKey="a", **_seen(change))
    assert _codes(own) == [("FOUR_EYES", ["change"])]
    root = Caller.on_this_machine("Mei")
    administrator = Api(mei.database, root)
    assert Permission.ADMINISTER in root.permissions  # every right, and still the author
    assert _codes(_do(administrator, "approveRulebook", idempotencyKey="A", **_seen(change))) == [
        ("FOUR_EYES", ["change"])
    ]
    early = {"idempotencyKey": "x", "change": change["id"], "reason": "go", "expectedRevision": base}
    assert _codes(_do(mei, "publishRulebook", **early)) == [("APPROVAL_REQUIRED", [])]
    approved = _do(li, "approveRulebook", idempotencyKey="b", note="fine", **_seen(change))["change"]
    assert approved["state"] == "APPROVED"
    assert [(one["actor"]["name"], one["note"], one["voided"]) for one in approved["reviews"]] == [("li", "fine", None)]
    assert _do(li, "approveRulebook", idempotencyKey="b", note="fine", **_seen(change))["change"] == approved
    live = _do(mei, "publishRulebook", **early)["change"]
    assert (live["state"], live["publishedBy"]["name"], _live(mei)) == ("LIVE", "mei", change["revision"])
    back = _do(mei, "rollbackRulebook", idempotencyKey="r", toRevision=base, expectedRevision=_live(mei), reason="back")
    assert (back["change"]["state"], back["change"]["revision"]) == ("IN_REVIEW", base)


def test_files_alone_are_refused_where_somebody_has_to_approve(mei: Api) -> None:
    given: dict[str, Any] = {"idempotencyKey": "f", "files": _edit(), "reason": "79", "expectedRevision": _live(mei)}
    assert _codes(_do(mei, "publishRulebook", **given)) == [("APPROVAL_REQUIRED", [])]
    told = _do(mei, "publishRulebook", Locale.ZH, **given)["userErrors"][0]["message"]
    assert told == "变更这些规则须经批准。"


def test_an_edit_voids_and_says_so(mei: Api, li: Api) -> None:
    change = _propose(mei)
    assert _do(li, "approveRulebook", idempotencyKey="b", **_seen(change))["change"]["state"] == "APPROVED"
    edited = _propose(mei, "q", change=change["id"], files=_edit(78))
    assert edited["state"] == "IN_REVIEW"
    assert edited["reviews"][0]["voided"] == "The change was edited afterwards."
    old = _do(li, "approveRulebook", idempotencyKey="c", **_seen(change))
    assert _codes(old) == [("APPROVAL_VOID", [])]
    other = _do(li, "proposeRulebook", idempotencyKey="d", change=change["id"], files=_edit(77), reason="mine")
    assert _codes(other) == [("FORBIDDEN", ["change"])]


def test_withdrawn_by_its_author_at_the_version_read(mei: Api, li: Api) -> None:
    change = _propose(mei)
    given: dict[str, Any] = {"change": change["id"], "reason": "no"}
    other = _do(li, "withdrawRulebook", idempotencyKey="w", expectedVersion=1, **given)
    assert _codes(other) == [("FORBIDDEN", ["change"])]
    late = _do(mei, "withdrawRulebook", idempotencyKey="w", expectedVersion=7, **given)
    assert _codes(late) == [("CONFLICT", ["expectedVersion"])]
    gone = _do(mei, "withdrawRulebook", idempotencyKey="w", expectedVersion=1, **given)["change"]
    assert (gone["state"], gone["version"]) == ("WITHDRAWN", 2)
    query = "query($id: ID!) { node(id: $id) { ... on RuleChange { %s } } }"
    told = mei.data(query % "withdrawReason publishReason failedTests onBehalfOf { name } movedWith", id=change["id"])
    assert told["node"].pop("failedTests") != []
    nothing = {"publishReason": None, "onBehalfOf": None, "movedWith": []}
    assert told["node"] == {"withdrawReason": "no", **nothing}


def test_scheduled_by_the_clocks_of_a_zone(mei: Api, li: Api) -> None:
    change = _propose(mei)
    _do(li, "approveRulebook", idempotencyKey="b", **_seen(change))
    at = {"change": change["id"], "reason": "then", "expectedRevision": _live(mei)}
    for when in ("2026-10-02", SOON):
        wrong = _do(mei, "publishRulebook", idempotencyKey="z", activateAt=when, activateZone="Mars/Olympus", **at)
        assert _codes(wrong) == [("INVALID", ["activateZone"])]
    done = _do(mei, "publishRulebook", idempotencyKey="z", activateAt="2026-10-02", activateZone="Europe/Berlin", **at)
    assert done["userErrors"] == []
    query = "{ ruleChanges(first: 1) { edges { node { state activateAt activateZone } } } }"
    node = mei.data(query)["ruleChanges"]["edges"][0]["node"]
    assert node == {"state": "SCHEDULED", "activateAt": "2026-10-01T22:00:00Z", "activateZone": "Europe/Berlin"}


def test_deciding_tells_what_went_live(mei: Api, li: Api) -> None:
    change = _propose(mei)
    _do(li, "approveRulebook", idempotencyKey="b", **_seen(change))
    number, soon = read_number(change["id"], Kind.RULE_CHANGE), NOW - timedelta(minutes=1)
    schedule_change(mei.database, number, soon, "mei", "then", NOW - timedelta(minutes=2))
    query = (
        'mutation { decide(input: {idempotencyKey: "d", customers: ["shop:P-0001"]}) '
        "{ activated { id state attention } userErrors { message } } }"
    )
    everybody = mei.acting(*Role, name="zhao")
    told = [everybody.data(query)["decide"] for _ in range(2)]
    assert told[0] == {"activated": [{"id": change["id"], "state": "LIVE", "attention": None}], "userErrors": []}
    assert told[1] == told[0], "the answer to the key tells it again"


def test_scheduled_and_taken_off(mei: Api, li: Api) -> None:
    change = _propose(mei)
    _do(li, "approveRulebook", idempotencyKey="b", **_seen(change))
    at = {"change": change["id"], "reason": "then", "expectedRevision": _live(mei)}
    past = _do(mei, "publishRulebook", idempotencyKey="s", activateAt="2020-01-01", **at)
    assert _codes(past) == [("INVALID", ["activateAt"])]
    files = _do(mei, "publishRulebook", Locale.ZH, idempotencyKey="s", files=_edit(), reason="x", activateAt=SOON)
    assert files["userErrors"][0]["message"] == "只有已批准的变更可以定时发布。"
    done = [_do(mei, "publishRulebook", idempotencyKey="t", activateAt=SOON, **at)["change"] for _ in range(2)]
    assert done[0] == done[1]
    assert (done[0]["state"], done[0]["activateAt"], done[0]["attention"]) == ("SCHEDULED", SOON, None)
    early = {"change": change["id"], "reason": "no", "expectedVersion": 1}
    assert _codes(_do(li, "unscheduleRulebook", idempotencyKey="u", **early)) == [("CONFLICT", ["expectedVersion"])]
    early["expectedVersion"] = done[0]["version"]
    off = _do(li, "unscheduleRulebook", idempotencyKey="v", **early)["change"]
    assert (off["state"], off["activateAt"]) == ("APPROVED", None)
    _do(mei, "publishRulebook", idempotencyKey="w", activateAt=SOON, **at)
    asyncio.run(Activating(lambda: mei.database, lambda: NOW + timedelta(hours=3)).look())
    live = mei.data("{ ruleChanges(first: 1) { edges { node { state activateAt publishedBy { name } } } } }")
    node = live["ruleChanges"]["edges"][0]["node"]
    assert (node["state"], node["activateAt"], node["publishedBy"]["name"]) == ("LIVE", SOON, "schedule")


def test_whom_it_moved_and_what_its_preview_showed(mei: Api, li: Api) -> None:
    change = _propose(mei, files=_edit(55))
    _do(li, "approveRulebook", idempotencyKey="b", **_seen(change))
    query = (
        "{ ruleChanges(first: 1) { edges { node { publishReason preview { moved } "
        "seen { asOf at digest snapshot customers moved movedDown heldByStability newlyUnknown "
        "matrix { market from { key } to { key title } customers } } "
        "moved(first: 2) { totalCount pageInfo { hasNextPage endCursor } edges { node { id asOf customer { id } "
        "tier { effective { key } previous { key } } change { parts { cause tier { key } } } } } } } } } }"
    )

    def asked() -> dict[str, Any]:
        node: dict[str, Any] = mei.data(query)["ruleChanges"]["edges"][0]["node"]
        return node

    before = asked()
    assert (before["publishReason"], before["moved"]["totalCount"]) == (None, 0)
    assert before["seen"]["moved"] == before["preview"]["moved"] == change["preview"]["moved"]
    given = {"idempotencyKey": "x", "change": change["id"], "reason": "go", "expectedRevision": _live(mei)}
    _do(mei, "publishRulebook", **given)
    decide(mei.database, None, NOW + timedelta(minutes=5), "schedule", NOW + timedelta(minutes=5))
    node = asked()
    assert (node["publishReason"], node["preview"], node["seen"]) == ("go", None, before["seen"])
    assert node["seen"]["snapshot"] == change["preview"]["snapshot"]
    cells = node["seen"]["matrix"]
    moves = {(cell["from"]["key"], cell["to"]["key"]) for cell in cells if cell["from"] != cell["to"]}
    assert sum(cell["customers"] for cell in cells) == node["seen"]["customers"]
    assert node["moved"]["totalCount"] == node["seen"]["moved"] > 2
    for edge in node["moved"]["edges"]:
        tiers, parts = edge["node"]["tier"], edge["node"]["change"]["parts"]
        assert tiers["effective"]["key"] != tiers["previous"]["key"]
        assert any(part["cause"] == "RULE" and part["tier"] == tiers["effective"] for part in parts)
        assert (tiers["previous"]["key"], tiers["effective"]["key"]) in moves
    page = mei.data(
        "query($after: String) { ruleChanges(first: 1) { edges { node { moved(first: 100, after: $after) "
        "{ pageInfo { hasNextPage } edges { node { id } } } } } } }",
        after=node["moved"]["pageInfo"]["endCursor"],
    )["ruleChanges"]["edges"][0]["node"]["moved"]
    first = {edge["node"]["id"] for edge in node["moved"]["edges"]}
    rest = {edge["node"]["id"] for edge in page["edges"]}
    assert (len(first), len(first | rest)) == (2, node["moved"]["totalCount"])


def test_an_edit_of_a_change_undoes_nothing_that_went_live_since(mei: Api, li: Api) -> None:
    mine = rules_alone()["b2b.yaml"]
    easier = mine.replace("at_least: 70\n", "at_least: 69\n")
    change = _propose(mei, files=[{"path": "b2b.yaml", "text": easier}])
    other = _propose(li, "o", files=_edit(79))
    _do(mei, "approveRulebook", idempotencyKey="b", **_seen(other))
    go = {"change": other["id"], "reason": "go", "expectedRevision": _live(mei)}
    assert _do(li, "publishRulebook", idempotencyKey="x", **go)["change"]["state"] == "LIVE"
    harder = mine.replace("at_least: 70\n", "at_least: 71\n")
    again = _propose(mei, "q", change=change["id"], files=[{"path": "b2b.yaml", "text": harder}])
    query = "query($id: ID!) { node(id: $id) { ... on RuleChange { diff { item before after } baseRevision } } }"
    told = mei.data(query, id=again["id"])["node"]
    assert told["baseRevision"] == _live(mei)
    edits = [(edit["item"], edit["before"], edit["after"]) for edit in told["diff"]]
    assert ("b2b.tiers.A.at_least", "70", "71") in edits
    assert not any(item.startswith("b2c") for item, _, _ in edits)


def test_a_file_that_both_edited_has_to_be_given(mei: Api, li: Api) -> None:
    change, other = _propose(mei, files=_edit(78)), _propose(li, "o", files=_edit(79))
    _do(mei, "approveRulebook", idempotencyKey="b", **_seen(other))
    go = {"change": other["id"], "reason": "go", "expectedRevision": _live(mei)}
    _do(li, "publishRulebook", idempotencyKey="x", **go)
    unrelated = [{"path": "b2b.yaml", "text": rules_alone()["b2b.yaml"] + "# reviewed\n"}]
    given: dict[str, Any] = {"idempotencyKey": "q", "reason": "again", "change": change["id"], "files": unrelated}
    refused = _do(mei, "proposeRulebook", **given)
    assert [(one["code"], "b2c.yaml" in one["message"]) for one in refused["userErrors"]] == [("CONFLICT", True)]
    assert _propose(mei, "r", change=change["id"], files=_edit(77))["state"] == "IN_REVIEW"
