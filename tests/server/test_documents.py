"""The page of a decision over real HTTP: language, headers, refusals in plain words, and the address GraphQL gives."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.operations.reading_pages import read_page
from tests.server.conftest import Server, serving

QUERY = '{ customer(ref: "shop:P-0004") { decision { id digest en: documentUrl(locale: EN) zh: documentUrl(locale: ZH) '
QUERY += "own: documentUrl } } }"


@pytest.fixture(scope="module")
def decision(server: Server) -> dict[str, str]:
    """What GraphQL says of a decision."""
    found: dict[str, str] = server.data(QUERY)["customer"]["decision"]
    return found


def test_graphql_gives_the_address_in_each_language(server: Server, decision: dict[str, str]) -> None:
    assert decision["en"] == decision["own"] == f"/decisions/{decision['id']}/document?locale=en"
    asked = server.post(QUERY, {"accept-language": "zh-CN"}).json()["data"]["customer"]["decision"]
    assert asked["own"] == asked["zh"] == f"/decisions/{decision['id']}/document?locale=zh"
    for address, language in ((decision["en"], "en"), (decision["zh"], "zh-CN")):
        answer = httpx.get(server.url + address, timeout=60)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
        page = read_page(answer.text)
        assert page.one("html").attributes["lang"] == language
        assert page.one(name="digest").text == decision["digest"]
        assert page.one(name="total").text not in ("", "0")


def test_without_a_locale_the_request_says_the_language(server: Server, decision: dict[str, str]) -> None:
    address = f"{server.url}/decisions/{decision['id']}/document"
    assert 'lang="zh-CN"' in httpx.get(address, headers={"accept-language": "zh"}, timeout=60).text
    assert 'lang="en"' in httpx.get(address, headers={"accept-language": "de"}, timeout=60).text
    assert httpx.get(f"{address}?locale=ZH", timeout=60).text == httpx.get(f"{address}?locale=zh", timeout=60).text


def test_a_page_may_do_nothing(server: Server, decision: dict[str, str]) -> None:
    answer = httpx.get(server.url + decision["en"], timeout=60)
    rules = dict(part.strip().partition(" ")[::2] for part in answer.headers["content-security-policy"].split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == rules["frame-ancestors"] == "'none'"
    assert rules["style-src"].startswith("'sha256-")
    assert set(rules) == {"default-src", "style-src", "img-src", "base-uri", "form-action", "frame-ancestors"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store", "a page about a person stays in no cache"


@pytest.mark.parametrize(
    "name", ["dec_zzzzzzzzzzzzz", "dec_0000000000000", "dec_7zzzzzzzzzzzz", "cus_0000000000001", "x", "%3Cscript%3E"]
)
def test_what_is_not_there_is_told_in_plain_words(server: Server, name: str) -> None:
    for locale, said in (("en", "There is no such decision"), ("zh", "没有这项决定")):
        answer = httpx.get(f"{server.url}/decisions/{name}/document?locale={locale}", timeout=60)
        assert answer.status_code == 404
        page = read_page(answer.text)
        assert page.one("h1").text == said
        assert page.one("p").text
        assert page.find("script") == []
        assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_other_languages_and_methods_are_refused(server: Server, decision: dict[str, str]) -> None:
    address = f"{server.url}/decisions/{decision['id']}/document"
    refused = httpx.get(f"{address}?locale=fr", timeout=60)
    assert refused.status_code == 400
    assert "locale=zh" in read_page(refused.text).one("p").text
    assert httpx.post(address, timeout=60).status_code == 405
    assert httpx.get(address, headers={"host": "shop.example"}, timeout=60).status_code == 421


def test_a_server_without_a_database_says_so_on_the_page(tmp_path: Path) -> None:
    with serving(f"sqlite:///{tmp_path / 'none.db'}", tmp_path) as alone:
        answer = httpx.get(f"{alone.url}/decisions/dec_0000000000001/document", timeout=60)
        assert answer.status_code == 503
        assert "touchstone db upgrade" in read_page(answer.text).one("p").text


def test_a_damaged_decision_is_told_and_the_contact_is_the_settings(
    filled_url: str, decision: dict[str, str], tmp_path: Path
) -> None:
    copy = tmp_path / "touchstone.db"
    with (
        closing(sqlite3.connect(filled_url.removeprefix("sqlite:///"))) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    settings = {"TOUCHSTONE_OBJECTION_CONTACT": "Clara <clara@shop.example>"}
    with serving(f"sqlite:///{copy}", tmp_path, **settings) as other:
        page = read_page(httpx.get(other.url + decision["en"], timeout=60).text)
        assert "Clara <clara@shop.example>" in page.one(name="objection").text
        with closing(sqlite3.connect(copy)) as connection:
            connection.execute("update chunk set hash = 'sha256:' || hex(zeroblob(32))")
            connection.commit()
        answer = httpx.get(other.url + decision["en"], timeout=60)
        assert answer.status_code == 500
        assert "restore a backup" in read_page(answer.text).one("p").text


def test_the_page_of_an_erased_person_says_what_is_left(
    filled_url: str, decision: dict[str, str], tmp_path: Path
) -> None:
    copy = tmp_path / "touchstone.db"
    with (
        closing(sqlite3.connect(filled_url.removeprefix("sqlite:///"))) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
    with serving(f"sqlite:///{copy}", tmp_path) as other:
        assert httpx.get(other.url + decision["en"], timeout=60).status_code == 200
        given = '{idempotencyKey: "k", ref: "shop:P-0004", reason: "asked for it"}'
        done = other.data(f"mutation {{ forgetCustomer(input: {given}) {{ entry {{ position }} }} }}")
        assert done["forgetCustomer"]["entry"]
        for language, said in (("en", "What is left: run"), ("zh", "已被抹除")):
            answer = httpx.get(other.url + decision[language], timeout=60)
            assert answer.status_code == 410
            assert said in read_page(answer.text).one("p").text
