"""GraphQL over real HTTP: types, statuses, limits, the page, and what operators look at."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from engine import __version__
from tests.server.conftest import Server, serving

VIEWER = "{ viewer { actor { name } } }"
RESPONSE_JSON = "application/graphql-response+json"
JSON = "application/json"


@pytest.mark.parametrize(
    ("accept", "status", "kind"),
    [
        (None, 200, JSON),
        ("*/*", 200, JSON),
        (JSON, 200, JSON),
        (RESPONSE_JSON, 200, RESPONSE_JSON),
        (f"{RESPONSE_JSON}, {JSON};q=0.9", 200, RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0.1, {JSON}", 200, JSON),
        ("text/plain", 406, JSON),
    ],
)
def test_answers_come_in_the_type_asked_for(server: Server, accept: str | None, status: int, kind: str) -> None:
    with httpx.Client() as client:
        del client.headers["accept"]
        headers = {} if accept is None else {"accept": accept}
        answer = client.post(f"{server.url}/graphql", json={"query": VIEWER}, headers=headers)
    assert answer.status_code == status
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


@pytest.mark.parametrize(
    ("query", "plain", "typed"),
    [
        (VIEWER, 200, 200),
        ("{", 200, 400),
        ("{ thereIsNoSuchField }", 200, 400),
        ("query($r: Ref!) { customer(ref: $r) { id } }", 200, 400),
        ('{ node(id: "x") { id } }', 200, 200),
    ],
)
def test_statuses(server: Server, query: str, plain: int, typed: int) -> None:
    answers = [server.post(query, {"accept": kind}) for kind in (JSON, RESPONSE_JSON)]
    assert [answer.status_code for answer in answers] == [plain, typed]
    for answer in answers:
        assert ("data" in answer.json()) == (typed == 200)


BAD_BODIES = [
    (b"{", 400),
    (b"[]", 400),
    (b"[" * 100_000, 400),
    (b"null", 400),
    (b"\xff", 400),
    (b"{}", 400),
    (json.dumps({"query": 7}).encode(), 400),
    (json.dumps({"query": ""}).encode(), 400),
    (json.dumps({"query": VIEWER, "variables": []}).encode(), 400),
    (json.dumps({"query": VIEWER, "operationName": 7}).encode(), 400),
    (json.dumps({"query": VIEWER, "extensions": "x"}).encode(), 400),
    (json.dumps([{"query": VIEWER}]).encode(), 400),
    (b'{"query": "' + VIEWER.encode() + b'", "variables": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}", 400),
    (b'{"query": "' + VIEWER.encode() + b'", "variables": {"a": ' + b"[" * 40_000 + b"]" * 40_000 + b"}}", 400),
    (b'{"query": "' + b"x" * 100_000 + b'"}', 413),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES, ids=[str(body[:40]) for body, _ in BAD_BODIES])
def test_malformed_requests_are_refused_with_a_coded_fault(server: Server, body: bytes, status: int) -> None:
    answer = httpx.post(f"{server.url}/graphql", content=body, headers={"content-type": JSON}, timeout=60)
    assert answer.status_code == status
    error = answer.json()["errors"][0]
    assert error["extensions"]["code"] in ("BAD_USER_INPUT", "LIMIT_DEPTH", "LIMIT_BODY")
    assert error["extensions"]["requestId"] == answer.headers["x-request-id"]
    assert error["extensions"]["hint"]
    assert "data" not in answer.json()


def test_a_body_without_announced_length_is_bounded_too(server: Server) -> None:
    def parts() -> object:
        for _ in range(300):
            yield b" " * 10_000

    answer = httpx.post(f"{server.url}/graphql", content=parts(), headers={"content-type": JSON}, timeout=60)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_other_content_types_are_refused(server: Server, kind: str) -> None:
    """So a page elsewhere cannot post without the browser asking first."""
    content = json.dumps({"query": VIEWER}).encode()
    answer = httpx.post(f"{server.url}/graphql", content=content, headers={"content-type": kind})
    assert answer.status_code == 415


def test_queries_by_get_and_nothing_else(server: Server) -> None:
    def get(query: str) -> httpx.Response:
        return httpx.get(f"{server.url}/graphql", params={"query": query}, headers={"accept": RESPONSE_JSON})

    assert get(VIEWER).json()["data"] == {"viewer": {"actor": {"name": "api"}}}
    decide = 'mutation { decide(input: {idempotencyKey: "x"}) { run { id } } }'
    assert (get(decide).status_code, get(decide).headers["allow"]) == (405, "POST")
    assert httpx.put(f"{server.url}/graphql").status_code == 405
    assert get("subscription { runProgress { token } }").status_code == 400


def test_the_request_id_of_the_caller_is_kept(server: Server) -> None:
    answer = server.post('{ node(id: "x") { id } }', {"x-request-id": "my-request-0001"})
    assert answer.headers["x-request-id"] == "my-request-0001"
    assert answer.json()["errors"][0]["extensions"]["requestId"] == "my-request-0001"
    other = server.post(VIEWER, {"x-request-id": "no good id!"})
    assert re.fullmatch(r"[0-9a-f]{32}", other.headers["x-request-id"])


def test_the_language_of_the_request(server: Server) -> None:
    query = "{ customers(first: 101) { edges { cursor } } }"
    told = {
        server.post(query, {"accept-language": tag}).json()["errors"][0]["message"] for tag in ("zh-CN", "de,zh;q=.1")
    }
    assert told == {"一页为 0 到 100 行，不能是 101。"}
    assert "A page has" in server.post(query, {"accept-language": "de"}).json()["errors"][0]["message"]


def test_the_page_is_served_from_here_alone(server: Server) -> None:
    page = httpx.get(f"{server.url}/graphql", headers={"accept": "text/html,application/xhtml+xml"})
    assert page.status_code == 200
    assert "default-src 'self'" in page.headers["content-security-policy"]
    named = [path for path in re.findall(r'(?:src|href)="([^"]+)"', page.text) if path != "data:,"]
    assert len(named) >= 5
    for path in named:
        assert path.startswith("/graphiql/")
        part = httpx.get(f"{server.url}{path}")
        assert part.status_code == 200
        if not path.endswith(".min.js"):  # what a bundle might still want to load, the policy above forbids
            assert not re.search(r"https?://(?!www\.w3\.org/)", part.text)


def test_a_request_for_another_host_is_refused(server: Server) -> None:
    """A name elsewhere that resolves to this machine does not open the door to pages of that name."""
    for host in ("evil.example", "127.0.0.1.evil.example", "10.0.0.1"):
        answer = httpx.post(f"{server.url}/graphql", json={"query": VIEWER}, headers={"host": host})
        assert answer.status_code == 421
        assert "own machine" in answer.text
    refused = httpx.get(f"{server.url}/", headers={"host": "evil.example", "accept-language": "zh-CN"})
    assert "本机" in refused.text
    for host in (f"localhost:{server.port}", "[::1]:80"):
        answer = httpx.post(f"{server.url}/graphql", json={"query": VIEWER}, headers={"host": host})
        assert answer.status_code == 200


def test_what_operators_look_at(server: Server) -> None:
    assert httpx.get(f"{server.url}/healthz").text == "ok\n"
    ready = httpx.get(f"{server.url}/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)
    assert [missing["what"] for missing in ready.json()["missing"]] == ["model"]
    server.post('{ node(id: "x") { id } }')
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    values = {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}
    assert values['touchstone_http_requests_total{status="200"}'] >= 1
    assert values['touchstone_graphql_faults_total{code="BAD_ID"}'] >= 1
    assert values["touchstone_ledger_position"] > 1
    assert values["touchstone_database_up"] == 1


def test_a_server_without_its_database_says_what_to_do_and_goes_on_once_it_is_there(
    sqlite_url: str, tmp_path: Path
) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    away = file.rename(tmp_path / "elsewhere.db")
    with serving(sqlite_url, tmp_path) as server:
        answer = server.post(VIEWER, {"accept-language": "zh"})
        assert answer.status_code == 503
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_READY"
        assert "touchstone" in answer.json()["errors"][0]["extensions"]["hint"]
        ready = httpx.get(f"{server.url}/readyz", timeout=60)
        assert (ready.status_code, [one["what"] for one in ready.json()["missing"]]) == (503, ["database"])
        away.rename(file)
        assert server.data(VIEWER) == {"viewer": {"actor": {"name": "api"}}}
        ready = httpx.get(f"{server.url}/readyz", timeout=60)
        assert (ready.status_code, [one["what"] for one in ready.json()["missing"]]) == (503, ["rules", "model"])
        assert "touchstone rules publish" in ready.json()["missing"][0]["hint"]


def test_faults_are_logged_without_what_was_asked(server: Server) -> None:
    server.post('{ customer(ref: "shop:secret-ref-4711") { metrics(names: ["secret-name"]) { name } } }')
    server.post('{ node(id: "secret-id") { id } }')
    assert "secret" not in server.log.read_text()


def test_editors_fetch_the_schemas_of_the_live_rules(server: Server) -> None:
    whole = httpx.get(f"{server.url}/rules/schema.json")
    assert whole.status_code == 200
    assert whole.headers["content-type"] == "application/schema+json"
    assert "b2b.yaml" in whole.json()["definitions"]
    assert json.loads(server.data("{ rulebook { jsonSchema } }")["rulebook"]["jsonSchema"]) == whole.json()
    part = httpx.get(f"{server.url}/rules/schema/b2b.json")
    assert part.json()["properties"]["market"]["const"] == "B2B"
    assert part.headers["etag"].endswith(f'-{__version__}"')  # a newer engine may know more keys
    again = httpx.get(f"{server.url}/rules/schema/b2b.json", headers={"if-none-match": part.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    absent = httpx.get(f"{server.url}/rules/schema/b2d.json", headers={"accept-language": "zh"})
    assert absent.status_code == 404
    assert "b2b.json" in absent.text
    assert "没有这样的" in absent.text
