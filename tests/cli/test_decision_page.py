"""`touchstone explain REF --html`: the page on standard output or in a file, in both languages."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.clerk import Clerk
from tests.cli.conftest import Demo
from tests.operations.reading_pages import read_page

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def clerk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clerk:
    return Clerk(monkeypatch, capsys)


def test_the_page_says_what_json_says(demo: Demo, tmp_path: Path) -> None:
    told = demo.shell.json("explain", "demo:P-0118")
    page = read_page(demo.shell.run("explain", "demo:P-0118", "--html").stdout)
    file = tmp_path / "why.html"
    said = demo.shell.run("explain", "demo:P-0118", "--html", "--lang", "zh", "--out", str(file)).stdout
    assert str(file) in said
    assert file.stat().st_mode & 0o077 == 0, "for its owner alone"
    chinese = read_page(file.read_text("utf-8"))
    for one in (page, chinese):
        parts = [Decimal(part.text) for part in one.find(kind="part")]
        assert [str(part) for part in parts] == [line["contribution"] for line in told["criteria"]]
        assert str(sum(parts)) == told["score"] == one.one(name="total").text
        assert one.one(name="digest").text == told["digest"]
        assert told["decision"] in one.one("head").one("title").text
    assert [line.text for line in page.one("ul", kind="plain").find("li")] == told["narration"]["en"]
    assert [line.text for line in chinese.one("ul", kind="plain").find("li")] == told["narration"]["zh"]


def test_the_page_of_a_past_day(demo: Demo) -> None:
    now, before = (read_page(demo.shell.run("explain", "demo:B-0007", "--html", *when).stdout)
                   for when in ((), ("--as-of", "2026-09-15")))  # fmt: skip
    assert "2026-09-01 00:00 +08:00" in before.one(name="summary").text
    assert "2026-11-01 00:00 +08:00" in now.one(name="summary").text


def test_the_command_on_the_page_replays_the_decision(demo: Demo) -> None:
    page = read_page(demo.shell.run("explain", "demo:B-0022", "--html").stdout)
    command = page.one(name="proof").find("code")[2].text.split()
    assert command[:2] == ["touchstone", "replay"]
    assert demo.shell.json(*command[1:])["identical"] == 1


def test_the_contact_comes_from_the_settings(demo: Demo, clerk: Clerk) -> None:
    out, _ = clerk.run(demo.shell, "explain", "demo:B-0022", "--html", objection_contact="客服 400-000-0000")
    assert "客服 400-000-0000" in read_page(out).one(name="objection").text


def test_what_does_not_go_together_is_refused(demo: Demo, clerk: Clerk, tmp_path: Path) -> None:
    for words in (("--html", "--json"), ("--out", "why.html")):
        clerk.refused(demo.shell, "explain", "demo:B-0007", *words, en="--out goes with --html", zh="--out 须与")
    clerk.refused(demo.shell, "explain", "--sample", "2", "--html", en="for one customer", zh="只用于一位客户")
    gone = str(tmp_path / "gone" / "why.html")
    clerk.refused(demo.shell, "explain", "demo:B-0007", "--html", "--out", gone, en="cannot be written", zh="无法写入")
