"""Second persons of tiers set by hand, what is overridden most, and reviews, over the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.access import Role
from engine.operations.overriding import OverrideInput, approve_override, override_tier
from engine.operations.people import Person
from engine.operations.publishing import ANY_REVISION, publish
from tests.schema.business import NOW, rules_alone
from tests.schema.conftest import Api

OVERRIDE = "override { id state version by { name } approvedBy { name } computed { key } tier { key } }"


def _do(api: Api, name: str, wanted: str, **given: Any) -> dict[str, Any]:
    kind = f"{name[0].upper()}{name[1:]}Input"
    query = f"mutation($i: {kind}!) {{ {name}(input: $i) {{ {wanted} userErrors {{ code path }} }} }}"
    found: dict[str, Any] = api.data(query, i=given)[name]
    return found


@pytest.fixture
def guarded(own_api: Api) -> Api:
    """Whatever is set by hand far away, or at the top, needs somebody else."""
    files = rules_alone()
    far = "    tiers_apart: 3\n    best_tier: false\n"
    assert far in files["rulebook.yaml"]
    files["rulebook.yaml"] = files["rulebook.yaml"].replace(far, "    tiers_apart: 2\n")
    publish(own_api.database, files, "crm-ops", "two persons", NOW, ANY_REVISION)
    return own_api


def _set(api: Api, tier: str = "A", customer: str = "shop:P-0002", **more: Any) -> dict[str, Any]:
    version = api.data("query($r: Ref!) { customer(ref: $r) { version } }", r=customer)["customer"]["version"]
    given = {"idempotencyKey": f"{customer}-{tier}", "customer": customer, "tier": tier, "reason": "goodwill",
             "expiresAt": "2026-12-01", "expectedVersion": version, **more}  # fmt: skip
    found = _do(api, "overrideTier", OVERRIDE, **given)
    assert found["userErrors"] == []
    override: dict[str, Any] = found["override"]
    return override


def _verdict(api: Api, override: dict[str, Any], key: str, approve: bool = True) -> dict[str, Any]:
    return _do(api, "approveOverride", OVERRIDE, idempotencyKey=key, override=override["id"], approve=approve,
               expectedVersion=override["version"])  # fmt: skip


def test_not_even_an_administrator_approves_an_own_override(guarded: Api) -> None:
    boss = guarded.acting(*Role, name="boss")
    asked = _set(boss)
    assert (asked["state"], asked["approvedBy"]) == ("PENDING", None)
    for number, name in enumerate(("boss", "BOSS", "b o s s")):
        refused = _verdict(guarded.acting(*Role, name=name), asked, f"own-{number}")
        assert refused == {"override": None, "userErrors": [{"code": "FOUR_EYES", "path": ["override"]}]}
    waiting = boss.data("{ overrides(state: [PENDING], first: 5) { edges { node { id } } } }")["overrides"]
    assert waiting == {"edges": [{"node": {"id": asked["id"]}}]}
    done = _verdict(guarded.acting(Role.APPROVER, name="li"), asked, "li")["override"]
    assert (done["state"], done["by"]["name"], done["approvedBy"]["name"]) == ("ACTIVE", "boss", "li")
    again = _verdict(guarded.acting(Role.APPROVER, name="wang"), done, "wang")
    assert again["userErrors"] == [{"code": "WRONG_STATE", "path": ["override"]}]


def test_it_says_why_a_second_person_is_needed_in_the_language_asked_for(guarded: Api) -> None:
    _set(guarded.acting(*Role, name="boss"))
    _set(guarded.acting(*Role, name="boss"), tier="C", customer="shop:P-0003")
    query = "{ overrides(first: 2) { edges { node { state pendingBecause zh: pendingBecause(locale: ZH) } } } }"
    with guarded.statements() as sent:
        free, waits = [edge["node"] for edge in guarded.data(query)["overrides"]["edges"]]
    assert sum("ledger_entry" in statement for statement in sent) == 1
    assert (free["state"], free["pendingBecause"], free["zh"]) == ("ACTIVE", [], [])
    far, best = "it lies far from the computed tier", "it lifts somebody into the best tier"
    assert (waits["state"], waits["pendingBecause"]) == ("PENDING", [far, best])
    assert waits["zh"] == ["与计算等级相差较大", "升入最高等级"]


def test_it_says_for_whom_it_was_set_and_when_it_was_approved(guarded: Api) -> None:
    database, wanted = guarded.database, "onBehalfOf { name } approvedAt from"
    until = NOW + timedelta(days=30)
    given = OverrideInput("shop:P-0002", "A", "goodwill", until, on_behalf_of="boss")
    number = override_tier(database, given, "mei", NOW - timedelta(hours=2))
    query = f"{{ overrides(first: 1) {{ edges {{ node {{ {wanted} }} }} }} }}"
    asked = guarded.data(query)["overrides"]["edges"][0]["node"]
    assert (asked["onBehalfOf"], asked["approvedAt"]) == ({"name": "boss"}, None)
    approve_override(database, number, True, Person.named("li"), NOW - timedelta(hours=1))
    done = guarded.data(query)["overrides"]["edges"][0]["node"]
    assert done["approvedAt"] == done["from"] != asked["from"]


def test_who_may_set_a_tier_may_not_approve_one(guarded: Api) -> None:
    asked = _set(guarded.acting(Role.OPERATOR, name="mei"))
    refused = _verdict(guarded.acting(Role.OPERATOR, name="zhao"), asked, "k")
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]


def test_a_refused_one_never_counts_and_one_that_waits_is_taken_back(guarded: Api) -> None:
    first = _set(guarded)
    assert _verdict(guarded.acting(Role.APPROVER, name="li"), first, "no", False)["override"]["state"] == "REFUSED"
    second = _set(guarded, idempotencyKey="second")
    given = {"override": second["id"], "reason": "no more", "expectedVersion": second["version"]}
    stale = _do(guarded, "endOverride", OVERRIDE, idempotencyKey="e1", **{**given, "expectedVersion": 9})
    assert stale["userErrors"] == [{"code": "CONFLICT", "path": ["expectedVersion"]}]
    assert _do(guarded, "endOverride", OVERRIDE, idempotencyKey="e2", **given)["override"]["state"] == "ENDED"
    told = guarded.data("{ auditLog(first: 4, filter: {kind: [OVERRIDE]}) { edges { node { text(locale: EN) } } } }")
    texts = [edge["node"]["text"] for edge in told["auditLog"]["edges"]]
    for text, said in zip(texts, ("ended", "asked for", "refused", "asked for"), strict=True):
        assert said in text


def test_which_rules_are_overridden_most(guarded: Api) -> None:
    wanted = (
        "{ overrideStatistics { rules { rule overridden customers } reasons { reason count } "
        "moves { market computed tier count } states { state count } } }"
    )
    none = {"rules": [], "reasons": [], "moves": [], "states": []}
    assert guarded.data(wanted)["overrideStatistics"] == none
    made = [_set(guarded, "A", f"shop:P-{number:04}") for number in (2, 3)]
    found = guarded.data(wanted)["overrideStatistics"]
    rules = {f"b2c.tiers.{one['computed']['key']}" for one in made if one["computed"] is not None}
    assert {one["rule"] for one in found["rules"]} == rules != set()
    assert sum(one["overridden"] for one in found["rules"]) == len([one for one in made if one["computed"]])
    assert all(one["customers"] > 0 for one in found["rules"])
    assert found["reasons"] == [{"reason": "goodwill", "count": 2}]
    assert sum(one["count"] for one in found["moves"]) == sum(one["count"] for one in found["states"]) == 2


def test_reviews_are_tasks_with_a_reason_that_are_given_and_closed(own_api: Api) -> None:
    query = (
        "{ tasks(filter: {kind: REVIEW, state: [OPEN]}, first: 50) { totalCount edges { node { id kind reviewReason "
        "title(locale: EN) zh: title(locale: ZH) assignee version dispatch { id } "
        "decision { id } customer { ref } } } } }"
    )
    page = own_api.data(query)["tasks"]
    assert page["totalCount"] > 1
    for edge in page["edges"]:
        node = edge["node"]
        assert (node["kind"], node["dispatch"], node["assignee"]) == ("REVIEW", None, None)
        assert node["reviewReason"] in ("MISSING_DATA", "NEAR_THRESHOLD", "GUARDRAIL")
        assert "：" in node["zh"]
    one = page["edges"][0]["node"]
    name = one["title"].partition(": ")[2]
    masked = own_api.acting(Role.VIEWER, name="view").data(query)["tasks"]["edges"][0]["node"]["title"]
    assert name not in masked
    task = "task { state assignee outcome completedBy { name } version }"
    given = {"task": one["id"], "expectedVersion": one["version"]}
    mine = _do(own_api, "assignTask", task, idempotencyKey="a", assignee="mei", **given)["task"]
    assert (mine["state"], mine["assignee"]) == ("OPEN", "mei")
    unnamed = _do(own_api, "assignTask", task, idempotencyKey="b", assignee=" ", **{**given, "expectedVersion": 2})
    assert unnamed["userErrors"][0]["path"] == ["assignee"]
    given["expectedVersion"] = mine["version"]
    untrue = _do(own_api, "completeTask", task, idempotencyKey="c", outcome="OVERRIDDEN", **given)
    assert untrue["userErrors"] == [{"code": "WRONG_STATE", "path": ["task"]}]
    done = _do(own_api, "completeTask", task, idempotencyKey="d", outcome="CONFIRMED", **given)["task"]
    assert (done["state"], done["outcome"]) == ("DONE", "CONFIRMED")
    late = _do(own_api, "assignTask", task, idempotencyKey="e", **{**given, "expectedVersion": done["version"]})
    assert late["userErrors"] == [{"code": "WRONG_STATE", "path": ["task"]}]
