"""Shadows: a candidate that decides beside the live rules, and both tiers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import strawberry

from engine.operations.shadowing import Both, is_running, last_trouble
from engine.store.reading import Page, slice_of
from engine.vocabulary import Market
from schema.basics import Actor, ActorSource, MoveSource, Tier, TierMove
from schema.context import Info, LocaleArgument
from schema.deadlines import in_thread
from schema.describing import answered, described, read, told
from schema.lookups import customer_of, decision_of
from schema.pointers import CustomerLater, DecisionLater
from schema.previews import Mover
from schema.relay import After, Before, Connection, First, Last, Paged, paged
from schema.scalars import Hash
from schema.shadow_sources import DifferingSource, ShadowedSource, ShadowSource, cells, page_of


@described
class ShadowedCustomer:
    """A customer's effective tiers by the live rules and by the candidate, in the last run that decided it by both."""

    customer: CustomerLater = answered(customer_of)
    live: Tier | None = told("By the live rules; null: UNRATED.")
    candidate: Tier | None = told("By the candidate, which nothing was done about; null: UNRATED.")
    differs: bool = told("They are not the same.")
    decision: DecisionLater = answered(decision_of)


def _actor(root: ShadowSource) -> ActorSource:
    """Who let it decide along."""
    return ActorSource(root.shadow.actor)


def _running(root: ShadowSource, info: Info) -> bool:
    """Every run decides by it as well: it is not over, not ended, and its change is open and was not edited since."""
    return is_running(root.shadow, info.context.now)


async def _compared(root: ShadowSource, info: Info) -> int:
    """Customers decided by both, whose decisions are still there."""
    return len(await root.sides(info))


async def _problem(root: ShadowSource, info: Info, locale: LocaleArgument = None) -> str | None:
    """Why it decided nobody in the last run in which it could not; null: it always could."""
    found = await info.context.read(partial(last_trouble, shadow=root.shadow))
    return None if found is None else found.why.within(info.context.in_locale(locale))


async def _matrix(root: ShadowSource, info: Info) -> list[MoveSource]:
    """Cells with customers, from the tier by the live rules to the tier by the candidate, diagonal too."""
    sides, (live, candidate) = await root.sides(info), await root.books(info)
    return await in_thread(lambda: cells(sides, live, candidate))


async def _page(
    root: ShadowSource,
    info: Info,
    asked: tuple[int | None, str | None, int | None, str | None],
    differs: bool | None,
    market: Market | None,
) -> tuple[Page[Both], int]:
    """A page of those compared, and how many there are."""
    slice_, sides = slice_of(*asked), await root.sides(info)

    def found() -> tuple[Page[Both], int]:
        rows = sides.rows(differs, market)
        return page_of(sides, rows, slice_), len(rows)

    return await in_thread(found)


def _paged(page: Page[Both], rows: Sequence[Any], total: int) -> Paged:
    async def counted(_info: Info) -> int:
        return total

    return paged(replace(page, rows=tuple(rows)), counted)


async def _differing(
    root: ShadowSource,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Paged:
    """Whose effective tiers differ, with both decisions explained; in the order of customers."""
    page, total = await _page(root, info, (first, after, last, before), True, None)
    return _paged(page, [DifferingSource(one, info) for one in page.rows], total)


async def _customers(
    root: ShadowSource,
    info: Info,
    *,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
    differs: Annotated[
        bool | None, strawberry.argument(description="Only those whose tiers differ, or do not; null: all.")
    ] = None,
    market: Annotated[Market | None, strawberry.argument(description="Only these; null: both.")] = None,
) -> Paged:
    """Both tiers of everybody who was compared, in the order of customers."""
    page, total = await _page(root, info, (first, after, last, before), differs, market)
    live, candidate = await root.books(info)
    return _paged(page, [ShadowedSource.of(one, live, candidate) for one in page.rows], total)


@described
class Shadow:
    """The candidate decides beside the live book, stored, never acted on (双轨并行)."""

    from_: datetime = read("from_at", "Every run since decides by it as well.", name="from")
    until: datetime = read("until_at", "When that ends by itself.")
    ended_at: datetime | None = told(
        "When somebody ended it sooner; null: nobody did. It is over, too, once its change is live, edited or closed."
    )
    running: bool = answered(_running)
    revision: Hash = told("What decides along; an edit of the change does not.")
    actor: Actor = answered(_actor)
    problem: str | None = answered(_problem)
    compared: int = answered(_compared)
    matrix: list[TierMove] = answered(_matrix)
    customers: Connection[ShadowedCustomer] = answered(_customers)
    differing: Connection[Mover] = answered(_differing)
