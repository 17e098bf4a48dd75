"""Where rules change their mind: the conditions of a market, what they read, and the numbers written in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from engine.expressions.tree import Bins, Curve, Expression, Number
from engine.metrics import FromExpression, Metric
from engine.rulebook.book import Book, MarketBook


def tier_conditions(rules: MarketBook) -> Iterator[Expression]:
    """The conditions that tiers depend on: gates, `or_when`, force rules."""
    for tier in rules.tiers:
        yield from (gate.when for gate in tier.gates)
        if tier.or_when is not None:
            yield tier.or_when.when
    yield from (rule.when for rule in rules.force)


def all_conditions(rules: MarketBook) -> Iterator[Expression]:
    """Every condition of a market: of tiers, stages, campaigns and tags."""
    yield from tier_conditions(rules)
    yield from (line.when for line in rules.lifecycle if line.when is not None)
    yield from (trigger.when for trigger in rules.campaigns.triggers)
    yield from (tag.when for tag in rules.campaigns.tags)


def tier_metrics(book: Book, rules: MarketBook) -> set[str]:
    """Metrics that tiers depend on and that are not calculated from others."""
    named = {criterion.metric for criterion in rules.scorecard.criteria}
    named.update(name for condition in tier_conditions(rules) for name in condition.names)
    return base_metrics(book, named)


def base_metrics(book: Book, names: Iterable[str]) -> set[str]:
    """The metrics among some names, each calculated one replaced by those it is calculated from."""
    waiting = {name for name in names if name in book.metrics}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        origin = book.metrics[name].origin
        if isinstance(origin, FromExpression):
            waiting.update(read for read in origin.expression.names if read not in found)
        else:
            found.add(name)
    return found


def scored_edges(metric: Metric, rules: MarketBook) -> set[int]:
    """Stored values of a metric at which its points change their course."""
    found: set[int] = set()
    for criterion in rules.scorecard.criteria:
        if criterion.metric == metric.name:
            node = criterion.node
            found.update(node.xs if isinstance(node, Curve) else node.edges if isinstance(node, Bins) else ())
    return found


def numbers(node: object) -> Iterator[float]:
    """Written numbers of an expression."""
    if isinstance(node, Number):
        yield node.value
    elif isinstance(node, tuple):
        for item in node:
            yield from numbers(item)
    elif is_dataclass(node):
        for field in fields(node):
            yield from numbers(getattr(node, field.name))
