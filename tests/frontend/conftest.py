"""What a frontend developer has: a server over the demo's business, an HTTP client and a websocket client."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.server.conftest import Server, serving
from tests.shell import Demo

WAIT_SECONDS = 60.0
USER_ERRORS = "userErrors { code message path hint place { file line column } }"


@dataclass
class Shop:
    """The API over HTTP, with one connection kept open."""

    server: Server
    client: httpx.Client

    def post(self, query: str, language: str = "en", **variables: Any) -> httpx.Response:
        """Send a document."""
        headers = {"accept": "application/graphql-response+json", "accept-language": language}
        url = f"{self.server.url}/graphql"
        return self.client.post(url, json={"query": query, "variables": variables}, headers=headers)

    def data(self, query: str, language: str = "en", **variables: Any) -> Any:
        """The data of a document that must not fail."""
        body = self.post(query, language, **variables).json()
        assert "errors" not in body, body
        return body["data"]

    def customer(self, ref: str, wanted: str, language: str = "en") -> Any:
        """Fields of one customer."""
        return self.data(f"query($ref: Ref!) {{ customer(ref: $ref) {{ {wanted} }} }}", language, ref=ref)["customer"]

    def command(self, name: str, wanted: str, **given: Any) -> Any:
        """The payload of a mutation."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = f"mutation($input: {kind}!) {{ {name}(input: $input) {{ {wanted} {USER_ERRORS} }} }}"
        return self.data(query, input=given)[name]

    def done(self, name: str, wanted: str, **given: Any) -> Any:
        """The payload of a mutation that must not be refused."""
        payload = self.command(name, wanted, **given)
        assert payload.pop("userErrors") == []
        return payload

    @contextmanager
    def events(self, query: str, **variables: Any) -> Iterator[Events]:
        """What a subscription tells, from now on."""
        url = f"ws://127.0.0.1:{self.server.port}/graphql"
        with connect(url, subprotocols=["graphql-transport-ws"], max_queue=None) as connection:  # type: ignore[list-item]
            events = Events(connection)
            events.send(type="connection_init")
            assert events.receive()["type"] == "connection_ack"
            events.send(id="1", type="subscribe", payload={"query": query, "variables": variables})
            events.send(type="ping")
            assert events.receive()["type"] == "pong"
            yield events


@dataclass
class Events:
    """A websocket that speaks graphql-transport-ws."""

    connection: ClientConnection

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.connection.recv(WAIT_SECONDS))
        return message

    def next(self) -> Any:
        """The next event's data."""
        message = self.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        return message["payload"]["data"]


@pytest.fixture(scope="session")
def shop(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The API over a copy of the demo's database; tests write to customers of their own."""
    folder = tmp_path_factory.mktemp("shop")
    shutil.copyfile(demo.shell.database, folder / "touchstone.db")
    url = f"sqlite:///{folder / 'touchstone.db'}"
    with serving(url, folder, app="tests.frontend.service:create") as server, httpx.Client(timeout=60) as client:
        yield Shop(server, client)
