"""Proof that a decision is in the ledger: its leaf, the run's root, the entry, a signed head of the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from engine.audit import inclusion_path
from engine.audit.chain import datum_of
from engine.errors import DamagedError, GoneError, NotFoundError, NotReadyError
from engine.operations.anchors import salts_of
from engine.operations.entry_shapes import unsaid
from engine.operations.inputs import stored_decision
from engine.store import is_dropped, leaves_of_chunk, place_of_decision
from engine.store.chunks import read_chunks
from engine.store.reading import (
    CheckpointView,
    EntryView,
    Kind,
    entries_of_subjects,
    global_id,
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
        decision: Number of the decision.
        leaf: 32 bytes; SHA-256 of the customer's salt and the decision's row.
        leaf_index: Its place among the `leaves` of the run, from 0.
        run_root: As the entry anchors it, `sha256:…`.
        run_path, entry_path: RFC 6962 sibling hashes, leaf side first.
        entry: The run's ledger entry.
    """

    decision: int
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
            "decision": global_id(Kind.DECISION, self.decision),
            "leaf": self.leaf.hex(),
            "leaf_index": self.leaf_index,
            "run_path": [node.hex() for node in self.run_path],
            "entry": self.entry.body,
            "entry_path": [node.hex() for node in self.entry_path],
            "checkpoint": self.checkpoint.note,
        }


def leaves_of_run(session: Session, run_id: int) -> list[bytes] | None:
    """The leaves of a run's decisions in the order its root is over, made anew from what is stored.

    Those of erased persons are kept. None: a part was taken away by policy, and leaves with it.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    table = table_of(ChunkRow)
    query = select(table.c.id).where(table.c.run_id == run_id).order_by(table.c.market, table.c.ordinal)
    grown: list[bytes] = []
    for _, chunk in read_chunks(session, session.execute(query).scalars().all()):
        if is_dropped(chunk):
            return None
        grown += leaves_of_chunk(chunk, salts_of(session, chunk["customer"]))
    return grown


def proof_of(session: Session, number: int) -> InclusionProof | None:
    """The proof of a stored decision; None: its run came after the newest checkpoint.

    Raises:
        NotFoundError: There is no such decision.
        GoneError: Decisions of its run were taken away by policy.
        DamagedError: A chunk of its run does not fit its hash, or the run's entry does not say its root.
        NotReadyError: The ledger holds no entry of the run.
    """
    chunk_id, row = place_of_decision(number)
    run_id, index = _place(session, chunk_id, row)
    entry = _entry_of(session, run_id)
    checkpoint = newest_checkpoint(session)
    if checkpoint is None or checkpoint.entries < entry.position:
        return None
    all_leaves = leaves_of_run(session, run_id)
    if all_leaves is None:
        raise _without_leaves(run_id)
    return InclusionProof(
        decision=number,
        leaf=all_leaves[index],
        leaf_index=index,
        leaves=len(all_leaves),
        run_root=_root_said(entry),
        run_path=tuple(inclusion_path(all_leaves, index)),
        entry=entry,
        entry_path=tuple(inclusion_path(entry_data(session, checkpoint.entries), entry.position - 1)),
        checkpoint=checkpoint,
    )


def revealed(session: Session, number: int) -> dict[str, str]:
    """What a decision's leaf and its digest are computed from; it tells about a person, a proof without it does not.

    Returns:
        `salt` and `row` (hex): the leaf is SHA-256 over both. `header` and `row`: the digest is SHA-256 over the
        header's UTF-8, a line feed, and the row; the header's last member is the layout of the row.

    Raises:
        NotFoundError: There is no such decision.
        GoneError: It was taken away on purpose.
        OtherEngineError, RevisionUnreadableError, DamagedError: As `stored_decision`.
    """
    decision = stored_decision(session, number)
    salt = salts_of(session, decision.inputs.customers.astype(np.int64))[decision.customer_id]
    return {"salt": salt.hex(), "header": decision.header, "row": decision.row.hex()}


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


def _root_said(entry: EntryView) -> str:
    said = orjson.loads(entry.body)
    wrong = unsaid(entry.position, said)
    if wrong is not None:
        raise DamagedError(wrong)
    return str(said["body"]["root"])


def _place(session: Session, chunk_id: int, row: int) -> tuple[int, int]:
    """The run of a decision and its place among the run's leaves."""
    table = table_of(ChunkRow)
    query = select(table.c.run_id, table.c.rows, table.c.market, table.c.ordinal).where(table.c.id == chunk_id)
    mine = session.execute(query).one_or_none()
    if mine is None or row >= mine.rows:
        raise NotFoundError(Text("There is no such decision.", "没有这个决定。"))
    earlier = or_(table.c.market < mine.market, and_(table.c.market == mine.market, table.c.ordinal < mine.ordinal))
    before = select(func.coalesce(func.sum(table.c.rows), 0)).where(table.c.run_id == mine.run_id, earlier)
    return mine.run_id, int(session.execute(before).scalar_one()) + row


def _without_leaves(run_id: int) -> GoneError:
    return GoneError(
        Text(
            f"Decisions of run {run_id} were taken away by policy, and the leaves a proof needs with them.",
            f"运行 {run_id} 的部分决定已按保留策略移除，证明所需的叶子也随之移除。",
        ),
        Text(
            "The run's root stays in its ledger entry; `touchstone replay --all` checks it against what is left.",
            "该次运行的根哈希仍在账本中；`touchstone replay --all` 会将其与现存内容核对。",
        ),
    )
