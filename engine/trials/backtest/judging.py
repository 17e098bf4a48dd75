"""A ladder at one past instant, judged by what its customers did afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.rulebook import MarketBook
from engine.trials.backtest.brought import Brought
from engine.trials.backtest.statistics import (
    Floats,
    Interval,
    Order,
    bootstrap_mean,
    gini,
    gini_difference,
    lift,
    top_lift,
    wilson,
)
from engine.vocabulary import UNRATED, Text

Integers = NDArray[np.int64]

_NOT_RATED = Text("Not rated yet", "暂未评级")


@dataclass(frozen=True, slots=True)
class TierFollowed:
    """One tier at an instant and what followed; money in major units of the book's currency.

    Attributes:
        tier: Its key; UNRATED: the customers without one, who are no part of the ladder.
        total: Later revenue of all its customers.
        revenue, margin: Per customer; None: fewer than two customers, or (margin) costs are not known.
        churn: Share of those active at the instant who bought nothing later; None: nobody was active.
        active, churned: The numbers behind it.
        lift: Its share of later revenue ÷ its share of customers, of those with a tier.
    """

    tier: str
    title: Text
    customers: int
    total: float
    revenue: Interval | None
    margin: Interval | None
    churn: Interval | None
    active: int
    churned: int
    lift: float | None


@dataclass(frozen=True, slots=True)
class Rival:
    """A simple ranking of the same customers.

    Attributes:
        lift: Of as many customers as the top tier holds, by this ranking.
        behind: By how much the book's Gini is above (+) or below (−) this one's, with its interval.
    """

    name: str
    gini: float | None
    lift: float | None
    behind: Interval | None


@dataclass(frozen=True, slots=True)
class Judged:
    """The whole ladder at an instant.

    Attributes:
        customers: Known at the instant, with and without a tier.
        best: Key of the best tier of the book.
        tiers: Best first, UNRATED last if there is anybody; tiers nobody was in are left out.
        gini: Of later revenue, ranked by score, among customers with a tier.
        margin_lift, margin_gini: Alike of later margin, where all costs are known.
        rises: Neighbouring tiers (better, worse) of which the worse one brought more for each customer.
        beyond_chance: Those of them whose intervals do not meet.
    """

    as_of: datetime
    customers: int
    best: str
    tiers: tuple[TierFollowed, ...]
    gini: float | None
    margin_lift: float | None
    margin_gini: float | None
    rises: tuple[tuple[str, str], ...]
    beyond_chance: tuple[tuple[str, str], ...]
    rivals: tuple[Rival, ...]

    @property
    def monotone(self) -> bool:
        """Later revenue for each customer never rises from a better tier to a worse one."""
        return not self.rises

    @property
    def top(self) -> TierFollowed | None:
        """The best tier that held anybody."""
        return next((one for one in self.tiers if one.tier != UNRATED), None)


def judge(
    rules: MarketBook,
    as_of: datetime,
    codes: NDArray[np.integer],
    rank: Integers,
    *,
    brought: Brought,
    rivals: Mapping[str, Integers],
    scale: int,
) -> Judged:
    """Judge a ladder.

    Args:
        codes: (customers,) index of each customer's tier, −1: UNRATED.
        rank: (customers,) what the book ranks by; more is better.
        rivals: By name, (customers,) alike.
        scale: Minor units of the currency in a major one.
    """
    revenue = brought.revenue / scale
    margin = None if brought.margin is None else brought.margin / scale
    rated = np.flatnonzero(codes >= 0)
    total = float(revenue[rated].sum())
    followed = []
    for code, (key, title) in enumerate([*((tier.key, tier.title) for tier in rules.tiers), (UNRATED, _NOT_RATED)]):
        rows = np.flatnonzero(codes == (code if key != UNRATED else -1))
        if len(rows):
            share = None if key == UNRATED else lift(float(revenue[rows].sum()), total, len(rows), len(rated))
            followed.append(_followed(key, title, rows, brought, scale=scale, share=share))
    ladder = [one for one in followed if one.tier != UNRATED]
    rises = [pair for pair in pairwise(ladder) if _mean(pair[1]) > _mean(pair[0])]
    order, members = Order.by(rank[rated]), ladder[0].customers if ladder else 0
    best = np.flatnonzero(codes[rated] == (codes[rated].min() if len(rated) else 0))
    earned = None if margin is None else margin[rated]
    return Judged(
        as_of=as_of,
        customers=len(codes),
        best=rules.tiers[0].key,
        tiers=tuple(followed),
        gini=gini(order, revenue[rated]),
        margin_lift=None
        if earned is None
        else lift(float(earned[best].sum()), float(earned.sum()), members, len(rated)),
        margin_gini=None if earned is None else gini(order, earned),
        rises=tuple((better.tier, worse.tier) for better, worse in rises),
        beyond_chance=tuple((better.tier, worse.tier) for better, worse in rises if _apart(better, worse)),
        rivals=tuple(_rival(name, order, rivals[name][rated], revenue[rated], members) for name in rivals),
    )


def _followed(
    key: str,
    title: Text,
    rows: NDArray[np.intp],
    brought: Brought,
    *,
    scale: int,
    share: float | None,
) -> TierFollowed:
    revenue = brought.revenue[rows] / scale
    margin = None if brought.margin is None else brought.margin[rows] / scale
    active = int(brought.active[rows].sum())
    churned = int((brought.active[rows] & brought.churned[rows]).sum())
    return TierFollowed(
        tier=key,
        title=title,
        customers=len(rows),
        total=float(revenue.sum()),
        revenue=bootstrap_mean(revenue),
        margin=None if margin is None else bootstrap_mean(margin),
        churn=wilson(churned, active),
        active=active,
        churned=churned,
        lift=share,
    )


def _mean(followed: TierFollowed) -> float:
    return followed.total / followed.customers


def _apart(better: TierFollowed, worse: TierFollowed) -> bool:
    return better.revenue is not None and worse.revenue is not None and worse.revenue.low > better.revenue.high


def _rival(name: str, order: Order, rank: Integers, revenue: Floats, members: int) -> Rival:
    own = Order.by(rank)
    return Rival(name, gini(own, revenue), top_lift(own, revenue, members), gini_difference(order, own, revenue))


def best_rival(rivals: Sequence[Rival]) -> Rival | None:
    """The rival that did best."""
    known = [rival for rival in rivals if rival.gini is not None]
    return max(known, key=lambda rival: (rival.gini, rival.name)) if known else None
