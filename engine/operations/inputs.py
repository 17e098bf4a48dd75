"""Stored inputs of decisions: chunks decoded, checked against their hash, with the book they were made by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.decisions import Moment, Outcomes, States, from_chunk_columns, take_rows
from engine.errors import DamagedError, NotFoundError
from engine.expressions import Column
from engine.metrics import local_day
from engine.operations.publishing import book_of
from engine.rulebook import Book, MarketBook
from engine.store import decode_chunk
from engine.store.tables import ChunkRow, DecisionRow, RunRow, to_microseconds
from engine.vocabulary import Market, Text


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


def decision_row(session: Session, decision_id: int) -> DecisionRow:
    """A stored decision.

    Raises:
        NotFoundError: There is none.
    """
    row = session.get(DecisionRow, decision_id)
    if row is None:
        raise NotFoundError(
            Text(f"There is no decision {decision_id}.", f"没有决定 {decision_id}。"),
            Text("`touchstone explain REF` shows a customer's latest.", "`touchstone explain 客户` 可查看最新决定。"),
        )
    return row


def inputs_of_decision(session: Session, decision: DecisionRow) -> Inputs:
    """The inputs of one stored decision, as arrays of one row.

    Raises:
        DamagedError: The chunk does not fit its hash, or holds another customer at that row.
    """
    chunk = session.get(ChunkRow, decision.chunk_id)
    if chunk is None:
        raise _damaged(f"chunk {decision.chunk_id} is gone", f"数据块 {decision.chunk_id} 已丢失")
    inputs = inputs_of_chunk(session, chunk).row(decision.row)
    if inputs.customers.tolist() != [decision.customer_id]:
        raise _damaged(
            f"chunk {decision.chunk_id} holds another customer at row {decision.row}",
            f"数据块 {decision.chunk_id} 第 {decision.row} 行属于另一客户",
        )
    return inputs


def inputs_of_chunk(session: Session, chunk: ChunkRow) -> Inputs:
    """The inputs of every decision in a chunk.

    Raises:
        DamagedError: The chunk does not fit its hash.
    """
    run = session.execute(select(RunRow).where(RunRow.id == chunk.run_id)).scalar_one()  # type: ignore[arg-type]
    book = book_of(session, run.revision)
    arrays = _arrays(bytes(chunk.body), chunk.hash, f"chunk {chunk.id}")
    columns, states, outcomes = from_chunk_columns(arrays)
    return Inputs(book, Market(chunk.market), moment_of(book, run.as_of), arrays["customer"], columns, states, outcomes)


@lru_cache(maxsize=16)
def _arrays(body: bytes, expected: str, name: str) -> Mapping[str, NDArray[Any]]:
    """Decoded chunks of late; whoever explains one customer usually asks again."""
    return decode_chunk(body, expected, name)[1]


def _damaged(en: str, zh: str) -> DamagedError:
    return DamagedError(
        Text(f"A stored decision is damaged: {en}.", f"已存的决定已损坏：{zh}。"),
        Text("Restore the database from a backup; everything else works.", "请从备份恢复数据库；其余数据不受影响。"),
    )
