"""A refused command: one user error for every mistake, each with the way to it and what to do, in both languages."""

from __future__ import annotations

from typing import Any

import pytest

from engine.vocabulary import Locale
from tests.schema.conftest import Api

INPUTS = {
    "recordCustomer": ("RecordCustomerInput", "customer"),
    "recordOrder": ("RecordOrderInput", "record"),
    "recordRecords": ("RecordRecordsInput", "records"),
    "decide": ("DecideInput", "run"),
    "overrideTier": ("OverrideTierInput", "override"),
    "completeTask": ("CompleteTaskInput", "task"),
    "publishRulebook": ("PublishRulebookInput", "change"),
}
ORDER = {"customer": "shop:P-0001", "occurredAt": "2026-09-30", "net": {"amount": "12.50", "currency": "CNY"},
         "status": "paid"}  # fmt: skip
NOTE = {"customer": "shop:P-0001", "kind": "INTERACTION", "key": "I-1", "occurredAt": "2026-09-30", "fields": []}
CUSTOMER = {"ref": "shop:P-9000", "market": "B2C"}
OVERRIDE = {"customer": "shop:P-0001", "tier": "A", "reason": "strategic", "expiresAt": "2026-12-31",
            "expectedVersion": 1}  # fmt: skip
TASK = {"task": "tsk_0000000zzzzzz", "outcome": "called", "expectedVersion": 1}
ZEROS = "sha256:" + "0" * 64
FILES = [{"path": "b2c.yaml", "text": "market: B2C"}]

REFUSED: list[tuple[str, dict[str, Any], list[tuple[str, list[str]]]]] = [
    ("recordOrder", {**ORDER, "customer": "shop:nobody"}, [("NOT_FOUND", ["customer"])]),
    ("recordOrder", {**ORDER, "status": "paidd"}, [("INVALID", ["status"])]),
    ("recordOrder", {**ORDER, "net": {"amount": "12.505", "currency": "CNY"}}, [("INVALID", ["net", "amount"])]),
    ("recordOrder", {**ORDER, "net": {"amount": "12.50", "currency": "RMB"}}, [("CURRENCY", ["net", "currency"])]),
    ("recordOrder", {**ORDER, "fields": [{"name": "chanel", "value": "web"}]}, [("INVALID", ["fields", "0", "name"])]),
    ("recordOrder", {**ORDER, "key": ""}, [("INVALID", ["idempotencyKey"])]),
    (
        "recordOrder",
        {**ORDER, "customer": "shop:nobody", "status": "x", "fields": [{"name": "items", "value": "many"}]},
        [("NOT_FOUND", ["customer"]), ("INVALID", ["status"]), ("INVALID", ["fields", "0", "name"])],
    ),
    (
        "recordRecords",
        {"records": [NOTE, {**NOTE, "key": "I-2", "corrects": True}, NOTE]},
        [("NOT_FOUND", ["records", "1", "key"]), ("DUPLICATE", ["records", "2", "key"])],
    ),
    ("recordRecords", {"records": []}, [("TOO_MANY", ["records"])]),
    ("recordCustomer", {**CUSTOMER, "expectedVersion": 1}, [("NOT_FOUND", ["ref"])]),
    ("recordCustomer", {**CUSTOMER, "ref": "shop:P-0001"}, [("CONFLICT", ["expectedVersion"])]),
    ("recordCustomer", {**CUSTOMER, "identities": ["shop:P-0001"]}, [("CONFLICT", ["identities", "0"])]),
    ("recordCustomer", {**CUSTOMER, "fields": [{"name": "emploees"}]}, [("INVALID", ["fields", "0", "name"])]),
    ("decide", {"customers": ["shop:nobody"]}, [("NOT_FOUND", ["customers"])]),
    ("decide", {"customers": []}, [("INVALID", ["customers"])]),
    ("decide", {"customers": ["shop:P-0001"], "asOf": "2026-09-02"}, [("WRONG_STATE", ["asOf"])]),
    ("decide", {"idempotencyKey": "k" * 201}, [("INVALID", ["idempotencyKey"])]),
    ("overrideTier", {**OVERRIDE, "customer": "shop:nobody"}, [("NOT_FOUND", ["customer"])]),
    ("overrideTier", {**OVERRIDE, "tier": "Z"}, [("UNKNOWN_TIER", ["tier"])]),
    ("overrideTier", {**OVERRIDE, "reason": " "}, [("REQUIRED", ["reason"])]),
    ("overrideTier", {**OVERRIDE, "expiresAt": "2026-01-01"}, [("INVALID", ["expiresAt"])]),
    ("overrideTier", {**OVERRIDE, "expectedVersion": 9}, [("CONFLICT", ["expectedVersion"])]),
    ("completeTask", TASK, [("NOT_FOUND", ["task"])]),
    ("publishRulebook", {"files": [], "reason": "none"}, [("REQUIRED", ["files"])]),
    ("publishRulebook", {"files": FILES, "reason": ""}, [("REQUIRED", ["reason"])]),
    ("publishRulebook", {"change": "chg_0000000000001", "reason": "x"}, [("CONFLICT", ["expectedRevision"])]),
]  # fmt: skip


def _refused(api: Api, name: str, given: dict[str, Any], locale: Locale = Locale.EN) -> list[dict[str, Any]]:
    kind, thing = INPUTS[name]
    inner = "{ id }"
    query = (
        f"mutation($i: {kind}!) {{ {name}(input: $i) {{ {thing} {inner} "
        "userErrors { code message path hint place { file line } } } }"
    )
    payload = api.data(query, locale, i={"idempotencyKey": "", **given} if given.get("key") == "" else
                       {"idempotencyKey": "a-key", **given})[name]  # fmt: skip
    assert payload[thing] is None
    errors: list[dict[str, Any]] = payload["userErrors"]
    return errors


@pytest.mark.parametrize(("name", "given", "expected"), REFUSED)
def test_every_mistake_has_its_place_and_a_sentence(
    api: Api, name: str, given: dict[str, Any], expected: list[tuple[str, list[str]]]
) -> None:
    """Nothing of it is written, so all of them may share a database."""
    found = _refused(api, name, given)
    assert [(error["code"], error["path"]) for error in found] == expected
    chinese = _refused(api, name, given, Locale.ZH)
    assert [(error["code"], error["path"]) for error in chinese] == expected
    for english, translated in zip(found, chinese, strict=True):
        assert english["message"].isascii()
        assert not translated["message"].isascii()
        assert "--" not in (english["hint"] or ""), "an option of the command line helps nobody here"


def test_publishing_on_a_revision_that_is_not_live_is_a_conflict(api: Api) -> None:
    text = api.data('{ rulebook { files(path: "b2c.yaml") { text } } }')["rulebook"]["files"][0]["text"]
    given = {"files": [{"path": "b2c.yaml", "text": text + "\n# edited\n"}], "reason": "x", "expectedRevision": ZEROS}
    found = _refused(api, "publishRulebook", given)
    assert [(error["code"], error["path"]) for error in found] == [("CONFLICT", ["expectedRevision"])]


def test_the_same_edit_sent_again_is_the_same_although_somebody_published_since(own_api: Api) -> None:
    """The files left out are those of the revision the edit was made on, not those of the day of the repetition."""
    publish = (
        "mutation($i: PublishRulebookInput!) { publishRulebook(input: $i) { change { id revision } "
        "userErrors { code message } } }"
    )
    book = own_api.data("{ rulebook { revision files { path text } } }")["rulebook"]
    texts = {file["path"]: file["text"] for file in book["files"]}

    def edit(key: str, path: str, revision: str) -> dict[str, Any]:
        files = [{"path": path, "text": texts[path] + "\n# edited\n"}]
        return {"idempotencyKey": key, "files": files, "reason": "a remark", "expectedRevision": revision}

    mine = edit("mine", "b2c.yaml", book["revision"])
    first = own_api.data(publish, i=mine)["publishRulebook"]
    assert first["userErrors"] == []
    other = own_api.data(publish, i=edit("other", "lifecycle.yaml", first["change"]["revision"]))["publishRulebook"]
    assert other["userErrors"] == []
    assert own_api.data(publish, i=mine)["publishRulebook"] == first
