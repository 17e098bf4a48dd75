"""The ledger for somebody who does not trust us: plain files and a verifier that is not ours to run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.access import open_private
from engine.audit import Json
from engine.audit.tree import consistency_path
from engine.errors import InputError
from engine.operations.proving import InclusionProof, entry_data, leaves_of_run, proof_of, revealed
from engine.operations.sealing import Seal, announced_key, stored_notes, take_checkpoint
from engine.store import Database, append_entry
from engine.store.reading import Kind, global_id
from engine.store.rows import table_of
from engine.store.tables import LedgerRow, RunRow
from engine.vocabulary import EntryKind, Text

_IN_ONE_FILE: Final = 100_000
"""Entries in one file."""

_VERIFIER: Final = "verify_audit.py"


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        key: The key that signed last, as verifiers write it; None: nothing is signed.
    """

    folder: Path
    entries: int
    checkpoints: int
    runs: int
    proofs: int
    key: str | None


def export_audit(
    database: Database,
    folder: Path,
    actor: str,
    reason: str | None,
    now: datetime,
    seal: Seal | None,
    proven: Sequence[int] = (),
    *,
    reveal: bool = False,
) -> Exported:
    """Write the ledger into a new or empty folder; that it was is an entry, and part of what is written.

    Args:
        seal: Signs the ledger first, so that all of it is covered; None: as far as it was signed before.
        proven: Decisions whose inclusion is to be proven.
        reveal: Write beside each proof what leaf and digest are computed from, which tells about the person.

    Raises:
        InputError: The folder is not empty, or cannot be written.
        NotFoundError: A decision is not there.
        DamagedError: A chunk does not fit its hash.
    """
    _require_empty(folder)
    with database.write() as session:
        body: dict[str, Json] = {"what": "audit", "proofs": len(proven), "revealed": len(proven) if reveal else 0}
        append_entry(session, EntryKind.EXPORT, actor, reason, None, body, now)
    if seal is not None:
        take_checkpoint(database, seal, now)
    with database.read() as session:
        entries = _write_entries(session, folder)
        notes = stored_notes(session)
        _write_lines(folder / "checkpoints.jsonl", [orjson.dumps({"note": note}) for note in notes])
        runs = _write_leaves(session, folder / "leaves")
        _write_proofs(session, folder / "proofs", proven, entries, reveal=reveal)
        key = announced_key(session)
    with as_file(files("engine.audit.shipped") / _VERIFIER) as verifier:
        shutil.copy(verifier, folder / _VERIFIER)
    return Exported(folder, entries, len(notes), runs, len(proven), None if key is None else key.text)


def grown_proof(session: Session, proof: InclusionProof, entries: int) -> dict[str, object]:
    """A proof with the way its checkpoint's tree grew into the one over all entries."""
    path = consistency_path(entry_data(session, entries), proof.checkpoint.entries)
    return {**proof.as_dict(), "consistency": [node.hex() for node in path]}


def _require_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        used = any(folder.iterdir())
    except OSError as error:
        raise InputError(
            Text(f"{folder} cannot be written: {error.strerror}.", f"无法写入 {folder}：{error.strerror}。")
        ) from error
    if used:
        raise InputError(
            Text(f"{folder} is not empty.", f"{folder} 不为空。"),
            Text("Give a new folder: an export is never mixed with another.", "请指定新文件夹：导出不与其他内容混放。"),
        )


def _write_entries(session: Session, folder: Path) -> int:
    table = table_of(LedgerRow)
    written = 0
    while True:
        query = select(table.c.body).where(table.c.position > written).order_by(table.c.position).limit(_IN_ONE_FILE)
        bodies = [body.encode("utf-8", "surrogatepass") for body in session.execute(query).scalars()]
        if not bodies:
            return written
        _write_lines(folder / f"entries-{written + 1:09d}.jsonl", bodies)
        written += len(bodies)


def _write_leaves(session: Session, folder: Path) -> int:
    """The leaves of every run that still has them all; gives how many runs that are."""
    folder.mkdir()
    written = 0
    for run_id in session.execute(select(table_of(RunRow).c.id).order_by(table_of(RunRow).c.id)).scalars().all():
        grown = leaves_of_run(session, run_id)
        if grown is not None:
            _write_lines(folder / f"{run_id}.hex", [leaf.hex().encode() for leaf in grown])
            written += 1
    return written


def _write_proofs(session: Session, folder: Path, proven: Sequence[int], entries: int, *, reveal: bool) -> None:
    folder.mkdir()
    for number in proven:
        proof = proof_of(session, number)
        if proof is None:
            raise _unsigned(number)
        told = grown_proof(session, proof, entries) | (revealed(session, number) if reveal else {})
        _write_lines(folder / f"{global_id(Kind.DECISION, number)}.json", [orjson.dumps(told)], private=reveal)


def _unsigned(number: int) -> InputError:
    return InputError(
        Text(f"Decision {number} is not covered by a checkpoint yet.", f"决定 {number} 尚未被检查点覆盖。"),
        Text("Set TOUCHSTONE_SIGNING_KEY, so that the ledger is signed.", "请设置 TOUCHSTONE_SIGNING_KEY 以签署账本。"),
    )


def _write_lines(file: Path, lines: Sequence[bytes], *, private: bool = False) -> None:
    with open_private(file) if private else file.open("wb") as opened:
        opened.writelines(line + b"\n" for line in lines)
