"""Whether a run moves more customers than the book's guardrails allow a change of rules to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.operations.blocks import Block
from engine.rulebook import Book, guardrails_of
from engine.store.rows import table_of
from engine.store.tables import StandingRow
from engine.vocabulary import SHARE_SCALE, Market


def crossing_moves(session: Session, book: Book, blocks: Sequence[Block]) -> list[NDArray[np.bool_]]:
    """Of each block the customers whose move is one of those that cross a guardrail.

    Shares are of all who stand somewhere, not of those the run decides: a run of one customer moves no whole market.

    Args:
        blocks: With doubts; their standings are written.
    """
    doubts = [(block, block.doubts) for block in blocks if block.doubts is not None]
    found = [np.zeros(block.customers, np.bool_) for block in blocks]
    if not doubts:
        return found
    standing = table_of(StandingRow).c
    counted = select(standing.market, standing.effective, func.count()).group_by(standing.market, standing.effective)
    stands = {(market, tier): count for market, tier, count in session.execute(counted)}
    for guardrail in guardrails_of(book, book):
        if guardrail.tier is None:
            moved = sum(int(one.moved.sum()) for _, one in doubts)
            if moved * SHARE_SCALE > guardrail.limit * sum(stands.values()):
                found = [mine | _moved(block) for mine, block in zip(found, blocks, strict=True)]
            continue
        for market in {block.market for block in blocks}:
            keys = [tier.key for tier in book.markets[market].tiers]
            if guardrail.tier in keys and _falls(blocks, market, keys.index(guardrail.tier), guardrail.limit, stands):
                code = keys.index(guardrail.tier)
                found = [
                    mine | (_fallen(block, code) if block.market is market else False)
                    for mine, block in zip(found, blocks, strict=True)
                ]
    return found


def _falls(
    blocks: Sequence[Block], market: Market, code: int, limit: int, stands: dict[tuple[str, str | None], int]
) -> bool:
    """Whether too many fall from a tier: those who stood in it are those who do, without who came, with who left."""
    mine = [block for block in blocks if block.market is market and block.doubts is not None]
    there = stands.get((market.value, mine[0].rules.tiers[code].key), 0) if mine else 0
    fallen = 0
    for block in mine:
        assert block.doubts is not None
        before, after = block.doubts.before == code, block.doubts.after == code
        there += int((before & ~after).sum()) - int((after & ~before).sum())
        fallen += int(_fallen(block, code).sum())
    return fallen * SHARE_SCALE > limit * there


def _moved(block: Block) -> NDArray[np.bool_]:
    return np.zeros(block.customers, np.bool_) if block.doubts is None else block.doubts.moved


def _fallen(block: Block, code: int) -> NDArray[np.bool_]:
    if block.doubts is None:
        return np.zeros(block.customers, np.bool_)
    return np.asarray(block.doubts.worse & (block.doubts.before == code), np.bool_)
