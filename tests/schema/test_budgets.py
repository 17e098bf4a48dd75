"""The budget of an actor: a leaky bucket, told in every answer, with a clock of the test's own."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.requests import Request

from engine.access import Caller, Role
from engine.vocabulary import Locale
from schema import budgets
from schema.asking import JSON
from schema.budgets import Budgets, OverBudgetError, Standing
from schema.context import Context, Services
from schema.http import RESPONSE_JSON, Tally, handle
from schema.root import the_schema
from tests.schema.business import NOW
from tests.schema.conftest import Api

MEI, LI = Caller("mei", frozenset({Role.VIEWER})), Caller("li", frozenset({Role.VIEWER}))
PAGE = "{ customers(first: 9) { totalCount } }"
BUDGET = "{ viewer { budget { limit remaining restored } } }"


class Clock:
    """Seconds as the test says."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bucket(clock: Clock) -> Budgets:
    return Budgets(limit=20, restored=2, clock=clock)


def ask(api: Api, bucket: Budgets, query: str, caller: Caller | None = MEI) -> Any:
    async def run() -> Any:
        services = Services(api.database, lambda: NOW, "api", budgets=bucket)
        return await the_schema()[0].execute(query, context_value=Context(services, Locale.EN, "r", proven=caller))

    return asyncio.run(run())


def cost(result: Any) -> dict[str, int]:
    found: dict[str, int] = result.extensions["cost"]
    return found


def codes(result: Any) -> list[str]:
    return [error.extensions["code"] for error in result.errors or ()]


def test_a_bucket_empties_steadily_and_never_below_nothing(bucket: Budgets, clock: Clock) -> None:
    assert bucket.standing(MEI) == Standing(20, 20, 2)
    assert bucket.take(MEI, 15).remaining == 5
    with pytest.raises(OverBudgetError) as refused:
        bucket.take(MEI, 10)
    assert refused.value.retry_after == 3
    assert bucket.standing(MEI).remaining == 5
    clock.seconds = 2.0
    with pytest.raises(OverBudgetError):
        bucket.take(MEI, 10)
    clock.seconds = 3.0
    assert bucket.take(MEI, 10).remaining == 1
    clock.seconds = 1000.0
    assert bucket.standing(MEI).remaining == 20


def test_a_clock_that_goes_back_gives_nothing_away(bucket: Budgets, clock: Clock) -> None:
    clock.seconds = 10.0
    bucket.take(MEI, 20)
    clock.seconds = 0.0
    assert bucket.standing(MEI).remaining == 0


def test_everybody_has_a_bucket_and_those_without_proof_share_one(bucket: Budgets) -> None:
    bucket.take(MEI, 20)
    assert bucket.standing(LI).remaining == 20
    bucket.take(Caller.on_this_machine("api"), 4)
    assert bucket.standing(Caller.on_this_machine("crm-ops")).remaining == 16
    assert bucket.standing(Caller("api", frozenset())).remaining == 20


def test_the_number_of_buckets_is_bounded(bucket: Budgets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "MOST_ACTORS", 3)
    for name in "abcd":
        bucket.take(Caller(name, frozenset()), 20)
    left = {name: bucket.standing(Caller(name, frozenset())).remaining for name in "abcd"}
    assert left == {"a": 20, "b": 0, "c": 0, "d": 0}


def test_every_answer_tells_its_cost_and_what_is_left(api: Api, bucket: Budgets, clock: Clock) -> None:
    assert cost(ask(api, bucket, PAGE)) == {"requested": 9, "limit": 20, "remaining": 11, "restored": 2}
    told = ask(api, bucket, BUDGET)
    assert told.data["viewer"]["budget"] == {"limit": 20, "remaining": 10, "restored": 2}
    assert cost(told)["remaining"] == 10
    for nothing in ("{", "{ thereIsNoSuchField }", "{ viewer { " * 20):
        assert cost(ask(api, bucket, nothing)) == {"requested": 0, "limit": 20, "remaining": 10, "restored": 2}


def test_beyond_the_budget_nothing_runs_until_it_is_there_again(api: Api, bucket: Budgets, clock: Clock) -> None:
    ask(api, bucket, PAGE)
    ask(api, bucket, PAGE)
    with api.statements() as sent:
        refused = ask(api, bucket, PAGE)
    assert sent == []
    assert codes(refused) == ["LIMIT_RATE"]
    assert refused.errors[0].extensions["retryAfter"] == 4
    assert cost(refused) == {"requested": 9, "limit": 20, "remaining": 2, "restored": 2}
    assert codes(ask(api, bucket, PAGE, LI)) == []
    clock.seconds = 4.0
    assert codes(ask(api, bucket, PAGE)) == []


def test_what_is_too_dear_takes_nothing_and_waiting_does_not_help(api: Api) -> None:
    bucket = Budgets(clock=Clock())
    inner = "decisions(first: 100) { edges { node { explanation { score } } } }"
    refused = ask(api, bucket, f"{{ customers(first: 100) {{ edges {{ node {{ {inner} }} }} }} }}")
    assert codes(refused) == ["LIMIT_COST"]
    assert refused.errors[0].extensions["retryAfter"] is None
    assert cost(refused)["requested"] > 20_000
    assert cost(refused)["remaining"] == budgets.ROWS


@pytest.mark.parametrize(("media", "status"), [(RESPONSE_JSON, 429), (JSON, 200)])
def test_over_http_the_answer_says_when_to_come_again(api: Api, bucket: Budgets, media: str, status: int) -> None:
    services = Services(api.database, lambda: NOW, "api", budgets=bucket)
    bucket.take(services.unproven(), 20)
    body, answer = over_http(services, json.dumps({"query": PAGE}).encode(), media)
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "5")
    assert body["errors"][0]["extensions"]["retryAfter"] == 5
    assert body["extensions"]["cost"] == {"requested": 9, "limit": 20, "remaining": 0, "restored": 2}


def test_over_http_a_request_that_is_none_tells_what_is_left(api: Api, bucket: Budgets) -> None:
    body, answer = over_http(Services(api.database, lambda: NOW, "api", budgets=bucket), b"[]", JSON)
    assert answer.status_code == 400
    assert body["extensions"]["cost"] == {"requested": 0, "limit": 20, "remaining": 20, "restored": 2}


def over_http(services: Services, content: bytes, media: str) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    headers = [(b"content-type", JSON.encode()), (b"accept", media.encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers, "query_string": b""}, receive)
    answer = asyncio.run(handle(request, the_schema()[0], services, Tally()))
    return json.loads(bytes(answer.body)), answer
