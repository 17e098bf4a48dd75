"""A million exported ledger entries verified by the shipped verifier, which has the standard library alone."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from engine.audit import entry_hash
from engine.audit.chain import datum_of
from engine.audit.notes import Head, Signer
from engine.audit.sealed import origin_of
from engine.audit.tree import Tree
from tests.audit.ledgers import SEED, written
from tests.bench.measure import Measured
from tests.bench.synthetic import ROOT

ENTRIES = 1_000_000
EVERY = 1_000
"""Entries between checkpoints, as a server signs them at the latest."""


def measure() -> Measured:
    """Seconds of the verifier's process; its memory must not grow with the ledger."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notes: list[str] = []
        with (folder / "entries-000000001.jsonl").open("wb") as lines:
            lines.writelines(body + b"\n" for _, body in made_up(ENTRIES, notes))
        (folder / "checkpoints.jsonl").write_bytes(b"".join(orjson.dumps({"note": note}) + b"\n" for note in notes))
        verifier = ROOT / "engine" / "audit" / "shipped" / "verify_audit.py"
        started = time.perf_counter()
        done = subprocess.run([sys.executable, str(verifier), name], check=True, stdout=subprocess.PIPE, text=True)
        seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    detail = f"{done.stdout.split(',')[0]}, {len(notes)} signatures, {peak:.0f} MB of memory"
    return Measured(f"{ENTRIES:,} entries verified outside", round(seconds, 1), "s", 15, False, detail)


def made_up(entries: int, notes: list[str]) -> Iterator[tuple[str, bytes]]:
    """Hash and bytes of so many entries; their checkpoints are added to `notes`."""
    signer, tree, previous, origin = Signer("bench", SEED), Tree(), None, ""
    for position in range(1, entries + 1):
        kind, body = "RUN", {"root": "sha256:" + "0" * 64, "decided": position}
        if position == 1:
            kind, body = "KEY_ROTATED", {"key": signer.public.text, "before": None, "lost": False}
        line = written(position, previous, kind, body)
        previous = entry_hash(line)
        origin = origin or origin_of(previous)
        tree.append(datum_of(previous))
        if position % EVERY == 0:
            notes.append(signer.signed(Head(origin, position, tree.root(), "2026-03-01T12:00:00.000000Z")))
        yield previous, line
