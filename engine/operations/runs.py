"""Writing a run: chunks, decisions, standings, the outbox and one ledger entry, in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine import __version__
from engine.audit import Json, leaves, merkle_root
from engine.decisions import decision_digests, row_bytes, row_layout, single_rows, take_rows, to_chunk_columns
from engine.operations.computing import MarketRun
from engine.operations.facts import Clocks
from engine.operations.models import customers_by_digest
from engine.operations.outbox import dispatch_columns
from engine.operations.standing_changes import write_standings
from engine.operations.standings import Named, decision_columns, named, standing_columns
from engine.rulebook import Book
from engine.store import CHUNK_ROWS, append_entry, chunk_hash, encode_chunk, insert_rows
from engine.store.tables import ChunkRow, DecisionRow, DispatchRow, RunRow
from engine.vocabulary import UNRATED, EntryKind

Progress = Callable[[int, int], None]

_PACKERS = 2
"""Chunks packed at once."""


@dataclass(frozen=True, slots=True)
class Written:
    """A written run.

    Attributes:
        model: Digest of the model version whose predictions were read (of several, the one read for most
            customers; the ledger entry tells all); None: none was read.
    """

    run_id: int
    model: str | None
    changed: int
    tiers: dict[str, dict[str, int]]


def write_run(
    session: Session,
    book: Book,
    runs: Sequence[MarketRun],
    clocks: Clocks,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
) -> Written:
    """Write computed decisions inside the caller's write transaction."""
    models = customers_by_digest(session, _versions(runs))
    row = _start(session, book, runs, clocks, actor, now, next(iter(models), None))
    grown: list[bytes] = []
    changed, done, tiers = 0, 0, {}
    for run in runs:
        names = named(run)
        grown += _write_market(session, book, run, names, row, now)
        changed += int(names.changed.sum())
        tiers[run.market.value] = _count(names, run)
        done += run.customers
        if progress is not None:
            progress(done, row.total)
    row.root, row.changed = "sha256:" + merkle_root(grown).hex(), changed
    body: dict[str, Json] = {
        "run": row.id,
        "as_of": clocks.as_of.isoformat(),
        "as_known_at": clocks.as_known_at.isoformat(),
        "revision": book.revision,
        "model": row.model_digest,
        "models": dict(models),
        "engine": __version__,
        "decided": row.decided,
        "changed": changed,
        "root": row.root,
        "tiers": tiers,
    }
    append_entry(session, EntryKind.RUN, actor, None, f"run:{row.id}", body, now)
    return Written(row.id or 0, row.model_digest, changed, tiers)


def _start(
    session: Session,
    book: Book,
    runs: Sequence[MarketRun],
    clocks: Clocks,
    actor: str,
    now: datetime,
    model: str | None,
) -> RunRow:
    """The run's row, numbered."""
    customers = sum(run.customers for run in runs)
    row = RunRow(
        state="DONE",
        as_of=clocks.as_of,
        as_known_at=clocks.as_known_at,
        revision=book.revision,
        model_digest=model,
        engine_version=__version__,
        total=customers,
        decided=customers,
        actor=actor,
        started_at=now,
        finished_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _versions(runs: Sequence[MarketRun]) -> NDArray[np.int64]:
    """Ids of the model versions whose predictions were read, (customers,) of all markets."""
    read = [run.assembled.versions for run in runs if run.assembled.versions is not None]
    return np.concatenate(read) if read else np.zeros(0, np.int64)


def _write_market(
    session: Session, book: Book, run: MarketRun, names: Named, row: RunRow, now: datetime
) -> list[bytes]:
    """Write one market's chunks and rows; gives the leaves in the order of its customers."""
    starts = range(0, run.customers, CHUNK_ROWS)
    with ThreadPoolExecutor(_PACKERS) as packers:  # compressing lets go of the interpreter's lock
        bodies = packers.map(lambda start: _packed(book, run, slice(start, start + CHUNK_ROWS)), starts)
        rows = row_bytes(run.assembled.columns, run.states, run.outcomes)
        layout = row_layout(run.assembled.columns, run.states, run.outcomes)
        digests = decision_digests(
            rows, layout, revision=book.revision, engine_version=__version__, as_of=row.as_of, market=run.market
        )
        chunks = _write_chunks(session, run, row, list(bodies))
    positions = np.arange(run.customers, dtype=np.int64)
    ids = insert_rows(
        session,
        DecisionRow,
        decision_columns(run, names, digests, row, now, chunks[positions // CHUNK_ROWS], positions % CHUNK_ROWS),
    )
    write_standings(session, run, standing_columns(book, run, names, ids, row))
    outbox = dispatch_columns(book, run, ids, row.as_of, now)
    if outbox["customer_id"]:
        insert_rows(session, DispatchRow, outbox)
    return leaves(run.assembled.customers.salts, single_rows(rows))


def _write_chunks(session: Session, run: MarketRun, row: RunRow, bodies: list[bytes]) -> NDArray[np.int64]:
    """Write the run's chunks of one market; gives their row numbers by ordinal."""
    starts = range(0, run.customers, CHUNK_ROWS)
    columns = {
        "run_id": row.id,
        "market": run.market.value,
        "ordinal": list(range(len(bodies))),
        "rows": [min(CHUNK_ROWS, run.customers - start) for start in starts],
        "hash": [chunk_hash(body) for body in bodies],
        "body": bodies,
    }
    return insert_rows(session, ChunkRow, columns)


def _packed(book: Book, run: MarketRun, rows: slice) -> bytes:
    """The bytes of one chunk."""
    columns = {name: column.take(rows) for name, column in run.assembled.columns.items()}
    arrays = to_chunk_columns(columns, take_rows(run.states, rows), take_rows(run.outcomes, rows))
    ids = run.assembled.customers.ids[rows]
    header = {"market": run.market.value, "revision": book.revision, "engine": __version__, "rows": len(ids)}
    return encode_chunk(header, {"customer": ids, **arrays})


def _count(names: Named, run: MarketRun) -> dict[str, int]:
    """Customers by effective tier, best first, UNRATED last."""
    counts = Counter(key or UNRATED for key in names.effective)
    order = [*names.tier_keys, UNRATED]
    return {key: counts[key] for key in order if counts[key]}
