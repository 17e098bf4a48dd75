"""Verifies an exported Touchstone ledger. One file, Python's standard library, nothing of Touchstone.

    python3 verify_audit.py FOLDER                       chain, tree, checkpoints, run roots, proofs of an export
    python3 verify_audit.py FOLDER --checkpoints FILE    also against checkpoints that were kept elsewhere
    python3 verify_audit.py FOLDER --key NAME+ID+KEY     trust this key, not the first one the ledger announces

Exit 0: everything fits. Exit 1: something does not; the first bad line is named. Exit 2: wrong usage or no export.

An entry's hash is SHA-256 over its line, and each line names the hash before. The tree (RFC 6962) is over the 32
bytes of these hashes; a checkpoint (C2SP signed note, Ed25519) signs its root. A run's entry holds the root of the
tree over its decisions' leaves. A ledger written anew fits in itself: with another key only --key shows that, with a
stolen one only a checkpoint kept elsewhere. What came after the last one kept is proven by the chain alone.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
except ImportError:
    Ed25519PublicKey = None  # type: ignore[assignment,misc]

written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
PATHS = ("run_path", "entry_path", "consistency")
FAULTS = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)


class Bad(Exception):
    """Something does not fit."""


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Tree:
    """RFC 6962 tree that keeps the roots of its full subtrees only."""

    def __init__(self) -> None:
        self.size = 0
        self.nodes: list[bytes] = []

    def append(self, datum: bytes) -> None:
        node, size = sha(b"\0" + datum), self.size
        while size & 1:
            node, size = sha(b"\1" + self.nodes.pop() + node), size >> 1
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        node = self.nodes[-1] if self.nodes else sha(b"")
        for left in reversed(self.nodes[:-1]):
            node = sha(b"\1" + left + node)
        return node


def root_of_path(datum: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Root that an inclusion path leads to (RFC 9162, 2.1.3.2); None: it does not fit a tree of that size."""
    if not 0 <= index < size:
        return None
    node, last = sha(b"\0" + datum), size - 1
    for sibling in path:
        if last == 0:
            return None
        if index & 1 or index == last:
            node = sha(b"\1" + sibling + node)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = sha(b"\1" + node + sibling)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def grew_from(earlier: int, earlier_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a consistency path shows growth from an earlier tree (RFC 9162, 2.1.4.2)."""
    nodes = [earlier_root, *path] if earlier & (earlier - 1) == 0 else list(path)
    if not 1 <= earlier < size or not nodes:
        return earlier == size and not path and earlier_root == root
    first, last, old, new = earlier - 1, size - 1, nodes[0], nodes[0]
    while first & 1:
        first, last = first >> 1, last >> 1
    for node in nodes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old, new = sha(b"\1" + node + old), sha(b"\1" + node + new)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new = sha(b"\1" + new + node)
        first, last = first >> 1, last >> 1
    return last == 0 and old == earlier_root and new == root


def read_key(text: str) -> tuple[str, bytes]:
    """Name and bytes of a key written NAME+ID+KEY."""
    name, digits, encoded = text.split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) != 33 or raw[0] != 1 or sha(name.encode() + b"\n" + raw)[:4].hex() != digits:
        raise Bad(f"{text!r} is no Ed25519 key, or its id does not fit")
    return name, raw


def read_note(note: str) -> tuple[str, int, bytes, str, list[str]]:
    """Origin, size, root, text and signature lines of a checkpoint."""
    text, _, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    found = [line for line in signatures.split("\n") if line.startswith("\u2014 ")]
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True), text, found


def signed(text: str, signatures: list[str], keys: list[tuple[str, bytes]]) -> bool | None:
    """Whether one of the keys signed; None: it cannot be checked without `cryptography`."""
    if Ed25519PublicKey is None:
        return None
    for name, _, encoded in (line[2:].rpartition(" ") for line in signatures):
        for known, raw in keys:
            try:
                signature = base64.b64decode(encoded, validate=True)
                if name == known and signature[:4] == sha(name.encode() + b"\n" + raw)[:4]:
                    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], f"{text}\n".encode())
                    return True
            except (ValueError, InvalidSignature):
                continue
    return False


class Ledger:
    """What is known while the lines are read, in order."""

    def __init__(self, notes: Sequence[str], pinned: Sequence[str]) -> None:
        self.tree, self.proven, self.unsigned, self.head, self.origin = Tree(), 0, 0, "", ""
        self.pinned, self.keys = bool(pinned), [read_key(key) for key in pinned]
        self.exported, self.runs = set[str](), dict[str, tuple[str, int]]()  # only runs whose leaves are here are kept
        self.due: dict[int, list[str]] = {}
        for note in dict.fromkeys(notes):
            self.due.setdefault(read_note(note)[1], []).append(note)

    def take(self, line: bytes) -> None:
        entry: dict[str, Any] = json.loads(line)
        position, body = self.tree.size + 1, entry["body"]
        if entry["position"] != position:
            raise Bad(f"entry {position} is missing: {entry['position']} follows")
        if (entry["previous_hash"] or "") != self.head:
            raise Bad("it does not name the hash of the entry before")
        if written(entry).encode() != line:
            raise Bad("it is not written canonically")
        digest = sha(line)
        self.head = "sha256:" + digest.hex()
        self.origin = self.origin or f"touchstone.ledger/{digest.hex()[:16]}"
        self.tree.append(digest)
        if entry["kind"] == "RUN" and entry["subject"] in self.exported:
            self.runs[entry["subject"]] = (body["root"], body["decided"])
        announces = entry["kind"] == "KEY_ROTATED"
        if announces and not self.pinned and (body["lost"] or (body["before"] is None and not self.keys)):
            self.keys.append(read_key(body["key"]))
        for note in self.due.pop(position, ()):
            self.compare(*read_note(note))
            self.proven = position
        if announces and self.proven == position:  # a key we trust has signed the entry that names the next one
            self.keys.append(read_key(body["key"]))

    def compare(self, origin: str, size: int, root: bytes, text: str, signatures: list[str]) -> None:
        if origin != self.origin:
            raise Bad(f"the checkpoint over {size} entries is another ledger's")
        if root != self.tree.root():
            raise Bad(f"entries {self.proven + 1} to {size} are not the ones that a checkpoint was signed over")
        verdict = signed(text, signatures, self.keys)
        if verdict is False or (verdict is None and self.pinned):
            raise Bad(f"the checkpoint over {size} entries has no valid signature of a known key, or none is checked")
        self.unsigned += verdict is None


def check_entries(folder: Path, ledger: Ledger) -> None:
    for file in sorted(folder.glob("entries*.jsonl")):
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    ledger.take(line.rstrip(b"\n"))
                except (Bad, *FAULTS) as bad:
                    told = bad if isinstance(bad, Bad) else "it is no entry"
                    if "entry before" in str(bad) and sha(line.rstrip(b"\n")).hex().encode() in next(lines, b""):
                        told, number = "the entry after it names another hash", number - 1  # noqa: PLW2901
                    raise Bad(f"{file.name}:{number}: {told}") from None
    if ledger.due:
        raise Bad(f"the ledger ends after entry {ledger.tree.size}; a checkpoint was signed over {max(ledger.due)}")


def check_leaves(file: Path, ledger: Ledger) -> None:
    tree = Tree()
    with file.open("rb") as lines:
        for line in lines:
            tree.append(bytes.fromhex(line.strip().decode()))
    if ledger.runs.get(f"run:{file.stem}") != ("sha256:" + tree.root().hex(), tree.size):
        raise Bad("these are not the leaves that the run's entry anchors")


def check_proof(file: Path, ledger: Ledger) -> None:
    """Leaf in the run's root, the run's entry in a checkpoint's tree, that tree grown into this ledger's."""
    proof = json.loads(file.read_text("utf-8"))
    line, paths = proof["entry"].encode(), {name: [bytes.fromhex(node) for node in proof[name]] for name in PATHS}
    entry = json.loads(line)
    root = root_of_path(bytes.fromhex(proof["leaf"]), proof["leaf_index"], entry["body"]["decided"], paths["run_path"])
    if root is None or "sha256:" + root.hex() != entry["body"]["root"]:
        raise Bad("the leaf is not in the run's root")
    _, size, signed_root, text, signatures = read_note(proof["checkpoint"])
    if root_of_path(sha(line), entry["position"] - 1, size, paths["entry_path"]) != signed_root:
        raise Bad("the run's entry is not in the checkpoint's tree")
    if not grew_from(size, signed_root, ledger.tree.size, ledger.tree.root(), paths["consistency"]):
        raise Bad("the checkpoint's tree did not grow into this ledger's")
    if signed(text, signatures, ledger.keys) is False:
        raise Bad("the checkpoint has no valid signature of a known key")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoints", type=Path, action="append", default=[])
    parser.add_argument("--key", action="append", default=[])
    asked = parser.parse_args()
    if not any(asked.folder.glob("entries*.jsonl")):
        parser.error(f"{asked.folder} holds no entries*.jsonl")
    try:
        file = asked.folder / "checkpoints.jsonl"
        kept = [line for one in (file, *asked.checkpoints) for line in one.read_text("utf-8").splitlines()]
        ledger = Ledger([json.loads(line)["note"] for line in kept], asked.key)
        ledger.exported = {f"run:{leaves.stem}" for leaves in asked.folder.glob("leaves/*.hex")}
        check_entries(asked.folder, ledger)
        for check, pattern in ((check_leaves, "leaves/*.hex"), (check_proof, "proofs/*.json")):
            for file in sorted(asked.folder.glob(pattern)):
                check(file, ledger)
    except (Bad, OSError, *FAULTS) as bad:
        print(f"BAD {file.name if not str(bad).startswith('entries') else ''} {bad}".replace("  ", " "))
        return 1
    how = ("proven by checkpoint", "signatures NOT checked (no `cryptography`), fits checkpoints")[ledger.unsigned > 0]
    print(f"OK {ledger.tree.size} entries, head {ledger.head}, {how} up to {ledger.proven}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
