"""Erasing over the API: once, refused with the place, and what is asked for afterwards is fault ERASED."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine.operations.deciding import decide
from engine.operations.erasing import retain
from engine.vocabulary import Locale
from tests.schema.business import LATER, NOW
from tests.schema.conftest import Api

FORGET = """
mutation($i: ForgetCustomerInput!) { forgetCustomer(input: $i) {
  entry { position kind reason text subject { id } body } userErrors { code message path hint } } }
"""
BEFORE = '{ customer(ref: "shop:P-0004") { id decisions(first: 5) { edges { node { id documentUrl } } } } }'
ASK = """
query($id: ID!, $other: ID!) { decision(id: $id) { id } nodes(ids: [$other, $id]) { id } one: node(id: $id) { id } }
"""


def _given(**more: Any) -> dict[str, Any]:
    return {"idempotencyKey": "f", "ref": "shop:P-0004", "reason": "asked for it", **more}


def test_a_person_is_erased_once_and_its_decisions_say_what_is_left(own_api: Api) -> None:
    was = own_api.data(BEFORE)["customer"]
    number = was["decisions"]["edges"][0]["node"]["id"]
    other = own_api.data('{ customer(ref: "shop:P-0005") { decision { id } } }')["customer"]["decision"]["id"]
    done = own_api.data(FORGET, i=_given())["forgetCustomer"]
    assert done["userErrors"] == []
    assert (done["entry"]["kind"], done["entry"]["subject"]) == ("ERASURE", None)
    assert done["entry"]["text"] == "api erased a person: asked for it"
    assert "P-0004" not in done["entry"]["body"]
    assert own_api.data(FORGET, i=_given())["forgetCustomer"] == done
    assert own_api.data(BEFORE) == {"customer": None}
    result = own_api.ask(ASK, Locale.ZH, id=number, other=other)
    assert result.data == {"decision": None, "nodes": [{"id": other}, None], "one": None}
    assert [error.extensions["code"] for error in result.errors or ()] == ["ERASED"] * 3
    assert all("叶哈希" in error.message for error in result.errors or ())
    assert own_api.data(f'{{ node(id: "{was["id"]}") {{ id }} }}') == {"node": None}
    distribution = own_api.data("{ tierDistribution(market: B2C) { customers } }")["tierDistribution"]
    assert sum(share["customers"] for share in distribution) == 49


@pytest.mark.parametrize(
    ("more", "code", "path"),
    [({"ref": "shop:nobody"}, "NOT_FOUND", ["ref"]), ({"reason": " "}, "REQUIRED", ["reason"])],
)
def test_what_is_wrong_is_told_at_its_place(own_api: Api, more: dict[str, str], code: str, path: list[str]) -> None:
    done = own_api.data(FORGET, i=_given(**more))["forgetCustomer"]
    assert done["entry"] is None
    assert [(error["code"], error["path"]) for error in done["userErrors"]] == [(code, path)]


def test_a_key_used_for_somebody_else_is_refused(own_api: Api) -> None:
    own_api.data(FORGET, i=_given())
    done = own_api.data(FORGET, i=_given(ref="shop:P-0005"))["forgetCustomer"]
    assert [error["code"] for error in done["userErrors"]] == ["IDEMPOTENCY_MISMATCH"]


def test_a_decision_older_than_decisions_are_kept_is_another_fault(own_api: Api) -> None:
    was = [edge["node"]["id"] for edge in own_api.data(BEFORE)["customer"]["decisions"]["edges"]]
    decide(own_api.database, None, LATER + timedelta(minutes=50), "schedule", NOW)
    retain(own_api.database, 7, "privacy", NOW)
    kept = [edge["node"]["id"] for edge in own_api.data(BEFORE)["customer"]["decisions"]["edges"]]
    assert (kept[1:], len(kept)) == (was[:1], 2)
    assert own_api.codes(f'{{ decision(id: "{was[1]}") {{ id }} }}') == ["NOT_KEPT"]
    then = '{ customer(ref: "shop:P-0004") { ref decision(asOf: "2026-09-15") { id } } }'
    result = own_api.ask(then)
    assert result.data == {"customer": {"ref": "shop:P-0004", "decision": None}}
    assert [error.extensions["code"] for error in result.errors or ()] == ["NOT_KEPT"]
    assert own_api.codes('{ tierDistribution(asOf: "2026-09-15") { customers } }') == ["NOT_KEPT"]
    entry = own_api.data("{ auditLog(first: 1) { edges { node { kind text } } } }")["auditLog"]["edges"][0]["node"]
    assert entry["kind"] == "ERASURE"
    assert entry["text"].startswith("privacy removed 54 decisions")
