"""What candidates decide in a run beside the live book: the same customers, from the candidates' own states."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain, groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine.audit import Json, merkle_root
from engine.decisions import Moment, States
from engine.errors import TouchstoneError, log_fault
from engine.operations.blocks import Block, block_of
from engine.operations.capacity import Used, limited, read_used
from engine.operations.computing import compute_market, in_blocks
from engine.operations.facts import Clocks, instant_of
from engine.operations.publishing import book_of
from engine.operations.rule_life import OPEN, State
from engine.operations.states import Found, StateReader
from engine.rulebook import MarketBook
from engine.store import CustomersFrame, insert_rows
from engine.store.reading import ShadowView
from engine.store.rows import table_of
from engine.store.tables import RuleChangeRow, ShadowChunkRow, ShadowRow
from engine.vocabulary import Market, Text

SHADOWED = tuple(state for state in OPEN if state is not State.DRAFT)
"""States of a change that may decide beside the live book."""
UNFORESEEN: Final = Text(
    "The program met an error it does not know; its log says where.", "程序遇到未知错误，具体位置见日志。"
)
"""What an entry says of such an error: always the same, as the error's own message may hold stored data."""
_LOG: Final = logging.getLogger("touchstone.shadow")


@dataclass(frozen=True, slots=True)
class Shadowed:
    """What one candidate decided.

    Attributes:
        problem: Why it decided nobody; the live book decides all the same.
    """

    shadow: int
    change: int
    revision: str
    blocks: Sequence[Block]
    problem: Text | None = None


def is_running(shadow: ShadowView, now: datetime) -> bool:
    """Whether it goes on, see `running`."""
    goes_on = shadow.ended_at is None and shadow.until_at > now and shadow.change_revision == shadow.revision
    return goes_on and shadow.change_state in SHADOWED


def running(session: Session, now: datetime) -> list[ShadowRow]:
    """The shadows that go on: not ended, not over, of a change that is open and was not edited since."""
    query = (
        select(ShadowRow)
        .join(RuleChangeRow, table_of(RuleChangeRow).c.id == table_of(ShadowRow).c.change_id)
        .where(
            table_of(ShadowRow).c.ended_at.is_(None),
            table_of(ShadowRow).c.until_at > now,
            table_of(RuleChangeRow).c.revision == table_of(ShadowRow).c.revision,
            table_of(RuleChangeRow).c.state.in_([state.value for state in SHADOWED]),
        )
        .order_by(table_of(ShadowRow).c.id)
    )
    return list(session.execute(query).scalars())


def decide_beside(session: Session, live: Sequence[Block], clocks: Clocks, now: datetime) -> list[Shadowed]:
    """Decide whom the live book has decided by every candidate that goes on, each from the states it left itself."""
    return [_decided(session, row, live, clocks) for row in running(session, now)] if live else []


def _decided(session: Session, row: ShadowRow, live: Sequence[Block], clocks: Clocks) -> Shadowed:
    """One candidate's; whatever is wrong with it hinders nobody."""
    shadow = row.id or 0
    try:
        book = book_of(session, row.revision)
        moment = Moment(clocks.as_of, instant_of(book, clocks.as_of).day)
        used = read_used(session, moment) if limited(book) else Used()
        states_of = partial(_states, shadow)
        blocks = [
            _kept(block_of(book, compute_market(session, book, market, clocks, moment, ids, used, states_of)))
            for market, decided in _by_market(live)
            if market in book.markets
            for ids in in_blocks(book.markets[market], decided)
        ]
    except TouchstoneError as error:
        return Shadowed(shadow, row.change_id, row.revision, (), error.message)
    except SQLAlchemyError:
        raise  # the database is that of the live run, too
    except Exception as error:  # the live decisions are complete by now, and a fault of the candidate's stops nobody
        log_fault(_LOG, f"rule change {row.change_id} decided nobody beside the live rules", error)
        return Shadowed(shadow, row.change_id, row.revision, (), UNFORESEEN)
    return Shadowed(shadow, row.change_id, row.revision, blocks)


def _by_market(live: Sequence[Block]) -> Iterator[tuple[Market, NDArray[np.int64]]]:
    """Whom the live book has decided, (customers,) row numbers, rising."""
    for market, blocks in groupby(live, key=lambda block: block.market):
        yield market, np.concatenate([block.ids for block in blocks])


def _kept(block: Block) -> Block:
    """Without what would be acted on: nothing of it is written."""
    return replace(block, differences=(), contacts=())


def _states(
    shadow: int, session: Session, rules: MarketBook, customers: CustomersFrame, clocks: Clocks, moment: Moment
) -> tuple[States, Found]:
    """As `try_states`, of whom the shadow has decided as it left them."""
    reader = StateReader(session, customers, clocks, lenient=True, shadow=shadow)
    return reader.states(rules, moment), reader.found


def write_shadows(session: Session, shadows: Sequence[Shadowed], run: int) -> list[Json]:
    """Write what candidates decided beside a run; gives what the run's entry says of it."""
    return [_written(session, one, run) for one in shadows]


def _written(session: Session, one: Shadowed, run: int) -> Json:
    said: dict[str, Json] = {"shadow": one.shadow, "change": one.change, "revision": one.revision}
    if one.problem is not None:
        return {**said, "decided": 0, "root": None, "problem": [one.problem.en, one.problem.zh]}
    for _, found in groupby(one.blocks, key=lambda block: block.market):
        ordinal = 0
        for block in found:
            insert_rows(session, ShadowChunkRow, {"shadow_id": one.shadow, "run_id": run, **block.chunk_rows(ordinal)})
            ordinal += len(block.parts)
    root = merkle_root(chain.from_iterable(block.leaves() for block in one.blocks))
    return {**said, "decided": sum(block.customers for block in one.blocks), "root": "sha256:" + root.hex()}
