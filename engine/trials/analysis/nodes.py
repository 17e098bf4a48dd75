"""What the trees of conditions consist of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final

from engine.expressions.meaning import MIRRORED
from engine.expressions.tree import AllOf, AnyOf, Call, Compare, Comparison, Expression, Name, Node, Not, Number, OneOf

ASKS_FOR_ABSENCE: Final = ("known", "missing", "coalesce")
"""Functions that answer although something is unknown."""

_MORE: Final = (Comparison.GREATER, Comparison.GREATER_EQUAL)
_LESS: Final = (Comparison.LESS, Comparison.LESS_EQUAL)


def below(node: object) -> Iterator[object]:
    """A node and every node within it."""
    if isinstance(node, tuple):
        for item in node:
            yield from below(item)
        return
    kind: Any = type(node)
    parts = _parts_of(kind)
    if parts is not None:
        yield node
        for name in parts:
            yield from below(getattr(node, name))


@cache
def _parts_of(kind: type[Any]) -> tuple[str, ...] | None:
    """What a kind of node consists of; None: it is no kind of node."""
    if not is_dataclass(kind) or issubclass(kind, Expression):
        return None
    return tuple(field.name for field in fields(kind))


def names_in(node: object) -> list[str]:
    """Names a node reads, each as often as it stands there."""
    return [one.name for one in below(node) if isinstance(one, Name)]


def calls(node: Node, functions: tuple[str, ...]) -> Iterator[list[str]]:
    """The names within each call of some functions."""
    for one in below(node):
        if isinstance(one, Call) and one.function in functions:
            yield names_in(one)


def only_compared(node: Node, name: str) -> bool:
    """Whether a name stands nowhere but directly beside written numbers."""
    beside = [one for one in _beside(node, name) if one]
    return len(beside) == names_in(node).count(name)


def numbers_beside(node: Node, name: str) -> list[float]:
    """The written numbers a name is compared with."""
    return [number for listed in _beside(node, name) for number in listed]


def _beside(node: Node, name: str) -> Iterator[list[float]]:
    """Of each comparison with a name directly: the written numbers in it."""
    for one in below(node):
        if isinstance(one, Compare):
            for mine, other in ((one.left, one.right), (one.right, one.left)):
                if isinstance(mine, Name) and mine.name == name:
                    yield [other.value] if isinstance(other, Number) else []
        if isinstance(one, OneOf) and isinstance(one.operand, Name) and one.operand.name == name:
            yield [value.value for value in one.values if isinstance(value, Number)]


def bare_comparisons(node: Node) -> Iterator[Compare]:
    """Comparisons of a name with a written number."""
    for one in below(node):
        if isinstance(one, Compare) and {type(one.left), type(one.right)} == {Name, Number}:
            yield one


def only_rises(node: Node, name: str, *, up: bool = True) -> bool:
    """Whether a condition can only come nearer to true (`up` false: to false) as what a name stands for grows."""
    if name not in names_in(node):
        return True
    if isinstance(node, Not):
        return only_rises(node.operand, name, up=not up)
    if isinstance(node, AllOf | AnyOf):
        return all(only_rises(operand, name, up=up) for operand in node.operands)
    if isinstance(node, Compare):
        for mine, operator, other in (
            (node.left, node.operator, node.right),
            (node.right, MIRRORED[node.operator], node.left),
        ):
            if isinstance(mine, Name) and mine.name == name and name not in names_in(other):
                return operator in (_MORE if up else _LESS)
    return isinstance(node, Call) and node.function in ("known", "missing") and isinstance(node.arguments[0], Name)
