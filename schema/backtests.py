"""Back-tests: a rule book judged by what customers did after past instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Protocol
from zoneinfo import ZoneInfo

import strawberry

from engine.operations.backtesting import AtInstant, backtest
from engine.rulebook import Book
from engine.trials.backtest import Interval as IntervalSource
from engine.trials.backtest import Rival as RivalSource
from engine.trials.backtest import TierFollowed
from engine.vocabulary import Market
from schema.basics import Tier, Titled
from schema.context import Info
from schema.describing import described, told


@described
class Interval:
    """A statistic with its 95 % interval."""

    value: float = told("The statistic.")
    low: float = told("Lower end.")
    high: float = told("Upper end.")


@described
class Rival:
    """A simple ranking to compare with, e.g. last year's revenue."""

    name: str = told("`revenue_12m` last year's revenue, `rfm` RFM quintiles, `recency`.")
    gini: float | None = told("As `Backtest.gini`, of this ranking of the same customers; null: nothing was bought.")
    lift: float | None = told("Lift of as many customers as the top tier holds, by this ranking.")


@described
class Backtest:
    """One tier at one past instant against what followed."""

    as_of: datetime = told("The past instant; only what was known by then counts.")
    tier: Tier = told("Key `UNRATED`: those without a tier, who are no part of the ladder.")
    customers: int = told("In it at `asOf`.")
    revenue: Interval | None = told(
        "Later revenue of one customer, major units of the book's currency (bootstrap); null: fewer than two customers."
    )
    margin: Interval | None = told("Alike, of margin; null also: not every later purchase has a cost.")
    churn: Interval | None = told(
        "Share of those active at `asOf` who bought nothing within the horizon (Wilson); null: nobody was active."
    )
    lift: float | None = told(
        "Its share of later revenue ÷ its share of customers, of all with a tier; null: UNRATED, or nothing was bought."
    )
    gini: float | None = told(
        "Of the whole ladder at `asOf`: how well the score ranks later revenue; 1 as well as possible, 0 as chance."
    )
    monotone: bool = told("Of the whole ladder: later revenue per customer never rises from a tier to a worse one.")
    rivals: list[Rival] = told("Simple rankings of the same customers.")
    clocks_assumed: bool = told("Some `recordedAt` were derived, not observed.")


@dataclass(frozen=True, slots=True)
class BacktestSource:
    """Source of `Backtest`: a tier's row beside what holds for the whole ladder."""

    as_of: datetime
    tier: Titled
    customers: int
    revenue: IntervalSource | None
    margin: IntervalSource | None
    churn: IntervalSource | None
    lift: float | None
    gini: float | None
    monotone: bool
    rivals: tuple[RivalSource, ...]
    clocks_assumed: bool


class HasBook(Protocol):
    """The source of a rule book."""

    @property
    def book(self) -> Book:
        """The rule book."""


async def backtest_of(
    root: HasBook,
    info: Info,
    market: Annotated[Market, strawberry.argument(description="Whose ladder.")],
    as_of: Annotated[
        list[datetime], strawberry.argument(description="Past instants, at most 12; played forward in order.")
    ],
    horizon_days: Annotated[int, strawberry.argument(description="How long customers are followed.")] = 365,
) -> list[BacktestSource] | None:
    """As if it had decided at these instants (at most 12), by what was known then, against what followed within
    `horizonDays`."""
    instants = [in_zone(one, root.book) for one in as_of]
    found = await info.context.read(
        partial(
            backtest, book=root.book, market=market, instants=instants, horizon_days=horizon_days, now=info.context.now
        )
    )
    return [_row(one, tier) for one in found.instants for tier in one.judged.tiers]


def in_zone(given: datetime, book: Book) -> datetime:
    """An instant as it was given; a bare date is 00:00 in the book's zone."""
    return given if given.tzinfo is not None else given.replace(tzinfo=ZoneInfo(book.timezone))


def _row(one: AtInstant, tier: TierFollowed) -> BacktestSource:
    judged = one.judged
    return BacktestSource(
        as_of=judged.as_of,
        tier=Titled(tier.tier, tier.title),
        customers=tier.customers,
        revenue=tier.revenue,
        margin=tier.margin,
        churn=tier.churn,
        lift=tier.lift,
        gini=judged.gini,
        monotone=judged.monotone,
        rivals=judged.rivals,
        clocks_assumed=one.clocks_assumed,
    )
