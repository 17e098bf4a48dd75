"""Whether a run moves more customers than the book's guardrails allow a change of rules to."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.operations.blocks import Block
from engine.operations.doubts import Doubts
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
    found = [np.zeros(block.customers, np.bool_) for block in blocks]
    standing = table_of(StandingRow).c
    counted = select(standing.market, standing.effective, func.count()).group_by(standing.market, standing.effective)
    stands = {(market, tier): count for market, tier, count in session.execute(counted)}
    for guardrail in guardrails_of(book, book):
        if guardrail.tier is None:
            moved = sum(int(_doubts(block).moved.sum()) for block in blocks)
            if moved * SHARE_SCALE > guardrail.limit * sum(stands.values()):
                found = [mine | _doubts(block).moved for mine, block in zip(found, blocks, strict=True)]
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
    mine = [block for block in blocks if block.market is market]
    there, fallen = stands.get((market.value, mine[0].rules.tiers[code].key), 0), 0
    for block in mine:
        before, after = _doubts(block).before == code, _doubts(block).after == code
        there += int((before & ~after).sum()) - int((after & ~before).sum())
        fallen += int(_fallen(block, code).sum())
    return fallen * SHARE_SCALE > limit * there


def _fallen(block: Block, code: int) -> NDArray[np.bool_]:
    doubts = _doubts(block)
    return np.asarray(doubts.worse & (doubts.before == code), np.bool_)


def _doubts(block: Block) -> Doubts:
    assert block.doubts is not None, "the book asks for reviews"
    return block.doubts
