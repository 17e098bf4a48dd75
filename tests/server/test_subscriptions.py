"""Live events over a real websocket: in ledger order, resumable, only for pages of this server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from engine.operations.deciding import decide
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import live_book, publish
from engine.store import Database
from tests.schema.business import LATER
from tests.server.conftest import Server

PROTOCOL = "graphql-transport-ws"
WAIT_SECONDS = 30.0
TIER_CHANGED = (
    "subscription($f: CustomerFilter, $a: String) { tierChanged(filter: $f, after: $a) { token "
    "decision { customer { ref } tier { effective { key } previous { key } } } } }"
)
RULES_PUBLISHED = "subscription($a: String) { rulesPublished(after: $a) { token change { revision reason } } }"
RUN_PROGRESS = "subscription($r: ID) { runProgress(run: $r) { token run { id state decided total } } }"


class Socket:
    """A connection that speaks the protocol."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv(WAIT_SECONDS))
        return message

    def subscribe(self, query: str, name: str = "1", **variables: Any) -> None:
        self.send(id=name, type="subscribe", payload={"query": query, "variables": variables})

    def next(self) -> Any:
        message = self.receive()
        assert message["type"] == "next", message
        return message["payload"]


@contextmanager
def connected(server: Server, **headers: str) -> Iterator[Socket]:
    url = f"ws://127.0.0.1:{server.port}/graphql"
    with connect(url, subprotocols=[PROTOCOL], additional_headers=headers, max_queue=None) as connection:  # type: ignore[list-item]
        socket = Socket(connection)
        socket.send(type="connection_init")
        assert socket.receive()["type"] == "connection_ack"
        yield socket


def _move(database: Database, ref: str, tier: str, hours: int) -> None:
    """Give a customer a tier by hand and decide it."""
    now = LATER + timedelta(hours=hours)
    override_tier(database, OverrideInput(ref, tier, "test", now + timedelta(days=30)), "crm-ops", now)
    decide(database, [ref], now + timedelta(minutes=1), "schedule", now + timedelta(minutes=1))


def test_changes_of_tier_come_as_they_happen_and_again_after_a_token(server: Server, second_process: Database) -> None:
    with connected(server) as socket:
        socket.subscribe(TIER_CHANGED, f={"text": "shop:P-001"})
        server.data("{ viewer { actor { name } } }")
        socket.send(type="ping")
        assert socket.receive()["type"] == "pong"
        first, tokens = [], []
        _move(second_process, "shop:P-0020", "A", 2)
        for hours, ref, tier in ((3, "shop:P-0010", "A"), (4, "shop:P-0011", "A"), (5, "shop:P-0010", "B")):
            _move(second_process, ref, tier, hours)
            event = socket.next()["data"]["tierChanged"]
            first.append((event["decision"]["customer"]["ref"], event["decision"]["tier"]["effective"]["key"]))
            tokens.append(event["token"])
    assert first == [("shop:P-0010", "A"), ("shop:P-0011", "A"), ("shop:P-0010", "B")]
    with connected(server) as socket:
        socket.subscribe(TIER_CHANGED, f={"text": "shop:P-001"}, a=tokens[0])
        again = [socket.next()["data"]["tierChanged"] for _ in range(2)]
    assert [event["token"] for event in again] == tokens[1:]


def test_events_within_one_run_are_told_one_by_one(server: Server) -> None:
    """Resumed in the middle of a run: no gap, no repeat."""
    with connected(server) as socket:
        socket.subscribe('subscription { tierChanged(after: "Mi4xLjA") { token } }')
        tokens = [socket.next()["data"]["tierChanged"]["token"] for _ in range(6)]
    assert len(set(tokens)) == 6
    with connected(server) as socket:
        socket.subscribe("subscription($a: String) { tierChanged(after: $a) { token } }", a=tokens[2])
        assert [socket.next()["data"]["tierChanged"]["token"] for _ in range(3)] == tokens[3:]


def test_a_published_revision_is_told(server: Server, second_process: Database) -> None:
    with second_process.read() as session:
        book = live_book(session)
    assert book is not None
    files = {file.path: file.text for file in book.files}
    with connected(server) as socket:
        socket.subscribe(RULES_PUBLISHED)
        socket.send(type="ping")
        assert socket.receive()["type"] == "pong"
        head = server.data("{ auditLog(first: 1) { edges { node { position } } } }")["auditLog"]["edges"][0]["node"]
        files["lifecycle.yaml"] += "\n# told over the socket\n"
        published = publish(second_process, files, "crm-ops", "a remark", LATER + timedelta(hours=9))
        event = socket.next()["data"]["rulesPublished"]
    assert event["change"] == {"revision": published.revision, "reason": "a remark"}
    assert head["position"] >= 1


def test_the_progress_of_a_run_ends_with_it(server: Server) -> None:
    run = server.data('{ customer(ref: "shop:P-0004") { decision { run { id } } } }')["customer"]["decision"]["run"]
    with connected(server) as socket:
        socket.subscribe(RUN_PROGRESS, r=run["id"])
        told = socket.next()["data"]["runProgress"]["run"]
        assert (told["id"], told["state"]) == (run["id"], "DONE")
        assert socket.receive() == {"id": "1", "type": "complete"}


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        (RULES_PUBLISHED, {"a": "nonsense"}, "BAD_CURSOR"),
        (RULES_PUBLISHED, {"a": "Mi45OTk5OTkuMA"}, "BAD_CURSOR"),
        (RULES_PUBLISHED, {"a": "MS4xLjA"}, "BAD_CURSOR"),
        # 1.0 and 2.17, as tokens were before decisions were numbered anew (schema 0002)
        (TIER_CHANGED, {"a": "MS4w"}, "BAD_CURSOR"),
        (TIER_CHANGED, {"a": "Mi4xNw"}, "BAD_CURSOR"),
        (RUN_PROGRESS, {"r": "x"}, "BAD_ID"),
        (RUN_PROGRESS, {"r": "run_0000000zzzzzz"}, "NOT_FOUND"),
        ("subscription { nothing { token } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ customers(first: 101) { edges { cursor } } }", {}, "BAD_USER_INPUT"),
    ],
)
def test_faults_over_the_socket_are_coded(server: Server, query: str, variables: dict[str, Any], code: str) -> None:
    with connected(server) as socket:
        socket.subscribe(query, **variables)
        message = socket.receive()
        errors = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert [error["extensions"]["code"] for error in errors] == [code]


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "7",
        "{",
        '{"type": 7}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": "1", "payload": "x"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 7}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ viewer }", "variables": {"a": '
        + ("[" * 5000 + "]" * 5000 + "}}}"),
        "[" * 100_000,
    ],
)  # fmt: skip
def test_a_message_of_another_shape_closes_the_connection(server: Server, text: str) -> None:
    with connected(server) as socket:
        socket.connection.send(text)
        with pytest.raises(ConnectionClosed) as closed:
            socket.receive()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400
    assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_pages_of_other_origins_are_refused(server: Server) -> None:
    for origin in ("https://evil.example", "http://localhost:1", "null"):
        with pytest.raises(InvalidStatus), connected(server, Origin=origin):
            pass
    with connected(server, Origin=f"http://127.0.0.1:{server.port}") as socket:
        socket.subscribe("{ viewer { actor { name } } }")
        assert socket.next() == {"data": {"viewer": {"actor": {"name": "api"}}}}


def test_only_this_protocol_is_spoken(server: Server) -> None:
    url = f"ws://127.0.0.1:{server.port}/graphql"
    with connect(url, subprotocols=["graphql-ws"]) as connection, pytest.raises(ConnectionClosed) as closed:  # type: ignore[list-item]
        connection.recv(WAIT_SECONDS)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4406
