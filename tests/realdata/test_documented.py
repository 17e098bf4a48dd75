"""docs/real-data.md shows what the commands really print."""

from __future__ import annotations

import re

import pytest

from tests.realdata.conftest import ROOT, Ran

pytestmark = pytest.mark.xdist_group("realdata")

EXACT = ("import", "data", "rules", "replay")
PROMPT = "$ touchstone "


Block = tuple[str, list[str]]


def blocks(text: str) -> list[Block]:
    """Commands with the lines they print; folders of data left out, columns one blank apart."""
    found: list[Block] = []
    for part in ("\n" + text).split("\n" + PROMPT)[1:]:
        command, *lines = part.splitlines()
        command = re.sub(r"\S*/(?=[a-zA-Z_]+\.(parquet|csv))", "", command)
        plain = (re.sub(r"sha256:[0-9a-f]+", "sha256:…", line).split() for line in lines)
        found.append((command, [" ".join(words) for words in plain if words]))
    return found


def documented() -> list[Block]:
    text = (ROOT / "docs" / "real-data.md").read_text(encoding="utf-8")
    return blocks("\n\n".join(re.findall(r"^```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)))


def compared(block: Block) -> Block:
    """A block without its numbers, where processors may round a model differently."""
    command, lines = block
    if command.split()[0] in EXACT:
        return block
    return command, [re.sub(r"[\d.,]*\d", "#", line) for line in lines]


def test_the_documented_output_is_what_is_printed(retail: Ran, maven: Ran) -> None:
    shown = documented()
    printed = [compared(block) for block in blocks(retail.printed) + blocks(maven.printed)]
    assert len(shown) >= 20
    for block in shown:
        assert compared(block) in printed, [found for found in printed if found[0] == block[0]]
