"""`touchstone data forget` and `data retain`, as an operator uses them."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.cli.clerk import Clerk
from tests.cli.conftest import Shell

pytestmark = pytest.mark.xdist_group("demo")
REF = "demo:P-0031"
FORGET = ("data", "forget", REF, "--by", "privacy", "--reason", "asked for it, ticket 4711")


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


def _json(clerk: Clerk, shell: Shell, *words: str, **settings: str) -> Any:
    return json.loads(clerk.run(shell, *words, "--json", **settings)[0])


def test_a_person_is_erased_from_the_demo(own_demo: Shell, clerk: Clerk) -> None:
    decision = _json(clerk, own_demo, "explain", REF)["decision"]
    was = _json(clerk, own_demo, "replay", "--all")
    told = _json(clerk, own_demo, "explain", "demo:P-0032")
    clerk.refused(own_demo, "data", "forget", "demo:nobody", "--reason", "x", en="no customer", zh="没有客户")
    clerk.refused(own_demo, "data", "forget", REF, "--reason", " ", en="needs a reason", zh="必须说明原因")
    done = _json(clerk, own_demo, *FORGET)
    assert done["decisions"] == 3
    assert done["overwritten"] is True
    assert done["removed"]["customer"] == 1
    left = b"".join(file.read_bytes() for file in own_demo.folder.glob("touchstone.db*") if file.suffix != ".lock")
    assert b"P-0031" not in left
    now = _json(clerk, own_demo, "replay", "--all")
    assert (now["different"], now["erased"], now["not_kept"]) == ([], 3, 0)
    assert now["checked"] == now["identical"] == was["checked"] - 3
    assert _json(clerk, own_demo, "audit", "verify")["ok"] is True
    assert _json(clerk, own_demo, "explain", "demo:P-0032") == told
    for words in (("explain", decision), ("explain", decision, "--html"), ("replay", decision)):
        clerk.refused(own_demo, *words, en="was erased. What is left: run", zh="已被抹除")
    clerk.refused(own_demo, "explain", REF, en="no customer", zh="没有客户")
    assert "3 of erased persons" in clerk.run(own_demo, "replay", "--all")[0]
    assert "已抹除客户的决定 3" in clerk.run(own_demo, "replay", "--all", "--lang", "zh")[0]
    log = clerk.run(own_demo, "audit", "log", "--kind", "ERASURE")[0]
    assert "privacy" in log
    assert "ticket 4711" in log
    with closing(sqlite3.connect(own_demo.database)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize(("lang", "said"), [("en", "Erased (it was cus_"), ("zh", "已抹除（原编号 cus_")])
def test_what_was_done_is_told(own_demo: Shell, clerk: Clerk, lang: str, said: str) -> None:
    out, _ = clerk.run(own_demo, *FORGET, "--lang", lang)
    assert said in out
    assert "  customer: 1" in out


def test_old_decisions_go_by_setting(own_demo: Shell, clerk: Clerk) -> None:
    forever = _json(clerk, own_demo, "data", "retain")
    assert (forever["keep_days"], forever["decisions"]) == (None, 0)
    assert "kept for ever" in clerk.run(own_demo, "data", "retain")[0]
    setting = {"keep_decisions_days": "1"}
    first = _json(clerk, own_demo, "explain", REF, "--as-of", "2026-09-15")["decision"]
    planned = _json(clerk, own_demo, "data", "retain", "--dry-run", **setting)
    assert (planned["dry_run"], planned["entry"]) == (True, None)
    assert planned["decisions"] > 3000
    assert "would be removed" in clerk.run(own_demo, "data", "retain", "--dry-run", **setting)[0]
    assert "将移除" in clerk.run(own_demo, "data", "retain", "--dry-run", "--lang", "zh", **setting)[0]
    done = _json(clerk, own_demo, "data", "retain", "--by", "privacy", **setting)
    assert done["decisions"] == planned["decisions"]
    report = _json(clerk, own_demo, "replay", "--all")
    assert (report["different"], report["not_kept"]) == ([], done["decisions"])
    assert f"{done['decisions']} older than decisions are kept" in clerk.run(own_demo, "replay", "--all")[0]
    clerk.refused(own_demo, "explain", first, en="older than decisions are kept", zh="保留期限")
    clerk.refused(own_demo, "explain", REF, "--as-of", "2026-09-15", en="What is left", zh="保留期限")
    assert _json(clerk, own_demo, "explain", REF)["change"]["delta"] is not None
    clerk.refused(
        own_demo, "data", "retain", en="KEEP_DECISIONS_DAYS", zh="KEEP_DECISIONS_DAYS", keep_decisions_days="0"
    )
