"""Profiles, explanations and every other field answer."""

from __future__ import annotations

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from graphql import get_named_type

from engine.operations.deciding import decide
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, FieldGiven, record_customer
from engine.operations.rule_folder import read_rule_folder
from engine.store.reading import latest_of_customers
from engine.vocabulary import Locale, Market
from schema import standing
from schema.root import the_schema
from tests.schema.business import COMPANIES, EARLIER, LATER, NOW, PERSONS, ROOT
from tests.schema.conftest import Api
from tests.schema.everything import selections

SCHEMA = the_schema()[0]._schema
LISTS = [
    name
    for name, field in SCHEMA.query_type.fields.items()
    if not any(str(part.type).endswith("!") for part in field.args.values())
]


@pytest.mark.parametrize("name", LISTS)
def test_every_field_of_a_question_answers(api: Api, name: str) -> None:
    field = SCHEMA.query_type.fields[name]
    page = "(first: 2)" if "first" in field.args else ""
    skip = {"Explanation"}
    if name == "ruleChanges":
        page = "(first: 1)"  # with preview and shadow, all of two would be more rows than are allowed at once
    elif name == "rulebook":
        skip.add("RuleChange")
    for inner in selections(get_named_type(field.type), SCHEMA, 4, frozenset(skip)):
        assert api.data("{ " + name + page + inner + " }") is not None


@pytest.mark.parametrize(("kind", "path"), [("Customer", "{}"), ("Explanation", "{{ explanation {} }}")])
def test_every_field_of_a_profile_answers(api: Api, kind: str, path: str) -> None:
    skip = frozenset({"Explanation"} if kind == "Customer" else {"Customer", "Decision"})
    for inner in selections(SCHEMA.type_map[kind], SCHEMA, 3, skip, parts=8):
        wanted = path.format(inner)
        found = api.data("query($r: Ref!) { customer(ref: $r) " + wanted + " }", r="shop:P-0004")
        assert found["customer"]


def test_contributions_sum_to_the_score(api: Api) -> None:
    found = api.data(
        "{ customers(first: 20) { edges { node { score explanation { score bounds { low high } coverage "
        "criteria { name contribution state place { file line } } } } } } }"
    )
    known = 0
    for edge in found["customers"]["edges"]:
        told = edge["node"]["explanation"]
        assert told["score"] == edge["node"]["score"]
        if told["score"] is not None:
            known += 1
            parts = [Decimal(part["contribution"]) for part in told["criteria"]]
            assert sum(parts) == Decimal(told["score"])
    assert known


def test_the_place_of_a_criterion_opens_its_rule(api: Api) -> None:
    found = api.data(
        '{ customer(ref: "shop:P-0004") { explanation { criteria { name place { file line column } } } '
        "decision { rulebook { files { path text } } } } }"
    )["customer"]
    texts = {file["path"]: file["text"].splitlines() for file in found["decision"]["rulebook"]["files"]}
    for criterion in found["explanation"]["criteria"]:
        place = criterion["place"]
        assert criterion["name"] in texts[place["file"]][place["line"] - 1]


def test_the_records_behind_a_metric_recompute_to_it(api: Api) -> None:
    metric = api.data(
        '{ customer(ref: "shop:P-0008") { metrics(names: ["revenue_12m"]) { value unit currency '
        "records(first: 100) { totalCount edges { contribution node { id kind occurredAt } } } } } }"
    )["customer"]["metrics"][0]
    parts = [Decimal(edge["contribution"]) for edge in metric["records"]["edges"]]
    assert sum(parts) == Decimal(metric["value"])
    assert metric["records"]["totalCount"] == len(parts) > 2
    assert (metric["unit"], metric["currency"]) == ("MONEY", "CNY")


def test_pages_of_the_records_behind_a_metric(api: Api) -> None:
    query = (
        'query($after: String) { customer(ref: "shop:P-0008") { metrics(names: ["revenue_12m"]) { '
        "records(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } } } }"
    )
    seen, after = [], None
    while True:
        page = api.data(query, after=after)["customer"]["metrics"][0]["records"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) > 2


def test_a_decision_as_of_a_past_date_is_the_one_of_then(api: Api) -> None:
    found = api.data(
        '{ customer(ref: "shop:P-0004") { past: decision(asOf: "2026-09-15") { asOf } now: decision { asOf } '
        'before: decision(asOf: "2026-08-01") { asOf } '
        'unseen: decision(asKnownAt: "2026-09-30T00:00:00Z") { asOf } decisions { totalCount } } }'
    )["customer"]
    assert found["past"]["asOf"] == found["unseen"]["asOf"] == "2026-09-01T01:00:00Z"
    assert found["now"]["asOf"] == "2026-10-01T00:00:00Z"
    assert found["before"] is None
    assert found["decisions"]["totalCount"] == 2


def test_both_clocks_of_a_decision_are_told(api: Api) -> None:
    """What the run stored, on all that belongs to it."""
    clocks = "asOf asKnownAt"
    found = api.data(
        f'{{ customer(ref: "shop:P-0004") {{ decision {{ {clocks} run {{ {clocks} }} explanation {{ {clocks} }} }} '
        f'past: decision(asOf: "2026-09-15") {{ {clocks} }} }} }}'
    )["customer"]
    now = found["decision"]
    assert now["asOf"] == "2026-10-01T00:00:00Z"
    assert now["asKnownAt"] >= now["asOf"]
    for told in (now["run"], now["explanation"]):
        assert (told["asOf"], told["asKnownAt"]) == (now["asOf"], now["asKnownAt"])
    assert found["past"]["asKnownAt"] < now["asKnownAt"]


def test_an_assumed_loss_is_not_told_as_a_bad_value(api: Api) -> None:
    """Nobody of this business was ever asked, so the book's "Satisfaction is low" must not be said of anybody."""
    page = "first: 4, filter: {market: %s}"
    part = "explanation { narration criteria { name value state } reasons { code text criterion state cause } }"
    pages = [f"{one}: customers({page % one}) {{ edges {{ node {{ {part} }} }} }}" for one in ("B2B", "B2C")]
    found = api.data("{ " + " ".join(pages) + " }")
    assumed = 0
    for edge in [edge for market in found.values() for edge in market["edges"]]:
        told = edge["node"]["explanation"]
        states = {one["name"]: one["state"] for one in told["criteria"]}
        for reason in told["reasons"]:
            assert (reason["cause"] is None) == (reason["state"] == "KNOWN")
            if reason["criterion"] is not None:
                assert reason["state"] == states[reason["criterion"]]
            if reason["state"] == "ASSUMED":
                assumed += 1
                assert "points assumed)" in reason["text"]
        assert not any("Satisfaction is low" in line for line in told["narration"])
    assert assumed


def test_a_condition_has_its_title(api: Api) -> None:
    found = api.data(
        '{ customer(ref: "shop:B-0001") { explanation { tiers { gates { name title chinese: title(locale: ZH) } } } } }'
    )["customer"]["explanation"]
    gates = [gate for tier in found["tiers"] for gate in tier["gates"]]
    assert gates
    assert any(gate["title"] not in (gate["name"], gate["chinese"]) for gate in gates), gates


def test_distribution_and_migration_count_everybody(api: Api) -> None:
    found = api.data(
        '{ now: tierDistribution { market customers share } then: tierDistribution(asOf: "2026-09-15") { customers } '
        'tierMigration(from: "2026-09-02", to: "2026-10-02") { market from { key } to { key } customers } }'
    )
    assert sum(row["customers"] for row in found["now"]) == PERSONS + COMPANIES
    assert sum(row["customers"] for row in found["then"]) == PERSONS + COMPANIES
    assert sum(row["customers"] for row in found["tierMigration"]) == PERSONS + COMPANIES
    for market in ("B2B", "B2C"):
        shares = [Decimal(row["share"]) for row in found["now"] if row["market"] == market]
        assert abs(sum(shares) - 1) < Decimal("0.00001")


def test_texts_follow_the_argument_then_the_request(api: Api) -> None:
    query = '{ customer(ref: "shop:P-0004") { explanation { narration zh: narration(locale: ZH) } } }'
    english = api.data(query)["customer"]["explanation"]
    chinese = api.data(query, Locale.ZH)["customer"]["explanation"]
    assert chinese["narration"] == chinese["zh"] == english["zh"] != english["narration"]
    assert 0 < len(english["narration"]) < 12


def test_nodes_come_in_the_order_asked(api: Api) -> None:
    page = api.data("{ customers(first: 3) { edges { node { id } } } }")["customers"]
    ids = [edge["node"]["id"] for edge in page["edges"]]
    asked = [ids[2], "cus_0000000zzzzzz", ids[0]]
    found = api.data("query($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }", ids=asked)["nodes"]
    assert found == [{"id": ids[2], "__typename": "Customer"}, None, {"id": ids[0], "__typename": "Customer"}]


def test_the_ledger_tells_what_was_done_and_verifies(api: Api) -> None:
    found = api.data(
        "{ auditLog(first: 100, filter: {kind: [RUN, RULES_PUBLISHED]}) { totalCount edges { node { kind text "
        "subject { id __typename } } } } verifyAuditLog { ok entries head firstBad } }"
    )
    entries = [edge["node"] for edge in found["auditLog"]["edges"]]
    assert [entry["kind"] for entry in entries] == ["RUN", "RUN", "RULES_PUBLISHED"]
    assert entries[0]["text"].startswith(f"schedule decided {PERSONS + COMPANIES} customers")
    assert [entry["subject"]["__typename"] for entry in entries] == ["Run", "Run", "RuleChange"]
    assert found["verifyAuditLog"]["ok"] is True
    assert found["verifyAuditLog"]["firstBad"] is None


def test_a_subject_finds_its_entries(api: Api) -> None:
    run = api.data('{ customer(ref: "shop:P-0004") { decision { run { id } entry { position } } } }')["customer"]
    found = api.data(
        "query($id: ID!) { auditLog(filter: {kind: [RUN], subject: $id}) { edges { node { position } } } }",
        id=run["decision"]["run"]["id"],
    )
    assert [edge["node"]["position"] for edge in found["auditLog"]["edges"]] == [run["decision"]["entry"]["position"]]


def test_a_run_that_ends_meanwhile_does_not_mix_into_a_profile(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Customers are read, then a run by other rules ends, then their latest decisions are looked for."""
    profile = "score stage risk tags { key } tier { effective { key } previous { key } computed { key } }"
    query = (
        f"{{ customers(first: 50) {{ edges {{ node {{ ref {profile} "
        "decision { id score stage risk tier { effective { key } previous { key } computed { key } } } } } } }"
    )
    before = own_api.data(query)
    ended: list[bool] = []

    def late(session: Any, *asked: Any) -> Any:
        if not ended:
            ended.append(True)
            worker = threading.Thread(target=_decided_by_other_rules, args=(own_api,))
            worker.start()
            worker.join()
        return latest_of_customers(session, *asked)

    monkeypatch.setattr(standing, "latest_of_customers", late)
    nodes = [edge["node"] for edge in own_api.data(query)["customers"]["edges"]]
    assert ended
    for node in nodes:
        told = node["decision"]
        assert {name: node[name] for name in told if name != "id"} == {
            name: told[name] for name in told if name != "id"
        }
    assert nodes == [edge["node"] for edge in before["customers"]["edges"]]
    after = [edge["node"] for edge in own_api.data(query)["customers"]["edges"]]
    assert {node["decision"]["id"] for node in after}.isdisjoint(node["decision"]["id"] for node in nodes)


def _decided_by_other_rules(api: Api) -> None:
    """Tiers of many move."""
    files = {path: body.decode() for path, body in read_rule_folder(ROOT / "rules").items()}
    files["b2c.yaml"] = (
        files["b2c.yaml"].replace("at_least: 70", "at_least: 45").replace("at_least: 80", "at_least: 55")
    )
    publish(api.database, files, "crm-ops", "meanwhile", NOW)
    decide(api.database, None, NOW, "schedule", NOW)


def test_imported_fields_and_churn_are_told_as_they_were_known(own_api: Api) -> None:
    """A field corrected later shows its first value to who asks for what was known before; nothing is invented."""
    edit = CustomerGiven(
        ref="shop:B-0000", market=Market.B2B, fields=[FieldGiven("employees", "1500")], expected_version=1
    )
    record_customer(own_api.database, edit, "crm-ops", LATER + timedelta(days=1))
    found = own_api.data(
        "query($then: DateTime, $before: DateTime) { customer(ref: \"shop:B-0000\") { now: fields { name value } "
        "then: fields(asKnownAt: $then) { name value } before: fields(asKnownAt: $before) { value } "
        "unseen: churn(asKnownAt: $before) { status } past: churn(asOf: $before) { status } } }",
        then=LATER.isoformat(), before=(EARLIER - timedelta(days=1)).isoformat(),
    )["customer"]  # fmt: skip
    assert found["now"] == [{"name": "employees", "value": "1500"}]
    assert found["then"] == [{"name": "employees", "value": "1200"}]
    assert (found["before"], found["unseen"], found["past"]) == ([], None, None)
