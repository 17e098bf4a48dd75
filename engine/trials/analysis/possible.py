"""What conditions may answer for the customers of a box: the third reader of the rules' tree, beside the evaluators.

It never calls something impossible that can happen. What it calls possible may still not happen, because it looks
at each part of a condition alone; the smaller the box, the rarer, and in a box of one customer never.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from engine.expressions.language import SCORE
from engine.expressions.meaning import FIRST_DAY, LAST_DAY, MIRRORED, NUMBERS
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Calculate,
    Call,
    Choose,
    Compare,
    Expression,
    Literal,
    Name,
    Node,
    Not,
    Number,
    OneOf,
)
from engine.metrics import FromExpression, Metric
from engine.trials.analysis.ranges import (
    ANY,
    FALSE,
    NOTHING,
    TRUE,
    UNKNOWN,
    Numbers,
    Range,
    Words,
    absolute,
    agree,
    among,
    applied,
    calculated,
    compared,
    conjunction,
    disjunction,
    either,
    first_known,
    may_agree,
    may_be_known,
    may_be_unknown,
    negated,
    rising,
    with_unknown,
)
from engine.trials.analysis.scores import ScoreRange, score_compared
from engine.trials.analysis.spans import Box, Span
from engine.vocabulary import EXACT_LIMIT, YEARS, Unit

_EPOCH: Final = date(1970, 1, 1).toordinal()
_TODAY: Final = Numbers(date(YEARS[0], 1, 1).toordinal() - _EPOCH, date(YEARS[1], 12, 31).toordinal() - _EPOCH)
"""A rule must hold on whatever day it is read."""

_NUMBERS: Final[Mapping[str, Callable[..., Any]]] = NUMBERS

_RISING: Final = ("min", "max", "round", "floor", "ceil", "clamp")


class Possible:
    """What names and conditions may be in one box.

    Attributes:
        score_cuts: Scores at which the ladder may change, the first ones of their cells.
        reads: Nodes looked at, counted together with everything that sees the same box.
        memo: What was found out about spans of single metrics; a search shares it among its boxes.
    """

    def __init__(
        self,
        metrics: Mapping[str, Metric],
        box: Box,
        score: ScoreRange | None = None,
        given: Mapping[str, Range] | None = None,
        score_cuts: Sequence[int] = (),
    ) -> None:
        self.metrics = metrics
        self.score_cuts = score_cuts
        self.box = box
        self.score = score
        self.reads = [0]
        self._given = frozenset(given or ())
        self._answers: dict[int, int] = {}
        self.memo: dict[object, object] = {}
        self._values: dict[str, Range] = dict(given or {})

    def seeing(self, score: ScoreRange | None = None, given: Mapping[str, Range] | None = None) -> Possible:
        """The same box, with a score or with names that a decision gives."""
        more = Possible(self.metrics, self.box, score, {**self._values, **(given or {})}, self.score_cuts)
        more.reads, more.memo, more._answers = self.reads, self.memo, self._answers
        return more

    def elsewhere(self, box: Box) -> Possible:
        """Another box with the same given names."""
        given = {name: self._values[name] for name in self._given}
        other = Possible(self.metrics, box, None, given, self.score_cuts)
        other.reads, other.memo = self.reads, self.memo
        return other

    def of_facts(self, condition: Expression) -> int:
        """What a condition of the tiers may answer; looked at once where it does not read the score."""
        if SCORE in condition.names:
            return self.truths(condition.node)
        key = id(condition)
        if key not in self._answers:
            self._answers[key] = self.truths(condition.node)
        return self._answers[key]

    def truths(self, node: Node) -> int:
        """What a condition may answer."""
        found = self.value(node)
        assert isinstance(found, int)
        return found

    def value(self, node: Node) -> Range:
        """What a node may give."""
        self.reads[0] += 1
        return _READERS[type(node)](self, node)

    def stored(self, name: str) -> Span:
        """Stored values a metric may have; of a calculated one within what it may give."""
        if name in self.box:
            return self.box[name]
        metric = self.metrics[name]
        value = self._named(name, metric.unit)
        if not isinstance(value, Numbers) or not value.known:
            return Span(0, 0, known=False, unknown=True)
        low, high = (round(end * metric.scale) for end in (value.low, value.high))
        return Span(low, high, True, value.unknown)

    def _named(self, name: str, unit: Unit) -> Range:
        if name not in self._values:
            metric = self.metrics.get(name)
            span = self.box.get(name)
            if span is not None:
                self._values[name] = of_span(span, unit, 1 if metric is None else metric.scale)
            elif metric is not None and isinstance(metric.origin, FromExpression):
                self._values[name] = _stored(metric, self.value(metric.origin.expression.node))
            else:
                self._values[name] = _nothing(unit)
        return self._values[name]

    def _name(self, node: Name) -> Range:
        if node.name == SCORE and self.score is not None:
            return self.score.numbers
        return self._named(node.name, node.unit)

    def _number(self, node: Number) -> Range:
        return Numbers(node.value, node.value)

    def _literal(self, node: Literal) -> Range:
        if node.unit is Unit.BOOL:
            return TRUE if node.value else FALSE
        return (
            Words(frozenset({str(node.value)}))
            if node.unit is Unit.TEXT
            else Numbers(float(node.value), float(node.value))
        )

    def _not(self, node: Not) -> Range:
        return negated(self.truths(node.operand))

    def _all(self, node: AllOf) -> Range:
        return conjunction(self.truths(operand) for operand in node.operands)

    def _any(self, node: AnyOf) -> Range:
        return disjunction(self.truths(operand) for operand in node.operands)

    def _compare(self, node: Compare) -> Range:
        if self.score is not None:
            for mine, operator, other in (
                (node.left, node.operator, node.right),
                (node.right, MIRRORED[node.operator], node.left),
            ):
                if isinstance(mine, Name) and mine.name == SCORE:
                    return score_compared(self.score, operator, self.value(other))
        return compared(node.operator, self.value(node.left), self.value(node.right))

    def _one_of(self, node: OneOf) -> Range:
        values = [self.value(value) for value in node.values]
        truths = among(self.value(node.operand), values)
        if self.score is not None and isinstance(node.operand, Name) and node.operand.name == SCORE:
            truths = ANY if self.score.opened else truths
        return negated(truths) if node.negated else truths

    def _calculate(self, node: Calculate) -> Range:
        left, right = self.value(node.left), self.value(node.right)
        assert isinstance(left, Numbers)
        assert isinstance(right, Numbers)
        return calculated(node.operator, left, right)

    def _choose(self, node: Choose) -> Range:
        condition = self.truths(node.condition)
        value, otherwise = self.value(node.value), self.value(node.otherwise)
        if condition == TRUE:
            return value
        if condition == FALSE:
            return otherwise
        found = either(value, otherwise)
        if condition == UNKNOWN and not may_agree(value, otherwise):
            return _nothing(node.unit)
        return with_unknown(found) if condition & UNKNOWN and not agree(value, otherwise) else found

    def _call(self, node: Call) -> Range:
        values = [self.value(argument) for argument in node.arguments]
        if node.function in ("known", "missing"):
            known = (TRUE if may_be_known(values[0]) else 0) | (FALSE if may_be_unknown(values[0]) else 0)
            if self.score is not None and isinstance(node.arguments[0], Name) and node.arguments[0].name == SCORE:
                known = (TRUE if self.score.known else 0) | (FALSE if self.score.unknown else 0)
            return known if node.function == "known" else negated(known)
        if node.function == "coalesce":
            return first_known(values)
        return _called(node.function, [value for value in values if isinstance(value, Numbers)])


def of_span(span: Span, unit: Unit, scale: int) -> Range:
    """A span of stored values as rules read them."""
    if unit is Unit.TEXT:
        return Words(frozenset(span.texts[span.low : span.high + 1]) if span.known else frozenset(), span.unknown)
    if unit is Unit.BOOL:
        truths = (TRUE if span.high else 0) | (0 if span.low else FALSE) if span.known else 0
        return truths | (UNKNOWN if span.unknown else 0)
    return Numbers(span.low / float(scale), span.high / float(scale), span.known, span.unknown)


def _stored(metric: Metric, value: Range) -> Range:
    """A calculated value as it is stored and read again: rounded to its scale, unknown beyond its bounds."""
    if isinstance(value, Words):
        if not metric.values:
            return value
        return Words(
            value.texts & frozenset(metric.values), value.unknown or bool(value.texts - frozenset(metric.values))
        )
    if isinstance(value, int) or not value.known:
        return value
    scale = float(metric.scale)
    least = -EXACT_LIMIT if metric.low is None else metric.low
    most = EXACT_LIMIT if metric.high is None else metric.high
    low, high = (min(max(end * scale, -4.0 * EXACT_LIMIT), 4.0 * EXACT_LIMIT) for end in (value.low, value.high))
    first, last = round(low), round(high)
    unknown = value.unknown or first < least or last > most
    first, last = max(first, least), min(last, most)
    return Numbers(first / scale, last / scale, True, unknown) if first <= last else NOTHING


def _nothing(unit: Unit) -> Range:
    if unit is Unit.BOOL:
        return UNKNOWN
    return Words(frozenset(), unknown=True) if unit is Unit.TEXT else NOTHING


def _called(function: str, given: list[Numbers]) -> Range:
    if function in _RISING:
        return rising(_NUMBERS[function], given)
    if function == "abs":
        return absolute(given[0])
    if function == "days_since":
        return applied(lambda today, day: today - day, [_TODAY, given[0]])
    if function == "in_last":
        unknown = UNKNOWN if any(may_be_unknown(one) for one in given) else 0
        return unknown | (TRUE | FALSE if all(one.known for one in given) else 0)
    return _months(given)


def _months(given: list[Numbers]) -> Numbers:
    """Months between two dates: the later the end and the earlier the start, the more."""
    if not all(one.known for one in given):
        return NOTHING
    inside = all(one.low >= FIRST_DAY and one.high <= LAST_DAY for one in given)
    clipped = [Numbers(max(one.low, FIRST_DAY), min(one.high, LAST_DAY)) for one in given]
    if any(one.low > one.high for one in clipped):
        return NOTHING
    found = applied(_NUMBERS["months_between"], clipped)
    return Numbers(found.low, found.high, True, not inside or any(one.unknown for one in given))


_READERS: Final[Mapping[type, Callable[[Possible, Any], Range]]] = {
    Number: Possible._number,
    Literal: Possible._literal,
    Name: Possible._name,
    Not: Possible._not,
    AllOf: Possible._all,
    AnyOf: Possible._any,
    Compare: Possible._compare,
    OneOf: Possible._one_of,
    Calculate: Possible._calculate,
    Choose: Possible._choose,
    Call: Possible._call,
}
