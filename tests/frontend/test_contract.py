"""What a client learns from the server itself: the schema with its words, coded faults, valid digests, the ledger."""

from __future__ import annotations

import re
from typing import Any

import pytest
from graphql import build_client_schema, get_introspection_query, parse, validate

from tests.frontend.conftest import Shop

pytestmark = pytest.mark.xdist_group("demo")

HASH = re.compile(r"sha256:[0-9a-f]{64}")
BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}


@pytest.fixture(scope="module")
def introspected(shop: Shop) -> dict[str, Any]:
    """The answer to the introspection query that tools send."""
    query = get_introspection_query(descriptions=True, input_value_deprecation=True, specified_by_url=True)
    found: dict[str, Any] = shop.data(query)
    return found


def test_everything_is_described_by_introspection(introspected: dict[str, Any]) -> None:
    without = []
    for kind in introspected["__schema"]["types"]:
        name = kind["name"]
        if name.startswith("__") or name in BUILT_IN:
            continue
        parts = [(name, kind), *((f"{name}.{value['name']}", value) for value in kind["enumValues"] or ())]
        for field in [*(kind["fields"] or ()), *(kind["inputFields"] or ())]:
            parts.append((f"{name}.{field['name']}", field))
            parts += [(f"{name}.{field['name']}({part['name']})", part) for part in field.get("args", ())]
        without += [where for where, part in parts if not part["description"]]
    assert not without


def test_a_client_built_from_introspection_checks_queries_before_sending_them(introspected: dict[str, Any]) -> None:
    schema = build_client_schema(introspected)  # type: ignore[arg-type]
    good = '{ customer(ref: "demo:B-0007") { tier { effective { key } } risk churn { probability } } }'
    assert validate(schema, parse(good)) == []
    assert validate(schema, parse('{ customer(ref: "demo:B-0007") { probability } }'))


def test_faults_carry_a_code_and_the_id_of_their_request(shop: Shop) -> None:
    answer = shop.post('{ node(id: "x") { id } viewer { actor { name } } }')
    body = answer.json()
    assert body["data"] == {"node": None, "viewer": {"actor": {"name": "api"}}}
    (fault,) = body["errors"]
    assert fault["path"] == ["node"]
    assert fault["extensions"]["code"] == "BAD_ID"
    assert fault["extensions"]["requestId"] == answer.headers["x-request-id"]
    assert fault["extensions"]["hint"]


@pytest.mark.parametrize(("language", "message"), [("en", "A page has 0 to 100 rows, not 101."), ("zh", "一页为 0 到")])
def test_a_page_of_more_than_a_hundred_is_refused(shop: Shop, language: str, message: str) -> None:
    body = shop.post("{ customers(first: 101) { totalCount } }", language).json()
    assert body["data"] == {"customers": None}
    assert body["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert body["errors"][0]["message"].startswith(message)


def test_digests_are_hashes_wherever_they_stand_and_can_be_asked_with(shop: Shop) -> None:
    found = shop.data(
        '{ customer(ref: "demo:B-0007") { churn { model { digest } } decision { digest revision model { id digest } '
        "run { root revision model { digest } } entry { hash previousHash } rulebook { files { hash } } "
        "explanation { revision churn { model { digest } } } } } "
        "modelVersions { edges { node { id digest aliases } } } revisions { edges { node { revision } } } "
        "ruleChanges { edges { node { revision } } } verifyAuditLog { ok head } }"
    )
    decision, model = found["customer"]["decision"], found["modelVersions"]["edges"][0]["node"]
    entry, run = decision["entry"], decision["run"]
    digests = [decision["digest"], decision["revision"], run["root"], run["revision"]]
    digests += [entry["hash"], entry["previousHash"], found["verifyAuditLog"]["head"]]
    digests += [file["hash"] for file in decision["rulebook"]["files"]]
    digests += [edge["node"]["revision"] for name in ("revisions", "ruleChanges") for edge in found[name]["edges"]]
    assert all(HASH.fullmatch(digest) for digest in digests)
    assert found["verifyAuditLog"]["ok"] is True
    assert HASH.fullmatch(model["digest"])
    assert decision["model"] == {"id": model["id"], "digest": model["digest"]}
    for told in (found["customer"]["churn"], decision["run"], decision["explanation"]["churn"]):
        assert told["model"]["digest"] == model["digest"]
    book = shop.data("query($h: Hash!) { rulebook(revision: $h) { revision } }", h=decision["revision"])["rulebook"]
    assert book == {"revision": decision["revision"]}


SUBJECTS = {
    "RULES_PROPOSED": {"RuleChange"},
    "RULES_APPROVED": {"RuleChange"},
    "RULES_SCHEDULED": {"RuleChange"},
    "RULES_UNSCHEDULED": {"RuleChange"},
    "RULES_STOPPED": {"RuleChange"},
    "RULES_SHADOWED": {"RuleChange"},
    "RULES_PUBLISHED": {"RuleChange"},
    "MODEL_TRAINED": {"ModelVersion"},
    "MODEL_PROMOTED": {"ModelVersion"},
    "RUN": {"Run"},
    "OVERRIDE": {"Override"},
    "TASK": {"Task", "Run"},
    "IMPORT": {None},
    "DISPATCH": {None},
    "RECORD": {None, "Customer", "ModelVersion"},
    "KEY_ROTATED": {None},
}


def test_every_ledger_entry_says_in_both_languages_what_it_is_about(shop: Shop) -> None:
    task = shop.data("{ tasks(first: 1, filter: {state: [OPEN]}) { edges { node { id version } } } }")
    node = task["tasks"]["edges"][0]["node"]
    shop.done("completeTask", "task { state }", idempotencyKey="t-1", task=node["id"], outcome="called",
              expectedVersion=node["version"])  # fmt: skip
    query = (
        "query($after: String) { auditLog(first: 100, after: $after) { pageInfo { hasNextPage endCursor } "
        "edges { node { kind text(locale: EN) zh: text(locale: ZH) subject { __typename id } } } } }"
    )
    entries: list[dict[str, Any]] = []
    after = None
    while True:
        page = shop.data(query, after=after)["auditLog"]
        entries += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    kinds = {entry["kind"] for entry in entries}
    assert kinds >= {"RULES_PUBLISHED", "MODEL_TRAINED", "RUN", "TASK", "IMPORT", "DISPATCH", "RECORD"}
    for entry in entries:
        subject = entry["subject"] and entry["subject"]["__typename"]
        assert subject in SUBJECTS[entry["kind"]], entry
        assert "—" not in entry["text"], "a part of the sentence is not in the entry's body"
        assert re.search(r"[\u4e00-\u9fff]", entry["zh"])
