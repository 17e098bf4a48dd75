"""An auditor takes the ledger away and verifies it without the product."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.audit import entry_hash
from engine.audit.notes import Signer
from tests.audit.ledgers import sealed, written
from tests.shell import Shell

SHIPPED = Path(__file__).parents[2] / "engine" / "audit" / "shipped" / "verify_audit.py"
pytestmark = pytest.mark.xdist_group("demo")


def verify(folder: Path, *words: str, bare: bool = False) -> tuple[int, str]:
    """What the shipped verifier says, run in a folder of its own without any path to the product.

    Args:
        bare: Without any installed package, `cryptography` neither.
    """
    done = subprocess.run(
        [sys.executable, "-IS" if bare else "-I", str(folder / "verify_audit.py"), str(folder), *words],
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
    assert "NOT checked" not in said
    status, said = verify(folder, "--checkpoints", str(shell.database) + ".checkpoints")
    assert status == 0, said
    status, said = verify(folder, bare=True)
    assert (status, "signatures NOT checked" in said) == (0, True), said
    status, said = verify(folder, "--key", announced(folder), bare=True)
    assert (status, "so --key cannot be met" in said) == (2, True), said


def announced(folder: Path) -> str:
    """The key that the exported ledger announced."""
    lines = (folder / "entries-000000001.jsonl").read_text("utf-8").splitlines()
    key: str = next(entry["body"]["key"] for entry in map(json.loads, lines) if entry["kind"] == "KEY_ROTATED")
    return key


def test_the_key_that_was_told_is_the_one_to_trust(taken: tuple[Shell, Path]) -> None:
    shell, folder = taken
    assert verify(folder, "--key", announced(folder))[0] == 0
    status, said = verify(folder, "--key", Signer("stranger", bytes(32)).public.text)
    assert (status, "no valid signature of a known key" in said) == (1, True)
    assert shell.json("audit", "verify")["ok"] is True


def test_what_was_checked_and_which_key_was_believed_is_told(taken: tuple[Shell, Path]) -> None:
    shell, folder = taken
    first, checked, *keys = verify(folder)[1].splitlines()
    told = shell.json("audit", "verify")
    assert first.startswith(f"OK {told['entries']} entries, head {told['head']}, ")
    assert first.endswith(f" up to {told['entries']}")
    runs = len(list((folder / "leaves").iterdir()))
    assert checked == f"   leaves of {runs} of {runs} runs, 1 proofs of decisions"
    name = "+".join(announced(folder).split("+", 2)[:2])
    assert keys == [f"   key {name}: first of the ledger"]
    assert verify(folder, "--key", announced(folder))[1].endswith(f"   key {name}: given by --key\n")


def test_a_key_that_nobody_vouches_for_is_told(tmp_path: Path) -> None:
    whole = sealed(3, 3)
    lost = {"key": Signer("found", bytes(32)).public.text, "before": None, "lost": True}
    bodies = [*whole.bodies, written(4, entry_hash(whole.bodies[-1]), "KEY_ROTATED", lost)]
    (tmp_path / "entries-1.jsonl").write_bytes(b"".join(body + b"\n" for body in bodies))
    (tmp_path / "checkpoints.jsonl").write_text(json.dumps({"note": whole.notes[-1]}) + "\n")
    shutil.copy(SHIPPED, tmp_path)
    status, said = verify(tmp_path)
    assert (status, "found+" in said, "NOBODY VOUCHES FOR IT" in said) == (0, True, True)
    (tmp_path / "checkpoints.jsonl").write_text("")
    status, said = verify(tmp_path)
    assert (status, "NOT PROVEN by any checkpoint" in said) == (0, True)


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--key", "foo"), 2, "argument --key: invalid public_key value: 'foo'"),
        (("--key", "a+00000000+AAAA"), 2, "a+00000000+AAAA"),
        (("--checkpoints", "nowhere"), 2, "there is no nowhere"),
        (("--checkpoints", "garbage"), 1, "BAD garbage: this cannot be read"),
        (("--checkpoints", "other"), 1, " are not as other signs\n"),
        (("--checkpoints", "empty"), 2, "there is no empty, or nothing in it"),
    ],
)
def test_what_was_given_wrongly_is_named(copy: Path, words: tuple[str, str], status: int, told: str) -> None:
    (copy / "empty").touch()
    (copy / "garbage").write_text('{"note": "nothing"}\n')
    note = json.loads((copy / "checkpoints.jsonl").read_text("utf-8").splitlines()[-1])["note"].split("\n")
    note[2] = base64.b64encode(bytes(32)).decode()
    (copy / "other").write_text(json.dumps({"note": "\n".join(note)}) + "\n")
    found = verify(copy, *words)
    assert (found[0], told in found[1]) == (status, True), found


def test_a_key_that_signed_nothing_proves_nothing(copy: Path) -> None:
    (copy / "checkpoints.jsonl").write_text("")
    for kind in ("leaves", "proofs"):
        shutil.rmtree(copy / kind)
    status, said = verify(copy, "--key", announced(copy))
    assert (status, said.startswith("BAD "), "NOT PROVEN" in said) == (1, True, True), said


def test_leaves_that_are_not_there_are_counted(copy: Path) -> None:
    files = sorted((copy / "leaves").iterdir())
    (copy / "leaves" / "notes.txt").write_text("a file of somebody else")
    files[0].unlink()
    assert f"leaves of {len(files) - 1} of {len(files)} runs" in verify(copy)[1]


def test_a_folder_without_entries_is_named(tmp_path: Path) -> None:
    shutil.copy(SHIPPED, tmp_path)
    status, said = verify(tmp_path)
    assert (status, "holds no entries" in said) == (2, True)


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
    assert f": line {place + 1}: " in said


def test_a_first_line_that_names_an_entry_before_it_is_itself_the_bad_one(tmp_path: Path) -> None:
    first = written(1, entry_hash(b"{}"), "RUN", {})
    lines = [first, written(2, entry_hash(first), "RUN", {})]
    (tmp_path / "entries-1.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))
    (tmp_path / "checkpoints.jsonl").write_text("")
    shutil.copy(SHIPPED, tmp_path)
    assert verify(tmp_path) == (1, "BAD entries-1.jsonl: line 1: it does not name the hash of the entry before\n")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("leaves", "leaves"),
        ("proof_leaf", "leaf"),
        ("proof_path", "checkpoint's tree"),
        ("cut", "checkpoints.jsonl signs more"),
    ],
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


def test_a_revealed_decision_gives_its_leaf_and_its_digest(taken: tuple[Shell, Path], tmp_path: Path) -> None:
    shell, folder = taken
    (plain,) = (folder / "proofs").iterdir()
    assert plain.stem == json.loads(plain.read_text("utf-8"))["decision"]
    assert not {"salt", "row", "header"} & json.loads(plain.read_text("utf-8")).keys()
    out = tmp_path / "revealed"
    shell.process("audit", "export", "--out", str(out), "--by", "auditor", "--prove", plain.stem, "--reveal")
    assert verify(out)[0] == 0
    assert (out / "proofs" / plain.name).stat().st_mode & 0o077 == 0, "for its owner alone"
    assert shell.database.stat().st_mode & 0o077 == 0, "for its owner alone"
    proof = json.loads((out / "proofs" / plain.name).read_text("utf-8"))
    row = bytes.fromhex(proof["row"])
    assert hashlib.sha256(bytes.fromhex(proof["salt"]) + row).hexdigest() == proof["leaf"]
    digest = hashlib.sha256(proof["header"].encode() + b"\n" + row).hexdigest()
    assert f"sha256:{digest}" == shell.json("explain", "demo:B-0007")["digest"]
    moved = {**proof, "salt": proof["salt"] + proof["row"][:2], "row": proof["row"][2:]}
    for falsified in ({**proof, "row": "00" + proof["row"][2:]}, moved):
        (out / "proofs" / plain.name).write_text(json.dumps(falsified), "utf-8")
        status, said = verify(out)
        assert (status, "not that of the decision's bytes" in said) == (1, True), said
    layout = json.loads(json.loads(proof["header"])[-1])
    sizes = [int(kind[2:]) * math.prod(shape) for _, kind, *shape in layout]
    assert sum(sizes) == len(row)
    exported = json.loads((out / "entries-000000001.jsonl").read_text("utf-8").splitlines()[-1])
    assert (exported["body"]["proofs"], exported["body"]["revealed"]) == (1, 1)
