"""Where conditions and points change while one metric moves and all others stay.

A comparison changes where its two sides meet. That is turned round through sums, products, choices and the functions
that only rise or only fall; where the metric stands on both sides, or twice on one, it cannot be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from engine.decisions.explanation.anatomy import names_in, parts_of
from engine.decisions.explanation.case import Case
from engine.errors import Place
from engine.expressions import Expression, Tracer
from engine.expressions.language import SCORE
from engine.expressions.tree import (
    Arithmetic,
    Bins,
    Calculate,
    Call,
    Choose,
    Compare,
    Curve,
    Name,
    Node,
    OneOf,
)
from engine.metrics import FromExpression, Metric
from engine.vocabulary import Unit

Turn = float | None
"""A stored value of the metric at which something may change, not rounded; None: there may be some that is not told."""

_KEEPS_ORDER: Final = frozenset({"min", "max", "clamp", "coalesce"})
_ROUNDS: Final = frozenset({"round", "floor", "ceil"})
_KNOWS: Final = frozenset({"known", "missing"})
_NOWHERE: Final = Place("", 1, 1)
_NEAR: Final = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""How far from a whole number a number may be that is rounded to it, and the next one."""


@dataclass(frozen=True)
class Turns:
    """Finds them for one customer and one metric."""

    case: Case
    name: str

    def of_condition(self, node: Node) -> Iterator[Turn]:
        """Where a condition, or how a number is calculated, may change."""
        if not self._reads(node):
            return
        if isinstance(node, Name):
            yield from self._of_name(node)
            return
        for part in parts_of(node):
            yield from self.of_condition(part)
        match node:
            case Compare():
                yield from self._meeting(node)
            case OneOf():
                for value in node.values:
                    yield from self._crossing(node.operand, self._value(value))
            case Calculate(operator=Arithmetic.DIVIDE):
                yield from self._crossing(node.right, 0.0)  # unknown there
            case Call() if node.function not in _KEEPS_ORDER | _ROUNDS | _KNOWS | {"abs"}:
                yield None

    def of_points(self, metric: Metric, node: Curve | Bins) -> Iterator[Turn]:
        """Where the points of a criterion bend."""
        edges = node.edges if isinstance(node, Bins) else node.xs
        if metric.name == self.name:
            yield from map(float, edges)
        else:
            read = Name(metric.name, metric.unit, metric.scale)
            yield from self.of_condition(read)
            for edge in edges:
                yield from self._crossing(read, edge / metric.scale)

    def _of_name(self, node: Name) -> Iterator[Turn]:
        if node.name == self.name:
            if node.unit is Unit.BOOL:
                yield 1.0
            return
        metric = self.case.book.metrics[node.name]
        assert isinstance(metric.origin, FromExpression)
        yield from self.of_condition(metric.origin.expression.node)
        for bound in (metric.low, metric.high):
            if bound is not None:
                yield from self._crossing(node, bound / metric.scale)

    def _meeting(self, node: Compare) -> Iterator[Turn]:
        left, right = self._reads(node.left), self._reads(node.right)
        if left and right:
            yield None
        elif left:
            yield from self._crossing(node.left, self._value(node.right), SCORE in names_in(node.right))
        else:
            yield from self._crossing(node.right, self._value(node.left), SCORE in names_in(node.left))

    def _crossing(self, node: Node, target: float | None, moving: bool = False) -> Iterator[Turn]:
        """Where a node gives a number. `moving`: the number is not the same for every change."""
        if moving:
            yield None
        if target is None or not math.isfinite(target) or not self._reads(node):
            return
        match node:
            case Name():
                yield from self._named(node, target)
            case Calculate():
                yield from self._calculated(node, target)
            case Choose():
                yield from self._crossing(node.value, target)
                yield from self._crossing(node.otherwise, target)
            case Call():
                yield from self._called(node, target)

    def _named(self, node: Name, target: float) -> Iterator[Turn]:
        if node.name == self.name:
            yield target * node.scale
            return
        metric = self.case.book.metrics[node.name]
        assert isinstance(metric.origin, FromExpression)
        half = 0.5 / metric.scale  # what is calculated is rounded to the metric's scale
        for raw in (target - half, target, target + half):
            yield from self._crossing(metric.origin.expression.node, raw)

    def _calculated(self, node: Calculate, target: float) -> Iterator[Turn]:
        left, right = self._reads(node.left), self._reads(node.right)
        if left and right:
            yield None
            return
        moving, other = (node.left, node.right) if left else (node.right, node.left)
        turned = _TURNED[node.operator, left]
        value = self._value(other)
        if value is None:
            return
        try:
            yield from self._crossing(moving, turned(target, value))
        except ZeroDivisionError:
            return  # it never gives that number

    def _called(self, node: Call, target: float) -> Iterator[Turn]:
        reading = [argument for argument in node.arguments if self._reads(argument)]
        if len(reading) > 1:
            yield None
        if node.function in _KEEPS_ORDER:
            targets: tuple[float, ...] = (target,)
        elif node.function in _ROUNDS:
            targets = tuple(target + near for near in _NEAR)
        elif node.function == "abs":
            targets = (target, -target, 0.0)
        else:
            return  # told as a condition
        for argument in reading:
            for each in targets:
                yield from self._crossing(argument, each)

    def _reads(self, node: Node) -> bool:
        return self.name in self.case.anatomy.all_behind(names_in(node))

    @cached_property
    def _tracer(self) -> Tracer:
        return Tracer(self.case.facts, day=self.case.moment.day)

    def _value(self, node: Node) -> float | None:
        """What a node gives now; None: it is unknown, or no number."""
        value = self._tracer.value(Expression("", node, Unit.RATIO, (), _NOWHERE)).value
        return None if value is None or isinstance(value, str) else float(value)


_TURNED: Final[dict[tuple[Arithmetic, bool], Callable[[float, float], float]]] = {
    (Arithmetic.ADD, True): lambda target, other: target - other,
    (Arithmetic.ADD, False): lambda target, other: target - other,
    (Arithmetic.SUBTRACT, True): lambda target, other: target + other,
    (Arithmetic.SUBTRACT, False): lambda target, other: other - target,
    (Arithmetic.MULTIPLY, True): lambda target, other: target / other,
    (Arithmetic.MULTIPLY, False): lambda target, other: target / other,
    (Arithmetic.DIVIDE, True): lambda target, other: target * other,
    (Arithmetic.DIVIDE, False): lambda target, other: other / target,
}
"""The number the moving side must give, from the number asked for and the other side; by whether it is the left."""
