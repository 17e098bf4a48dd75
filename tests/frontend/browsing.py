"""A real browser, driven over its debugging socket."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

PATIENCE_SECONDS = 60.0
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0",
)  # fmt: skip


@dataclass
class Tab:
    """One page; `asked` are the addresses it loaded from."""

    connection: ClientConnection
    session: str = ""
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol; what is told meanwhile is noted."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params}
        self.connection.send(json.dumps({**message, "sessionId": self.session} if self.session else message))
        while True:
            told = json.loads(self.connection.recv(PATIENCE_SECONDS))
            if told.get("id") == number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result
            self._note(told)

    def _note(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Network.requestWillBeSent":
            self.asked.append(told["params"]["request"]["url"])
        if told.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["params"]["exceptionDetails"])[:500])
        if told.get("method") == "Log.entryAdded" and told["params"]["entry"]["level"] == "error":
            self.complaints.append(json.dumps(told["params"]["entry"])[:500])

    def value(self, script: str) -> Any:
        """What a script gives within the page."""
        return self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)["result"].get(
            "value"
        )

    def wait(self, script: str) -> Any:
        """The first value of a script that is not nothing."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = self.value(script)
            if found:
                return found
            time.sleep(0.1)
        pytest.fail(f"the page never had: {script}\n{self.complaints}\n{self.value('document.body.innerText')}")


@contextmanager
def opened(browser: str, url: str, folder: Path) -> Iterator[Tab]:
    """A page in a browser of its own, which is closed afterwards."""
    log = folder / "browser.log"
    with log.open("wb") as output:
        command = [browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        with connect(_socket(process, log), max_size=None, max_queue=None) as connection:
            tab = Tab(connection)
            target = tab.call("Target.createTarget", url="about:blank")["targetId"]
            tab.session = tab.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for name in ("Network", "Runtime", "Page"):
                tab.call(f"{name}.enable")
            tab.call("Page.navigate", url=url)
            yield tab
            tab.session = ""
            tab.call("Browser.close")
        process.wait(PATIENCE_SECONDS)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _socket(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address of the debugging socket, which the browser prints when it is ready."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and process.poll() is None:
        found = re.search(r"DevTools listening on (ws://\S+)", log.read_text(errors="replace"))
        if found is not None:
            return found[1]
        time.sleep(0.1)
    pytest.fail(f"the browser did not start: {log.read_text(errors='replace')[-2000:]}")
