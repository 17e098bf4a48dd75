"""Results of the traced evaluator's nodes: read from facts, joined, and unknown where one of them is."""

from __future__ import annotations

import math
from typing import Any

from engine.expressions.columns import Fact
from engine.expressions.trace import Result, ScoreFact
from engine.expressions.tree import Name
from engine.vocabulary import POINTS_SCALE, Unit, UnknownCause

# Looked up once: reaching a member of an enumeration costs as much as the rest of reading a fact (Python 3.11).
_BOOL, _TEXT = Unit.BOOL, Unit.TEXT


def decoded(fact: Fact, node: Name) -> Result:
    """A fact as a name gives it."""
    value, unit = fact.value, node.unit
    if value is None:
        return fact.cause or UnknownCause.MISSING
    if unit is _TEXT:
        return value
    return bool(value) if unit is _BOOL else float(value) / float(node.scale)


def first_unknown(*results: Result) -> UnknownCause | None:
    """The cause of the leftmost unknown result; None: all are known."""
    for result in results:
        if type(result) is UnknownCause:
            return result
    return None


def kleene(results: list[Result], *, decisive: bool) -> Result:
    """Kleene conjunction (False is decisive) or disjunction (True)."""
    for result in results:
        if result is decisive:
            return decisive
    return first_unknown(*results) or not decisive


def finite(number: Any) -> Result:
    """A calculated number; unknown if it is no finite one."""
    if type(number) is UnknownCause or math.isfinite(number):
        return number  # type: ignore[no-any-return]
    return UnknownCause.OUT_OF_RANGE


def among(score: ScoreFact, values: list[Any]) -> bool | UnknownCause:
    """Whether the score is one of some numbers: true or false only if every score between the bounds agrees."""
    nearest = {round(value * POINTS_SCALE) for value in values if math.isfinite(value * POINTS_SCALE)}
    written_scores = {n for n in nearest if score.low <= n <= score.high and n / POINTS_SCALE in values}
    if not written_scores:
        return False
    return True if len(written_scores) == score.high - score.low + 1 else UnknownCause.MISSING
