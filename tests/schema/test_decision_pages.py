"""The page of a decision that cannot be shown says why, under the status that fits."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import text
from starlette.requests import Request

from engine.errors import Place, Problem, RuleBookError
from engine.operations import linking
from engine.rulebook import Book
from engine.vocabulary import Text
from schema.context import Services
from schema.documents import decision_document
from tests.operations.reading_pages import read_page
from tests.operations.shop import forge
from tests.schema.business import NOW
from tests.schema.conftest import Api

DECISION = '{ customer(ref: "shop:P-0004") { decision { id revision } } }'


def _asked(api: Api, number: str, locale: str = "en") -> tuple[int, str, str]:
    """Status, heading and sentence of the page."""
    given: Mapping[str, Any] = {"headers": {}, "query_params": {"locale": locale}, "path_params": {"id": number}}
    services = Services(api.database, lambda: NOW, "reader")
    answer = asyncio.run(decision_document(cast("Request", SimpleNamespace(**given)), services, ""))
    page = read_page(bytes(answer.body).decode())
    return answer.status_code, page.one("h1").text, "" if answer.status_code == 200 else page.one("p").text


@pytest.fixture
def decided(own_api: Api) -> tuple[str, str]:
    """A decision and the revision it was made by; no book is remembered."""
    found = own_api.data(DECISION)["customer"]["decision"]
    linking.linked.cache_clear()
    return found["id"], found["revision"]


@pytest.mark.parametrize(("locale", "said"), [("en", "does not fit its hash"), ("zh", "与其哈希不符")])
def test_rules_that_were_altered_are_told_as_damage(
    own_api: Api, decided: tuple[str, str], locale: str, said: str
) -> None:
    number, revision = decided
    forge(own_api.database, revision, "lifecycle", "lifecykle")
    status, heading, sentence = _asked(own_api, number, locale)
    assert (status, heading) == (500, {"en": "There is no page", "zh": "无法显示"}[locale])
    assert revision in sentence
    assert said in sentence


def test_rules_that_are_gone_are_told_as_damage(own_api: Api, decided: tuple[str, str]) -> None:
    number, revision = decided
    with own_api.database.write() as session:
        session.execute(text("delete from revision"))
    status, heading, sentence = _asked(own_api, number)
    assert (status, heading) == (500, "There is no page")
    assert f"rule revision {revision} is gone" in sentence


def test_rules_that_cannot_be_read_any_more_are_told_as_that(
    own_api: Api, decided: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def reader(_files: object) -> Book:
        raise RuleBookError([Problem("RULE_VALUE", Text("Not so.", "不行。"), Place("b2c.yaml", 9, 5), Text(""))])

    monkeypatch.setattr(linking, "load_published", reader)
    status, heading, sentence = _asked(own_api, decided[0])
    assert (status, heading) == (503, "There is no page")
    assert f"Rule revision {decided[1]} cannot be read by this version" in sentence


@pytest.mark.parametrize("name", ["dec_0000000000000", "dec_7zzzzzzzzzzzz", "cus_0000000000001", "x"])
def test_only_a_decision_that_is_not_there_is_not_found(own_api: Api, name: str) -> None:
    assert _asked(own_api, name)[:2] == (404, "There is no such decision")
