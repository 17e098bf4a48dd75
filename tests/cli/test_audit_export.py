"""An auditor takes the ledger away and verifies it without the product."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.shell import Shell

pytestmark = pytest.mark.xdist_group("demo")

WITHOUT = Path(sys.base_prefix) / "bin" / "python3"
"""The interpreter beside the virtual environment: it has nothing but the standard library of ours."""


def verify(folder: Path, *words: str, python: Path = Path(sys.executable)) -> tuple[int, str]:
    """What the shipped verifier says, run in a folder of its own without any path to the product."""
    done = subprocess.run(
        [str(python), "-I", str(folder / "verify_audit.py"), str(folder), *words],
        cwd=folder, capture_output=True, text=True, timeout=120, env={},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory, demo) -> tuple[Shell, Path]:
    """The demo's ledger, exported with the proof of one decision."""

    folder = tmp_path_factory.mktemp("auditor")
    for file in demo.shell.folder.glob("touchstone.db*"):
        shutil.copy(file, folder)
    shell = Shell(folder)
    shell.process("audit", "export", "--out", str(folder / "taken"), "--by", "auditor", "--prove", "demo:B-0007")
    return shell, folder / "taken"


@pytest.fixture
def copy(taken: tuple[Shell, Path], tmp_path: Path) -> Path:
    """The export, this test's own."""

    return Path(shutil.copytree(taken[1], tmp_path / "copy"))


def test_the_export_verifies_with_and_without_cryptography(taken: tuple[Shell, Path]) -> None:
    shell, folder = taken
    status, said = verify(folder)
    assert status == 0, said
    assert said.startswith("OK ")
    assert "not checked" not in said
    status, said = verify(folder, "--checkpoints", str(shell.database) + ".checkpoints")
    assert status == 0, said
    if WITHOUT.exists():
        status, said = verify(folder, python=WITHOUT)
        assert status == 0, said


def test_the_key_that_was_told_is_the_one_to_trust(taken: tuple[Shell, Path]) -> None:
    shell, folder = taken
    entry = json.loads((folder / "entries-000000001.jsonl").read_text("utf-8").splitlines()[1])
    announced = next(
        json.loads(line)["body"]["key"]
        for line in (folder / "entries-000000001.jsonl").read_text("utf-8").splitlines()
        if json.loads(line)["kind"] == "KEY_ROTATED"
    )
    assert entry["position"] == 2
    assert verify(folder, "--key", announced)[0] == 0
    other = "touchstone-x+" + announced.split("+", 1)[1]
    status, said = verify(folder, "--key", other)
    assert (status, "key" in said) == (1, True)
    assert shell.json("audit", "verify")["ok"] is True


@pytest.mark.parametrize("line", [1, 2, 7, -1])
def test_a_flipped_letter_is_named_by_its_line(copy: Path, line: int) -> None:
    file = copy / "entries-000000001.jsonl"
    lines = file.read_bytes().splitlines()
    place = line - 1 if line > 0 else len(lines) - 1
    lines[place] = lines[place].replace(b'"actor":"', b'"actor":"x', 1)
    file.write_bytes(b"\n".join(lines) + b"\n")
    status, said = verify(copy)
    assert status == 1
    assert said.startswith("BAD ")
    assert f":{place + 1}: " in said


@pytest.mark.parametrize(
    ("what", "told"),
    [("leaves", "leaves"), ("proof_leaf", "leaf"), ("proof_path", "checkpoint's tree"), ("cut", "signed over")],
)
def test_what_else_may_be_altered_is_told(copy: Path, what: str, told: str) -> None:
    proof = next((copy / "proofs").glob("*.json"))
    leaves = next((copy / "leaves").glob("*.hex"))
    entries = copy / "entries-000000001.jsonl"
    if what == "leaves":
        leaves.write_bytes(leaves.read_bytes().replace(b"a", b"b", 1))
    elif what == "cut":
        entries.write_bytes(b"".join(entries.read_bytes().splitlines(keepends=True)[:-1]))
    else:
        held = json.loads(proof.read_text("utf-8"))
        if what == "proof_leaf":
            held["leaf"] = "00" * 32
        else:
            held["entry_path"] = held["entry_path"][::-1]
        proof.write_text(json.dumps(held), "utf-8")
    status, said = verify(copy)
    assert (status, told in said) == (1, True), said


def test_who_changed_the_rules_and_why_is_read_from_the_lines(taken: tuple[Shell, Path]) -> None:
    lines = [json.loads(line) for file in sorted(taken[1].glob("entries*")) for line in file.read_text().splitlines()]
    published = [line for line in lines if line["kind"] == "RULES_PUBLISHED"]
    assert published
    assert all(line["actor"] and line["reason"] for line in published)
    assert lines[-1]["kind"] == "EXPORT"


def test_a_folder_that_is_used_is_left_alone(taken: tuple[Shell, Path]) -> None:
    shell, folder = taken
    done = shell.run("audit", "export", "--out", str(folder), expect=2)
    assert "not empty" in done.stderr
