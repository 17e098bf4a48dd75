"""Every field has a permission, and every role can do exactly what the table of `tests/cases/access.csv` says."""

from __future__ import annotations

import asyncio
import csv
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

from engine.access import Caller, Role
from engine.vocabulary import Locale
from schema import permissions
from schema.context import Context, Services
from schema.guarding import guard
from schema.printing import MANUAL, access_tables, with_tables
from schema.root import the_schema
from tests.schema.business import NOW
from tests.schema.conftest import Api

ROOT = Path(__file__).parents[2]
with (ROOT / "tests" / "cases" / "access.csv").open(encoding="utf-8") as _lines:
    TABLE = {row.pop("operation"): row for row in csv.DictReader(_lines)}

NOBODY = '"shop:nobody"'
HASH = f'"sha256:{"0" * 64}"'
QUERIES = {
    "node": '{ node(id: "%(customer)s") { id } }',
    "nodes": '{ nodes(ids: ["%(customer)s"]) { id } }',
    "viewer": "{ viewer { actor { name } } }",
    "customer": '{ customer(ref: "shop:P-0001") { id } }',
    "customers": "{ customers(first: 1) { totalCount } }",
    "decision": '{ decision(id: "%(decision)s") { id } }',
    "tierDistribution": "{ tierDistribution { customers } }",
    "tierMigration": '{ tierMigration(from: "2026-09-02", to: "2026-10-02") { customers } }',
    "rulebook": "{ rulebook { revision } }",
    "revisions": "{ revisions(first: 1) { edges { cursor } } }",
    "ruleChanges": "{ ruleChanges(first: 1) { totalCount } }",
    "checkRulebook": "{ checkRulebook(files: []) { ok } }",
    "whatIf": '{ whatIf(input: {customer: "shop:P-0001"}) { score } }',
    "campaigns": "{ campaigns { name } }",
    "dispatches": "{ dispatches(first: 1) { totalCount } }",
    "tasks": "{ tasks(first: 1) { totalCount } }",
    "overrides": "{ overrides(first: 1) { edges { cursor } } }",
    "overrideStatistics": "{ overrideStatistics { reasons { count } } }",
    "modelVersions": "{ modelVersions(first: 1) { edges { cursor } } }",
    "auditLog": "{ auditLog(first: 1) { totalCount } }",
    "verifyAuditLog": "{ verifyAuditLog { ok } }",
    "kpis": '{ kpis(from: "2026-09-01", to: "2026-10-01") { name } }',
    "dataQualityIssues": "{ dataQualityIssues(first: 1) { totalCount } }",
    "actors": "{ actors(first: 1) { edges { cursor } } }",
}
FIELDS = {
    "Rulebook.tests": "{ rulebook { tests { passed } } }",
    "Rulebook.backtest": '{ rulebook { backtest(market: B2C, asOf: ["2026-09-02"], horizonDays: 20) { asOf } } }',
    "Rulebook.health": "{ rulebook { health(market: B2B) { item } } }",
    "Rulebook.suggestThreshold": '{ rulebook { suggestThreshold(market: B2C, tier: "A", customers: "0.1") } }',
    "Rulebook.preview": "{ rulebook { preview { moved } } }",
    "Rulebook.findings": "{ rulebook { findings { code } } }",
    "RuleChange.shadow": "{ ruleChanges(first: 1) { edges { node { shadow { compared } } } } }",
    "RuleChange.preview": "{ ruleChanges(first: 1) { edges { node { preview { moved } } } } }",
    "Decision.entry": '{ decision(id: "%(decision)s") { entry { position } } }',
    "Decision.proof": '{ decision(id: "%(decision)s") { proof { leafIndex } } }',
    "Decision.replay": '{ decision(id: "%(decision)s") { replay { identical } } }',
}
# Mistakes on purpose: whoever is allowed is told of the mistake, and nothing is written.
MUTATIONS = {
    "recordCustomer": f'{{idempotencyKey: "k", ref: {NOBODY}, market: B2C, expectedVersion: 1}}',
    "recordOrder": f'{{idempotencyKey: "k", customer: {NOBODY}, occurredAt: "2026-09-01", status: "paid", '
    'net: {amount: "1", currency: "CNY"}}',
    "recordRecords": '{idempotencyKey: "k", records: []}',
    "decide": '{idempotencyKey: "k", customers: []}',
    "overrideTier": f'{{idempotencyKey: "k", customer: {NOBODY}, tier: "A", reason: "x", expiresAt: "2026-12-01", '
    "expectedVersion: 1}",
    "approveOverride": '{idempotencyKey: "k", override: "ovr_0000000zzzzzz", approve: true, expectedVersion: 1}',
    "endOverride": '{idempotencyKey: "k", override: "ovr_0000000zzzzzz", reason: "x", expectedVersion: 1}',
    "assignTask": '{idempotencyKey: "k", task: "tsk_0000000zzzzzz", expectedVersion: 1}',
    "completeTask": '{idempotencyKey: "k", task: "tsk_0000000zzzzzz", outcome: "x", expectedVersion: 1}',
    "publishRulebook": '{idempotencyKey: "k", files: [], reason: "x"}',
    "unscheduleRulebook": '{idempotencyKey: "k", change: "chg_0000000zzzzzz", reason: "x", expectedVersion: 1}',
    "shadowRulebook": '{idempotencyKey: "k", change: "chg_0000000zzzzzz", days: 3, expectedVersion: 1}',
    "unshadowRulebook": '{idempotencyKey: "k", change: "chg_0000000zzzzzz", expectedVersion: 1}',
    "proposeRulebook": '{idempotencyKey: "k", files: [], reason: "nothing changes"}',
    "approveRulebook": f'{{idempotencyKey: "k", change: "chg_0000000zzzzzz", expectedRevision: {HASH}, '
    f"snapshot: {HASH}, approve: true}}",
    "withdrawRulebook": '{idempotencyKey: "k", change: "chg_0000000zzzzzz", reason: "x", expectedVersion: 1}',
    "rollbackRulebook": f'{{idempotencyKey: "k", toRevision: {HASH}, expectedRevision: {HASH}, reason: "x"}}',
    "forgetCustomer": f'{{idempotencyKey: "k", ref: {NOBODY}, reason: "x"}}',
    "setRoles": '{idempotencyKey: "k", actor: "li", roles: [ADMIN, AUDITOR], reason: "x"}',
    "issueToken": '{idempotencyKey: "k", actor: "li", label: "x", roles: [], expiresAt: "2026-12-01"}',
    "revokeToken": '{idempotencyKey: "k", token: "tok_0000000zzzzzz", reason: "x"}',
}
SUBSCRIPTIONS = {
    "tierChanged": 'subscription { tierChanged(after: "nonsense") { token } }',
    "alertRaised": 'subscription { alertRaised(after: "nonsense") { token } }',
    "rulesPublished": 'subscription { rulesPublished(after: "nonsense") { token } }',
    "runProgress": 'subscription { runProgress(after: "nonsense") { token } }',
}


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    built: GraphQLSchema = the_schema()[0]._schema
    return built


@pytest.fixture(scope="module")
def ids(api: Api) -> dict[str, str]:
    found = api.data('{ customer(ref: "shop:P-0001") { id decision { id } } }')["customer"]
    return {"customer": found["id"], "decision": found["decision"]["id"]}


def test_every_field_has_a_permission_and_no_way_leads_around_one(schema: GraphQLSchema) -> None:
    assert permissions.gaps(schema) == []


def test_the_table_names_every_root_field_and_every_field_with_a_permission(schema: GraphQLSchema) -> None:
    kinds = (schema.query_type, schema.mutation_type, schema.subscription_type)
    roots = {f"{kind.name}.{name}" for kind in kinds if kind is not None for name in kind.fields}
    assert set(TABLE) == roots | set(permissions.FIELDS)
    tried = {*(f"Query.{name}" for name in QUERIES), *(f"Mutation.{name}" for name in MUTATIONS), *FIELDS,
             *(f"Subscription.{name}" for name in SUBSCRIPTIONS)}  # fmt: skip
    assert tried == set(TABLE)


@pytest.mark.parametrize(
    ("sdl", "said"),
    [
        ("type Query { customer: Customer secrets: Customer } type Customer { id: ID }", "Query.secrets"),
        ("type Query { customer: Customer } type Customer { id: ID vault: Vault } type Vault { gold: Int }", "Vault"),
        ("type Query { viewer: Viewer } type Viewer { log: LedgerEntry } type LedgerEntry { id: ID }", "Viewer.log"),
        ("type Query { customer: Customer } type Customer { log: LedgerEntry } type LedgerEntry { id: ID }",
         "Customer.log leads to LedgerEntry without AUDIT"),
        ("type Query { viewer: Viewer } type Viewer { actor: Actor } type Actor { of: Customer } "
         "type Customer { id: ID }", "Actor.of leads to Customer"),
    ],
)  # fmt: skip
def test_a_field_without_one_or_a_way_around_stops_the_start(
    sdl: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build_schema(sdl)
    there = {kind.name for kind in permissions.object_types(built)}
    for name in ("FIELDS", "BY_THEMSELVES"):
        kept = {key: value for key, value in getattr(permissions, name).items() if key == "Query.customer"}
        monkeypatch.setattr(permissions, name, kept if "customer" in sdl and "Query.customer" in kept else {})
    if "viewer" not in sdl:
        monkeypatch.setattr(permissions, "ANYBODY", frozenset())
    monkeypatch.setattr(permissions, "WITH_PARENT", permissions.WITH_PARENT & there)
    types = {permission: names & there for permission, names in permissions.TYPES.items()}
    monkeypatch.setattr(permissions, "TYPES", types)
    with pytest.raises(TypeError, match=said):
        guard(built)


def _allowed(api: Api, operation: str, ids: dict[str, str]) -> bool:
    """Whether it was done, or refused for another reason than a missing right."""
    kind, name = operation.split(".")
    if kind == "Mutation":
        document = f"mutation {{ {name}(input: {MUTATIONS[name]}) {{ userErrors {{ code message }} }} }}"
        (error,) = api.data(document)[name]["userErrors"]
        assert error["code"] != "FORBIDDEN" or "needs the role" in error["message"]
        return bool(error["code"] != "FORBIDDEN")
    document = (QUERIES[name] if kind == "Query" else FIELDS[operation]) % ids
    result = api.ask(document)
    codes = {(error.extensions or {})["code"] for error in result.errors or ()}
    assert codes <= {"FORBIDDEN"}, result.errors
    if name in ("node", "nodes") and not codes:
        assert result.data is not None
        return result.data[name] not in (None, [None])
    return not codes


def _subscribed(api: Api, name: str) -> bool:
    schema, _ = the_schema()

    async def codes() -> list[str]:
        services = Services(api.database, lambda: NOW, None)
        context = Context(services, Locale.EN, "request-of-a-test", keeps=False, proven=api.caller)
        stream = await schema.stream(SUBSCRIPTIONS[name], context_value=context)
        return [error.extensions["code"] async for result in stream for error in result.errors or ()]

    (code,) = asyncio.run(codes())
    assert code in ("FORBIDDEN", "BAD_CURSOR")
    return code == "BAD_CURSOR"


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("operation", list(TABLE))
def test_a_role_can_do_what_the_table_says(api: Api, ids: dict[str, str], role: Role, operation: str) -> None:
    acting = api.acting(role)
    kind, name = operation.split(".")
    expected = TABLE[operation][role.lower()] == "x"
    assert (_subscribed(acting, name) if kind == "Subscription" else _allowed(acting, operation, ids)) == expected


def test_who_is_not_known_can_do_nothing(api: Api, ids: dict[str, str]) -> None:
    nobody = Api(api.database, Caller.nobody())
    allowed = [one for one in TABLE if not one.startswith("Subscription") and _allowed(nobody, one, ids)]
    assert allowed == ["Query.viewer"], "the server answers nobody without proof; this is the second wall"


def test_publishing_files_of_ones_own_is_proposing_too(api: Api) -> None:
    publish = (
        'mutation { publishRulebook(input: {idempotencyKey: "k", reason: "x", files: [{path: "x.yaml", text: "a"}]}) '
        "{ change { id } userErrors { code message } } }"
    )
    (refused,) = api.acting(Role.OPERATOR).data(publish)["publishRulebook"]["userErrors"]
    assert (refused["code"], "role author" in refused["message"]) == ("FORBIDDEN", True)
    codes = [e["code"] for e in api.acting(Role.AUTHOR).data(publish)["publishRulebook"]["userErrors"]]
    assert codes
    assert "FORBIDDEN" not in codes


def test_a_refusal_names_the_role_in_both_languages(api: Api) -> None:
    for locale, said in ((Locale.EN, "This needs the role auditor."), (Locale.ZH, "此操作需要角色 auditor。")):
        result = api.acting(Role.VIEWER).ask("{ viewer { actor { name } } auditLog { totalCount } }", locale)
        assert result.data == {"viewer": {"actor": {"name": "mei"}}, "auditLog": None}
        assert [error.message for error in result.errors or ()] == [said]


def test_a_refused_command_fills_what_must_not_be_null(api: Api) -> None:
    viewer = api.acting(Role.VIEWER)
    selected = "{ run { id } decisions { id } userErrors { code } }"
    decide = f"mutation {{ decide(input: {MUTATIONS['decide']}) {selected} }}"
    refused = [{"code": "FORBIDDEN"}]
    assert viewer.data(decide)["decide"] == {"run": None, "decisions": [], "userErrors": refused}
    selected = "{ records { id } linked userErrors { code } }"
    record = f"mutation {{ recordRecords(input: {MUTATIONS['recordRecords']}) {selected} }}"
    assert viewer.data(record)["recordRecords"] == {"records": None, "linked": 0, "userErrors": refused}


def test_a_node_is_null_without_the_right_to_it(api: Api) -> None:
    entry = api.data("{ auditLog(first: 1) { edges { node { id } } } }")["auditLog"]["edges"][0]["node"]["id"]
    for role in Role:
        found = api.acting(role).data("query($i: ID!) { node(id: $i) { id } nodes(ids: [$i]) { id } }", i=entry)
        there = {"id": entry} if role is Role.AUDITOR else None
        assert found == {"node": there, "nodes": [there]}


def test_administering_over_the_api(own_api: Api) -> None:
    admin = own_api.acting(Role.ADMIN, name="root")
    grant = (
        'mutation($a: String!, $r: [Role!]!) { setRoles(input: {idempotencyKey: "g", actor: $a, roles: $r, '
        'reason: "joined"}) { actor { name roles } userErrors { code message path } } }'
    )
    assert admin.data(grant, a="mei", r=["VIEWER", "AUTHOR"])["setRoles"] == {
        "actor": {"name": "mei", "roles": ["VIEWER", "AUTHOR"]}, "userErrors": []
    }  # fmt: skip
    own = admin.data(grant, a="Root", r=["ADMIN", "OPERATOR"])["setRoles"]
    assert [(error["code"], error["path"]) for error in own["userErrors"]] == [("FORBIDDEN", [])]
    issue = (
        'mutation { issueToken(input: {idempotencyKey: "t", actor: "mei", label: "laptop", roles: [VIEWER], '
        'expiresAt: "2026-12-01"}) { token { id label roles revokedAt } secret userErrors { code } } }'
    )
    first, again = (admin.data(issue)["issueToken"] for _ in range(2))
    assert first["secret"].startswith("ts_")
    assert again == {**first, "secret": None}
    tokens = "{ actors { edges { node { name tokens { id } } } } }"
    assert admin.data(tokens)["actors"]["edges"] == [
        {"node": {"name": "mei", "tokens": [{"id": first["token"]["id"]}]}}
    ]
    assert own_api.acting(Role.AUDITOR, name="wu").data(tokens)["actors"]["edges"] == [
        {"node": {"name": "mei", "tokens": []}}
    ]
    mine = own_api.acting(Role.VIEWER).data("{ viewer { actor { roles tokens { id } } } }")["viewer"]["actor"]
    assert mine == {"roles": ["VIEWER"], "tokens": [{"id": first["token"]["id"]}]}
    revoke = (
        'mutation($t: ID!) { revokeToken(input: {idempotencyKey: "r", token: $t, reason: "left"}) '
        "{ token { revokedAt } secret userErrors { code } } }"
    )
    ended = admin.data(revoke, t=first["token"]["id"])["revokeToken"]
    assert (ended["token"]["revokedAt"] is not None, ended["secret"], ended["userErrors"]) == (True, None, [])
    told = own_api.acting(Role.AUDITOR).data("{ auditLog(first: 3) { edges { node { kind text(locale: ZH) } } } }")
    assert [edge["node"]["kind"] for edge in told["auditLog"]["edges"]] == ["TOKEN", "TOKEN", "ROLE"]
    assert "吊销了 mei 的令牌" in told["auditLog"]["edges"][0]["node"]["text"]


def test_the_manual_shows_the_matrix_as_it_is() -> None:
    manual = MANUAL.read_text(encoding="utf-8")
    assert access_tables() in manual, "print it again: python -m schema.printing"
    assert with_tables(manual) == manual
