"""Hostile requests (`tests/cases/hostile_graphql/cases.jsonl`): refused with their code, for a counted amount of work.

A case is a document (`query`, with `variables` and `operationName`) or a whole body, in parts: a text, or a text and
how often, `{n}` and `{next}` standing for the number of the repetition and the one after. `parsed` and `validated` say
how many documents pass the parser with its limits, and how many are validated: none unless the case says so.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from schema.asking import JSON
from schema.context import Services
from schema.http import Tally, handle
from schema.root import the_schema
from tests.schema.business import NOW
from tests.schema.conftest import Api

FILE = Path(__file__).parents[1] / "cases" / "hostile_graphql" / "cases.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
MOST_TOLD = 40
"""Entries of `errors`, however many mistakes there are."""


def written(parts: list[Any]) -> str:
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
        else:
            again, times = part
            numbered = "{n}" in again or "{next}" in again
            turns = range(times) if numbered else ()
            text += "".join(again.replace("{n}", str(n)).replace("{next}", str(n + 1)) for n in turns)
            text += "" if numbered else again * times
    return text


def body_of(case: dict[str, Any]) -> bytes:
    if "body" in case:
        return written(case["body"]).encode(case.get("encoding", "utf-8"))
    given = {name: case[name] for name in ("variables", "operationName") if name in case}
    return json.dumps({"query": written(case["query"]), **given}).encode()


def post(services: Services, content: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    headers = [(b"content-type", JSON.encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers, "query_string": b""}, receive)
    answer = asyncio.run(handle(request, the_schema()[0], services, Tally()))
    return json.loads(bytes(answer.body))


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 40


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_hostile_request_is_refused_and_the_process_goes_on(api: Api, case: dict[str, Any]) -> None:
    _, cache = the_schema()
    services = Services(api.database, lambda: NOW, "api")
    cache.kept.clear()
    before = (cache.parsed, cache.validated)
    with api.statements() as sent:
        told = post(services, body_of(case))
    codes = {error["extensions"]["code"] for error in told["errors"]}
    validated = case.get("validated", 0)
    assert codes == {case["code"]}, [error["message"][:200] for error in told["errors"]]
    assert len(told["errors"]) <= MOST_TOLD
    assert not any((told.get("data") or {}).values())
    assert sent == [], "the store was asked"
    assert cache.parsed - before[0] == case.get("parsed", validated)
    assert cache.validated - before[1] == validated
    assert len(json.dumps(told)) < 20_000
    assert post(services, b'{"query": "{ viewer { actor { name } } }"}')["data"]["viewer"]["actor"] == {"name": "api"}
