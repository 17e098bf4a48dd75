"""The traced evaluator: one customer, every step kept for the explanation."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from simpleeval import FeatureNotAvailable, SimpleEval

from engine.expressions.columns import Fact, Facts
from engine.expressions.language import SCORE
from engine.expressions.meaning import MIRRORED, NEEDS_DAY, NUMBERS, quantised, required_day
from engine.expressions.point_nodes import bin_points, curve_points
from engine.expressions.results import among, decoded, finite, first_unknown, kleene
from engine.expressions.trace import Result, ScoreFact, Step, Valued, valued
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Bins,
    Calculate,
    Call,
    Choose,
    Compare,
    Comparison,
    Curve,
    Expression,
    Literal,
    Name,
    Node,
    Not,
    Number,
    OneOf,
)
from engine.vocabulary import POINTS_SCALE, Truth, Unit, UnknownCause

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    Arithmetic.ADD: operator.add,
    Arithmetic.SUBTRACT: operator.sub,
    Arithmetic.MULTIPLY: operator.mul,
    Arithmetic.DIVIDE: operator.truediv,
    Comparison.LESS: operator.lt,
    Comparison.LESS_EQUAL: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.GREATER_EQUAL: operator.ge,
    Comparison.EQUAL: operator.eq,
    Comparison.NOT_EQUAL: operator.ne,
}


class Tracer(SimpleEval):  # type: ignore[misc]
    """Evaluates checked expressions for one customer and keeps the steps.

    SimpleEval evaluates by a table from a node's class to its handler, and looks every result over for
    anything callable. Here the table holds the classes of our own checked tree and nothing of Python's
    syntax: there is no handler for an attribute, a subscript or a call of a Python object, so no such
    thing can be reached whatever a rule says, and rules mean here what they mean in the columnar
    evaluator, which reads the same nodes. Text is never parsed.

    Args:
        facts: The customer's metrics; a name that is not there is unknown (missing).
        score: The score with its bounds, for gates and `or_when`.
        day: Today as days since 1970-01-01, local; needed by `days_since` and `in_last`.
    """

    def __init__(self, facts: Facts, score: ScoreFact | None = None, day: int | None = None) -> None:
        # Not SimpleEval's own set-up: it makes a table of Python's syntax, which is just what must not be here, and
        # changes the filters of warnings for all threads meanwhile.
        self.operators = _OPERATORS
        self.functions = NUMBERS
        self.names: dict[str, object] = {}
        self.allowed_attrs: dict[type, set[str]] = {}
        self.ATTR_INDEX_FALLBACK = False
        self._facts = facts
        self._score = score
        self._day = day
        self._steps: list[tuple[Node, Result]] = []
        self.nodes = _HANDLERS

    @staticmethod
    def parse(expr: str) -> NoReturn:
        """Refuse text: only checked expressions are evaluated."""
        raise FeatureNotAvailable("Only checked expressions are evaluated.")

    def _eval(self, node: Node) -> Result:
        """One node with everything below it.

        As SimpleEval does it, which also refuses what the table does not hold. Numbers, texts and truths are not
        looked over: SimpleEval would let them pass, and nearly everything is one of them.
        """
        handler = _HANDLERS.get(type(node))
        if handler is None:
            return super()._eval(node)  # type: ignore[no-any-return]
        result = handler(self, node)
        if type(result) not in _HARMLESS:
            self._check_disallowed_items(result)
        return result

    @property
    def steps(self) -> tuple[Step, ...]:
        """Names read and conditions answered so far, in the order they happened."""
        return tuple(Step(node, valued(result)) for node, result in self._steps)

    def truth(self, expression: Expression) -> Truth:
        """Whether a condition holds.

        >>> from engine.errors import Place
        >>> ok = Expression("ok", Name("ok", Unit.BOOL), Unit.BOOL, ("ok",), Place("", 1, 1))
        >>> Tracer({"ok": Fact(1)}).truth(ok), Tracer({}).truth(ok)
        (<Truth.TRUE: 'true'>, <Truth.UNKNOWN: 'unknown'>)
        """
        result = self.eval(expression.text, expression.node)
        return _UNKNOWN if type(result) is UnknownCause else _TRUE if result else _FALSE

    def value(self, expression: Expression) -> Valued:
        """What an expression gives, not yet rounded to a scale."""
        return valued(self.eval(expression.text, expression.node))

    def fact(self, expression: Expression, scale: int) -> Fact:
        """What an expression gives as a stored value: half to even at `scale`."""
        result = self.eval(expression.text, expression.node)
        if type(result) is float:
            result = quantised(result, scale)
        if type(result) is UnknownCause:
            return Fact(None, result)
        return Fact(int(result) if isinstance(result, bool) else result)

    def points(self, node: Curve | Bins) -> int | None:
        """Points in 0.0001 for the customer's value; None iff it is unknown."""
        value = self._facts.get(node.operand.name, _MISSING).value
        if value is None:
            return None
        return curve_points(node, int(value)) if isinstance(node, Curve) else bin_points(node, int(value))

    def _number(self, node: Number) -> Result:
        return node.value

    def _literal(self, node: Literal) -> Result:
        return float(node.value) if node.unit is _DATE else node.value

    def _name(self, node: Name) -> Result:
        if self._score is not None and node.name == SCORE:
            result: Result = self._exact_score(self._score)
        else:
            result = decoded(self._facts.get(node.name, _MISSING), node)
        self._steps.append((node, result))
        return result

    @staticmethod
    def _exact_score(score: ScoreFact) -> Result:
        """Outside of comparisons a score counts only where its bounds agree."""
        exact = score.value is not None and score.low == score.high
        return score.low / POINTS_SCALE if exact else UnknownCause.MISSING

    def _not(self, node: Not) -> Result:
        result = self._eval(node.operand)
        return self._answer(node, result if type(result) is UnknownCause else not result)

    def _all_of(self, node: AllOf) -> Result:
        return self._answer(node, kleene([self._eval(operand) for operand in node.operands], decisive=False))

    def _any_of(self, node: AnyOf) -> Result:
        return self._answer(node, kleene([self._eval(operand) for operand in node.operands], decisive=True))

    def _compare(self, node: Compare) -> Result:
        if self._score is not None:
            if isinstance(node.left, Name) and node.left.name == SCORE:
                return self._answer(node, self._bounded(node.operator, node.right, mirrored=False))
            if isinstance(node.right, Name) and node.right.name == SCORE:
                return self._answer(node, self._bounded(MIRRORED[node.operator], node.left, mirrored=True))
        left, right = self._eval(node.left), self._eval(node.right)
        unknown = first_unknown(left, right)
        return self._answer(node, unknown or bool(self.operators[node.operator](left, right)))

    def _bounded(self, comparison: Comparison, other: Node, *, mirrored: bool) -> Result:
        """`score <comparison> other`: unknown unless every score between the bounds answers alike."""
        score = self._score
        assert score is not None
        state = UnknownCause.MISSING if score.value is None else True
        result = self._eval(other)
        unknown = first_unknown(result, state) if mirrored else first_unknown(state, result)
        if unknown:
            return unknown
        if comparison in (Comparison.EQUAL, Comparison.NOT_EQUAL):
            equal = among(score, [result])
            return equal if type(equal) is UnknownCause or comparison is Comparison.EQUAL else not equal
        compare = self.operators[comparison]
        # The comparison is monotone in the score: the two ends speak for all between.
        low, high = compare(score.low / POINTS_SCALE, result), compare(score.high / POINTS_SCALE, result)
        return bool(low) if low == high else UnknownCause.MISSING

    def _one_of(self, node: OneOf) -> Result:
        values = [self._eval(value) for value in node.values]
        if self._score is not None and isinstance(node.operand, Name) and node.operand.name == SCORE:
            found = UnknownCause.MISSING if self._score.value is None else among(self._score, values)
        else:
            operand = self._eval(node.operand)
            found = operand if type(operand) is UnknownCause else operand in values
        return self._answer(node, found if type(found) is UnknownCause else found != node.negated)

    def _calculate(self, node: Calculate) -> Result:
        left, right = self._eval(node.left), self._eval(node.right)
        unknown = first_unknown(left, right)
        if unknown:
            return unknown
        if node.operator is Arithmetic.DIVIDE and right == 0.0:
            return UnknownCause.DIVISION_BY_ZERO
        return finite(self.operators[node.operator](left, right))

    def _choose(self, node: Choose) -> Result:
        condition: Result = self._eval(node.condition)
        value: Result = self._eval(node.value)
        otherwise: Result = self._eval(node.otherwise)
        if type(condition) is not UnknownCause:
            return value if condition else otherwise
        agree = first_unknown(value, otherwise) is None and value == otherwise
        return value if agree else condition

    def _call(self, node: Call) -> Result:
        if node.function in ("known", "missing"):
            known = self._is_known(node.arguments[0])
            return self._answer(node, known == (node.function == "known"))
        arguments: list[Result] = [self._eval(argument) for argument in node.arguments]
        if node.function == "coalesce":
            return next((a for a in arguments if type(a) is not UnknownCause), arguments[0])
        result: Result | None = first_unknown(*arguments)
        if result is None:
            today = [required_day(self._day)] if node.function in NEEDS_DAY else []
            result = self.functions[node.function](*today, *arguments)
        return self._answer(node, result) if node.unit is Unit.BOOL else finite(result)

    def _is_known(self, node: Node) -> bool:
        if self._score is not None and isinstance(node, Name) and node.name == SCORE:
            return self._score.value is not None
        return type(self._eval(node)) is not UnknownCause

    def _answer(self, node: Node, result: Result) -> Result:
        self._steps.append((node, result))
        return result


_MISSING: Final = Fact(None, UnknownCause.MISSING)
# Looked up once, for it is slow to reach a member of an enumeration (Python 3.11).
_DATE, _FALSE, _TRUE, _UNKNOWN = Unit.DATE, Truth.FALSE, Truth.TRUE, Truth.UNKNOWN

_HARMLESS: Final = frozenset({float, bool, str, UnknownCause})
"""Types of results that are nothing but a value."""

_HANDLERS: Final[Mapping[type, Callable[[Tracer, Any], Result]]] = {
    Number: Tracer._number,
    Literal: Tracer._literal,
    Name: Tracer._name,
    Not: Tracer._not,
    AllOf: Tracer._all_of,
    AnyOf: Tracer._any_of,
    Compare: Tracer._compare,
    OneOf: Tracer._one_of,
    Calculate: Tracer._calculate,
    Choose: Tracer._choose,
    Call: Tracer._call,
}
