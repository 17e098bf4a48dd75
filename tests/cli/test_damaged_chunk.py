"""A damaged chunk on the command line: named, counted, exit 1, and everybody else decided."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from engine.operations import blocks
from engine.store import open_database
from tests.cli.clerk import Clerk
from tests.cli.conftest import Shell
from tests.damage import flip
from tests.operations.shop import decide_at, open_shop, refs

NAME = "chunk 1 of B2C in run 1"
INSIDE, OUTSIDE = "shop:P-0006", "shop:P-0001"


@pytest.fixture
def damaged(empty: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shop decided twice by small chunks; one of the second run is damaged, then one of the first too."""
    monkeypatch.setattr(blocks, "CHUNK_ROWS", 5)
    with open_database(f"sqlite:///{empty.database}") as database:
        open_shop(database)
        decide_at(database, 0)
    flip(Path(empty.database), 3)  # 1: the four companies, 2: the first five persons
    return empty


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    """Runs commands here."""
    return Clerk(monkeypatch, capsys)


def test_a_run_is_committed_for_all_others_and_exits_1(clerk: Clerk, damaged: Shell) -> None:
    out, _ = clerk.run(damaged, "decide", "--as-of", "2026-03-11", "--lang", "en", expect=1)
    assert f"{len(refs()) - 5} decided" in out
    assert re.search(f"Left out: 5 customers of {NAME}", out)
    out, _ = clerk.run(damaged, "decide", "--as-of", "2026-03-12", "--json", expect=1)
    told = json.loads(out)
    assert (told["decided"], told["left_out"]) == (len(refs()) - 5, [{"chunk": NAME, "customers": 5}])
    out, _ = clerk.run(damaged, "decide", "--as-of", "2026-03-13", "--lang", "zh", expect=1)
    assert f"未评级：{NAME} 的 5 位客户" in out
    clerk.run(damaged, "decide", OUTSIDE, "--as-of", "2026-03-14")


def test_others_are_explained_and_those_inside_refused_by_name(clerk: Clerk, damaged: Shell) -> None:
    clerk.run(damaged, "explain", OUTSIDE)
    for words in (("explain", INSIDE), ("whatif", INSIDE, "--as-of", "2026-03-11"), ("explain", "--sample", "4")):
        _, err = clerk.run(damaged, *words, "--lang", "en", expect=1)
        assert NAME in err
    out, _ = clerk.run(damaged, "replay", "--all", "--lang", "en", expect=1)
    assert NAME in out
    out, _ = clerk.run(damaged, "audit", "verify", "--lang", "en", expect=1)
    assert NAME in out


def test_a_later_decision_is_explained_without_what_changed(clerk: Clerk, empty: Shell) -> None:
    with open_database(f"sqlite:///{empty.database}") as database:
        open_shop(database)
        decide_at(database, 0)
        decide_at(database, 10)
    flip(Path(empty.database), 2)
    named = "chunk 0 of B2C in run 1"
    for locale, said in (("en", "What changed cannot be told"), ("zh", "无法说明与上次决定相比的变化")):
        out, _ = clerk.run(empty, "explain", OUTSIDE, "--lang", locale)
        assert said in out
        assert named in out
    told = json.loads(clerk.run(empty, "explain", OUTSIDE, "--json")[0])
    assert told["change"] is None
    assert named in told["change_unread"]["en"]
    page, _ = clerk.run(empty, "explain", OUTSIDE, "--html")
    assert named in page
