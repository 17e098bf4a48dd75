"""One typed tree for every rule, its checker, and two evaluators that agree bit for bit.

check_expression(text, scope, expects, place, *, origin=None) -> Expression      raises ExpressionProblems
Tracer(facts, score=None, day=None): .truth .value .fact .points .steps          one customer, traced
truths(expression, columns, length, score=None, day=None) -> uint8 0, 1, 2       many customers
quantised(expression, columns, length, unit, scale, day=None) -> Column
points(node, columns, length) -> int32, -1 where unknown
"""

from engine.expressions.check import check_expression
from engine.expressions.columnar import points, quantised, truths
from engine.expressions.columns import (
    CAUSE_CODE,
    CAUSES,
    Column,
    Columns,
    Fact,
    Facts,
    ScoreColumn,
)
from engine.expressions.cost import cost_of
from engine.expressions.language import FUNCTIONS, Function
from engine.expressions.report import ExpressionProblems
from engine.expressions.rounding import half_even
from engine.expressions.trace import ScoreFact, Step, Valued
from engine.expressions.traced import Tracer
from engine.expressions.tree import Bins, Curve, Declared, Expression, Name, Node
from engine.expressions.written import written

__all__ = [
    "CAUSES",
    "CAUSE_CODE",
    "FUNCTIONS",
    "Bins",
    "Column",
    "Columns",
    "Curve",
    "Declared",
    "Expression",
    "ExpressionProblems",
    "Fact",
    "Facts",
    "Function",
    "Name",
    "Node",
    "ScoreColumn",
    "ScoreFact",
    "Step",
    "Tracer",
    "Valued",
    "check_expression",
    "cost_of",
    "half_even",
    "points",
    "quantised",
    "truths",
    "written",
]
