"""What is logged of a request: its id, the operation's name, the code; never a value, literal or alias of it."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from schema import deadlines
from schema.budgets import Budgets
from schema.context import Services
from tests.schema.business import NOW
from tests.schema.conftest import Api
from tests.schema.test_hostile import post

CANARY = "zq4711canary"
VARIABLE = "query Look($r: Ref!) { customer(ref: $r) { name fields { name } } }"
DECIDE = "mutation Do($i: DecideInput!) { decide(input: $i) { run { id } userErrors { message } } }"
REQUESTS: list[dict[str, Any]] = [
    {"query": f'query Look {{ customer(ref: "shop:{CANARY}") {{ name }} }}'},
    {"query": VARIABLE, "variables": {"r": f"shop:{CANARY}"}},
    {"query": VARIABLE, "variables": {"r": {CANARY: CANARY}}},
    {"query": f'{{ node(id: "{CANARY}") {{ id }} }}'},
    {"query": f'{{ nodes(ids: ["""{CANARY}"""]) {{ id }} }}'},
    {"query": f'{{ customers(filter: {{text: "{CANARY}"}}) {{ totalCount }} }}'},
    {"query": f"{{ {CANARY}: viewer {{ actor {{ name }} }} }}"},
    {"query": f"{{ {CANARY} }}"},
    {"query": f'{{ node(id: "{CANARY}'},
    {"query": f'{{ customers(first: "{CANARY}") {{ totalCount }} }}'},
    {"query": DECIDE, "variables": {"i": {"idempotencyKey": CANARY, "customers": [f"shop:{CANARY}"]}}},
    {"query": "{ __typename }", "operationName": CANARY},
    {"query": "{ __typename }", "variables": CANARY},
    {"query": CANARY * 12_000},
]


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture) -> None:
    """All loggers, all levels."""
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize("request_", REQUESTS, ids=[str(n) for n in range(len(REQUESTS))])
@pytest.mark.parametrize("how", ["as it is", "late", "beyond the budget"])
def test_no_value_of_a_request_is_logged(
    api: Api, request_: dict[str, Any], how: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    budgets = Budgets(limit=0) if how == "beyond the budget" else Budgets()
    if how == "late":
        monkeypatch.setattr(deadlines, "SECONDS", 0.0)
    post(Services(api.database, lambda: NOW, "api", budgets=budgets), json.dumps(request_).encode())
    assert CANARY not in caplog.text


def test_what_was_sent_is_not_sent_back(api: Api) -> None:
    files = [{"path": "b2b.yaml", "name": CANARY, "text": CANARY}]
    query = "query($f: [RuleFileInput!]!) { checkRulebook(files: $f) { ok } }"
    result = api.ask(query, f=files)
    assert result.errors
    assert CANARY not in str([(error.message, error.extensions) for error in result.errors])
    assert "RuleFileInput has no part name" in result.errors[0].message


def test_a_fault_of_ours_is_logged_by_request_operation_and_code(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError(CANARY)

    monkeypatch.setattr("schema.context.live_change", broken)
    query = f"query Look {{ {CANARY}: campaigns {{ name }} }}"
    told = post(Services(api.database, lambda: NOW, "api"), json.dumps({"query": query}).encode())
    (error,) = told["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert CANARY not in error["message"]
    assert CANARY not in caplog.text
    (record,) = [record for record in caplog.records if record.name == "touchstone.graphql"]
    said = record.getMessage()
    for part in (error["extensions"]["requestId"], "operation Look", "INTERNAL at campaigns", "ValueError"):
        assert part in said
