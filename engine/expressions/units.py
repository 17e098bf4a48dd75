"""Which units may stand together, and what a calculation with them gives.

COUNT, RATIO and PROBABILITY are pure numbers: they mix with one another and may scale anything. Money,
points, days and months mix only with their own kind. Nothing is ever converted.

    a + b, a - b      one unit, which it keeps; pure numbers of two units give a ratio; date - date gives
                      days, date + days and date - days give a date
    a * b             one of them a pure number; the other's unit
    a / b             one unit: a ratio; by a pure number: keeps its unit, but a count gives a ratio;
                      by days or months (a rate): money stays money, points stay points, a pure number
                      gives a ratio

`None` stands for bare numbers, which take the unit of their neighbour.
"""

from __future__ import annotations

from typing import Final

from engine.expressions.tree import Arithmetic
from engine.vocabulary import Text, Unit

PURE: Final = frozenset({Unit.COUNT, Unit.RATIO, Unit.PROBABILITY})
"""Units without a dimension."""

SPANS: Final = frozenset({Unit.DAYS, Unit.MONTHS})
"""Lengths of time."""

NUMERIC: Final = PURE | SPANS | {Unit.MONEY, Unit.POINTS}
"""Units a bare number can take."""

TITLES: Final = {
    Unit.MONEY: Text("money", "金额"),
    Unit.RATIO: Text("a ratio", "比率"),
    Unit.PROBABILITY: Text("a probability", "概率"),
    Unit.COUNT: Text("a count", "个数"),
    Unit.DAYS: Text("days", "天数"),
    Unit.MONTHS: Text("months", "月数"),
    Unit.POINTS: Text("points", "分数"),
    Unit.BOOL: Text("true or false", "真假值"),
    Unit.TEXT: Text("a text", "文本"),
    Unit.DATE: Text("a date", "日期"),
}


def title(unit: Unit | None) -> Text:
    """A unit in words; None is a bare number.

    >>> title(None).en, title(Unit.DAYS).zh
    ('a number', '天数')
    """
    return Text("a number", "数字") if unit is None else TITLES[unit]


def together(left: Unit | None, right: Unit | None) -> Unit | None:
    """The unit two numbers share when compared, added or chosen between.

    Raises:
        ValueError: They do not fit.

    >>> together(Unit.COUNT, Unit.PROBABILITY), together(None, Unit.DAYS)
    (<Unit.RATIO: 'ratio'>, <Unit.DAYS: 'days'>)
    """
    if left is right or right is None or left is None:
        known = left if right is None else right
        if (left is None) != (right is None) and known not in NUMERIC:
            raise ValueError
        return known
    if left in PURE and right in PURE:
        return Unit.RATIO
    raise ValueError


def calculated(operator: Arithmetic, left: Unit | None, right: Unit | None) -> Unit | None:
    """The unit a calculation gives.

    Raises:
        ValueError: The units do not fit.

    >>> calculated(Arithmetic.DIVIDE, Unit.MONEY, Unit.MONEY)
    <Unit.RATIO: 'ratio'>
    """
    if Unit.DATE in (left, right):
        return _dated(operator, left, right)
    if operator in (Arithmetic.ADD, Arithmetic.SUBTRACT):
        return together(left, right)
    return _product(left, right) if operator is Arithmetic.MULTIPLY else _quotient(left, right)


def fits(unit: Unit, expected: Unit) -> bool:
    """Whether a result may be stored as a metric of a declared type: its own, a pure number as a ratio,
    and a ratio as a probability (both are stored in 0.000001)."""
    return (
        unit is expected
        or (expected is Unit.RATIO and unit in PURE)
        or (expected is Unit.PROBABILITY and unit is Unit.RATIO)
    )


def _dated(operator: Arithmetic, left: Unit | None, right: Unit | None) -> Unit:
    if operator is Arithmetic.SUBTRACT and left is right:
        return Unit.DAYS
    forward = operator is Arithmetic.ADD or (operator is Arithmetic.SUBTRACT and left is Unit.DATE)
    moved = {left, right} - {Unit.DATE}
    if forward and moved and moved <= {Unit.DAYS, None}:
        return Unit.DATE
    raise ValueError


def _product(left: Unit | None, right: Unit | None) -> Unit | None:
    if left is None or right is None:
        return left if right is None else right
    if left in PURE or right in PURE:
        both = left in PURE and right in PURE
        return together(left, right) if both else (right if left in PURE else left)
    raise ValueError


def _quotient(left: Unit | None, right: Unit | None) -> Unit | None:
    if left is None and right is None:
        return None
    pure = left is None or left in PURE
    if left is right or (pure and (right in PURE or right in SPANS)):
        return Unit.RATIO
    if right is None or right in PURE:
        return Unit.RATIO if left is Unit.COUNT else left
    if right in SPANS and left in (Unit.MONEY, Unit.POINTS):
        return left
    raise ValueError
