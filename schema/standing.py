"""Where a customer stands now: the fields of a profile that come from the latest decision."""

from __future__ import annotations

from decimal import Decimal

from engine.rulebook import Book
from engine.store.reading import CustomerView, DecisionView, LatestView, StandingView, latest_of_customers, tag_names
from engine.vocabulary import Market, Text
from schema.basics import CustomerTierSource, Titled, score_of, start_of_day, tier_of
from schema.context import Info


def tier_given(root: DecisionView | StandingView, book: Book) -> CustomerTierSource:
    """The tiers of a decision or standing with the titles of the book that decided."""
    day = root.effective_since
    return CustomerTierSource(
        computed=tier_of(book, root.market, root.computed),
        effective=tier_of(book, root.market, root.effective),
        previous=tier_of(book, root.market, root.previous),
        since=root.as_of if day is None else start_of_day(day, book),
        provisional=root.provisional,
    )


async def latest_of(root: CustomerView, info: Info) -> LatestView | None:
    """The latest decision there was when the customer was read, whatever was decided since; None before the first."""
    standing = root.standing
    if standing is None:
        return None
    latest: LatestView | None = await info.context.load(latest_of_customers, root.id, standing.newest_chunk)
    return latest


async def tier_now(root: CustomerView, info: Info) -> CustomerTierSource | None:
    """Of the latest decision; null before the first."""
    latest = await latest_of(root, info)
    if root.standing is None or latest is None:
        return None
    return tier_given(root.standing.after(latest), await info.context.book(latest.revision))


def score_now(root: CustomerView) -> Decimal | None:
    """0 to 100; null: unknown."""
    return None if root.standing is None else score_of(root.standing.score)


def stage_now(root: CustomerView) -> str | None:
    """Lifecycle stage of the latest decision."""
    return None if root.standing is None else root.standing.stage


def phase_now(root: CustomerView) -> str | None:
    """What that stage asks for."""
    return None if root.standing is None else root.standing.phase


def risk_now(root: CustomerView) -> str | None:
    """Risk band of the latest decision; null: churn probability unknown."""
    return None if root.standing is None else root.standing.risk


async def tags_now(root: CustomerView, info: Info) -> list[Titled]:
    """Labels of the latest decision, in the rule book's order."""
    standing = root.standing
    if standing is None or not standing.tags:
        return []
    latest = await latest_of(root, info)
    return [] if latest is None else _tags(standing, await info.context.book(latest.revision))


def _tags(standing: StandingView, book: Book) -> list[Titled]:
    titles = {tag.name: tag.title for tag in book.markets[Market(standing.market)].campaigns.tags}
    return [Titled(name, titles.get(name, Text(name))) for name in tag_names(standing.tags)]
