"""Writing a run: chunks, standings, the outbox and one ledger entry, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine import __version__
from engine.audit import Json, leaves, merkle_root
from engine.decisions import Kept, kept, row_blocks, single_rows
from engine.metrics import FromModel, FromValue
from engine.operations.computing import MarketRun
from engine.operations.facts import Clocks
from engine.operations.models import customers_by_digest
from engine.operations.outbox import dispatch_columns
from engine.operations.standings import changed_customers, write_standings
from engine.rulebook import Book
from engine.store import (
    CHUNK_ROWS,
    append_entry,
    chunk_hash,
    decision_numbers,
    encode_chunk,
    insert_rows,
    pack_numbers,
)
from engine.store.tables import ChunkRow, DispatchRow, RunRow
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
    """Write computed decisions inside the caller's write transaction.

    Who was left out for a damaged chunk is told by the run's row and its ledger entry.
    """
    left_out = [one for run in runs for one in run.left_out]
    runs = [run for run in runs if run.customers]
    models = customers_by_digest(session, _versions(runs))
    row = _start(session, book, runs, clocks, actor, now, next(iter(models), None))
    row.total += sum(one.customers for one in left_out)
    if left_out:
        row.problem_en = " ".join(one.text.en for one in left_out)
        row.problem_zh = "".join(one.text.zh for one in left_out)
    grown: list[bytes] = []
    done, tiers = 0, {}
    for run in runs:
        grown += _write_market(session, book, run, row, now)
        tiers[run.market.value] = _count(run)
        done += run.customers
        if progress is not None:
            progress(done, row.decided)
    row.root, row.tiers = "sha256:" + merkle_root(grown).hex(), orjson.dumps(tiers).decode()
    body: dict[str, Json] = {
        "run": row.id,
        "as_of": clocks.as_of.isoformat(),
        "as_known_at": clocks.as_known_at.isoformat(),
        "revision": book.revision,
        "model": row.model_digest,
        "models": dict(models),
        "engine": __version__,
        "decided": row.decided,
        "changed": row.changed,
        "root": row.root,
        "tiers": tiers,
        **({"left_out": [one.as_dict() for one in left_out]} if left_out else {}),
    }
    append_entry(session, EntryKind.RUN, actor, None, f"run:{row.id}", body, now)
    return Written(row.id or 0, row.model_digest, row.changed, tiers)


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


def _write_market(session: Session, book: Book, run: MarketRun, row: RunRow, now: datetime) -> list[bytes]:
    """Write one market's chunks and what follows from them; gives the leaves in the order of its customers."""
    previous = run.found.columns["effective"]
    given = (run.assembled.columns, run.states, run.outcomes)
    mine = kept(run.rules, *given, previous=previous, shown=shown_metrics(book, given[0]))
    starts = range(0, run.customers, CHUNK_ROWS)
    with ThreadPoolExecutor(_PACKERS) as packers:  # compressing lets go of the interpreter's lock
        bodies = packers.map(lambda start: _packed(book, run, mine, slice(start, start + CHUNK_ROWS)), starts)
        rows = (row for block in row_blocks(*given) for row in single_rows(block))
        grown = leaves(run.assembled.customers.salts, rows)
        chunks = _write_chunks(session, run, row, list(bodies))
    positions = np.arange(run.customers, dtype=np.int64)
    numbers = decision_numbers(chunks[positions // CHUNK_ROWS], positions % CHUNK_ROWS)
    changed = changed_customers(run, mine)
    row.changed += int(changed.sum())
    write_standings(session, run, mine, numbers=numbers, changed=changed, row=row)
    outbox = dispatch_columns(book, run, numbers, row.as_of, now)
    if outbox["customer_id"]:
        insert_rows(session, DispatchRow, outbox)
    return grown


def _write_chunks(session: Session, run: MarketRun, row: RunRow, bodies: list[bytes]) -> NDArray[np.int64]:
    """Write the run's chunks of one market; gives their row numbers by ordinal."""
    ids = run.assembled.customers.ids
    parts = [ids[start : start + CHUNK_ROWS] for start in range(0, run.customers, CHUNK_ROWS)]
    columns = {
        "run_id": row.id,
        "market": run.market.value,
        "ordinal": list(range(len(bodies))),
        "rows": [len(part) for part in parts],
        "first_customer": [int(part.min()) for part in parts],
        "last_customer": [int(part.max()) for part in parts],
        "hash": [chunk_hash(body) for body in bodies],
        "members": [pack_numbers(part) for part in parts],
        "body": bodies,
    }
    return insert_rows(session, ChunkRow, columns)


def _packed(book: Book, run: MarketRun, mine: Kept, rows: slice) -> bytes:
    """The bytes of one chunk."""
    ids = run.assembled.customers.ids[rows]
    header = {"market": run.market.value, "revision": book.revision, "engine": __version__, **mine.header}
    return encode_chunk(header, {"customer": ids, **mine.rows(rows)})


def shown_metrics(book: Book, names: Iterable[str]) -> dict[str, str]:
    """The metrics that work lists show: the first lifetime value and the first prediction among the facts."""
    found: dict[str, str] = {}
    for name in names:
        origin = book.metrics[name].origin
        if isinstance(origin, FromModel):
            found.setdefault("churn", name)
        elif isinstance(origin, FromValue) and origin.value == "clv":
            found.setdefault("clv", name)
    return found


def _count(run: MarketRun) -> dict[str, int]:
    """Customers by effective tier, best first, UNRATED last."""
    keys = [*(tier.key for tier in run.rules.tiers), UNRATED]
    codes, last = run.outcomes.effective, len(keys) - 1
    counts = np.bincount(np.where(codes < 0, last, codes), minlength=len(keys)).tolist()
    return {key: count for key, count in zip(keys, counts, strict=True) if count}
