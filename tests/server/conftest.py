"""A real server process on a free port, over a filled database of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from engine.store import Database, open_database, upgrade_database
from tests.schema.business import ROOT, fill

PATIENCE_SECONDS = 300.0


@dataclass
class Server:
    """A running server."""

    port: int
    url: str
    log: Path

    def post(self, query: str, headers: dict[str, str] | None = None, **variables: Any) -> httpx.Response:
        """Send a document."""
        body = {"query": query, "variables": variables}
        accepts = {"accept": "application/graphql-response+json", **(headers or {})}
        return httpx.post(f"{self.url}/graphql", json=body, headers=accepts, timeout=PATIENCE_SECONDS)

    def data(self, query: str, **variables: Any) -> Any:
        """The data of a document that must not fail."""
        body = self.post(query, **variables).json()
        assert "errors" not in body, body
        return body["data"]


@contextmanager
def serving(database_url: str, folder: Path, app: str = "server:create", **settings: str) -> Iterator[Server]:
    """Start a server, wait until it answers, stop it by its id.

    Args:
        app: What makes the application; one with another clock, for instance.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder / f"server-{port}.log"
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--host", "127.0.0.1",
               "--port", str(port), "--log-level", "warning", "--timeout-graceful-shutdown", "2"]  # fmt: skip
    patience = {"TOUCHSTONE_DEADLINE_SECONDS": "60"}
    environment = {**os.environ, **patience, "TOUCHSTONE_DATABASE_URL": database_url, **settings}
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            _wait(process, port, log)
            yield Server(port, f"http://127.0.0.1:{port}", log)
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start: {log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def _filled_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("filled") / "touchstone.db"
    upgrade_database(f"sqlite:///{file}")
    with open_database(f"sqlite:///{file}") as database:
        fill(database)
    return file


@pytest.fixture(scope="module")
def filled_url(_filled_file: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a filled database of this module's own."""
    file = tmp_path_factory.mktemp("server") / "touchstone.db"
    shutil.copyfile(_filled_file, file)
    return f"sqlite:///{file}"


@pytest.fixture(scope="module")
def server(filled_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server over the filled database."""
    with serving(filled_url, tmp_path_factory.mktemp("log")) as running:
        yield running


@pytest.fixture
def second_process(filled_url: str) -> Iterator[Database]:
    """The same database opened beside the server, as the command line does."""
    with open_database(filled_url) as database:
        yield database
