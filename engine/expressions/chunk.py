"""Evaluates the tree for a chunk of customers: a table from a node's class to what it does to lanes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions.bounds import compare_score, exact_score, score_among
from engine.expressions.columns import CAUSE_CODE, Bytes, Columns, ScoreColumn
from engine.expressions.lanes import Lane, all_of, answered, any_of, known_only, marked, merged, negated, same_texts
from engine.expressions.language import SCORE
from engine.expressions.meaning import MIRRORED, NEEDS_DAY, required_day
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Calculate,
    Call,
    Choose,
    Compare,
    Literal,
    Name,
    Node,
    Not,
    Number,
    OneOf,
)
from engine.expressions.vectors import COMPARISONS, NUMBERS, OPERATIONS
from engine.vocabulary import Unit, UnknownCause


class Chunk:
    """Evaluates nodes for some of the customers."""

    def __init__(self, columns: Columns, rows: slice, score: ScoreColumn | None, day: int | None) -> None:
        self._columns = columns
        self._rows = rows
        self._day = day
        self._score = score and ScoreColumn(score.values[rows], score.low[rows], score.high[rows], score.known[rows])

    def evaluate(self, node: Node) -> Lane:
        """One node with everything below it."""
        return _HANDLERS[type(node)](self, node)

    def _number(self, node: Number) -> Lane:
        return Lane(np.float64(node.value))

    def _literal(self, node: Literal) -> Lane:
        if node.unit is Unit.TEXT:
            return Lane(np.int64(0), texts=(str(node.value),))
        return Lane(np.bool_(node.value) if node.unit is Unit.BOOL else np.float64(node.value))

    def _name(self, node: Name) -> Lane:
        if node.name == SCORE and self._score is not None:
            return exact_score(self._score)
        column = self._columns.get(node.name)
        if column is None:
            length = self._rows.stop - self._rows.start
            missing = np.full(length, CAUSE_CODE[UnknownCause.MISSING], np.uint8)
            return Lane(_nothing(node.unit, length), missing, ("",) if node.unit is Unit.TEXT else ())
        stored, causes = column.values[self._rows], known_only(column.causes[self._rows])
        if node.unit is Unit.BOOL:
            return answered(stored != 0, causes)
        if node.unit is Unit.TEXT:
            return Lane(stored, causes, column.texts or ("",))
        numbers = stored / float(node.scale)
        if causes is not None:
            numbers[causes != 0] = 0.0
        return Lane(numbers, causes, owned=True)

    def _negation(self, node: Not) -> Lane:
        return negated(self.evaluate(node.operand))

    def _conjunction(self, node: AllOf) -> Lane:
        return all_of([self.evaluate(operand) for operand in node.operands])

    def _disjunction(self, node: AnyOf) -> Lane:
        return any_of([self.evaluate(operand) for operand in node.operands])

    def _compare(self, node: Compare) -> Lane:
        if self._score is not None:
            if isinstance(node.left, Name) and node.left.name == SCORE:
                return compare_score(self._score, node.operator, self.evaluate(node.right), mirrored=False)
            if isinstance(node.right, Name) and node.right.name == SCORE:
                other = self.evaluate(node.left)
                return compare_score(self._score, MIRRORED[node.operator], other, mirrored=True)
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        one, other_one = left.data, right.data
        if left.texts or right.texts:
            one, other_one, _ = same_texts(left, right)
        return answered(COMPARISONS[node.operator](one, other_one), merged(left.causes, right.causes))

    def _one_of(self, node: OneOf) -> Lane:
        values = [self.evaluate(value) for value in node.values]
        if self._score is not None and isinstance(node.operand, Name) and node.operand.name == SCORE:
            found = score_among(self._score, [float(value.data) for value in values])
        else:
            operand = self.evaluate(node.operand)
            holds: Any = np.bool_(False)
            for value in values:
                one, other = (same_texts(operand, value)[:2]) if operand.texts else (operand.data, value.data)
                holds = holds | (one == other)
            found = answered(holds, operand.causes)
        return negated(found) if node.negated else found

    def _calculate(self, node: Calculate) -> Lane:
        left, right = self.evaluate(node.left), self.evaluate(node.right)
        causes, divisor = merged(left.causes, right.causes), right.data
        if node.operator is Arithmetic.DIVIDE:
            zero = self._wide(divisor == 0.0)
            if zero.any():
                causes = marked(causes, zero, UnknownCause.DIVISION_BY_ZERO)
                divisor = np.where(zero, 1.0, divisor)
        buffer = left.buffer if left.owned else right.buffer
        with np.errstate(over="ignore"):
            result = OPERATIONS[node.operator](left.data, divisor, out=buffer)
        return self._finite(result, causes)

    def _choose(self, node: Choose) -> Lane:
        condition = self.evaluate(node.condition)
        value, otherwise = self.evaluate(node.value), self.evaluate(node.otherwise)
        one, other, texts = same_texts(value, otherwise) if value.texts else (value.data, otherwise.data, ())
        data = np.where(condition.data, one, other)
        if condition.causes is None and value.causes is None and otherwise.causes is None:
            return Lane(data, None, texts, owned=node.unit is not Unit.BOOL and data.ndim > 0)
        nothing = np.zeros(self._rows.stop - self._rows.start, np.uint8)
        unsure = nothing if condition.causes is None else condition.causes
        left = nothing if value.causes is None else value.causes
        right = nothing if otherwise.causes is None else otherwise.causes
        agree = (left == 0) & (right == 0) & (one == other)
        causes = np.where(unsure == 0, np.where(condition.data, left, right), np.where(agree, 0, unsure))
        data = np.where((unsure != 0) & agree, one, data)
        return Lane(_blank(data, causes), known_only(causes.astype(np.uint8)), texts)

    def _call(self, node: Call) -> Lane:
        if node.function in ("known", "missing"):
            return Lane(self._known(node.arguments[0]) == (node.function == "known"))
        lanes = [self.evaluate(argument) for argument in node.arguments]
        if node.function == "coalesce":
            return self._coalesce(lanes)
        given: list[Any] = [lane.data for lane in lanes]
        if node.function in NEEDS_DAY:
            given.insert(0, required_day(self._day))
        with np.errstate(over="ignore"):
            result = NUMBERS[node.function](*given)
        causes = merged(*(lane.causes for lane in lanes))
        return answered(result, causes) if node.unit is Unit.BOOL else self._finite(result, causes)

    def _known(self, node: Node) -> NDArray[np.bool_]:
        if self._score is not None and isinstance(node, Name) and node.name == SCORE:
            return self._score.known
        causes = self.evaluate(node).causes
        return self._wide(np.bool_(True)) if causes is None else causes == 0

    def _coalesce(self, lanes: list[Lane]) -> Lane:
        result = lanes[0]
        for lane in lanes[1:]:
            # Every text is kept in every chunk, or an index would mean another text in the next one.
            one, other, texts = same_texts(result, lane) if lane.texts else (result.data, lane.data, ())
            if result.causes is None:
                result = Lane(one, None, texts, owned=result.owned)
                continue
            unknown = result.causes != 0
            # Unknown throughout keeps the first cause.
            later = None if lane.causes is None else np.where(lane.causes != 0, result.causes, 0)
            causes = None if later is None else known_only(np.where(unknown, later, 0).astype(np.uint8))
            result = Lane(np.where(unknown, other, one), causes, texts)
        return result

    def _finite(self, result: Any, causes: Bytes | None) -> Lane:
        """Mark what is no finite number and keep finite numbers in all unknown places."""
        finite = np.isfinite(result)
        if not finite.all():
            causes = marked(causes, self._wide(~finite), UnknownCause.OUT_OF_RANGE)
        owned = isinstance(result, np.ndarray) and result.ndim > 0
        return Lane(result if causes is None else _blank(result, causes), causes, owned=owned or causes is not None)

    def _wide(self, flags: Any) -> NDArray[np.bool_]:
        return np.broadcast_to(flags, (self._rows.stop - self._rows.start,))


def _nothing(unit: Unit, length: int) -> NDArray[Any]:
    kind: type = np.bool_ if unit is Unit.BOOL else np.int64 if unit is Unit.TEXT else np.float64
    return np.zeros(length, kind)


def _blank(data: Any, causes: Bytes) -> Any:
    """Data with zeros in place of what is unknown, so that nothing unknown is ever calculated with."""
    return np.where(causes != 0, data.dtype.type(0), data)


_HANDLERS: Final[Mapping[type, Callable[[Chunk, Any], Lane]]] = {
    Number: Chunk._number,
    Literal: Chunk._literal,
    Name: Chunk._name,
    Not: Chunk._negation,
    AllOf: Chunk._conjunction,
    AnyOf: Chunk._disjunction,
    Compare: Chunk._compare,
    OneOf: Chunk._one_of,
    Calculate: Chunk._calculate,
    Choose: Chunk._choose,
    Call: Chunk._call,
}
