"""Verifies an exported Touchstone ledger. One file, Python's standard library, nothing of Touchstone.

    python3 verify_audit.py FOLDER                       chain, tree, checkpoints, run roots, proofs of an export
    python3 verify_audit.py FOLDER --checkpoints FILE    also against checkpoints that were kept elsewhere
    python3 verify_audit.py FOLDER --key NAME+ID+KEY     trust this key, not the first one the ledger announces
Exit 0: all fits; 1: not, the first bad line is named; 2: wrong usage. An entry's hash is SHA-256 over its line, which
names the hash before; the tree (RFC 6962) is over these 32 bytes, a checkpoint (C2SP note, Ed25519) signs its root. A
ledger written anew fits in itself: --key shows that, and where the key was stolen a checkpoint kept elsewhere.
"""

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as Public
except ImportError:
    Public = None  # type: ignore[assignment,misc]

written = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode
PARTS = ("entries*.jsonl", "leaves/*.hex", "proofs/*.json")
FAULTS = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError, OSError)


class Bad(ValueError): ...


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


class Tree:
    """RFC 6962 tree that keeps the roots of its full subtrees only."""

    def __init__(self) -> None:
        self.size, self.nodes = 0, list[bytes]()

    def append(self, datum: bytes) -> None:
        node, size = sha(b"\0" + datum), self.size
        while size & 1:
            node, size = sha(b"\1" + self.nodes.pop() + node), size >> 1
        self.nodes.append(node)
        self.size += 1

    def root(self) -> bytes:
        return reduce(lambda node, left: sha(b"\1" + left + node), reversed(self.nodes)) if self.nodes else sha(b"")


def turns(index: int, last: int) -> Iterator[bool]:
    """On the way up from a leaf or node (RFC 9162, 2.1.3.2): whether each next sibling stands left."""
    while last:
        left = bool(index & 1 or index == last)
        while left and index and not index & 1:
            index, last = index >> 1, last >> 1
        yield left
        index, last = index >> 1, last >> 1


def root_of_path(datum: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Root that an inclusion path leads to; None: it does not fit a tree of that size."""
    node, ways = sha(b"\0" + datum), list(turns(index, size - 1)) if 0 <= index < size else [True, *map(bool, path)]
    for sibling, left in zip(path, ways):  # noqa: B905
        node = sha(b"\1" + (sibling + node if left else node + sibling))
    return node if len(ways) == len(path) else None


def grew_from(earlier: int, earlier_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a consistency path shows growth from an earlier tree (RFC 9162, 2.1.4.2)."""
    nodes = [earlier_root, *path] if earlier & (earlier - 1) == 0 else list(path)
    if not 1 <= earlier < size or not nodes:
        return earlier == size and not path and earlier_root == root
    full, old, new = (earlier & -earlier).bit_length() - 1, nodes[0], nodes[0]
    ways = list(turns((earlier - 1) >> full, (size - 1) >> full))
    for node, left in zip(nodes[1:], ways):  # noqa: B905
        old, new = (sha(b"\1" + node + old), sha(b"\1" + node + new)) if left else (old, sha(b"\1" + new + node))
    return len(ways) == len(nodes) - 1 and old == earlier_root and new == root


def public_key(text: str) -> str:
    """A key written NAME+ID+KEY, if it is one."""
    name, digits, encoded = text.split("+", 2)
    raw = base64.b64decode(encoded, validate=True)
    if len(raw) != 33 or raw[0] != 1 or sha(name.encode() + b"\n" + raw)[:4].hex() != digits:
        raise Bad(f"{text!r} is no Ed25519 key, or its id does not fit")
    return text


def read_note(note: str) -> tuple[str, int, bytes, str, list[str]]:
    """Origin, size, root, text and signature lines of a checkpoint."""
    text, _, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    return lines[0], int(lines[1]), base64.b64decode(lines[2], validate=True), text, signatures.split("\n")


def signed(text: str, signatures: list[str], keys: dict[str, str]) -> bool | None:
    """Whether one of the keys signed; None: it cannot be checked without `cryptography`."""
    if Public is None:
        return None
    for name, _, encoded in (line[2:].rpartition(" ") for line in signatures if line[:2] == "\u2014 "):
        for known, digits, raw in (key.split("+", 2) for key in keys):
            with suppress(InvalidSignature, ValueError):
                signature = base64.b64decode(encoded, validate=True)
                if (known, digits) == (name, signature[:4].hex()):
                    Public.from_public_bytes(base64.b64decode(raw)[1:]).verify(signature[4:], f"{text}\n".encode())
                    return True
    return False


class Ledger:
    """What is known while the lines are read, in order; `at` is the entry looked at; of `exported` runs roots stay."""

    def __init__(self, notes: dict[str, str], pinned: Sequence[str], exported: set[str]) -> None:
        self.tree, self.at, self.ran, self.proven, self.unsigned, self.head, self.origin = Tree(), 0, 0, 0, 0, "", ""
        self.pinned, self.keys, self.files = bool(pinned), dict.fromkeys(pinned, "given by --key"), notes
        self.exported, self.runs, self.due = exported, dict[str, tuple[str, int]](), dict[int, list[str]]()
        for note in notes:
            self.due.setdefault(read_note(note)[1], []).append(note)

    def take(self, lines: Sequence[bytes]) -> None:
        """Take in lines, read together with a mark between them that none can hold; or one by one, if not all fit."""
        self.at, head, mark = self.tree.size + 1, self.head, sha(b"\n".join(lines)).hex()
        try:
            joined = f'["{mark}",' + f',"{mark}",'.join(line.decode() for line in lines) + f',"{mark}"]'
            read = json.loads(joined)
            if written(read) != joined or read[::2] != [mark] * (len(lines) + 1) or len(read) != 2 * len(lines) + 1:
                raise Bad("it is not written canonically")
            entries: list[tuple[dict[str, Any], bytes]] = list(zip(read[1::2], map(sha, lines)))  # noqa: B905
            for entry, digest in entries:
                fits = entry["position"] == self.at and type(entry["position"]) is int
                if not fits or (entry["previous_hash"] or "") != head:
                    raise Bad("it does not name the hash of the entry before" if fits else f"entry {self.at} is gone")
                self.at, head = self.at + 1, "sha256:" + digest.hex()
        except FAULTS:
            if len(lines) == 1:
                raise
            for line in lines:
                self.take([line])
            return
        self.head, self.origin = head, self.origin or f"touchstone.ledger/{entries[0][1].hex()[:16]}"
        for entry, digest in entries:
            self.tree.append(digest)
            self.at = self.tree.size
            self.ran += entry["kind"] == "RUN"
            if entry["kind"] == "RUN" and entry["subject"] in self.exported:
                self.runs[entry["subject"]] = (entry["body"]["root"], entry["body"]["decided"])
            if entry["kind"] == "KEY_ROTATED" or self.at in self.due:
                self.look(entry["body"], public_key(entry["body"]["key"]) if entry["kind"] == "KEY_ROTATED" else None)

    def look(self, body: dict[str, Any], key: str | None) -> None:
        """A key that is announced, and the checkpoints over the entries up to this one."""
        if key and not self.pinned and (body["lost"] or (body["before"] is None and not self.keys)):
            self.keys[key] = "NOBODY VOUCHES FOR IT, the one before was lost" if body["lost"] else "first of the ledger"
        for note in self.due.pop(self.at, ()):
            origin, _, root, text, signatures = read_note(note)
            if origin != self.origin or root != self.tree.root():
                raise Bad(f"entries {min(self.proven + 1, self.at)} to {self.at} are not as {self.files[note]} signs")
            if (verdict := signed(text, signatures, self.keys)) is False or (verdict is None and self.pinned):
                raise Bad(f"the checkpoint over {self.at} of {self.files[note]} has no valid signature of a known key")
            self.proven, self.unsigned = self.at, self.unsigned + (verdict is None)
        if key and self.proven == self.at:  # a key we trust has signed the entry that names the next one
            self.keys.setdefault(key, "vouched for by the one before")


def check_entries(file: Path, ledger: Ledger) -> None:
    before = ledger.tree.size
    try:
        with file.open("rb") as opened:
            while lines := [line.rstrip(b"\n") for line in islice(opened, 64)]:
                ledger.take(lines)
    except FAULTS as bad:
        told, number = bad if isinstance(bad, Bad) else "it is no entry", ledger.at - before
        line, after = [*file.read_bytes().split(b"\n")[max(number - 1, 0) :][:2], b"", b""][:2]
        if "entry before" in str(bad) and number > 1 and sha(line).hex().encode() in after:
            told, number = "the entry after it names another hash", number - 1
        raise Bad(f"line {number}: {told}") from None


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
    line, entry, leaf = proof["entry"].encode(), json.loads(proof["entry"]), bytes.fromhex(proof["leaf"])
    up, along, grown = ([bytes.fromhex(b) for b in proof[n]] for n in ("run_path", "entry_path", "consistency"))
    if "row" in proof and (len(proof["salt"]) != 32 or sha(bytes.fromhex(proof["salt"] + proof["row"])) != leaf):
        raise Bad("the leaf is not that of the decision's bytes")
    root = root_of_path(leaf, proof["leaf_index"], entry["body"]["decided"], up)
    if root is None or "sha256:" + root.hex() != entry["body"]["root"]:
        raise Bad("the leaf is not in the run's root")
    _, size, signed_root, text, signatures = read_note(proof["checkpoint"])
    if root_of_path(sha(line), entry["position"] - 1, size, along) != signed_root:
        raise Bad("the run's entry is not in the checkpoint's tree")
    if not grew_from(size, signed_root, ledger.tree.size, ledger.tree.root(), grown):
        raise Bad("the checkpoint's tree did not grow into this ledger's")
    if signed(text, signatures, ledger.keys) is False:
        raise Bad("the checkpoint has no valid signature of a known key")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoints", type=Path, action="append", default=[])
    parser.add_argument("--key", type=public_key, action="append", default=[])
    asked, notes = parser.parse_args(), dict[str, str]()
    entries, leaves, proofs = (sorted(asked.folder.glob(part)) for part in PARTS)
    if asked.key and Public is None:
        parser.error("without the package `cryptography` no signature can be checked, so --key cannot be met")
    try:
        for file in (asked.folder / "checkpoints.jsonl", *asked.checkpoints):
            if not entries or not file.exists() or (file in asked.checkpoints and not file.stat().st_size):
                parser.error(f"there is no {file}, or nothing in it" if entries else f"{asked.folder} holds no entries")
            for line in file.read_text("utf-8").splitlines():
                notes |= {note: notes.get(note, str(file)) for note in [json.loads(line)["note"]] if read_note(note)}
        ledger = Ledger(notes, asked.key, {f"run:{file.stem}" for file in leaves})
        for check, files in ((check_entries, entries), (check_leaves, leaves), (check_proof, proofs)):
            for file in files:
                check(file, ledger)
            if ledger.due:
                raise Bad(f"entries end with {ledger.tree.size}; {notes[ledger.due.popitem()[1][0]]} signs more")
    except FAULTS as bad:
        print(f"BAD {file.name}: {bad if isinstance(bad, Bad) else 'this cannot be read as what it should be'}")
        return 1
    how = ("proven by checkpoint", "signatures NOT checked (no `cryptography`), fits checkpoints")[ledger.unsigned > 0]
    how = f"{how} up to {ledger.proven}" if ledger.proven else "NOT PROVEN by any checkpoint"
    told = [f"   leaves of {len(leaves)} of {ledger.ran} runs, {len(proofs)} proofs of decisions"]
    told += [f"   key {'+'.join(key.split('+')[:2])}: {why}" for key, why in ledger.keys.items()]
    unproven = bool(asked.key) and not ledger.proven  # a key was given, and nothing is here that it could have signed
    print(f"{('OK', 'BAD')[unproven]} {ledger.tree.size} entries, head {ledger.head}, {how}", *told, sep="\n")
    return int(unproven)


if __name__ == "__main__":
    sys.exit(main())
