"""Where a customer stands now: the fields of a profile that come from the latest decision."""

from __future__ import annotations

from decimal import Decimal

from engine.store.reading import (
    CustomerView,
    DecisionView,
    StandingView,
    decisions_by_ids,
    standings_by_customers,
    tag_names,
)
from engine.vocabulary import Market, Text
from schema.basics import CustomerTierSource, Titled, score_of, start_of_day, tier_of
from schema.context import Info
from schema.lookups import run_of


async def standing_of(root: CustomerView, info: Info) -> StandingView | None:
    """The customer's standing; None before the first decision."""
    return await info.context.load(standings_by_customers, root.id)


async def tier_given(root: DecisionView | StandingView, decision: DecisionView, info: Info) -> CustomerTierSource:
    """A decision's tiers with the titles of the book that decided."""
    run = await run_of(decision, info)
    book = await info.context.book(run.revision)
    day = root.effective_since
    return CustomerTierSource(
        computed=tier_of(book, root.market, root.computed),
        effective=tier_of(book, root.market, root.effective),
        previous=tier_of(book, root.market, root.previous),
        since=root.as_of if day is None else start_of_day(day, book),
        provisional=root.provisional,
    )


async def tier_now(root: CustomerView, info: Info) -> CustomerTierSource | None:
    """Of the latest decision; null before the first."""
    standing, decision = await standing_of(root, info), await _decision_now(root, info)
    return None if standing is None or decision is None else await tier_given(standing, decision, info)


async def _decision_now(root: CustomerView, info: Info) -> DecisionView | None:
    standing = await standing_of(root, info)
    return None if standing is None else await info.context.load(decisions_by_ids, standing.decision_id)


async def score_now(root: CustomerView, info: Info) -> Decimal | None:
    """0 to 100; null: unknown."""
    standing = await standing_of(root, info)
    return None if standing is None else score_of(standing.score)


async def stage_now(root: CustomerView, info: Info) -> str | None:
    """Lifecycle stage of the latest decision."""
    standing = await standing_of(root, info)
    return None if standing is None else standing.stage


async def phase_now(root: CustomerView, info: Info) -> str | None:
    """What that stage asks for."""
    standing = await standing_of(root, info)
    return None if standing is None else standing.phase


async def risk_now(root: CustomerView, info: Info) -> str | None:
    """Risk band of the latest decision; null: churn probability unknown."""
    standing = await standing_of(root, info)
    return None if standing is None else standing.risk


async def tags_now(root: CustomerView, info: Info) -> list[Titled]:
    """Labels of the latest decision, in the rule book's order."""
    standing, decision = await standing_of(root, info), await _decision_now(root, info)
    if standing is None or decision is None or not standing.tags:
        return []
    book = await info.context.book((await run_of(decision, info)).revision)
    titles = {tag.name: tag.title for tag in book.markets[Market(root.market)].campaigns.tags}
    return [Titled(name, titles.get(name, Text(name))) for name in tag_names(standing.tags)]
