"""Where a customer stands now: the fields of a profile that come from the latest decision."""

from __future__ import annotations

from collections.abc import Awaitable
from decimal import Decimal
from functools import partial

from engine.rulebook import Book
from engine.store.reading import CustomerView, DecisionView, StandingView, tag_names
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


def tier_now(root: CustomerView, info: Info) -> CustomerTierSource | Awaitable[CustomerTierSource] | None:
    """Of the latest decision; null before the first."""
    standing = root.standing
    return None if standing is None else info.context.by_book(standing.revision, partial(tier_given, standing))


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


def tags_now(root: CustomerView, info: Info) -> list[Titled] | Awaitable[list[Titled]]:
    """Labels of the latest decision, in the rule book's order."""
    standing = root.standing
    if standing is None or not standing.tags:
        return []
    return info.context.by_book(standing.revision, partial(_tags, standing))


def _tags(standing: StandingView, book: Book) -> list[Titled]:
    titles = {tag.name: tag.title for tag in book.markets[Market(standing.market)].campaigns.tags}
    return [Titled(name, titles.get(name, Text(name))) for name in tag_names(standing.tags)]
