"""Keeping what candidates decided beside the live rules for a limited time: old runs of theirs go as a whole."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine.operations.shadowing.beside import running
from engine.store import shadow_chunks_of_latest
from engine.store.rows import table_of
from engine.store.tables import RunRow, ShadowChunkRow

Beside = Counter[tuple[int, int]]
"""Decisions of candidates, by shadow and run."""


def old_beside(session: Session, before: datetime, now: datetime) -> Beside:
    """What candidates decided in runs as of an earlier instant; a shadow that goes on keeps runs it still stands on."""
    chunk, run = table_of(ShadowChunkRow).c, table_of(RunRow).c
    query = select(chunk.id, chunk.shadow_id, chunk.run_id, chunk.rows).join(RunRow, run.id == chunk.run_id)
    needed = {number for row in running(session, now) for number in shadow_chunks_of_latest(session, row.id or 0)}
    found, kept = Beside(), set[tuple[int, int]]()
    for number, shadow, run_id, rows in session.execute(query.where(run.as_of < before).order_by(chunk.id)):
        found[shadow, run_id] += rows
        if number in needed:
            kept.add((shadow, run_id))
    return Beside({key: rows for key, rows in found.items() if key not in kept})


def drop_beside(session: Session, old: Beside) -> None:
    """Delete these; the entry of the run keeps their root, that of the erasure says that they went."""
    chunk = table_of(ShadowChunkRow)
    for shadow, run in old:
        session.execute(delete(chunk).where(chunk.c.shadow_id == shadow, chunk.c.run_id == run))
