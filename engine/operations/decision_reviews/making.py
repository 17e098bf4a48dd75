"""The reviews a run makes, and those it closes because their reason is gone; inside the run's transaction.

A review is a task of kind REVIEW. What the run did to them is one entry of the ledger, task by task, so that verifying
can tell whether the table is still as it was left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import case, func, literal, select, update
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.operations.blocks import Block
from engine.operations.decision_reviews.crossing import crossing_moves
from engine.operations.decision_reviews.titles import titles_of
from engine.operations.doubts import Why
from engine.rulebook import Book, ReviewQueue
from engine.store import append_entry, insert_rows
from engine.store.frames.fetching import fetch, places
from engine.store.rows import table_of
from engine.store.tables import Instant, RunRow, StandingRow, TaskRow
from engine.vocabulary import SHARE_SCALE, EntryKind, Market

Integers = NDArray[np.int64]
Made = list[tuple[int, int, int, str, str]]
"""Task, customer, decision, reason and tier of every review made, as the ledger says them."""

LAPSED: Final = "LAPSED"
"""What came of a review whose reason is gone before anybody looked; said by runs alone."""

_WHYS: Final = tuple(Why)
_NO_VALUE: Final = -(2**62)
_AT_ONCE: Final = 500
_KEYS: Final = 1 << 10
"""More than a market has tiers, for numbering reasons and tiers of a customer together."""


@dataclass(frozen=True, slots=True)
class Queued:
    """What a run did to the queue.

    Attributes:
        made: Reviews it made; `over`: decisions beyond what one run may put there, left for later runs.
        lapsed: Open reviews it closed because a later decision no longer has the reason.
    """

    made: int
    over: int
    lapsed: int

    def as_dict(self) -> dict[str, Any]:
        """The `--json` shape."""
        return {"made": self.made, "over": self.over, "lapsed": self.lapsed}


@dataclass(frozen=True, slots=True)
class _Found:
    """Decisions that a person should look at, (found,) each; `tier` as a code of its market's."""

    customer: Integers
    decision: Integers
    why: Integers
    tier: Integers
    value: Integers

    @staticmethod
    def together(parts: Sequence[_Found]) -> _Found:
        names = _Found.__slots__
        none = np.zeros(0, np.int64)
        return _Found(**{name: np.concatenate([none, *(getattr(one, name) for one in parts)]) for name in names})

    def take(self, rows: NDArray[Any]) -> _Found:
        return _Found(**{name: getattr(self, name)[rows] for name in _Found.__slots__})

    @property
    def key(self) -> Integers:
        """One number for customer, reason and tier."""
        return (self.customer * len(_WHYS) + self.why) * _KEYS + self.tier


def write_reviews(
    session: Session, book: Book, blocks: Sequence[Block], numbers: Sequence[Integers], run: RunRow, now: datetime
) -> Queued | None:
    """Close what has no reason any more, then make what is new; None: the book asks for none and none stands.

    Args:
        blocks: Of the run, with somebody decided; their standings are written.
        numbers: By block, (customers,) the numbers of the decisions.
    """
    queue = book.review_queue
    standing = _standing(session, blocks, queue is not None and queue.guardrail)
    if queue is None and not len(standing.ids):
        return None
    gone = standing.decided & ~standing.present
    lapsed = _lapse(session, standing.ids[gone], now)
    made, over = Made(), 0
    if queue is not None:
        found = _by_market(session, book, queue, blocks, numbers)
        fresh = {market: one.take(~np.isin(one.key, standing.keys[~gone])) for market, one in found.items()}
        chosen, over = _most_valuable(fresh, queue.per_run)
        for market, one in chosen.items():
            made += _insert(session, book, market, one)
    if made or gone.any():
        body: dict[str, Json] = {"run": run.id, "made": tuple(made), "gone": tuple(standing.ids[gone].tolist())}
        append_entry(session, EntryKind.TASK, run.actor, None, f"run:{run.id}", body, now)
    return Queued(len(made), over, lapsed)


@dataclass(frozen=True, slots=True)
class _Standing:
    """Reviews whose reason was there so far, (reviews,) each; `keys` as `_Found.key`, −1: the tier is no more."""

    ids: Integers
    keys: Integers
    decided: NDArray[np.bool_]
    present: NDArray[np.bool_]


def _standing(session: Session, blocks: Sequence[Block], guarded: bool) -> _Standing:
    row = table_of(TaskRow).c
    query = select(row.id, row.customer_id, row.review_reason, row.tier)
    query = query.where(row.review_reason.is_not(None), row.gone_at.is_(None)).order_by(row.id)
    ids, customer, reason, tier = fetch(session, [query])
    why = np.array([_WHYS.index(Why(text)) for text in reason.texts or ()] or [0], np.int64)[reason.values]
    decided, present = np.zeros(len(ids.values), np.bool_), np.zeros(len(ids.values), np.bool_)
    keys = np.full(len(ids.values), -1)
    for block in blocks:
        rows, hit = places(block.ids, customer.values)
        named = [one.key for one in block.rules.tiers]
        codes = np.array([named.index(key) if key in named else -2 for key in tier.texts or ()] or [-2], np.int64)
        code = codes[tier.values]
        decided |= hit
        keys = np.where(hit & (code >= 0), (customer.values * len(_WHYS) + why) * _KEYS + code, keys)
        if block.doubts is None:
            continue
        doubts, rows = block.doubts, np.where(hit, rows, 0)
        there = np.stack([
            doubts.held[rows] & (doubts.after[rows] == code),
            doubts.near[rows] == code,
            guarded & (doubts.after[rows] == code),
        ])  # fmt: skip
        present |= hit & there[why, np.arange(len(why))]
    return _Standing(ids.values, keys, decided, present)


def _lapse(session: Session, gone: Integers, now: datetime) -> int:
    """Mark that their reason is gone, and close those still open; gives how many were."""
    row = table_of(TaskRow).c
    lapsed, is_open = 0, row.state == "OPEN"
    for start in range(0, len(gone), _AT_ONCE):
        some = row.id.in_(gone[start : start + _AT_ONCE].tolist())
        lapsed += session.execute(select(func.count()).where(some, is_open)).scalar_one()
        session.execute(
            update(table_of(TaskRow))
            .where(some)
            .values(
                gone_at=now,
                version=row.version + 1,
                state=case((is_open, "EXPIRED"), else_=row.state),
                outcome=case((is_open, LAPSED), else_=row.outcome),
                completed_at=case((is_open, literal(now, Instant)), else_=row.completed_at),
            )
        )
    session.expire_all()
    return lapsed


def _by_market(
    session: Session, book: Book, queue: ReviewQueue, blocks: Sequence[Block], numbers: Sequence[Integers]
) -> dict[Market, _Found]:
    none = [np.zeros(block.customers, np.bool_) for block in blocks]
    crossing = crossing_moves(session, book, blocks) if queue.guardrail else none
    parts: dict[Market, list[_Found]] = {}
    for block, mine, moves in zip(blocks, numbers, crossing, strict=True):
        if block.market not in parts:
            least = _least_value(session, queue, block.market)
        parts.setdefault(block.market, []).extend(_of_block(block, mine, least, moves))
    return {market: _Found.together(some) for market, some in parts.items()}


def _least_value(session: Session, queue: ReviewQueue, market: Market) -> int | None:
    """The lifetime value from which a customer is one of the market's most valuable; None: nobody is."""
    if queue.near_threshold is None:
        return None
    row = table_of(StandingRow).c
    valued = (row.market == market.value, row.clv.is_not(None))
    known = session.execute(select(func.count()).where(*valued)).scalar_one()
    most = known * queue.near_threshold.top_share // SHARE_SCALE
    if not most:
        return None
    query = select(row.clv).where(*valued).order_by(row.clv.desc()).offset(most - 1).limit(1)
    return int(session.execute(query).scalar_one())


def _of_block(block: Block, numbers: Integers, least: int | None, crossing: NDArray[np.bool_]) -> Iterator[_Found]:
    doubts = block.doubts
    if doubts is None:
        return
    known = doubts.value.causes == 0
    value = np.where(known, doubts.value.values, _NO_VALUE)
    none = np.zeros(block.customers, np.bool_)
    valuable = none if least is None else known & (doubts.value.values >= least)
    kinds = (
        (Why.MISSING_DATA, doubts.held, doubts.after),
        (Why.NEAR_THRESHOLD, (doubts.near >= 0) & valuable, doubts.near),
        (Why.GUARDRAIL, crossing & (doubts.after >= 0), doubts.after),
    )
    for why, flags, tier in kinds:
        rows = np.flatnonzero(flags)
        yield _Found(
            customer=block.ids[rows],
            decision=numbers[rows],
            why=np.full(len(rows), _WHYS.index(why)),
            tier=tier[rows].astype(np.int64),
            value=value[rows],
        )


def _most_valuable(found: Mapping[Market, _Found], room: int) -> tuple[dict[Market, _Found], int]:
    """At most so many of all markets together, the most valuable first, then by customer; and how many are left.

    Each market's stand in that order, so that tasks of a run are numbered by value.
    """
    value = np.concatenate([one.value for one in found.values()])
    customer = np.concatenate([one.customer for one in found.values()])
    ranks = np.empty(len(value), np.int64)
    ranks[np.lexsort((customer, -value))] = np.arange(len(value))
    taken, start = {}, 0
    for market, one in found.items():
        mine = ranks[start : start + len(one.value)]
        order = np.argsort(mine)
        taken[market] = one.take(order[mine[order] < room])
        start += len(one.value)
    return taken, max(0, len(value) - room)


def _insert(session: Session, book: Book, market: Market, found: _Found) -> Made:
    keys = [tier.key for tier in book.markets[market].tiers]
    tiers = [keys[code] for code in found.tier.tolist()]
    reasons = [_WHYS[code] for code in found.why.tolist()]
    titles = titles_of(session, found.customer.tolist(), reasons, tiers)
    ids = insert_rows(
        session,
        TaskRow,
        {
            "kind": "REVIEW",
            "state": "OPEN",
            "title_en": [title.en for title in titles],
            "title_zh": [title.zh for title in titles],
            "customer_id": found.customer,
            "decision_id": found.decision,
            "review_reason": [reason.value for reason in reasons],
            "tier": tiers,
        },
    )
    said = (found.customer.tolist(), found.decision.tolist(), [one.value for one in reasons], tiers)
    return list(zip(ids.tolist(), *said, strict=True))
