"""A server that asks who calls: over HTTP, over the socket, on every page; and what it says nothing about."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from engine.access import Role
from engine.operations.granting import RolesGiven, TokenGiven, issue_token, revoke_token, set_roles
from engine.store import Database, open_database, read_entries
from engine.store.reading import tokens_of_actors
from tests.access.issuer import AUDIENCE, ISSUER, public_keys, publishing, signed
from tests.server.conftest import Server, serving
from tests.server.test_subscriptions import PROTOCOL, WAIT_SECONDS, Socket

VIEWER = "{ viewer { actor { name roles } } }"


@pytest.fixture(scope="module")
def url(filled_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A filled database of this module's own, with one actor for each role."""
    file = tmp_path_factory.mktemp("access") / "touchstone.db"
    shutil.copyfile(filled_url.removeprefix("sqlite:///"), file)
    now = datetime.now(UTC)
    with open_database(f"sqlite:///{file}") as database:
        for role in Role:
            set_roles(database, RolesGiven(role.lower(), [role], "for the test"), "root", now)
    return f"sqlite:///{file}"


@pytest.fixture
def people(url: str) -> Iterator[Database]:
    with open_database(url) as database:
        yield database


def secret(database: Database, role: Role, until: timedelta = timedelta(days=1)) -> tuple[int, str]:
    now = datetime.now(UTC)
    issued = issue_token(database, TokenGiven(role.lower(), "test", [role], now + until), "root", now)
    assert issued.secret is not None
    return issued.token, issued.secret


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def guarded(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with API tokens and an issuer."""
    folder = tmp_path_factory.mktemp("guarded")
    with publishing(public_keys("one")) as published:
        issuer = {"OIDC_ISSUER": ISSUER, "OIDC_AUDIENCE": AUDIENCE, "OIDC_JWKS_URL": published.url}
        given = {f"TOUCHSTONE_{name}": value for name, value in {"AUTH": "both", **issuer}.items()}
        with serving(url, folder, **given) as running:
            yield running


def test_who_shows_nothing_or_something_bad_is_refused_before_anything_is_read(guarded: Server) -> None:
    for headers in ({}, {"authorization": "Basic abc"}, bearer("ts_nonsense"), bearer(signed("two", kid="one"))):
        for query in (VIEWER, "{ __typename }", "{ __schema { types { name } } }", "{", "mutation { x }"):
            answer = guarded.post(query, headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert list(answer.json()) == ["errors"]
            assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    chinese = guarded.post(VIEWER, {"accept-language": "zh"}).json()["errors"][0]
    assert (chinese["message"], "令牌由管理员签发" in chinese["extensions"]["hint"]) == ("需要令牌。", True)
    got = httpx.get(f"{guarded.url}/graphql", params={"query": "{ __schema { types { name } } }"})
    assert got.status_code == 401


def test_a_token_is_its_actor(guarded: Server, people: Database) -> None:
    number, token = secret(people, Role.VIEWER)
    answer = guarded.post(VIEWER, bearer(token))
    assert answer.json()["data"] == {"viewer": {"actor": {"name": "viewer", "roles": ["VIEWER"]}}}
    assert guarded.post("{ __schema { queryType { name } } }", bearer(token)).status_code == 200
    oidc = guarded.post(VIEWER, bearer(signed(sub="auditor"))).json()
    assert oidc["data"] == {"viewer": {"actor": {"name": "auditor", "roles": ["AUDITOR"]}}}
    expired = guarded.post(VIEWER, bearer(signed(exp=datetime.now(UTC) - timedelta(minutes=5))))
    assert (expired.status_code, expired.json()["errors"][0]["message"]) == (401, "The token has expired.")
    revoke_token(people, number, "test", "root", datetime.now(UTC))
    revoked = guarded.post(VIEWER, bearer(token))
    assert (revoked.status_code, revoked.json()["errors"][0]["message"]) == (401, "The token was revoked.")
    with people.read() as session:
        used = next(one for one in tokens_of_actors(session, ["viewer"])["viewer"] if one.id == number)
    assert used.last_used_at is not None


def test_every_page_asks_too(guarded: Server, people: Database) -> None:
    decision = guarded.post(
        '{ customer(ref: "shop:P-0004") { decision { documentUrl } } }', bearer(secret(people, Role.VIEWER)[1])
    ).json()["data"]["customer"]["decision"]["documentUrl"]
    needs = {
        decision: {Role.VIEWER, Role.PRIVACY},
        "/rules/schema.json": {Role.VIEWER, Role.PRIVACY},
        "/rules/schema/b2b.json": {Role.VIEWER, Role.PRIVACY},
        "/metrics": {Role.ADMIN},
    }
    tokens = {role: secret(people, role)[1] for role in (Role.VIEWER, Role.PRIVACY, Role.ADMIN)}
    for path, allowed in needs.items():
        answer = httpx.get(f"{guarded.url}{path}", timeout=60)
        assert (answer.status_code, "Bearer" in answer.headers["www-authenticate"]) == (401, True)
        statuses = {
            role: httpx.get(f"{guarded.url}{path}", headers=bearer(token), timeout=60).status_code
            for role, token in tokens.items()
        }
        assert statuses == {role: 200 if role in allowed else 403 for role in tokens}, path
    for path in ("/", "/healthz", "/readyz"):
        assert httpx.get(f"{guarded.url}{path}", timeout=60).status_code == 200, "what tells nothing of anybody"


def test_the_document_of_a_decision_shows_the_name_for_a_purpose(guarded: Server, people: Database) -> None:
    viewer, privacy = (bearer(secret(people, role)[1]) for role in (Role.VIEWER, Role.PRIVACY))
    ask = '{ customer(ref: "shop:P-0004") { decision { documentUrl } } }'
    path = guarded.post(ask, viewer).json()["data"]["customer"]["decision"]["documentUrl"]
    name = "Member 0004"

    def noted() -> int:
        with people.read() as session:
            return sum(row.kind == "PERSONAL_DATA_READ" for row in read_entries(session))

    before = noted()
    for headers, purpose in ((viewer, ""), (viewer, "&purpose=letter"), (privacy, "")):
        page = httpx.get(f"{guarded.url}{path}{purpose}", headers=headers, timeout=60)
        assert page.status_code == 200
        assert name not in page.text
        assert "M***" in page.text
    assert noted() == before
    page = httpx.get(f"{guarded.url}{path}&purpose=letter", headers=privacy, timeout=60)
    assert name in page.text
    assert noted() == before + 1


@contextmanager
def _opened(server: Server, **payload: str) -> Iterator[Socket]:
    url = f"ws://127.0.0.1:{server.port}/graphql"
    with connect(url, subprotocols=[PROTOCOL], max_queue=None) as connection:  # type: ignore[list-item]
        socket = Socket(connection)
        if payload:
            socket.send(type="connection_init", payload=payload)
        yield socket


def _closed_with(socket: Socket) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        socket.connection.recv(WAIT_SECONDS)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@pytest.mark.parametrize(
    "payload",
    [
        {"unrelated": "x"},
        {"authorization": "Bearer ts_nonsense"},
        {"authorization": f"Bearer {signed('two', kid='one')}"},
        {"authorization": "Basic abc"},
    ],
)
def test_a_socket_does_not_begin_without_proof(guarded: Server, payload: dict[str, str]) -> None:
    with _opened(guarded, **payload) as socket:
        assert _closed_with(socket) == 4401


def test_a_socket_that_asks_before_it_begins_is_closed(guarded: Server) -> None:
    with _opened(guarded) as socket:
        socket.subscribe(VIEWER)
        assert _closed_with(socket) == 4401


def test_a_socket_is_the_actor_of_its_token(guarded: Server, people: Database) -> None:
    with _opened(guarded, Authorization=f"Bearer {secret(people, Role.ADMIN)[1]}") as socket:
        assert socket.receive()["type"] == "connection_ack"
        socket.subscribe(VIEWER, "1")
        assert socket.next()["data"] == {"viewer": {"actor": {"name": "admin", "roles": ["ADMIN"]}}}
        assert socket.receive()["type"] == "complete"
        socket.subscribe("subscription { rulesPublished { token } }", "2")
        payload = socket.receive()["payload"]
        errors = payload["errors"] if isinstance(payload, dict) else payload
        assert [error["extensions"]["code"] for error in errors] == ["FORBIDDEN"]


def test_a_socket_ends_with_its_token(guarded: Server, people: Database) -> None:
    """What ends of itself is not asked for again first: it just does not count any more."""
    _, token = secret(people, Role.VIEWER, timedelta(seconds=4))
    codes: list[str] = []
    with _opened(guarded, authorization=f"Bearer {token}") as socket:
        assert socket.receive()["type"] == "connection_ack"
        while not codes:
            socket.subscribe(VIEWER, "1")
            codes = [error["extensions"]["code"] for error in socket.next().get("errors", [])]
            assert socket.receive()["type"] == "complete"
    assert codes == ["UNAUTHENTICATED"]


def test_pages_of_other_origins_are_refused_with_a_good_token_too(guarded: Server, people: Database) -> None:
    for origin in ("https://evil.example", "http://localhost:1", "null"):
        headers = {"Origin": origin, **bearer(secret(people, Role.VIEWER)[1])}
        url = f"ws://127.0.0.1:{guarded.port}/graphql"
        with pytest.raises(InvalidStatus):
            connect(url, subprotocols=[PROTOCOL], additional_headers=headers)  # type: ignore[list-item]


def test_it_may_be_called_by_any_name(guarded: Server, people: Database) -> None:
    headers = {"host": "touchstone.example", **bearer(secret(people, Role.VIEWER)[1])}
    assert guarded.post(VIEWER, headers).status_code == 200


def test_without_authentication_a_token_is_not_ignored(server: Server) -> None:
    assert server.post(VIEWER, bearer("ts_nonsense")).status_code == 401
    assert server.post(VIEWER, {"authorization": "Basic abc"}).json()["data"]["viewer"]["actor"]["name"] == "api"
    assert len(server.data(VIEWER)["viewer"]["actor"]["roles"]) == len(Role)


def test_nothing_shown_as_proof_is_logged(guarded: Server, people: Database) -> None:
    _, token = secret(people, Role.VIEWER)
    jwt = signed("two", kid="one")
    for one in (token, jwt, token[:-1]):
        guarded.post('{ node(id: "x") { id } }', bearer(one))
    log = guarded.log.read_text()
    assert not any(one[20:] in log for one in (token, jwt))
    handle = token.split("_")[1]
    assert "a token was refused (no API token): The token does not count." in log
    assert re.search(r"(?m)^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z WARNING a token was refused", log)
    guarded.post('{ node(id: "x") { id } }', bearer(f"ts_{handle}_{'x' * 43}"))
    assert f"a token was refused (handle {handle}): The token does not count." in guarded.log.read_text()
    guarded.post("{ auditLog { totalCount } verifyAuditLog { ok } }", bearer(token))
    said = [line for line in guarded.log.read_text().splitlines() if "was refused, without AUDIT" in line]
    assert len(said) == 1
    assert json.dumps(token) not in log


def test_oidc_without_what_it_needs_does_not_start(url: str, tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="OIDC"), serving(url, tmp_path, TOUCHSTONE_AUTH="oidc"):
        pass
