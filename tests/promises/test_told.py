"""docs/promises.md names what proves each promise: files that are there, and all of this folder."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")


def test_every_file_that_is_named_is_there_and_every_promise_has_one() -> None:
    rows = re.findall(r"^\| ([\d–]+) \|(.*)\|$", TEXT, re.MULTILINE)
    assert {number for number, _ in rows} >= set("1234567")
    for _, row in rows:
        named = re.findall(r"`(tests/[\w/]+\.py)`", row)
        assert named, row
        assert [name for name in named if not (ROOT / name).is_file()] == []


def test_every_test_of_a_promise_is_named() -> None:
    mine = {f"tests/promises/{file.name}" for file in Path(__file__).parent.glob("test_promise_*.py")}
    assert {name for name in mine if f"`{name}`" not in TEXT} == set()
    assert len(mine) >= 7
