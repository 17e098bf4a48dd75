"""Stored inputs of decisions: chunks decoded, checked against their hash, with the book they were made by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine import REPLAYED_VERSIONS, __version__
from engine.decisions import Moment, Outcomes, States, digest_header, from_kept, row_bytes, row_layout, take_rows
from engine.errors import DamagedError, NotFoundError, OtherEngineError
from engine.expressions import Column
from engine.metrics import local_day
from engine.operations.publishing import book_of
from engine.rulebook import Book, MarketBook
from engine.store import (
    NOBODY,
    Chunk,
    RowsOfChunk,
    chunk_name,
    decision_number,
    gone_decision,
    is_dropped,
    open_chunk,
    place_of_decision,
    present_rows,
    read_body,
    read_chunk,
    unpack_members,
)
from engine.store.rows import table_of
from engine.store.tables import ChunkRow, RunRow, to_microseconds
from engine.vocabulary import Market, Text

_chunk, _run = table_of(ChunkRow).c, table_of(RunRow).c
_OF_RUN: Final = (_run.id, _run.as_of, _run.as_known_at, _run.revision, _run.model_digest, _run.engine_version)
_OF_CHUNK: Final = (_chunk.rows, _chunk.members, _chunk.hash, _chunk.ordinal, _chunk.market, _chunk.dropped_at)
# Written once: making a statement takes longer than running it.
_AT: Final = (
    select(*_OF_RUN, *_OF_CHUNK)
    .join(table_of(ChunkRow), _chunk.run_id == _run.id)
    .where(_chunk.id == bindparam("chunk_id"))
)


@dataclass(frozen=True, slots=True)
class RunBehind:
    """What a decision says of the run that made it; fields as in `RunRow`."""

    id: int
    as_of: datetime
    as_known_at: datetime
    revision: str
    model_digest: str | None
    engine_version: str


@dataclass(frozen=True, slots=True)
class Inputs:
    """What some decisions of one market were made from and what came out; every array over the same rows.

    Attributes:
        customers: Row numbers of the customers.
    """

    book: Book
    market: Market
    moment: Moment
    customers: NDArray[np.int64]
    columns: dict[str, Column]
    states: States
    outcomes: Outcomes

    @property
    def rules(self) -> MarketBook:
        """The market's rules."""
        return self.book.markets[self.market]

    def row(self, index: int) -> Inputs:
        """One customer's, still as arrays of one row."""
        rows = slice(index, index + 1)
        return Inputs(
            self.book,
            self.market,
            self.moment,
            self.customers[rows],
            {name: column.take(rows) for name, column in self.columns.items()},
            take_rows(self.states, rows),
            take_rows(self.outcomes, rows),
        )


def moment_of(book: Book, as_of: datetime) -> Moment:
    """An instant with its local day in the book's zone."""
    return Moment(as_of, local_day(to_microseconds(as_of), book.timezone))


@dataclass(frozen=True, slots=True)
class Decided:
    """One stored decision: its number, the run that made it, and what went in and came out (arrays of one row)."""

    number: int
    customer_id: int
    run: RunBehind
    inputs: Inputs

    @property
    def row(self) -> bytes:
        """Inputs and outcome as bytes, see `engine.decisions.rows`."""
        return row_bytes(*self._given).tobytes()

    @property
    def header(self) -> str:
        """What is hashed before the row: revision, engine, instant, market, and the layout of the row."""
        inputs, run = self.inputs, self.run
        return digest_header(
            row_layout(*self._given),
            revision=run.revision,
            engine_version=run.engine_version,
            as_of=run.as_of,
            market=inputs.market,
        )

    @property
    def digest(self) -> bytes:
        """SHA-256 of inputs and outcome."""
        return sha256(self.header.encode() + b"\n" + self.row).digest()

    @property
    def _given(self) -> tuple[dict[str, Column], States, Outcomes]:
        return self.inputs.columns, self.inputs.states, self.inputs.outcomes


def stored_decision(session: Session, number: int) -> Decided:
    """A stored decision by its number.

    Raises:
        NotFoundError: There is none.
        GoneError: It was taken away on purpose; the sentence says what is left.
        OtherEngineError: It was made by an engine version that this one does not replay.
        RevisionUnreadableError: It was made by rules that this version cannot read any more.
        DamagedError: The chunk does not fit its hash, or holds another customer at that row than its index says.
    """
    chunk_id, row = place_of_decision(number)
    found = session.execute(_AT, {"chunk_id": chunk_id}).one_or_none()
    if found is None or row >= found.rows:
        raise NotFoundError(
            Text(f"There is no decision {number}.", f"没有决定 {number}。"),
            Text("`touchstone explain REF` shows a customer's latest.", "`touchstone explain 客户` 可查看最新决定。"),
        )
    run = RunBehind(*found[: len(_OF_RUN)])
    name = chunk_name(found.ordinal, found.market, run.id)
    customer = int(unpack_members(bytes(found.members), found.rows, name)[row])
    if customer == NOBODY or found.dropped_at is not None:
        raise gone_decision(session, number)
    if run.engine_version not in REPLAYED_VERSIONS:
        raise OtherEngineError(run.engine_version, __version__)
    inputs = _inputs(session, run, open_chunk(read_body(session, chunk_id), found.hash, name), np.array([row]))
    if inputs.customers.tolist() != [customer]:
        raise _damaged(
            f"chunk {chunk_id} holds another customer at row {row}", f"数据块 {chunk_id} 第 {row} 行属于另一客户"
        )
    return Decided(number, customer, run, inputs)


def inputs_of_rows(session: Session, chunk_id: int, rows: NDArray[np.int64]) -> tuple[RunBehind, Inputs]:
    """Some decisions of one chunk, with the run that made them.

    Args:
        rows: Each that of a decision which is there.

    Raises:
        OtherEngineError: They were made by an engine version that this one does not replay.
        NotKeptError: Their facts are gone by policy.
        RevisionUnreadableError: They were made by rules that this version cannot read any more.
        DamagedError: The chunk does not fit its hash, or is gone.
    """
    run, chunk = _run_of_chunk(session, chunk_id), read_chunk(session, chunk_id)
    if is_dropped(chunk):
        raise gone_decision(session, decision_number(chunk_id, int(rows[0])))
    if run.engine_version not in REPLAYED_VERSIONS:
        raise OtherEngineError(run.engine_version, __version__)
    return run, _inputs(session, run, chunk, rows)


def _run_of_chunk(session: Session, chunk_id: int) -> RunBehind:
    return RunBehind(*session.execute(_AT, {"chunk_id": chunk_id}).one()[: len(_OF_RUN)])


def inputs_of_chunk(session: Session, chunk_id: int) -> tuple[NDArray[np.int64], Inputs]:
    """The rows of a chunk that hold a decision (all but those of erased persons), and the inputs of these decisions.

    Raises:
        DamagedError: The chunk does not fit its hash, or is gone.
    """
    chunk = read_chunk(session, chunk_id)
    run, rows = _run_of_chunk(session, chunk_id), present_rows(chunk)
    return rows, _inputs(session, run, chunk, None if len(rows) == len(chunk["customer"]) else rows)


def _inputs(session: Session, run: RunBehind, chunk: Chunk, rows: NDArray[np.int64] | None) -> Inputs:
    """The inputs of some rows of a chunk; None: of all."""
    arrays = chunk if rows is None else RowsOfChunk(chunk, rows)
    try:
        book = book_of(session, run.revision)
    except NotFoundError as error:
        raise _damaged(f"its rule revision {run.revision} is gone", f"其规则版本 {run.revision} 已不存在") from error
    market = Market(chunk.header["market"])
    return Inputs(book, market, moment_of(book, run.as_of), arrays["customer"], *from_kept(chunk.header, arrays))


def _damaged(en: str, zh: str) -> DamagedError:
    return DamagedError(
        Text(f"A stored decision is damaged: {en}.", f"已存的决定已损坏：{zh}。"),
        Text("Restore the database from a backup; everything else works.", "请从备份恢复数据库；其余数据不受影响。"),
    )
