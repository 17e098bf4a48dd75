"""How far a number of a rule is moved to see whether a test notices: one step, up and down.

A step is one day, month, order or point, 0.01 of a ratio or probability, and one percent of an amount of money.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, Final

from engine.expressions.tree import Arithmetic, Calculate, Compare, Literal, Node, Number, OneOf
from engine.expressions.written import written
from engine.vocabulary import Unit

_HUNDREDTHS: Final = (Unit.RATIO, Unit.PROBABILITY)
_SHOWN: Final = (Compare, OneOf)


def stored_step(unit: Unit, scale: int, value: int, around: int = 0) -> int:
    """The step of a stored number.

    Args:
        scale: Stored units per unit.
        around: For an amount of nothing: another amount beside it.

    >>> stored_step(Unit.MONEY, 100, 3_000_000), stored_step(Unit.RATIO, 1_000_000, 150_000)
    (30000, 10000)
    """
    if unit is Unit.MONEY:
        return max(abs(value or around) // 100, 1)
    return max(scale // 100, 1) if unit in _HUNDREDTHS else scale


def moved(node: Node) -> Iterator[tuple[str, str, Node]]:
    """An expression with one of its written numbers or dates moved by a step, for each of them, up and down.

    Yields:
        The comparison the number stands in (without one: the whole), the same moved, and the whole moved.

    >>> from engine.expressions.tree import Comparison, Name
    >>> debt = Compare(Name("debt", Unit.DAYS), Comparison.GREATER, Number(180.0, Unit.DAYS))
    >>> [(before, after) for before, after, _ in moved(debt)]
    [('debt > 180', 'debt > 181'), ('debt > 180', 'debt > 179')]
    """
    for before, after, whole in _moved(node, factor=False):
        inner = isinstance(before, _SHOWN)
        yield written(before if inner else node), written(after if inner else whole), whole


def _moved(node: Any, *, factor: bool) -> Iterator[tuple[Node, Node, Any]]:
    """The innermost comparison (or the number itself) before and after, and the node with it."""
    if isinstance(node, Number | Literal):
        yield from ((node, other, other) for other in _leaves(node, factor=factor))
        return
    scaling = isinstance(node, Calculate) and node.operator in (Arithmetic.MULTIPLY, Arithmetic.DIVIDE)
    for part, rebuilt in _parts(node):
        for before, after, other in _moved(part, factor=scaling):
            whole = rebuilt(other)
            if isinstance(node, _SHOWN) and not isinstance(before, _SHOWN):
                yield node, whole, whole
            else:
                yield before, after, whole


def _leaves(node: Number | Literal, *, factor: bool) -> Iterator[Node]:
    """A written number, or a date, a step up and down."""
    if isinstance(node, Number):
        value = Decimal(repr(node.value))
        step = _step(node, value, factor=factor)
        yield from (replace(node, value=float(other)) for other in (value + step, value - step))
    elif node.unit is Unit.DATE:
        yield from (replace(node, value=int(node.value) + days) for days in (1, -1))


def _parts(node: Any) -> Iterator[tuple[Any, Callable[[Any], Any]]]:
    """What a node is made of, each with the way to put another in its place."""
    for field in fields(node) if is_dataclass(node) and not isinstance(node, type) else ():
        value = getattr(node, field.name)
        if isinstance(value, tuple):
            for index, item in enumerate(value):
                yield item, partial(_with_item, node, field.name, index)
        elif not _is_sign(node, field.name):
            yield value, partial(_with_field, node, field.name)


def _with_field(node: Any, name: str, other: Any) -> Any:
    return replace(node, **{name: other})


def _with_item(node: Any, name: str, index: int, other: Any) -> Any:
    items = getattr(node, name)
    return replace(node, **{name: (*items[:index], other, *items[index + 1 :])})


def _is_sign(node: object, name: str) -> bool:
    """The zero that a minus sign before a name is lowered to: nobody wrote it."""
    if not isinstance(node, Calculate) or node.operator is not Arithmetic.SUBTRACT:
        return False
    return name == "left" and isinstance(node.left, Number) and node.left.value == 0


def _step(number: Number, value: Decimal, *, factor: bool) -> Decimal:
    """The step of a written number; whole factors, which people count by, move by one."""
    if number.unit is Unit.MONEY and not factor:
        return abs(value) / 100 if value else Decimal(1)
    if number.unit in _HUNDREDTHS or factor:
        return Decimal(1) if factor and value == value.to_integral_value() else Decimal("0.01")
    return Decimal(1)
