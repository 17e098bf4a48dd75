"""What a customer's metrics may be: the bounds of each metric, the values where rules change, and boxes of them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from engine.expressions.language import SCORE
from engine.expressions.meaning import FIRST_DAY, LAST_DAY
from engine.expressions.tree import Expression, Literal
from engine.metrics import OCCURRED_AT, FromExpression, FromRecords, Metric
from engine.rulebook.book import Book, MarketBook
from engine.trials.analysis.nodes import below, numbers_beside
from engine.trials.edges import all_conditions, base_metrics, numbers, scored_edges, tier_conditions
from engine.vocabulary import EXACT_LIMIT, POINTS_SCALE, SHARE_SCALE, Unit

_COUNTING: Final = ("count", "count_distinct", "median_gap", "last_gap")
TIER: Final = "tier"
"""The effective tier, where it may be any one: stability and overrides can make it so (but not UNRATED)."""

PROVISIONAL: Final = "provisional"
"""Whether the tier is provisional, which makes it unknown to campaigns."""

_OTHERS: Final = ("another text", "a third text")
"""Stand for all texts that no rule names; two, because two metrics may differ in them."""


@dataclass(frozen=True, slots=True)
class Span:
    """What a metric may be: a stored number from `low` to `high` (for texts an index), or unknown."""

    low: int
    high: int
    known: bool = True
    unknown: bool = False
    texts: tuple[str, ...] = ()


Box = Mapping[str, Span]
"""What each metric may be; one that is not there is unknown."""


@dataclass(frozen=True)
class Space:
    """Everything the customers of one market may be.

    Attributes:
        box: The whole span of every metric that is not calculated from others, and of the tier.
        cuts: Stored values at which something may change: the first one of each cell, rising; of the score, too.
        asked: What conditions read, not only the scorecard.
    """

    box: Mapping[str, Span]
    cuts: Mapping[str, tuple[int, ...]]
    asked: frozenset[str]

    def over(self, names: Iterable[str], *, unknown: bool = True) -> dict[str, Span]:
        """The whole box of some metrics; without `unknown` all of them have values."""
        spans = self._perhaps if unknown else self._surely
        return {name: spans[name] for name in sorted(names)}

    @cached_property
    def _surely(self) -> dict[str, Span]:
        """The whole span of every metric where it has a value."""
        return {name: replace(span, unknown=False) for name, span in self.box.items()}

    @cached_property
    def _perhaps(self) -> dict[str, Span]:
        """The same, or unknown; a tier is there always."""
        always = (TIER, PROVISIONAL)
        return {name: replace(span, unknown=name not in always) for name, span in self._surely.items()}

    def halves(self, name: str, span: Span) -> tuple[Span, Span] | None:
        """A span in two: what has a value and what has none, else at a cut, else in the middle; None: one value."""
        if span.known and span.unknown:
            return replace(span, unknown=False), Span(0, 0, known=False, unknown=True, texts=span.texts)
        if not span.known or span.low == span.high:
            return None
        at = self.middle_cut(name, span)
        if at is None:
            at = _middle(span.low, span.high)
        return replace(span, high=at - 1), replace(span, low=at)

    def middle_cut(self, name: str, span: Span) -> int | None:
        """The middle one of the cuts within a span; None: nothing is known to change within it."""
        cuts = self.cuts[name]
        first, last = bisect_right(cuts, span.low), bisect_left(cuts, span.high + 1)
        return cuts[(first + last) // 2] if first < last else None

    def cells(self, name: str, span: Span) -> int:
        """In how many cells a span lies."""
        cuts = self.cuts[name]
        inside = bisect_left(cuts, span.high + 1) - bisect_right(cuts, span.low) + 1 if span.known else 0
        return inside + span.unknown

    def samples(self, name: str) -> tuple[int, ...]:
        """Values of every cell of a metric: its first and its last, rising; none beyond what is usual."""
        span = self.box[name]
        cuts = self.cuts[name]
        far = max(map(abs, cuts), default=0) * 2 + 10
        low, high = max(span.low, cuts[0] - 1), min(span.high, far)
        found = {low, high, *cuts, *(cut - 1 for cut in cuts)}
        return tuple(sorted(value for value in found if low <= value <= high))


def space_of(book: Book, rules: MarketBook) -> Space:
    """The space of a market's customers: every metric its rules read."""
    conditions = list(all_conditions(rules))
    named = {criterion.metric for criterion in rules.scorecard.criteria}
    named.update(name for condition in conditions for name in condition.names)
    if rules.risk is not None:
        named.add(rules.risk.metric)
    seen = _through(book, named)
    readers = [*conditions, *(one.origin.expression for one in seen if isinstance(one.origin, FromExpression))]
    edges = _edges(book, rules, readers)
    texts = _texts(book, readers)
    box, cuts = {}, {}
    for name in base_metrics(book, named):
        metric = book.metrics[name]
        low, high = bounds_of(metric) if metric.unit is not Unit.TEXT else (0, len(texts[name]) - 1)
        box[name] = Span(low, high, texts=texts.get(name, ()))
        inside = {cut for edge in edges[name] for cut in edge if low < cut <= high}
        cuts[name] = tuple(range(1, high + 1)) if texts.get(name) else tuple(sorted(inside))
    asked = base_metrics(book, {name for condition in conditions for name in condition.names}) | {TIER, PROVISIONAL}
    keys = tuple(tier.key for tier in rules.tiers)
    box[TIER], cuts[TIER] = Span(0, len(keys) - 1, texts=keys), tuple(range(1, len(keys)))
    box[PROVISIONAL], cuts[PROVISIONAL] = Span(0, 1), (1,)
    cuts[SCORE] = _score_cuts(rules)
    return Space(
        box, {name: found or (box[name].low,) for name, found in cuts.items() if found or name in box}, frozenset(asked)
    )


def _score_cuts(rules: MarketBook) -> tuple[int, ...]:
    """Scores at which a tier or a condition may change: the first of each cell."""
    found = {tier.at_least for tier in rules.tiers if tier.at_least is not None}
    for condition in tier_conditions(rules):
        if SCORE in condition.names:
            for number in numbers_beside(condition.node, SCORE):
                scaled = min(max(number, -1.0), 101.0) * POINTS_SCALE
                found |= {math.ceil(scaled), math.floor(scaled) + 1}
    return (0, *sorted(cut for cut in found if cut > 0))


def bounds_of(metric: Metric) -> tuple[int, int]:
    """The least and greatest stored value a metric can have; of what is calculated, unless declared, any number."""
    low, high = -EXACT_LIMIT, EXACT_LIMIT
    if metric.unit is Unit.DATE:
        low, high = FIRST_DAY, LAST_DAY
    if metric.unit is Unit.BOOL:
        low, high = 0, 1
    origin = metric.origin
    if not isinstance(origin, FromExpression):
        added = isinstance(origin, FromRecords) and origin.take.function == "sum"
        if metric.unit in (Unit.PROBABILITY, Unit.POINTS) and not added:
            low, high = 0, SHARE_SCALE if metric.unit is Unit.PROBABILITY else 100 * POINTS_SCALE
        if isinstance(origin, FromRecords) and (origin.take.function in _COUNTING or _past(origin)):
            low = 0
    return (
        low if metric.low is None else max(low, metric.low),
        high if metric.high is None else min(high, metric.high),
    )


def _past(origin: FromRecords) -> bool:
    """Time since records occurred: only records of before the instant asked about are selected."""
    return origin.take.function in ("days_since", "months_since") and origin.take.field == OCCURRED_AT


def _through(book: Book, names: Iterable[str]) -> list[Metric]:
    """The metrics of some names and all they are calculated from."""
    waiting, found = [name for name in names if name in book.metrics], {}
    while waiting:
        metric = book.metrics[waiting.pop()]
        if metric.name not in found:
            found[metric.name] = metric
            if isinstance(metric.origin, FromExpression):
                waiting.extend(metric.origin.expression.names)
    return list(found.values())


def _edges(book: Book, rules: MarketBook, readers: list[Expression]) -> dict[str, set[tuple[int, int]]]:
    """By metric: for every number that something compares it with, the first value at it and the first above."""
    found: dict[str, set[tuple[int, int]]] = {name: {(0, 1)} for name in book.metrics}
    for metric in book.metrics.values():
        at = scored_edges(metric, rules)
        if rules.risk is not None and rules.risk.metric == metric.name:
            at |= set(rules.risk.edges)
        found[metric.name].update((edge, edge + 1) for edge in at)
    for condition in readers:
        written = set(numbers(condition.node)) | set(_dates(condition.node))
        for name in base_metrics(book, condition.names):
            scale = book.metrics[name].scale
            scaled = [value * scale for value in written if abs(value * scale) < EXACT_LIMIT]
            found[name].update((math.ceil(value), math.floor(value) + 1) for value in scaled)
    return found


def _texts(book: Book, readers: list[Expression]) -> dict[str, tuple[str, ...]]:
    """By text metric: the texts it may have; undeclared: those some rule names, and others."""
    named = sorted({text for condition in readers for text in _written_texts(condition.node)})
    free = (*named, *_OTHERS)
    return {one.name: one.values or free for one in book.metrics.values() if one.unit is Unit.TEXT}


def _literals(node: object) -> Iterator[Literal]:
    return (one for one in below(node) if isinstance(one, Literal))


def _dates(node: object) -> Iterator[int]:
    return (int(one.value) for one in _literals(node) if one.unit is Unit.DATE)


def _written_texts(node: object) -> Iterator[str]:
    return (str(one.value) for one in _literals(node) if one.unit is Unit.TEXT)


def _middle(low: int, high: int) -> int:
    """Where to part a span without cuts: at zero, else by magnitude, else in the middle; low < it ≤ high."""
    if low < 0 < high or low == 0:
        return 1 if low == 0 else 0
    if high == 0:
        return 0
    size = abs(high) if low > 0 else abs(low)
    least = abs(low) if low > 0 else abs(high)
    if size > 16 * least:
        middle = math.isqrt(size * least)
        return max(low + 1, middle if low > 0 else -middle)
    return (low + high) // 2 + 1
