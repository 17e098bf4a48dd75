"""An operation ends at its deadline, field by field; what had begun in a thread ends there, and the process goes on."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from engine.vocabulary import Locale
from schema import deadlines, http
from schema.asking import Asked, RefusedRequestError
from schema.context import Context, Services
from schema.root import the_schema
from tests.schema.business import NOW
from tests.schema.conftest import Api

QUERY = "{ viewer { actor { name } } campaigns { name } }"


def told(result: Any) -> list[tuple[Any, Any]]:
    return [(error.extensions["code"], error.path) for error in result.errors or ()]


def test_nothing_begins_after_the_deadline(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no work is answered, what does is null beside a fault; the store is asked for nothing."""
    with monkeypatch.context() as patched, api.statements() as sent:
        patched.setattr(deadlines, "SECONDS", 0.0)
        result = api.ask(QUERY)
        assert sent == []
    assert result.data == {"viewer": {"actor": {"name": "api"}}, "campaigns": None}
    assert told(result) == [("DEADLINE", ["campaigns"])]
    assert api.data(QUERY)["campaigns"]


def test_a_command_is_not_begun_after_the_deadline(own_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = 'mutation { decide(input: {idempotencyKey: "late", customers: ["shop:P-0001"]}) { alreadyDecided } }'
    with monkeypatch.context() as patched:
        patched.setattr(deadlines, "SECONDS", 0.0)
        assert told(own_api.ask(decide)) == [("DEADLINE", ["decide"])]
    assert own_api.data(decide)["decide"] == {"alreadyDecided": 0}


def test_nobody_waits_for_a_read_that_takes_too_long(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    released, ended = threading.Event(), threading.Event()

    def slow(*_: object) -> None:
        released.wait(60)
        ended.set()

    with monkeypatch.context() as patched:
        patched.setattr("schema.context.live_change", slow)
        patched.setattr(deadlines, "SECONDS", 0.05)
        result = ask_and_then(api, released.set)
    assert told(result) == [("DEADLINE", ["campaigns"])]
    assert ended.wait(60)
    assert api.data(QUERY)["campaigns"]


def test_between_two_questions_of_one_read_time_is_looked_at(api: Api) -> None:
    """A worker thread does not begin the second question when the first has used up the time."""
    asked = []

    async def run() -> list[Any]:
        context = Context(Services(api.database, lambda: NOW, "api"), Locale.EN, "a-request")
        deadlines.begin(3600.0)

        def first(_session: object) -> None:
            asked.append("first")
            deadlines.begin(0.0)  # in the thread, which has a copy of the task's context

        answers = [context.read(first), context.read(lambda _session: asked.append("second"))]
        return await asyncio.gather(*answers, return_exceptions=True)

    answers = asyncio.run(run())
    assert asked[0] == "first"
    assert asked.count("first") + asked.count("second") == len(asked) == 3
    assert answers == [None, None]


def test_an_answer_that_does_not_come_at_all_is_a_fault_of_the_request(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_given: Any, **_named: Any) -> Any:
        await asyncio.Event().wait()

    async def run() -> None:
        context = Context(Services(api.database, lambda: NOW, "api"), Locale.EN, "a-request")
        await http.execute(the_schema()[0], Asked(QUERY, None, None), context, "POST")

    monkeypatch.setattr(deadlines, "SECONDS", 0.0)
    monkeypatch.setattr(http, "GRACE_SECONDS", 0.0)
    monkeypatch.setattr(the_schema()[0], "execute", never)
    with pytest.raises(RefusedRequestError) as refused:
        asyncio.run(run())
    assert (refused.value.status, refused.value.code) == (503, "DEADLINE")


def ask_and_then(api: Api, release: Any) -> Any:
    """Ask; let the worker thread go on once the answer is there."""
    schema, _ = the_schema()

    async def run() -> Any:
        context = Context(Services(api.database, lambda: NOW, "api"), Locale.EN, "a-request")
        try:
            return await schema.execute(QUERY, context_value=context)
        finally:
            release()

    return asyncio.run(run())
