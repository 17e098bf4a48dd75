"""How rules do on the live base, and where a tier must start to hold a share."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Annotated

import strawberry

from engine.operations.judging_rules import health, threshold
from engine.trials.health import RuleHealth as RuleHealthSource
from engine.vocabulary import Market
from schema.backtests import HasBook
from schema.basics import Place, score_of
from schema.context import Info, LocaleArgument
from schema.describing import answered, described, told

MarketAsked = Annotated[Market, strawberry.argument(description="Whose rules.")]


def _finding(root: RuleHealthSource, info: Info, locale: LocaleArgument = None) -> str | None:
    """What somebody should look at; null: nothing."""
    return None if root.finding is None else root.finding.within(info.context.in_locale(locale))


@described
class RuleHealth:
    """How one rule does on the live base. `correlatesWith`: another rule that says the same."""

    item: str = told("Address of the rule, e.g. `b2b.tiers.A.gates.contract`.")
    place: Place = told("Where it stands.")
    customers: int = told("The market's customers.")
    fired: int = told(
        "For how many it did something: a criterion gave points, a condition held, a force rule or stage line decided, "
        "a tier was the computed one."
    )
    unknown: int = told("For how many it could not be told.")
    overridden: int = told("Of those it fired for: set by hand to another tier than the computed one.")
    correlates_with: str | None = told("The criterion that ranks customers nearly as this one does; null: none.")
    correlation: float | None = told("Rank correlation with it (Spearman).")
    finding: str | None = answered(_finding)


async def health_of(root: HasBook, info: Info, market: MarketAsked) -> list[RuleHealthSource] | None:
    """How every rule does on the base, as of the latest decisions, in the order of the files."""
    found = await info.context.read(partial(health, book=root.book, market=market, now=info.context.now))
    return list(found.rules)


async def suggested_threshold(
    root: HasBook,
    info: Info,
    *,
    market: MarketAsked,
    tier: Annotated[str, strawberry.argument(description="Its key.")],
    customers: Annotated[
        Decimal | None, strawberry.argument(description="Share of the customers that have a tier, 0 to 1.")
    ] = None,
    margin: Annotated[
        Decimal | None, strawberry.argument(description="Share of their margin of the last 365 days, 0 to 1.")
    ] = None,
) -> Decimal | None:
    """Where the tier must start so that it holds this share of customers or of margin (exactly one).

    The largest threshold at which it holds at least so much; null: no threshold does.
    """
    question = partial(threshold, book=root.book, market=market, tier=tier, customers=customers, margin=margin)
    found = (await info.context.read(partial(question, now=info.context.now))).threshold.found
    return None if found is None else score_of(found.at_least)
