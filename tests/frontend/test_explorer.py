"""GraphiQL in a real browser: everything from this server, it knows the schema, runs queries and subscriptions."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator

import pytest

from tests.frontend.browsing import Tab, opened
from tests.frontend.conftest import Shop

pytestmark = pytest.mark.xdist_group("demo")

NAMES = ("chromium", "chromium-browser", "google-chrome")
EDITOR = "document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror"
RESULT = "(document.querySelector('.result-window .CodeMirror')?.CodeMirror.getValue() || '')"
RUN = "document.querySelector('.graphiql-execute-button').click()"


@pytest.fixture(scope="module")
def explorer(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    """The explorer, rendered; skipped with a reason where there is no browser."""
    browser = next((path for path in map(shutil.which, NAMES) if path), None)
    if browser is None:
        reason = f"no browser on PATH ({', '.join(NAMES)})"
        if os.environ.get("TOUCHSTONE_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with opened(browser, f"{shop.server.url}/graphql", tmp_path_factory.mktemp("browser")) as tab:
        tab.wait("document.querySelector('.graphiql-execute-button') !== null")
        yield tab


def _run(tab: Tab, query: str, expected: str) -> str:
    """What the result pane shows for a query, once it holds the expected text."""
    tab.value(f"{EDITOR}.setValue({json.dumps(query)})")
    tab.wait(f"{EDITOR}.getValue() === {json.dumps(query)}")
    tab.wait("new Promise(done => setTimeout(() => done(true), 600))")  # the editor tells its query after a pause
    tab.value(RUN)
    return str(tab.wait(f"{RESULT}.includes({json.dumps(expected)}) && {RESULT}"))


def test_the_example_it_opens_with_runs(explorer: Tab) -> None:
    assert "WorkList" in explorer.value(f"{EDITOR}.getValue()")
    explorer.value(RUN)
    shown = json.loads(explorer.wait(f"{RESULT}.includes('totalCount') && {RESULT}"))
    assert shown["data"]["customers"]["totalCount"] > 50
    assert len(shown["data"]["customers"]["edges"]) == 10


def test_it_knows_the_schema_in_words(explorer: Tab) -> None:
    explorer.value("document.querySelector('button[aria-label=\"Show Documentation Explorer\"]').click()")
    explorer.wait("document.querySelector('.graphiql-doc-explorer')?.innerText.includes('CustomerTier')")


def test_a_fault_is_shown_with_what_to_do(explorer: Tab) -> None:
    shown = json.loads(_run(explorer, '{ node(id: "x") { id } }', "BAD_ID"))
    assert shown["errors"][0]["extensions"]["hint"] == "Take ids from answers and pass them on unchanged."


def test_a_subscription_runs_over_the_socket(explorer: Tab) -> None:
    shown = json.loads(
        _run(explorer, 'subscription { runProgress(after: "Mi4xLjA") { run { state } } }', "runProgress")
    )
    assert shown["data"]["runProgress"]["run"]["state"] == "DONE"


def test_nothing_came_from_elsewhere_and_nothing_failed(explorer: Tab, shop: Shop) -> None:
    own = (f"{shop.server.url}/", f"ws://127.0.0.1:{shop.server.port}/", "data:", "about:blank")
    assert len(explorer.asked) >= 6
    assert [url for url in explorer.asked if not url.startswith(own)] == []
    assert explorer.complaints == []
