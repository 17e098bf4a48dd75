"""Keeping decisions for a limited time: facts and outcomes of old runs go, what proves them stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json, PartialTree, subtree_roots
from engine.errors import DamagedError
from engine.operations.anchors import anchored_roots, salts_of
from engine.operations.erasing.retaining_shadows import Beside, drop_beside, old_beside
from engine.store import (
    Database,
    append_entry,
    chunk_hash,
    chunks_of_latest,
    dropped_body,
    forget_unpacked,
    is_dropped,
    kept_roots,
    leaves_of_chunk,
    read_chunk,
    update_rows,
)
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, RunRow
from engine.vocabulary import EntryKind, Text

_LATEST: Final = 2
"""Decisions kept of everybody whatever their age: the present one, and the one before, for what changed since."""

_REASON: Final = "older than decisions are kept"


@dataclass(frozen=True, slots=True)
class Retained:
    """What went, or would go.

    Attributes:
        before: Runs as of an earlier instant are old.
        decisions: How many, by run.
        beside: Decisions of candidates beside the live rules.
        entry: Position of the ledger entry; None: nothing went.
    """

    keep_days: int
    before: datetime
    chunks: int
    decisions: Counter[int]
    beside: Beside
    entry: int | None

    def as_dict(self) -> dict[str, Any]:
        """The `--json` shape."""
        counts = {"chunks": self.chunks, "decisions": self.decisions.total(), "runs": sorted(self.decisions)}
        counts["beside"] = self.beside.total()
        return {"keep_days": self.keep_days, "before": self.before.isoformat(), **counts, "entry": self.entry}


def retain(database: Database, keep_days: int, actor: str, now: datetime, *, dry_run: bool = False) -> Retained:
    """Remove facts and outcomes of runs as of more than so many days ago.

    Kept whatever their age: everybody's present decision and the one before it, and with them the chunk they are in.
    Of every run its row, its root and its ledger entry stay, and of a removed chunk the roots of its subtrees: what is
    left still gives the root of the run. What candidates decided beside old runs goes as a whole, unless a shadow that
    goes on stands on it.

    Args:
        dry_run: Say what would go, write nothing.

    Raises:
        DamagedError: A run does not fit its root; nothing was removed.
    """
    before = now.astimezone(UTC) - timedelta(days=keep_days)
    if dry_run:
        with database.read() as session:
            return _counted(session, keep_days, before, now)
    with database.write(erasing=True) as session:
        found = _counted(session, keep_days, before, now)
        if not found.chunks and not found.beside:
            return found
        for run, chunks in _old(session, before).items():
            _drop(session, run, chunks, now)
        drop_beside(session, found.beside)
        beside = {f"{shadow}:{run}": count for (shadow, run), count in sorted(found.beside.items())}
        body: dict[str, Json] = {
            "keep_days": keep_days,
            "before": before.isoformat(),
            "dropped": {str(run): count for run, count in sorted(found.decisions.items())},
            **({"dropped_beside": beside} if beside else {}),
        }
        entry = append_entry(session, EntryKind.ERASURE, actor, _REASON, None, body, now)
        done = replace(found, entry=entry.position)
    forget_unpacked()
    database.overwrite_deleted()
    return done


def _counted(session: Session, keep_days: int, before: datetime, now: datetime) -> Retained:
    table, old = table_of(ChunkRow), _old(session, before)
    ids = {number for chunks in old.values() for number in chunks}
    rows = {number: count for number, count in session.execute(select(table.c.id, table.c.rows)) if number in ids}
    decisions = Counter({run: sum(rows[number] for number in chunks) for run, chunks in old.items()})
    return Retained(keep_days, before, len(ids), decisions, old_beside(session, before, now), None)


def _old(session: Session, before: datetime) -> dict[int, list[int]]:
    """By run the chunks that nobody needs any more."""
    chunk, run = table_of(ChunkRow), table_of(RunRow)
    query = select(chunk.c.run_id, chunk.c.id).join(run, run.c.id == chunk.c.run_id)
    query = query.where(run.c.as_of < before, chunk.c.dropped_at.is_(None)).order_by(chunk.c.run_id, chunk.c.id)
    needed = chunks_of_latest(session, _LATEST)
    found: dict[int, list[int]] = {}
    for run_id, number in session.execute(query):
        if number not in needed:
            found.setdefault(run_id, []).append(number)
    return found


def _drop(session: Session, run: int, dropped: Sequence[int], now: datetime) -> None:
    """Take the bodies of some of a run's chunks away, after seeing that all its leaves give the anchored root."""
    table = table_of(ChunkRow)
    order = (table.c.market, table.c.ordinal)
    query = select(table.c.id, table.c.rows).where(table.c.run_id == run).order_by(*order)
    chunks = session.execute(query).all()
    tree = PartialTree(sum(rows for _, rows in chunks))
    size, bodies = sum(rows for _, rows in chunks), []
    for number, rows in chunks:
        chunk = read_chunk(session, number)
        if is_dropped(chunk):
            tree.add_roots(rows, kept_roots(chunk))
            continue
        grown = leaves_of_chunk(chunk, salts_of(session, chunk["customer"]))
        roots = subtree_roots(grown, tree.start, size)
        tree.add_roots(rows, roots)
        if number in dropped:
            bodies.append(dropped_body(chunk, roots))
    if tree.root() is None or tree.root() != anchored_roots(session).get(run):
        raise DamagedError(
            Text(
                f"The decisions of run {run} do not give the root in the ledger; none was removed.",
                f"运行 {run} 的决定与账本中的根不一致；没有移除任何决定。",
            ),
            Text("`touchstone replay --all` tells more.", "`touchstone replay --all` 可查看详情。"),
        )
    columns = {"id": list(dropped), "body": bodies, "hash": [chunk_hash(body) for body in bodies]}
    update_rows(session, ChunkRow, {**columns, "dropped_at": [now] * len(bodies)})
