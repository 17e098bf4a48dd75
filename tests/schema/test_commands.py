"""Commands: done once, refused with the place and the remedy, nothing written then."""

from __future__ import annotations

from typing import Any

import pytest

from engine.store.tables import TaskRow
from engine.vocabulary import Locale
from tests.schema.conftest import Api

ERRORS = "userErrors { code message path hint place { file line column } }"
RECORD_ORDER = (
    "mutation($i: RecordOrderInput!) { recordOrder(input: $i) { record { id key kind occurredAt customer { ref } "
    "fields { name value currency } } " + ERRORS + " } }"
)
RECORD_RECORDS = (
    "mutation($i: RecordRecordsInput!) { recordRecords(input: $i) { records { id key } linked " + ERRORS + " } }"
)
RECORD_CUSTOMER = (
    "mutation($i: RecordCustomerInput!) { recordCustomer(input: $i) { customer { id ref name owner version identities "
    "fields { name value unit } } " + ERRORS + " } }"
)
DECIDE = (
    "mutation($i: DecideInput!) { decide(input: $i) { run { id state decided total changed root tiers { customers } } "
    "decisions { id asOf customer { ref } } " + ERRORS + " } }"
)
PUBLISH = (
    "mutation($i: PublishRulebookInput!) { publishRulebook(input: $i) { change { id state revision baseRevision "
    "reason actor { name } diff { item effect before after text } } " + ERRORS + " } }"
)
OVERRIDE = (
    "mutation($i: OverrideTierInput!) { overrideTier(input: $i) { override { id state tier { key } reason evidence "
    "by { name } customer { ref version } } " + ERRORS + " } }"
)
COMPLETE = (
    "mutation($i: CompleteTaskInput!) { completeTask(input: $i) { task { state outcome completedBy { name } } "
    + ERRORS
    + " } }"
)
LATEST = "2026-10-01T00:30:00Z"


def _order(key: str, **more: Any) -> dict[str, Any]:
    net = {"amount": "1234.50", "currency": "CNY"}
    return {"idempotencyKey": key, "customer": "shop:P-0001", "occurredAt": "2026-09-30", "net": net,
            "status": "paid", **more}  # fmt: skip


def _entries(api: Api) -> int:
    count: int = api.data("{ auditLog { totalCount } }")["auditLog"]["totalCount"]
    return count


def test_an_order_is_recorded_once_whatever_the_caller_repeats(own_api: Api) -> None:
    first = own_api.data(RECORD_ORDER, i=_order("k-1"))["recordOrder"]
    entries = _entries(own_api)
    again = own_api.data(RECORD_ORDER, i=_order("k-1"))["recordOrder"]
    assert first["userErrors"] == []
    assert first["record"]["customer"]["ref"] == "shop:P-0001"
    assert first["record"]["occurredAt"] == "2026-09-29T16:00:00Z"
    assert {"name": "net", "value": "1234.50", "currency": "CNY"} in first["record"]["fields"]
    assert again == first
    assert _entries(own_api) == entries


def test_the_same_key_with_other_input_is_refused(own_api: Api) -> None:
    own_api.data(RECORD_ORDER, i=_order("k-1"))
    other = own_api.data(RECORD_ORDER, i=_order("k-1", status="cancelled"))["recordOrder"]
    assert other["record"] is None
    assert [error["code"] for error in other["userErrors"]] == ["IDEMPOTENCY_MISMATCH"]


def test_wrong_records_are_all_told_and_nothing_is_stored(own_api: Api) -> None:
    entries = _entries(own_api)
    good = {"customer": "shop:P-0001", "kind": "TICKET", "key": "T-1", "occurredAt": LATEST, "fields": []}
    nobody = {**good, "customer": "shop:nobody", "key": "T-2"}
    unknown = {**good, "key": "T-3", "fields": [{"name": "priorty", "value": "p1"}]}
    payload = own_api.data(RECORD_RECORDS, i={"idempotencyKey": "k", "records": [good, nobody, unknown]})
    found = payload["recordRecords"]
    assert found["records"] is None
    assert [error["path"][:2] for error in found["userErrors"]] == [["records", "1"], ["records", "2"]]
    assert "priority" in found["userErrors"][1]["hint"]
    assert _entries(own_api) == entries


def test_records_that_are_there_already_are_linked(own_api: Api) -> None:
    ticket = {"customer": "shop:P-0001", "kind": "TICKET", "key": "T-1", "occurredAt": LATEST, "fields": []}
    first = own_api.data(RECORD_RECORDS, i={"idempotencyKey": "a", "records": [ticket]})["recordRecords"]
    second = own_api.data(RECORD_RECORDS, i={"idempotencyKey": "b", "records": [ticket]})["recordRecords"]
    assert (first["linked"], second["linked"]) == (0, 1)
    assert first["records"] == second["records"]


def test_a_customer_is_made_and_edited_by_version(own_api: Api) -> None:
    given = {
        "idempotencyKey": "c1",
        "ref": "shop:P-9000",
        "market": "B2C",
        "name": "Member 9000",
        "identities": ["crm:9000"],
    }
    made = own_api.data(RECORD_CUSTOMER, i=given)["recordCustomer"]["customer"]
    assert made["identities"] == ["crm:9000", "shop:P-9000"] or made["identities"] == ["shop:P-9000", "crm:9000"]
    edit = {**given, "idempotencyKey": "c2", "owner": "team-7", "expectedVersion": made["version"]}
    edited = own_api.data(RECORD_CUSTOMER, i=edit)["recordCustomer"]["customer"]
    assert (edited["owner"], edited["version"]) == ("team-7", made["version"] + 1)
    late = own_api.data(RECORD_CUSTOMER, i={**edit, "idempotencyKey": "c3"})["recordCustomer"]
    assert late["customer"] is None
    assert [error["code"] for error in late["userErrors"]] == ["CONFLICT"]


def test_named_customers_are_decided_before_the_answer(own_api: Api) -> None:
    given = {"idempotencyKey": "d", "customers": ["shop:P-0003", "shop:P-0001"], "asOf": LATEST}
    first = own_api.data(DECIDE, i=given)["decide"]
    assert [decision["customer"]["ref"] for decision in first["decisions"]] == given["customers"]
    assert (first["run"]["state"], first["run"]["decided"]) == ("DONE", 2)
    assert own_api.data(DECIDE, i=given)["decide"] == first


def test_all_customers_are_decided(own_api: Api) -> None:
    found = own_api.data(DECIDE, i={"idempotencyKey": "d", "asOf": LATEST})["decide"]
    assert found["decisions"] == []
    assert found["run"]["decided"] == found["run"]["total"] == sum(row["customers"] for row in found["run"]["tiers"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"customers": ["shop:nobody"]}, "NOT_FOUND"),
        ({"customers": ["shop:P-0001"], "asOf": "2026-09-02"}, "WRONG_STATE"),
        ({"customers": []}, "INVALID"),
        ({"customers": ["shop:P-0001"] * 101}, "TOO_MANY"),
    ],
)
def test_deciding_what_cannot_be_decided_is_refused(own_api: Api, given: dict[str, Any], code: str) -> None:
    found = own_api.data(DECIDE, i={"idempotencyKey": "d", **given})["decide"]
    assert (found["run"], found["decisions"]) == (None, [])
    assert [error["code"] for error in found["userErrors"]] == [code]


def _live(api: Api) -> dict[str, Any]:
    book: dict[str, Any] = api.data("{ rulebook { revision files { path text } } }")["rulebook"]
    return book


def _file(api: Api, path: str) -> str:
    return next(str(file["text"]) for file in _live(api)["files"] if file["path"] == path)


def test_a_broken_rule_file_is_refused_with_its_place(own_api: Api) -> None:
    text = _file(own_api, "b2c.yaml").replace("weight:", "wieght:", 1)
    line = next(number for number, one in enumerate(text.splitlines(), 1) if "wieght:" in one)
    given = {"idempotencyKey": "p", "files": [{"path": "b2c.yaml", "text": text}], "reason": "typing",
             "expectedRevision": _live(own_api)["revision"]}  # fmt: skip
    before = _live(own_api)["revision"]
    found = own_api.data(PUBLISH, i=given)["publishRulebook"]
    chinese = own_api.data(PUBLISH, Locale.ZH, i=given)["publishRulebook"]
    assert found["change"] is None
    unknown = next(error for error in found["userErrors"] if error["code"] == "RULE_UNKNOWN_KEY")
    assert (unknown["place"]["file"], unknown["place"]["line"]) == ("b2c.yaml", line)
    assert "weight" in unknown["hint"]
    assert [error["message"] for error in chinese["userErrors"]] != [error["message"] for error in found["userErrors"]]
    assert _live(own_api)["revision"] == before


def test_a_rule_edit_goes_live_once_and_tells_what_it_changed(own_api: Api) -> None:
    text = _file(own_api, "lifecycle.yaml") + "\n# a remark\n"
    before = _live(own_api)["revision"]
    given = {"idempotencyKey": "p", "files": [{"path": "lifecycle.yaml", "text": text}], "reason": "a remark",
             "expectedRevision": before}  # fmt: skip
    first = own_api.data(PUBLISH, i=given)["publishRulebook"]
    assert first["userErrors"] == []
    assert (first["change"]["state"], first["change"]["baseRevision"]) == ("LIVE", before)
    assert first["change"]["revision"] == _live(own_api)["revision"] != before
    assert own_api.data(PUBLISH, i=given)["publishRulebook"]["change"] == first["change"]
    late = own_api.data(PUBLISH, i={**given, "idempotencyKey": "q", "reason": "late"})["publishRulebook"]
    assert [error["code"] for error in late["userErrors"]] == ["CONFLICT"]
    changes = own_api.data("{ ruleChanges { totalCount edges { node { state } } } }")["ruleChanges"]
    assert [edge["node"]["state"] for edge in changes["edges"]] == ["LIVE", "SUPERSEDED"]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"reason": "no files"}, "REQUIRED", ["files"]),
        ({"reason": "a change", "change": "chg_0000000000001"}, "CONFLICT", ["expectedRevision"]),
        ({"reason": " ", "files": [{"path": "x.yaml", "text": "a: 1"}]}, "REQUIRED", ["reason"]),
    ],
)
def test_publishing_nothing_is_refused(own_api: Api, given: dict[str, Any], code: str, path: list[str]) -> None:
    found = own_api.data(PUBLISH, i={"idempotencyKey": "p", **given})["publishRulebook"]
    assert [(error["code"], error["path"]) for error in found["userErrors"]] == [(code, path)]


def test_a_tier_by_hand_beside_the_computed_one(own_api: Api) -> None:
    version = own_api.data('{ customer(ref: "shop:P-0001") { version } }')["customer"]["version"]
    given = {"idempotencyKey": "o", "customer": "shop:P-0001", "tier": "A", "reason": "strategic",
             "evidence": ["rec_0000000000001"], "expiresAt": "2026-12-31", "expectedVersion": version}  # fmt: skip
    made = own_api.data(OVERRIDE, i=given)["overrideTier"]
    assert made["userErrors"] == []
    assert (made["override"]["state"], made["override"]["tier"]["key"]) == ("ACTIVE", "A")
    assert made["override"]["customer"]["version"] == version + 1
    own_api.data(DECIDE, i={"idempotencyKey": "d", "customers": ["shop:P-0001"], "asOf": "2026-10-01T02:00:00Z"})
    tier = own_api.data('{ customer(ref: "shop:P-0001") { tier { computed { key } effective { key } } } }')["customer"]
    assert tier["tier"]["effective"] == {"key": "A"}
    assert tier["tier"]["computed"] != {"key": "A"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"tier": "Z"}, "UNKNOWN_TIER"),
        ({"reason": ""}, "REQUIRED"),
        ({"expiresAt": "2026-01-01"}, "INVALID"),
        ({"expectedVersion": 99}, "CONFLICT"),
        ({"customer": "shop:nobody"}, "NOT_FOUND"),
    ],
)
def test_an_override_that_cannot_be_is_refused(own_api: Api, change: dict[str, Any], code: str) -> None:
    given = {"idempotencyKey": "o", "customer": "shop:P-0001", "tier": "A", "reason": "strategic",
             "expiresAt": "2026-12-31", "expectedVersion": 1, **change}  # fmt: skip
    found = own_api.data(OVERRIDE, i=given)["overrideTier"]
    assert found["override"] is None
    assert [error["code"] for error in found["userErrors"]] == [code]


def test_an_owner_task_is_closed_with_what_came_of_it(own_api: Api) -> None:
    with own_api.database.write() as session:
        session.add(
            TaskRow(kind="CAMPAIGN", state="OPEN", title_en="Visit", title_zh="拜访", customer_id=1, decision_id=1)
        )
    task = own_api.data("{ tasks(filter: {kind: CAMPAIGN}) { edges { node { id version title(locale: ZH) } } } }")[
        "tasks"
    ]["edges"][0]["node"]
    assert task["title"] == "拜访"
    given = {"idempotencyKey": "t", "task": task["id"], "outcome": "called", "expectedVersion": task["version"]}
    done = own_api.data(COMPLETE, i=given)["completeTask"]
    assert done == {"task": {"state": "DONE", "outcome": "called", "completedBy": {"name": "api"}}, "userErrors": []}
    late = own_api.data(COMPLETE, i={**given, "idempotencyKey": "u"})["completeTask"]
    assert [error["code"] for error in late["userErrors"]] == ["CONFLICT"]
