"""Every fault has a code of the closed list, the request's id and a hint; what is ours is masked."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from engine.operations.publishing import publish
from engine.operations.rule_folder import read_rule_folder
from engine.store.tables import ChunkRow
from engine.vocabulary import Locale
from schema.faults import CODES
from tests.operations.shop import forge
from tests.schema.business import NOW, ROOT
from tests.schema.conftest import Api

REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ('{ node(id: "x") { id } }', {}, "BAD_ID"),
    ('{ node(id: "cus_000000000000u") { id } }', {}, "BAD_ID"),
    ('{ decision(id: "cus_0000000000001") { id } }', {}, "BAD_ID"),
    ("{ customers(first: 101) { edges { cursor } } }", {}, "BAD_USER_INPUT"),
    ("{ customers(first: -1) { edges { cursor } } }", {}, "BAD_USER_INPUT"),
    ("{ customers(first: 1, last: 1) { edges { cursor } } }", {}, "BAD_USER_INPUT"),
    ('{ customers(first: 1, before: "x") { edges { cursor } } }', {}, "BAD_USER_INPUT"),
    ('{ customers(after: "x") { edges { cursor } } }', {}, "BAD_CURSOR"),
    ('{ customers(after: "W10") { edges { cursor } } }', {}, "BAD_CURSOR"),
    ('{ customers(after: "WyJ4IiwieSJd") { edges { cursor } } }', {}, "BAD_CURSOR"),
    ('{ customer(ref: "nocolon") { id } }', {}, "BAD_USER_INPUT"),
    ("query($r: Ref!) { customer(ref: $r) { id } }", {"r": "nocolon"}, "BAD_USER_INPUT"),
    ("query($r: Ref!) { customer(ref: $r) { id } }", {"r": 7}, "BAD_USER_INPUT"),
    ("query($r: Ref!) { customer(ref: $r) { id } }", {}, "BAD_USER_INPUT"),
    ('{ rulebook(asOf: "2026-09-01T00:00:00") { id } }', {}, "BAD_USER_INPUT"),
    ('{ rulebook(asOf: "2026-02-30") { id } }', {}, "BAD_USER_INPUT"),
    ('{ rulebook(asOf: "20260901") { id } }', {}, "BAD_USER_INPUT"),
    ("{ rulebook(asOf: 2026) { id } }", {}, "BAD_USER_INPUT"),
    ('{ rulebook(asOf: "9999-12-31") { id } }', {}, "BAD_USER_INPUT"),
    ('{ rulebook(asOf: "0001-01-01T00:00:00Z") { id } }', {}, "BAD_USER_INPUT"),
    ('{ rulebook(revision: "sha256:1") { id } }', {}, "BAD_USER_INPUT"),
    ('{ customer(ref: "shop:P-0001") { metrics(names: ["revenu_12m"]) { name } } }', {}, "BAD_USER_INPUT"),
    ("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["x"] * 101}, "BAD_USER_INPUT"),
]


@pytest.mark.parametrize(("query", "variables", "code"), REFUSED)
def test_wrong_input_has_its_code(api: Api, query: str, variables: dict[str, Any], code: str) -> None:
    errors = api.ask(query, **variables).errors
    assert errors
    for error in errors:
        assert error.extensions == {**error.extensions, "code": code, "requestId": "request-of-a-test"}
        assert error.extensions["hint"]
        assert error.extensions["code"] in CODES


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ('{ customer(ref: "nocolon") { id } }', "ref: A Ref is"),
        (
            '{ customers(first: 1, filter: {tag: "x", changedSince: "soon"}) { totalCount } }',
            "filter.changedSince: A DateTime",
        ),
        ('{ customers(filter: {tier: ["A"], market: B2X}, first: 1) { totalCount } }', "filter.market: "),
        (
            '{ customer(ref: "shop:P-0001") { metrics(asOf: "2026-02-30", names: ["revenue"]) { name } } }',
            "asOf: A DateTime",
        ),
        ("{ customers(filter: {risk: [HIGH, LOUD]}, first: 1) { totalCount } }", "filter.risk: "),
    ],
)
def test_a_wrong_literal_is_told_by_its_argument_and_place(api: Api, query: str, named: str) -> None:
    (error,) = api.ask(query).errors or []
    assert error.message.startswith(named)
    (location,) = error.locations or []
    assert location.column > query.index("(")


def test_a_fault_in_one_root_field_leaves_the_others(api: Api) -> None:
    result = api.ask('{ node(id: "x") { id } viewer { actor { name } } }')
    assert result.data == {"node": None, "viewer": {"actor": {"name": "api"}}}


def test_a_damaged_revision_spoils_no_other(own_api: Api) -> None:
    change = "ruleChanges(first: 9) { edges { node { revision } } }"
    live = own_api.data(f"{{ {change} }}")["ruleChanges"]["edges"][0]["node"]["revision"]
    files = {path: body.decode() for path, body in read_rule_folder(ROOT / "rules").items()}
    files["b2c.yaml"] += "# edited\n"
    publish(own_api.database, files, "crm-ops", "edited", NOW)
    forge(own_api.database, live, "lifecycle", "lifecykle")
    query = f'{{ old: rulebook(revision: "{live}") {{ revision }} live: rulebook {{ revision }} {change} }}'
    result = own_api.ask(query)
    assert [(error.path, error.extensions["code"]) for error in result.errors] == [(["old"], "DAMAGED")]
    assert result.data["old"] is None
    assert result.data["live"]["revision"] != live
    assert len(result.data["ruleChanges"]["edges"]) == 2


def test_unknown_things_are_null_without_a_fault(api: Api) -> None:
    zeros = "0" * 64
    found = api.data(
        '{ customer(ref: "shop:nobody") { id } node(id: "cus_0000000zzzzzz") { id } '
        f'rulebook(revision: "sha256:{zeros}") {{ id }} other: node(id: "rbk_{zeros}") {{ id }} }}'
    )
    assert set(found.values()) == {None}


def test_faults_speak_the_language_of_the_request(api: Api) -> None:
    errors = api.ask("{ customers(first: 101) { edges { cursor } } }", Locale.ZH).errors
    assert errors
    assert errors[0].message == "一页为 0 到 100 行，不能是 101。"


def test_an_empty_store_is_not_ready_and_says_what_to_do(empty_api: Api) -> None:
    result = empty_api.ask("{ campaigns { name } customers { totalCount } rulebook { id } tierDistribution { share } }")
    assert result.data == {"campaigns": None, "customers": {"totalCount": 0}, "rulebook": None, "tierDistribution": []}
    assert result.errors
    assert [(error.path, error.extensions["code"]) for error in result.errors] == [(["campaigns"], "NOT_READY")]
    assert "touchstone rules publish" in result.errors[0].extensions["hint"]


def test_a_damaged_chunk_is_named_and_leaves_the_rest(own_api: Api) -> None:
    from sqlalchemy import text

    with own_api.database.write() as session:
        session.execute(text("DROP TRIGGER IF EXISTS chunk_no_update"))
        chunk = session.query(ChunkRow).first()
        assert chunk is not None
        body = bytearray(chunk.body)
        body[len(body) // 2] ^= 1
        session.execute(text("UPDATE chunk SET body = :body"), {"body": bytes(body)})
    result = own_api.ask('{ customer(ref: "shop:P-0004") { ref explanation { score } } }')
    assert result.data == {"customer": {"ref": "shop:P-0004", "explanation": None}}
    assert result.errors
    assert result.errors[0].extensions["code"] == "DAMAGED"


def test_a_damaged_chunk_is_the_fault_of_its_own_decisions_alone(own_api: Api) -> None:
    """All are asked for at once, in one batch."""
    from sqlalchemy import text

    with own_api.database.write() as session:
        session.execute(text("DROP TRIGGER IF EXISTS chunk_no_update"))
        session.execute(text("UPDATE chunk SET hash = 'sha256:0' WHERE market = 'B2C'"))
    result = own_api.ask(
        '{ one: customer(ref: "shop:P-0004") { explanation { narration } } '
        'two: customer(ref: "shop:B-0001") { explanation { narration } } }'
    )
    assert result.data is not None
    assert result.data["one"] == {"explanation": None}
    assert result.data["two"]["explanation"]["narration"]
    assert [error.extensions["code"] for error in result.errors or ()] == ["DAMAGED"]


def test_our_own_mistakes_are_masked_and_logged_without_what_was_asked(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "-".join(["secret", "of", "the", "caller"])

    def broken(*_: object) -> None:
        raise ZeroDivisionError(secret)

    monkeypatch.setattr("schema.context.live_change", broken)
    with caplog.at_level(logging.ERROR, "touchstone.graphql"):
        errors = api.ask('{ rulebook(asOf: "2026-09-15") { id } }').errors
    assert errors
    assert errors[0].message == "Something went wrong on our side."
    assert errors[0].extensions["code"] == "INTERNAL"
    assert "request-of-a-test" in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert secret not in caplog.text
    assert "2026-09-15" not in caplog.text


def test_a_fault_beside_a_shared_thing_does_not_take_it_away(api: Api) -> None:
    """Siblings wait for the same loader when one of them fails and the others are cancelled."""
    result = api.ask(
        '{ one: customer(ref: "shop:P-0001") { metrics(names: ["nothing"]) { name } decision { run { id } } '
        "tier { since } } "
        'two: customer(ref: "shop:P-0001") { decision { run { id } } tier { since } } }'
    )
    assert result.data is not None
    assert result.data["one"] is None
    assert result.data["two"]["tier"] is not None
    assert [error.extensions["code"] for error in result.errors or ()] == ["BAD_USER_INPUT"]
