"""What an expression may give while its metrics are only known to lie between bounds.

Bounds are doubles. Every operation of the language is rounded once and rounding never changes an order, so the
same operation on the ends of two ranges bounds everything between them: what lies outside cannot happen.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.expressions.tree import Arithmetic, Comparison

FALSE: Final = 1
TRUE: Final = 2
UNKNOWN: Final = 4
ANY: Final = FALSE | TRUE | UNKNOWN
"""Truths a condition may have: a sum of these."""

_LARGEST: Final = math.nextafter(math.inf, 0)
_SMALLEST: Final = math.nextafter(0, 1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers from `low` to `high`, both included; `known`, `unknown`: whether it may be either."""

    low: float
    high: float
    known: bool = True
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """One of some texts, and whether it may be unknown."""

    texts: frozenset[str]
    unknown: bool = False


Range = Numbers | Words | int
"""What a node may give; a condition's is a sum of truths."""

NOTHING: Final = Numbers(0.0, 0.0, known=False, unknown=True)
"""Unknown throughout."""


def may_be_known(value: Range) -> bool:
    """Whether it may have a value."""
    if isinstance(value, Numbers):
        return value.known
    return bool(value.texts) if isinstance(value, Words) else bool(value & (FALSE | TRUE))


def may_be_unknown(value: Range) -> bool:
    """Whether it may have none."""
    return bool(value & UNKNOWN) if isinstance(value, int) else value.unknown


def without_unknown(value: Range) -> Range:
    """The same where it is known."""
    return value & ~UNKNOWN if isinstance(value, int) else replace(value, unknown=False)


def either(one: Range, other: Range) -> Range:
    """Whatever one or the other may give."""
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        if not (one.known and other.known):
            kept = one if one.known else other
            return replace(kept, unknown=one.unknown or other.unknown)
        low, high = min(one.low, other.low), max(one.high, other.high)
        return Numbers(low, high, True, one.unknown or other.unknown)
    if isinstance(one, Words) and isinstance(other, Words):
        return Words(one.texts | other.texts, one.unknown or other.unknown)
    assert isinstance(one, int)
    assert isinstance(other, int)
    return one | other


def with_unknown(value: Range) -> Range:
    """The same, or unknown."""
    return value | UNKNOWN if isinstance(value, int) else replace(value, unknown=True)


def negated(truths: int) -> int:
    """Kleene negation of each."""
    return (truths & UNKNOWN) | (TRUE if truths & FALSE else 0) | (FALSE if truths & TRUE else 0)


def conjunction(operands: Iterable[int]) -> int:
    """Kleene conjunction of every choice of truths."""
    result = TRUE
    for truths in operands:
        false = (result | truths) & FALSE
        true = result & truths & TRUE
        unknown = (result & UNKNOWN and truths & (TRUE | UNKNOWN)) or (truths & UNKNOWN and result & (TRUE | UNKNOWN))
        result = false | true | (UNKNOWN if unknown else 0)
    return result


def disjunction(operands: Iterable[int]) -> int:
    """Kleene disjunction of every choice of truths."""
    return negated(conjunction(negated(truths) for truths in operands))


def calculated(operator: Arithmetic, left: Numbers, right: Numbers) -> Numbers:
    """Two ranges and an operator; beyond the finite, and divided by zero, it is unknown."""
    unknown = left.unknown or right.unknown
    if not (left.known and right.known):
        return NOTHING
    if operator is not Arithmetic.DIVIDE:
        return _spanning(_CORNERS[operator], [(left.low, left.high), (right.low, right.high)], unknown)
    unknown = unknown or right.low <= 0.0 <= right.high
    divisors = [
        (low, high)
        for low, high in ((right.low, min(right.high, -_SMALLEST)), (max(right.low, _SMALLEST), right.high))
        if low <= high
    ]
    parts = [_spanning(lambda a, b: a / b, [(left.low, left.high), divisor], unknown) for divisor in divisors]
    if not parts:
        return NOTHING
    known = [part for part in parts if part.known]
    if not known:
        return NOTHING
    return Numbers(
        min(part.low for part in known),
        max(part.high for part in known),
        True,
        unknown or any(part.unknown for part in parts),
    )


_CORNERS: Final[dict[Arithmetic, Callable[[float, float], float]]] = {
    Arithmetic.ADD: lambda a, b: a + b,
    Arithmetic.SUBTRACT: lambda a, b: a - b,
    Arithmetic.MULTIPLY: lambda a, b: a * b,
}


def rising(function: Callable[..., float], arguments: Sequence[Numbers]) -> Numbers:
    """A function that never falls while an argument rises, on ranges."""
    if not all(argument.known for argument in arguments):
        return NOTHING
    low, high = function(*(one.low for one in arguments)), function(*(one.high for one in arguments))
    return Numbers(low, high, True, any(argument.unknown for argument in arguments))


def applied(function: Callable[..., float], arguments: Sequence[Numbers]) -> Numbers:
    """A function that rises or falls with each of two arguments, on ranges: its ends are at theirs."""
    if not all(argument.known for argument in arguments):
        return NOTHING
    unknown = any(argument.unknown for argument in arguments)
    return _spanning(function, [(argument.low, argument.high) for argument in arguments], unknown)


def _spanning(function: Callable[..., float], ends: Sequence[tuple[float, float]], unknown: bool) -> Numbers:
    corners = [function(*chosen) for chosen in itertools.product(*ends)]
    corners = [0.0 if math.isnan(corner) else corner for corner in corners]
    low, high = min(corners), max(corners)
    if low == math.inf or high == -math.inf:
        return NOTHING
    beyond = math.isinf(low) or math.isinf(high)
    return Numbers(max(low, -_LARGEST), min(high, _LARGEST), True, unknown or beyond)


def absolute(value: Numbers) -> Numbers:
    """Without its sign."""
    ends = sorted((abs(value.low), abs(value.high)))
    return replace(value, low=0.0 if value.low <= 0.0 <= value.high else ends[0], high=ends[1])


def compared(operator: Comparison, left: Range, right: Range) -> int:
    """A comparison of every pair."""
    truths = UNKNOWN if may_be_unknown(left) or may_be_unknown(right) else 0
    if not (may_be_known(left) and may_be_known(right)):
        return UNKNOWN
    same, different = _alike(left, right)
    if operator is Comparison.EQUAL:
        return truths | (TRUE if same else 0) | (FALSE if different else 0)
    if operator is Comparison.NOT_EQUAL:
        return truths | (TRUE if different else 0) | (FALSE if same else 0)
    assert isinstance(left, Numbers)
    assert isinstance(right, Numbers)
    if operator in (Comparison.GREATER, Comparison.GREATER_EQUAL):
        left, right = right, left
    strict = operator in (Comparison.LESS, Comparison.GREATER)
    holds = left.low < right.high if strict else left.low <= right.high
    fails = left.high >= right.low if strict else left.high > right.low
    return truths | (TRUE if holds else 0) | (FALSE if fails else 0)


def _alike(left: Range, right: Range) -> tuple[bool, bool]:
    """Whether two values may be the same, and whether they may differ."""
    if isinstance(left, Numbers) and isinstance(right, Numbers):
        point = left.low == left.high == right.low == right.high
        return left.low <= right.high and right.low <= left.high, not point
    if isinstance(left, Words) and isinstance(right, Words):
        one = len(left.texts) == 1 and left.texts == right.texts
        return bool(left.texts & right.texts), not one
    assert isinstance(left, int)
    assert isinstance(right, int)
    both = (left & right) & (TRUE | FALSE)
    return bool(both), bool((left & TRUE and right & FALSE) or (left & FALSE and right & TRUE))


def among(operand: Range, values: Sequence[Range]) -> int:
    """Whether it is one of some written values."""
    truths = UNKNOWN if may_be_unknown(operand) else 0
    if not may_be_known(operand):
        return UNKNOWN
    alike = [_alike(operand, value) for value in values]
    if isinstance(operand, Words):
        listed = frozenset().union(*(value.texts for value in values if isinstance(value, Words)))
        outside = bool(operand.texts - listed)
    else:
        outside = all(different for _, different in alike)
    return truths | (TRUE if any(same for same, _ in alike) else 0) | (FALSE if outside else 0)


def first_known(values: list[Range]) -> Range:
    """The first of some values that is known."""
    result = values[0]
    for value in values[1:]:
        if not may_be_unknown(result):
            break
        both = (
            either(without_unknown(result), without_unknown(value)) if may_be_known(value) else without_unknown(result)
        )
        result = with_unknown(both) if may_be_unknown(value) else both
    return result


def may_agree(one: Range, other: Range) -> bool:
    """Whether two values may be known and the same."""
    return bool(compared(Comparison.EQUAL, one, other) & TRUE)


def agree(one: Range, other: Range) -> bool:
    """Whether two values are known and the same for certain."""
    return compared(Comparison.EQUAL, one, other) == TRUE
