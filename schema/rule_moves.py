"""What a rule change did: what its preview showed when it was made, why it was published, and whose tier moved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import strawberry
from sqlalchemy.orm import Session

from engine.operations.moving import moved_by_change
from engine.operations.rule_life import Figures, Trail, figures_of, trails_of
from engine.store.reading import (
    DecisionView,
    Kind,
    Page,
    RuleChangeView,
    Slice,
    decisions_by_ids,
    global_id,
    page_of_keys,
    slice_of,
)
from engine.vocabulary import UNRATED
from schema.basics import MoveSource, TierMove, Titled, tier_of
from schema.context import Info
from schema.decisions import Decision
from schema.describing import answered, described, told
from schema.relay import After, Before, Connection, First, Last, Paged, listed
from schema.scalars import Hash


@dataclass(frozen=True, slots=True)
class SeenSource:
    """Source of `SeenPreview`."""

    figures: Figures
    change: RuleChangeView

    def __getattr__(self, name: str) -> Any:
        return getattr(self.figures, name)


async def _matrix(root: SeenSource, info: Info) -> list[MoveSource]:
    """Cells with customers, diagonal too; titles as the change has them."""
    book = await info.context.book(root.figures.candidate)

    def titled(market: str, key: str) -> Titled | None:
        return tier_of(book, market, None if key == UNRATED else key)

    return [
        MoveSource(market, titled(market, before), titled(market, after), customers)
        for market, before, after, customers in root.figures.matrix
    ]


def seen_preview(root: RuleChangeView) -> SeenSource | None:
    """What its last preview showed when it was made; unlike `preview` it stays when the base moves on. Null: none was
    made."""
    if root.preview is None or root.preview_digest is None or root.previewed_at is None:
        return None
    return SeenSource(figures_of(root.preview, root.preview_digest), root)


def _made_at(root: SeenSource) -> datetime:
    """When it was made."""
    assert root.change.previewed_at is not None
    return root.change.previewed_at


def _digest(root: SeenSource) -> str:
    """Of its stored text; reviews and ledger entries name it."""
    assert root.change.preview_digest is not None
    return root.change.preview_digest


@described
class SeenPreview:
    """What a preview showed when it was made: the figures an approval was given on, kept for ever."""

    as_of: datetime = told("The instant it decided for.")
    at: datetime = answered(_made_at)
    digest: Hash = answered(_digest)
    snapshot: Hash = told("Of the stored facts and states it was computed on.")
    customers: int = told("Customers decided by both books.")
    moved: int = told("Those whose effective tier would have differed.")
    moved_down: int = told("Of these, those who would have fallen.")
    held_by_stability: int = told("Whom it asked to move, but stability would have kept.")
    newly_unknown: int = told("Customers who would have lost their score.")
    matrix: list[TierMove] = answered(_matrix)


async def publish_reason(root: RuleChangeView, info: Info) -> str | None:
    """Why it was made live, in the words of who did; null: it never was."""
    trail = await _trail(root, info)
    return trail.publish_reason


async def withdraw_reason(root: RuleChangeView, info: Info) -> str | None:
    """Why its author took it back; null: nobody did."""
    trail = await _trail(root, info)
    return None if trail.withdrawal is None else trail.withdrawal.reason


async def failed_tests(root: RuleChangeView, info: Info) -> tuple[str, ...]:
    """Tests in its rule files that failed when its present content was proposed, by name."""
    trail = await _trail(root, info)
    return trail.failed_tests


async def _trail(root: RuleChangeView, info: Info) -> Trail:
    return await info.context.load(trails_of, root.id) or Trail()


async def moved_decisions(
    root: RuleChangeView,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Paged:
    """Decisions whose tier it moved once live, newest first: each customer's first decision since, if it gives another
    effective tier than the one before and the rules have a part in that (`change` tells all parts)."""
    slice_ = slice_of(first, after, last, before)
    question = partial(_moved_page, change=root.id, slice_=slice_)
    return await listed(info, question, partial(_count_moved, change=root.id))


async def moved_with(root: RuleChangeView, info: Info) -> list[strawberry.ID]:
    """Ids of other changes that count some of `moved` too, for who was not decided in between, oldest first."""
    moves = await info.context.read(partial(moved_by_change, change_id=root.id))
    return [strawberry.ID(global_id(Kind.RULE_CHANGE, number)) for number in moves.others]


def _moved_page(session: Session, change: int, slice_: Slice) -> Page[DecisionView]:
    page = page_of_keys([(number,) for number in reversed(moved_by_change(session, change).decisions)], slice_)
    views = decisions_by_ids(session, [number for (number,) in page.rows])
    return Page(tuple(views[number] for (number,) in page.rows), page.cursors, page.has_next, page.has_previous)


def _count_moved(session: Session, change: int) -> int:
    return len(moved_by_change(session, change).decisions)


MovedDecisions = Connection[Decision]
