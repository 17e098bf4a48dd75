"""Checks that more of a metric never lowers the tier, on made-up customers at the edges of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np

from engine.campaigns import Campaigns
from engine.decisions import NO_DAY, NONE, Moment, States, decide
from engine.expressions.columns import CAUSE_CODE, Column, Integers
from engine.expressions.tree import Expression
from engine.metrics import Metric, second_pass
from engine.rulebook.book import Book, Force, MarketBook
from engine.rulebook.checks import NeverLowers
from engine.trials.edges import numbers, scored_edges, tier_conditions, tier_metrics
from engine.trials.found import tier_name
from engine.trials.frames import moment_of
from engine.vocabulary import POINTS_SCALE, Market, Text, Unit, UnknownCause

_CUSTOMERS: Final = 3_000
_SEED: Final = 20_260_101
_UNKNOWN_SHARE: Final = 0.12
_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]
_MOST: Final = {Unit.PROBABILITY: 1_000_000, Unit.POINTS: 1_000_000, Unit.BOOL: 1}


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers of one market that invariants are tried on.

    Attributes:
        columns: Facts that are not calculated from others.
        real: They are customers of a base, not made up.
    """

    book: Book
    rules: MarketBook
    columns: dict[str, Column]
    states: States
    moment: Moment
    real: bool = False

    def whole(self, given: dict[str, Column] | None = None) -> dict[str, Column]:
        """All facts, with some given ones in place of their own."""
        columns = {**self.columns, **(given or {})}
        rest = [one for one in self.book.metrics.values() if one.name not in columns]
        return {**columns, **second_pass(rest, columns, len(self.states.tier), self.moment.day)}


def made_up(book: Book, market: Market, asked: Sequence[Expression] = ()) -> Customers:
    """Customers at the edges of a market's rules.

    Half of them have a stored tier. Values are drawn from the edges of curves, bins and conditions and
    their neighbours, and from between; some are unknown. The draw is the same every time.

    Args:
        asked: Further conditions whose metrics and edges matter.
    """
    rules = _with_conditions(book.markets[market], asked)
    moment = moment_of(date(2026, 12, 1), book.timezone)
    chance = np.random.default_rng(_SEED)
    columns = {name: _draw(book.metrics[name], rules, book, chance) for name in sorted(tier_metrics(book, rules))}
    return Customers(book, only_tiers(book.markets[market]), columns, _states(rules, moment, chance), moment)


def only_tiers(rules: MarketBook) -> MarketBook:
    """Only what leads to the tier: no risk bands, stages, tags or campaigns."""
    return replace(rules, risk=None, lifecycle=(), campaigns=Campaigns((), (), None))


def _with_conditions(rules: MarketBook, asked: Sequence[Expression]) -> MarketBook:
    """The market as if some conditions were rules of it, so that values are drawn around their edges too."""
    last = rules.tiers[-1].key
    more = tuple(Force("asked", when, "fail", last, None, when.place) for when in asked)
    return replace(only_tiers(rules), force=(*rules.force, *more))


def check_never_lowers(customers: Customers, invariant: NeverLowers) -> Text | None:
    """Decide customers twice, the second time with more (or less) of one metric.

    Returns:
        None if nobody's tier (or score) fell; otherwise a customer whose did.
    """
    chance = np.random.default_rng(_SEED + 1)
    metric = customers.book.metrics[invariant.metric]
    length = len(customers.states.tier)
    one, other = (_values(metric, customers.rules, customers.book, chance, length) for _ in range(2))
    own = customers.whole().get(metric.name)
    if own is not None and customers.real:  # one of the two values is their own
        one = np.where(own.causes == 0, own.values, one)
    low, high = np.minimum(one, other), np.maximum(one, other)
    first, second = (low, high) if invariant.more else (high, low)
    before, after = (_found(customers, metric, values, score=invariant.score) for values in (first, second))
    lower = (after < before) & (after >= 0) if invariant.score else after > before
    fell = np.flatnonzero((before >= 0) & lower)
    if not len(fell):
        return None
    row = int(fell[0])
    shown = [_shown(customers.rules, int(found[row]), score=invariant.score) for found in (before, after)]
    return _witness(metric, (int(first[row]), int(second[row])), shown)


def _found(customers: Customers, metric: Metric, values: Integers, *, score: bool) -> Integers:
    """(customers,) effective tiers, or scores, with one metric set; −1: none."""
    column = Column(values, np.zeros(len(values), np.uint8), metric.unit)
    outcomes = decide(customers.rules, customers.whole({metric.name: column}), customers.states, customers.moment)
    return np.asarray(outcomes.score if score else outcomes.effective, np.int64)


def _shown(rules: MarketBook, found: int, *, score: bool) -> Text:
    if not score:
        key = tier_name(rules, found)
        return Text(key, key)
    points = f"{Decimal(found) / POINTS_SCALE:f}"
    return Text(f"at {points} points", f"{points} 分")


def _draw(metric: Metric, rules: MarketBook, book: Book, chance: np.random.Generator) -> Column:
    """A column of one metric with some values unknown."""
    if metric.unit is Unit.TEXT:
        texts = metric.values or ("a", "b")
        values = chance.integers(0, len(texts), _CUSTOMERS)
        column = Column(values, np.zeros(_CUSTOMERS, np.uint8), metric.unit, texts)
    else:
        column = Column(_values(metric, rules, book, chance), np.zeros(_CUSTOMERS, np.uint8), metric.unit)
    unknown = chance.random(_CUSTOMERS) < _UNKNOWN_SHARE
    causes = np.where(unknown, _MISSING, 0).astype(np.uint8)
    return replace(column, values=np.where(unknown, 0, column.values), causes=causes)


def _values(
    metric: Metric, rules: MarketBook, book: Book, chance: np.random.Generator, length: int = _CUSTOMERS
) -> Integers:
    """(customers,) stored values: half of them edges of rules and their neighbours, half from between."""
    edges = np.array(sorted(_edges(metric, rules, book)), np.int64)
    least = 0 if metric.low is None else metric.low
    most = min(_MOST.get(metric.unit, 2**53), 2**53 if metric.high is None else metric.high)
    near = chance.choice(edges, length) + chance.integers(-1, 2, length)
    between = chance.integers(min(int(edges[0]), least), max(2 * int(edges[-1]), 10) + 1, length)
    return np.clip(np.where(chance.random(length) < 0.5, near, between), least, most).astype(np.int64)


def _edges(metric: Metric, rules: MarketBook, book: Book) -> set[int]:
    """Stored values at which something about the metric changes."""
    found = {0, metric.scale} | scored_edges(metric, rules)
    for condition in tier_conditions(rules):
        if metric.name in condition.names:
            found.update(round(value * metric.scale) for value in numbers(condition.node))
    return {value for value in found if abs(value) <= 2**52}


def _states(rules: MarketBook, moment: Moment, chance: np.random.Generator) -> States:
    """Half of the customers have a stored tier, since some day of the last year."""
    states = States.first(_CUSTOMERS, len(rules.campaigns.triggers))
    rated = chance.random(_CUSTOMERS) < 0.5
    tier = np.where(rated, chance.integers(0, len(rules.tiers), _CUSTOMERS), NONE).astype(np.int16)
    since = np.where(rated, moment.day - chance.integers(1, 366, _CUSTOMERS), NO_DAY).astype(np.int32)
    return replace(states, tier=tier, since=since, effective=tier, effective_since=since)


def _witness(metric: Metric, values: tuple[int, int], found: list[Text]) -> Text:
    """A customer that shows it."""
    less, more = (shown_value(metric, value) for value in values)
    before, after = found
    return Text(
        f"A customer with {metric.name} {less} is {before.en}, with {more} it would be {after.en}.",
        f"{metric.name} 为 {less} 时是 {before.zh}，为 {more} 时变为 {after.zh}。",
    )


def shown_value(metric: Metric, value: int) -> str:
    """A stored number as rule files write it."""
    return f"{Decimal(value) / metric.scale:f}"
