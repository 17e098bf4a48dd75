"""Every mutation takes an idempotency key, and `tests/cases/idempotency.json` shows for each what the key does."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, GraphQLNonNull, get_nullable_type

from engine.access import Caller, Role
from engine.operations.idempotency import digest_of, recall
from engine.operations.publishing import publish
from engine.operations.rule_life import Person, Verdict, review, schedule_change
from engine.operations.shadowing import start_shadow
from engine.store.reading import Kind, global_id, read_number
from engine.store.tables import IdempotencyRow, OverrideRow, TaskRow
from schema.root import the_schema
from tests.schema.business import NOW, rules_alone
from tests.schema.conftest import Api

ROOT = Path(__file__).parents[2]
CASES: dict[str, Any] = json.loads((ROOT / "tests" / "cases" / "idempotency.json").read_text("utf-8"))
MUTATIONS = the_schema()[0]._schema.mutation_type.fields


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_needs_a_key(name: str) -> None:
    (given,) = MUTATIONS[name].args.values()
    kind = get_nullable_type(given.type)
    assert isinstance(kind, GraphQLInputObjectType)
    assert isinstance(kind.fields["idempotencyKey"].type, GraphQLNonNull)
    assert name in CASES, "add it to tests/cases/idempotency.json"


@pytest.mark.parametrize("name", CASES)
def test_what_a_key_does(own_api: Api, name: str) -> None:
    """The same again gives the first answer and does nothing; other input is refused; another actor's is another."""
    case, known = CASES[name], prepared(own_api)
    if case.get("four_eyes"):
        known |= with_four_eyes(own_api, known)
    given = {"idempotencyKey": "k-1", **filled(case["input"], known)}
    other = {**given, **filled(case["other"], known)}

    def ask(api: Api, given: dict[str, Any]) -> Any:
        kind = get_nullable_type(MUTATIONS[name].args["input"].type)
        query = f"mutation($i: {kind}!) {{ {name}(input: $i) {{ {case['wanted']} userErrors {{ code path }} }} }}"
        return api.data(query, i=given)[name]

    first = ask(own_api, given)
    assert first["userErrors"] == []
    done = entries(own_api)
    again = ask(own_api, given)
    assert again == {**first, **dict.fromkeys(case.get("once", ()))}
    refused = ask(own_api, other)
    assert refused["userErrors"] == [{"code": "IDEMPOTENCY_MISMATCH", "path": ["idempotencyKey"]}]
    assert entries(own_api) == done, "nothing was done again"
    somebody = Api(own_api.database, Caller("somebody else", frozenset(Role)))
    elsewhere = ask(somebody, other)
    assert "IDEMPOTENCY_MISMATCH" not in [error["code"] for error in elsewhere["userErrors"]]
    assert ask(own_api, given)["userErrors"] == [], "what the first answer is about is told as it is now"


def test_a_key_of_before_actors_had_their_own_still_counts_for_its_very_request(own_api: Api) -> None:
    row = IdempotencyRow(key="old", operation="x", input_hash=digest_of("x", [1]), answer='{"task":1}', at=NOW)
    with own_api.database.write() as session:
        session.add(row)
    with own_api.database.read() as session:
        assert recall(session, "mei", "old", "x", [1], NOW) == {"task": 1}
        assert recall(session, "mei", "old", "x", [2], NOW) is None


def entries(api: Api) -> int:
    count: int = api.data("{ auditLog { totalCount } }")["auditLog"]["totalCount"]
    return count


def filled(value: Any, known: dict[str, Any]) -> Any:
    """A part of a case with what `$…` stands for."""
    if isinstance(value, dict):
        return {name: filled(part, known) for name, part in value.items()}
    if isinstance(value, list):
        return [filled(part, known) for part in value]
    return known[value[1:]] if isinstance(value, str) and value.startswith("$") else value


def prepared(api: Api) -> dict[str, Any]:
    """What the cases work on: a task, a token, an actor with a role, another rule file."""
    with api.database.write() as session:
        task = TaskRow(kind="CAMPAIGN", state="OPEN", title_en="Visit", title_zh="拜访", customer_id=1, decision_id=1)
        session.add(task)
        waiting = OverrideRow(
            customer_id=1, tier="A", reason="goodwill", actor="mei", author_key="mei", on_behalf_key="", from_at=NOW,
            expires_at=NOW + timedelta(days=30), needs_approval=True,
        )  # fmt: skip
        session.add(waiting)
        session.flush()
        ids = {"waiting": global_id(Kind.OVERRIDE, waiting.id or 0)}
    rules = (ROOT / "rules" / "b2c.yaml").read_text("utf-8")
    roles = "mutation($i: SetRolesInput!) { setRoles(input: $i) { userErrors { code } } }"
    api.data(roles, i={"idempotencyKey": "r", "actor": "wang", "roles": ["VIEWER"], "reason": "joins"})
    issue = "mutation($i: IssueTokenInput!) { issueToken(input: $i) { token { id } } }"
    given = {"idempotencyKey": "t", "actor": "wang", "label": "old", "roles": ["VIEWER"], "expiresAt": "2026-12-01"}
    live = api.data("{ rulebook { revision } }")["rulebook"]["revision"]
    return {
        **ids,
        "revision": live,
        "version": api.data('{ customer(ref: "shop:P-0002") { version } }')["customer"]["version"],
        "task": api.data("{ tasks(first: 1) { edges { node { id } } } }")["tasks"]["edges"][0]["node"]["id"],
        "b2c": rules.replace("at_least: 80", "at_least: 79"),
        "token": api.data(issue, i=given)["issueToken"]["token"]["id"],
    }


def with_four_eyes(api: Api, known: dict[str, Any]) -> dict[str, Any]:
    """A rule book that asks for another person: a change somebody else proposed, and an own one."""
    files = rules_alone()
    files["rulebook.yaml"] = files["rulebook.yaml"].replace("approvers: 0", "approvers: 1")
    done = publish(api.database, files, "crm-ops", "four eyes from now on", NOW)
    wanted = "change { id version revision preview { snapshot } } userErrors { code }"
    query = f"mutation($i: ProposeRulebookInput!) {{ proposeRulebook(input: $i) {{ {wanted} }} }}"
    changes = []
    mei = api.acting(Role.AUTHOR, name="mei")
    for number, author in enumerate((mei, api, mei)):
        text = known["b2c"].replace("at_least: 79", f"at_least: {77 + number}")
        given = {"files": [{"path": "b2c.yaml", "text": text}], "reason": "lower", "expectedRevision": done.revision}
        found = author.data(query, i={"idempotencyKey": f"p{number}", **given})["proposeRulebook"]
        assert found["userErrors"] == []
        changes.append(found["change"])
    theirs, own, scheduled = changes
    number = read_number(scheduled["id"], Kind.RULE_CHANGE)
    review(api.database, Verdict(number, True), Person.named("li"), NOW)
    schedule_change(api.database, number, NOW + timedelta(days=1), "mei", "tomorrow", NOW)
    start_shadow(api.database, number, 7, "mei", NOW)
    return {
        "first": known["revision"],
        "revision": done.revision,
        "change": theirs["id"],
        "candidate": theirs["revision"],
        "snapshot": theirs["preview"]["snapshot"],
        "own": own["id"],
        "own_version": own["version"],
        "scheduled": scheduled["id"],
        "scheduled_version": scheduled["version"] + 2,
    }
