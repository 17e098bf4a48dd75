"""Checks that more of a metric never lowers the tier, on made-up customers at the edges of the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np

from engine.campaigns import Campaigns
from engine.decisions import NO_DAY, NONE, Moment, States, decide
from engine.expressions.columns import CAUSE_CODE, Column, Integers
from engine.expressions.tree import Bins, Curve, Expression, Number
from engine.metrics import FromExpression, Metric, second_pass
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.checks import NeverLowers
from engine.trials.found import tier_name
from engine.trials.frames import moment_of
from engine.vocabulary import Text, Unit, UnknownCause

_CUSTOMERS: Final = 3_000
_SEED: Final = 20_260_101
_UNKNOWN_SHARE: Final = 0.12
_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]
_MOST: Final = {Unit.PROBABILITY: 1_000_000, Unit.POINTS: 1_000_000, Unit.BOOL: 1}


def check_never_lowers(book: Book, invariant: NeverLowers) -> Text | None:
    """Decide made-up customers twice, the second time with more (or less) of one metric.

    Half of them have a stored tier. Values are drawn from the edges of curves, bins and conditions and
    their neighbours, and from between; some are unknown. The draw is the same every time.

    Returns:
        None if nobody's tier fell; otherwise a customer whose tier did.
    """
    # Only what leads to the tier: no risk bands, stages, tags or campaigns.
    rules = replace(book.markets[invariant.market], risk=None, lifecycle=(), campaigns=Campaigns((), (), None))
    moment = moment_of(date(2026, 12, 1), book.timezone)
    chance = np.random.default_rng(_SEED)
    made = _Made(
        book,
        rules,
        {name: _draw(book.metrics[name], rules, book, chance) for name in sorted(_inputs(book, rules))},
        _states(rules, moment, chance),
        moment,
    )
    metric = book.metrics[invariant.metric]
    one, other = (_values(metric, rules, book, chance) for _ in range(2))
    low, high = np.minimum(one, other), np.maximum(one, other)
    first, second = (low, high) if invariant.more else (high, low)
    before, after = made.tiers(metric, first), made.tiers(metric, second)
    fell = np.flatnonzero((before >= 0) & (after > before))
    if not len(fell):
        return None
    row = int(fell[0])
    return _witness(rules, metric, (int(first[row]), int(second[row])), (int(before[row]), int(after[row])))


@dataclass(frozen=True, slots=True)
class _Made:
    """Made-up customers of one market."""

    book: Book
    rules: MarketBook
    columns: dict[str, Column]
    states: States
    moment: Moment

    def tiers(self, metric: Metric, values: Integers) -> Integers:
        """(customers,) effective tiers with one metric set."""
        known = np.zeros(len(values), np.uint8)
        columns = {**self.columns, metric.name: Column(values, known, metric.unit)}
        rest = [one for one in self.book.metrics.values() if one.name not in columns]
        columns.update(second_pass(rest, columns, len(values), self.moment.day))
        return np.asarray(decide(self.rules, columns, self.states, self.moment).effective, np.int64)


def _inputs(book: Book, rules: MarketBook) -> set[str]:
    """Metrics that tiers depend on and that are not calculated from others."""
    waiting = {criterion.metric for criterion in rules.scorecard.criteria}
    for condition in _conditions(rules):
        waiting.update(name for name in condition.names if name in book.metrics)
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        origin = book.metrics[name].origin
        if isinstance(origin, FromExpression):
            waiting.update(name for name in origin.expression.names if name not in found)
        else:
            found.add(name)
    return found


def _conditions(rules: MarketBook) -> Iterator[Expression]:
    for tier in rules.tiers:
        yield from (gate.when for gate in tier.gates)
        if tier.or_when is not None:
            yield tier.or_when.when
    yield from (rule.when for rule in rules.force)


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


def _values(metric: Metric, rules: MarketBook, book: Book, chance: np.random.Generator) -> Integers:
    """(customers,) stored values: half of them edges of rules and their neighbours, half from between."""
    edges = np.array(sorted(_edges(metric, rules, book)), np.int64)
    least = 0 if metric.low is None else metric.low
    most = min(_MOST.get(metric.unit, 2**53), 2**53 if metric.high is None else metric.high)
    near = chance.choice(edges, _CUSTOMERS) + chance.integers(-1, 2, _CUSTOMERS)
    between = chance.integers(min(int(edges[0]), least), max(2 * int(edges[-1]), 10) + 1, _CUSTOMERS)
    return np.clip(np.where(chance.random(_CUSTOMERS) < 0.5, near, between), least, most).astype(np.int64)


def _edges(metric: Metric, rules: MarketBook, book: Book) -> set[int]:
    """Stored values at which something about the metric changes."""
    found = {0, metric.scale}
    for criterion in rules.scorecard.criteria:
        if criterion.metric == metric.name:
            node = criterion.node
            found.update(node.xs if isinstance(node, Curve) else node.edges if isinstance(node, Bins) else ())
    for condition in _conditions(rules):
        if metric.name in condition.names:
            found.update(round(value * metric.scale) for value in _numbers(condition.node))
    return {value for value in found if abs(value) <= 2**52}


def _numbers(node: object) -> Iterator[float]:
    """Written numbers of an expression."""
    if isinstance(node, Number):
        yield node.value
    elif isinstance(node, tuple):
        for item in node:
            yield from _numbers(item)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _numbers(getattr(node, field.name))


def _states(rules: MarketBook, moment: Moment, chance: np.random.Generator) -> States:
    """Half of the customers have a stored tier, since some day of the last year."""
    states = States.first(_CUSTOMERS, len(rules.campaigns.triggers))
    rated = chance.random(_CUSTOMERS) < 0.5
    tier = np.where(rated, chance.integers(0, len(rules.tiers), _CUSTOMERS), NONE).astype(np.int16)
    since = np.where(rated, moment.day - chance.integers(1, 366, _CUSTOMERS), NO_DAY).astype(np.int32)
    return replace(states, tier=tier, since=since, effective=tier, effective_since=since)


def _witness(rules: MarketBook, metric: Metric, values: tuple[int, int], tiers: tuple[int, int]) -> Text:
    """A customer that shows it."""
    less, more = (f"{Decimal(value) / metric.scale:f}" for value in values)
    before, after = (tier_name(rules, tier) for tier in tiers)
    return Text(
        f"A customer with {metric.name} {less} is {before}, with {more} it would be {after}.",
        f"{metric.name} 为 {less} 时是 {before}，为 {more} 时变为 {after}。",
    )
