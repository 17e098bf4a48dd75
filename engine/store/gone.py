"""Decisions that were taken away on purpose: what is left of one, in a sentence."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import ErasedError, GoneError, NotKeptError
from engine.store.chunks import NOBODY, place_of_decision, read_chunk, unpack_members
from engine.store.emptied import erased_leaves, is_dropped
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, LedgerRow
from engine.vocabulary import EntryKind, Text


def require_kept(session: Session, numbers: Sequence[int]) -> None:
    """Refuse decisions that were taken away; a number that is none passes.

    Raises:
        ErasedError: One was of a person who was erased.
        NotKeptError: The facts of one were older than decisions are kept.
    """
    table = table_of(ChunkRow)
    ids = sorted({place_of_decision(number)[0] for number in numbers})
    columns = (table.c.id, table.c.members, table.c.rows, table.c.dropped_at)
    found = {row[0]: row[1:] for row in session.execute(select(*columns).where(table.c.id.in_(ids)))}
    for number in numbers:
        chunk_id, row = place_of_decision(number)
        if chunk_id not in found:
            continue
        packed, rows, dropped_at = found[chunk_id]
        members = unpack_members(bytes(packed), rows, f"chunk {chunk_id}")
        if row < len(members) and (members[row] == NOBODY or dropped_at is not None):
            raise gone_decision(session, number)


def gone_decision(session: Session, number: int) -> GoneError:
    """Why a decision is not there any more, and what is left of it."""
    chunk_id, row = place_of_decision(number)
    table = table_of(ChunkRow)
    query = select(table.c.run_id, table.c.members, table.c.rows, table.c.dropped_at).where(table.c.id == chunk_id)
    run, packed, rows, dropped_at = session.execute(query).one()
    position = _entry_of(session, run)
    if unpack_members(bytes(packed), rows, f"chunk {chunk_id}")[row] == NOBODY:
        chunk = read_chunk(session, chunk_id)
        return _erased(run, position, None if is_dropped(chunk) else erased_leaves(chunk).get(row))
    day = f"{dropped_at:%Y-%m-%d}"
    return NotKeptError(
        Text(
            f"The facts and the outcome of this decision were removed on {day} (UTC): they were older than decisions "
            f"are kept. What is left: run {run}, entry {position} of the ledger with the Merkle root of the run, and "
            "the part of the tree this decision went into.",
            f"该决定的依据与结果已于 {day}（UTC）按保留期限移除。尚存：运行 {run}、账本第 {position} 条"
            "（含该次运行的默克尔根），以及该决定所在的子树哈希。",
        ),
        Text(
            "How long decisions are kept is set by TOUCHSTONE_KEEP_DECISIONS_DAYS.",
            "保留期限由 TOUCHSTONE_KEEP_DECISIONS_DAYS 设定。",
        ),
    )


def _erased(run: int, position: int | None, leaf: bytes | None) -> ErasedError:
    hashed = "" if leaf is None else f", and its leaf {leaf.hex()}"
    kept = "" if leaf is None else f"，以及其叶哈希 {leaf.hex()}"
    return ErasedError(
        Text(
            f"The person this decision was about was erased. What is left: run {run}, entry {position} of the ledger "
            f"with the Merkle root of the run{hashed}.",
            f"该决定所涉及的客户已被抹除。尚存：运行 {run}、账本第 {position} 条（含该次运行的默克尔根）{kept}。",
        ),
        Text(
            "`touchstone replay --all` shows that the run still fits its root.",
            "`touchstone replay --all` 可验证该次运行仍与其根一致。",
        ),
    )


def _entry_of(session: Session, run: int) -> int | None:
    """Position of a run's entry in the ledger."""
    entry = table_of(LedgerRow)
    query = select(entry.c.position).where(entry.c.kind == EntryKind.RUN.value, entry.c.subject == f"run:{run}")
    position: int | None = session.execute(query).scalars().first()
    return position
