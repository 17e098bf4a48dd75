"""Proof that a decision is in the ledger: its leaf, the run's root, the entry, a signed head of the tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.audit import inclusion_path, leaves
from engine.audit.sealed import datum_of
from engine.decisions import row_blocks, single_rows
from engine.errors import NotFoundError, NotReadyError
from engine.operations.inputs import inputs_of_chunk
from engine.store import place_of_decision, read_customers
from engine.store.reading import (
    CheckpointView,
    EntryView,
    Kind,
    entries_of_subjects,
    newest_checkpoint,
    subject_of,
)
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, LedgerRow
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """Decision leaf → run root (in the entry) → checkpoint root.

    Attributes:
        leaf: 32 bytes; SHA-256 of the customer's salt and the decision's row.
        leaf_index: Its place among the `leaves` of the run, from 0.
        run_root: As the entry anchors it, `sha256:…`.
        run_path, entry_path: RFC 6962 sibling hashes, leaf side first.
        entry: The run's ledger entry.
    """

    leaf: bytes
    leaf_index: int
    leaves: int
    run_root: str
    run_path: tuple[bytes, ...]
    entry: EntryView
    entry_path: tuple[bytes, ...]
    checkpoint: CheckpointView

    def as_dict(self) -> dict[str, Any]:
        """What `verify_audit.py` reads; it adds how the tree grew since."""
        return {
            "leaf": self.leaf.hex(),
            "leaf_index": self.leaf_index,
            "run_path": [node.hex() for node in self.run_path],
            "entry": self.entry.body,
            "entry_path": [node.hex() for node in self.entry_path],
            "checkpoint": self.checkpoint.note,
        }


def leaves_of_run(session: Session, run_id: int) -> Iterator[bytes]:
    """The leaves of a run's decisions in the order its root is over, made anew from what is stored.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    table = table_of(ChunkRow)
    for chunk_id in session.execute(select(table.c.id).where(table.c.run_id == run_id).order_by(table.c.id)).scalars():
        inputs = inputs_of_chunk(session, chunk_id)
        known = read_customers(session, None, inputs.customers)
        salts = dict(zip(known.ids.tolist(), known.salts, strict=True))
        blocks = row_blocks(inputs.columns, inputs.states, inputs.outcomes)
        rows = (row for block in blocks for row in single_rows(block))
        yield from leaves([salts.get(one, b"") for one in inputs.customers.tolist()], rows)


def proof_of(session: Session, number: int) -> InclusionProof | None:
    """The proof of a stored decision; None: its run came after the newest checkpoint.

    Raises:
        NotFoundError: There is no such decision.
        DamagedError: A chunk of its run does not fit its hash.
        NotReadyError: The ledger holds no entry of the run.
    """
    chunk_id, row = place_of_decision(number)
    run_id, index = _place(session, chunk_id, row)
    entry = _entry_of(session, run_id)
    checkpoint = newest_checkpoint(session)
    if checkpoint is None or checkpoint.entries < entry.position:
        return None
    all_leaves = list(leaves_of_run(session, run_id))
    return InclusionProof(
        leaf=all_leaves[index],
        leaf_index=index,
        leaves=len(all_leaves),
        run_root=str(orjson.loads(entry.body)["body"]["root"]),
        run_path=tuple(inclusion_path(all_leaves, index)),
        entry=entry,
        entry_path=tuple(inclusion_path(entry_data(session, checkpoint.entries), entry.position - 1)),
        checkpoint=checkpoint,
    )


def entry_data(session: Session, entries: int) -> list[bytes]:
    """What the ledger's tree is over: 32 bytes of each of its first entries."""
    table = table_of(LedgerRow)
    query = select(table.c.hash).where(table.c.position <= entries).order_by(table.c.position)
    return [datum_of(one) for one in session.execute(query).scalars()]


def _entry_of(session: Session, run_id: int) -> EntryView:
    subject = subject_of(Kind.RUN, run_id)
    entry = entries_of_subjects(session, [subject]).get(subject)
    if entry is None:
        raise NotReadyError(
            Text(f"The ledger holds no entry of run {run_id}.", f"账本中没有运行 {run_id} 的记录。"),
            Text("Run `touchstone audit verify`.", "请运行 `touchstone audit verify`。"),
        )
    return entry


def _place(session: Session, chunk_id: int, row: int) -> tuple[int, int]:
    """The run of a decision and its place among the run's leaves."""
    table = table_of(ChunkRow)
    mine = session.execute(select(table.c.run_id, table.c.rows).where(table.c.id == chunk_id)).one_or_none()
    if mine is None or row >= mine.rows:
        raise NotFoundError(Text("There is no such decision.", "没有这个决定。"))
    before = select(func.coalesce(func.sum(table.c.rows), 0))
    before = before.where(table.c.run_id == mine.run_id, table.c.id < chunk_id)
    return mine.run_id, int(session.execute(before).scalar_one()) + row
