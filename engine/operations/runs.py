"""Writing a run: chunks, standings, the outbox and one ledger entry, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine import __version__
from engine.audit import Json, merkle_root
from engine.operations.blocks import Block, added_up
from engine.operations.decision_reviews import Queued, write_reviews
from engine.operations.facts import Clocks
from engine.operations.left_out import LeftOut
from engine.operations.models import customers_by_digest
from engine.operations.outbox import dispatch_columns
from engine.operations.overriding import expire_passed
from engine.operations.shadowing.beside import Shadowed, write_shadows
from engine.operations.standings import write_differences
from engine.rulebook import Book
from engine.store import append_entry, decision_numbers, insert_rows
from engine.store.tables import ChunkRow, DispatchRow, RunRow
from engine.vocabulary import UNRATED, EntryKind

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """A written run.

    Attributes:
        model: Digest of the model version whose predictions were read (of several, the one read for most
            customers; the ledger entry tells all); None: none was read.
        reviews: What it did to the queue of reviews; None: nothing, and none was asked for.
    """

    run_id: int
    model: str | None
    changed: int
    tiers: dict[str, dict[str, int]]
    reviews: Queued | None = None


def write_run(
    session: Session,
    book: Book,
    blocks: Sequence[Block],
    clocks: Clocks,
    actor: str,
    now: datetime,
    progress: Progress | None = None,
    shadows: Sequence[Shadowed] = (),
) -> Written:
    """Write computed decisions inside the caller's write transaction, and those of candidates beside them.

    Who was left out for a damaged chunk is told by the run's row and its ledger entry.
    """
    left_out, blocks = added_up(blocks), [block for block in blocks if block.customers]
    models = customers_by_digest(session, _versions(blocks))
    row = _start(session, book, blocks, clocks, actor, now, next(iter(models), None))
    _tell_left_out(row, left_out)
    done, tiers, numbers = 0, dict[str, dict[str, int]](), list[NDArray[np.int64]]()
    for market, found in groupby(blocks, key=lambda block: block.market):
        mine = list(found)
        tiers[market.value] = _write_market(session, book, mine, row, now, numbers)
        done += sum(block.customers for block in mine)
        if progress is not None:
            progress(done, row.decided)
    reviews = write_reviews(session, book, blocks, numbers, row, now)
    expire_passed(session, min(clocks.as_of, now), actor, now)
    row.root, row.tiers = _root_of(blocks), orjson.dumps(tiers).decode()
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
        **_besides(left_out, write_shadows(session, shadows, row.id or 0), reviews),
    }
    append_entry(session, EntryKind.RUN, actor, None, f"run:{row.id}", body, now)
    return Written(row.id or 0, row.model_digest, row.changed, tiers, reviews)


def _root_of(blocks: Sequence[Block]) -> str:
    """The root over the leaves of all decisions."""
    return "sha256:" + merkle_root(chain.from_iterable(block.leaves() for block in blocks)).hex()


def _besides(left_out: Sequence[LeftOut], shadows: list[Json], reviews: Queued | None) -> dict[str, Json]:
    """What an entry tells only where there is something to tell."""
    told: dict[str, Json] = {
        "left_out": [one.as_dict() for one in left_out],
        "shadows": shadows,
        "reviews": None if reviews is None else reviews.as_dict(),
    }
    return {name: value for name, value in told.items() if value}


def _tell_left_out(row: RunRow, left_out: Sequence[LeftOut]) -> None:
    """Whom a damaged chunk kept from being decided."""
    if left_out:
        row.total += sum(one.customers for one in left_out)
        row.problem_en = " ".join(one.text.en for one in left_out)
        row.problem_zh = "".join(one.text.zh for one in left_out)


def _start(
    session: Session,
    book: Book,
    blocks: Sequence[Block],
    clocks: Clocks,
    actor: str,
    now: datetime,
    model: str | None,
) -> RunRow:
    """The run's row, numbered."""
    customers = sum(block.customers for block in blocks)
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


def _versions(blocks: Sequence[Block]) -> NDArray[np.int64]:
    """Ids of the model versions whose predictions were read, (customers,) of all markets."""
    read = [block.versions for block in blocks if block.versions is not None]
    return np.concatenate(read) if read else np.zeros(0, np.int64)


def _write_market(
    session: Session, book: Book, blocks: Sequence[Block], row: RunRow, now: datetime, written: list[NDArray[np.int64]]
) -> dict[str, int]:
    """Write one market's chunks and what follows from them; gives its customers by effective tier.

    Args:
        written: The numbers of the decisions by block; those of these blocks are added.
    """
    numbers: list[NDArray[np.int64]] = []
    ordinal = 0
    for block in blocks:
        chunks = insert_rows(session, ChunkRow, {"run_id": row.id, **block.chunk_rows(ordinal)})
        ordinal += len(chunks)
        rows = [decision_numbers(chunk, np.arange(len(part))) for chunk, part in zip(chunks, block.parts, strict=True)]
        numbers.append(np.concatenate(rows))
        write_differences(session, block.differences, block.market, block.ids, numbers[-1], row.as_of)
        row.changed += block.changed
    for columns in dispatch_columns(book, blocks, numbers, row.as_of, now):
        insert_rows(session, DispatchRow, columns)
    written += numbers
    keys = [*(tier.key for tier in blocks[0].rules.tiers), UNRATED]
    counts = np.sum([block.tiers for block in blocks], axis=0).tolist()
    return {key: count for key, count in zip(keys, counts, strict=True) if count}
