"""The typed checker: from Python's syntax tree to the rule language's own, or to every problem at once.

Only what is listed in `Checker` exists in the language; any other node of the syntax is refused by name.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from engine.expressions.calls import check_call
from engine.expressions.comparisons import check_comparison
from engine.expressions.language import NULLS, PYTHON_CONSTANTS
from engine.expressions.parser import Source
from engine.expressions.refusals import refuse_calculation, refuse_name, refuse_word
from engine.expressions.report import Report
from engine.expressions.tree import AllOf, AnyOf, Arithmetic, Calculate, Choose, Declared, Literal, Name, Not, Number
from engine.expressions.typed import Typed, unified, with_unit
from engine.expressions.units import NUMERIC, calculated, title
from engine.vocabulary import EXACT_LIMIT, Text, Unit

_ARITHMETIC: Final[Mapping[type[ast.operator], Arithmetic]] = {
    ast.Add: Arithmetic.ADD,
    ast.Sub: Arithmetic.SUBTRACT,
    ast.Mult: Arithmetic.MULTIPLY,
    ast.Div: Arithmetic.DIVIDE,
}

_REFUSED: Final[Mapping[type[ast.AST], tuple[Text, Text]]] = {
    ast.Attribute: (
        Text("a point between names", "名称之间的点"),
        Text("Use the metric's own name.", "请直接写指标名。"),
    ),
    ast.Subscript: (Text("[…] behind a value", "值后的 […]"), Text("Use a metric of its own.", "请另设指标。")),
    ast.List: (Text("a list in […]", "[…] 列表"), Text("Write the values in (…).", "请用 (…) 列出值。")),
    ast.Tuple: (
        Text("a list of values", "值的列表"),
        Text("Lists stand only behind `in`.", "列表只能写在 `in` 之后。"),
    ),
    ast.NamedExpr: (Text("an assignment", "赋值"), Text("Compare with `==`.", "比较用 `==`。")),
    ast.Lambda: (
        Text("a function definition", "函数定义"),
        Text("Use the functions of the language.", "请用语言自带的函数。"),
    ),
}


_REMEDY: Final = Text(
    "Use names, numbers, comparisons, `and or not`, `in (…)`.", "请使用名称、数字、比较、`and or not`、`in (…)`。"
)


class Checker:
    """Checks the parts of one expression.

    Args:
        scope: What every name means.
        report: Where problems go.
        source: The text, to point into.
    """

    def __init__(self, scope: Mapping[str, Declared], report: Report, source: Source) -> None:
        self.scope = scope
        self.report = report
        self.source = source
        self.names: set[str] = set()

    def check(self, tree: ast.expr) -> Typed | None:
        """One part and everything in it; None when it has a problem, which is noted."""
        handler = _HANDLERS.get(type(tree))
        if handler is not None:
            return handler(self, tree)
        self._refuse(tree)
        return None

    def _refuse(self, tree: ast.expr) -> None:
        """Note a construct the language does not have, and what is wrong inside of it."""
        what, remedy = _REFUSED.get(type(tree), (Text("a construct", "的写法"), _REMEDY))
        self.report.add(
            "RULE_EXPRESSION",
            self.source.offset(tree),
            Text(
                f"`{self.source.written(tree)[:40]}` holds {what.en}, which the rule language does not have.",
                f"`{self.source.written(tree)[:40]}` 含有规则语言没有的{what.zh}。",
            ),
            remedy,
        )
        for child in ast.iter_child_nodes(tree):
            if isinstance(child, ast.expr) and type(child) in _HANDLERS:
                self.check(child)

    def check_all(self, trees: Sequence[ast.expr]) -> list[Typed] | None:
        """Several parts; None when one of them has a problem."""
        parts = [self.check(tree) for tree in trees]
        sound = [part for part in parts if part is not None]
        return sound if len(sound) == len(parts) else None

    def condition(self, tree: ast.expr) -> Typed | None:
        """A part that must be true or false."""
        part = self.check(tree)
        if part is None or part.unit is Unit.BOOL:
            return part
        written, unit = self.source.written(tree)[:40], title(part.unit)
        self.report.add(
            "RULE_TYPE",
            part.offset,
            Text(
                f"`{written}` is {unit.en}, but a condition is needed here.", f"`{written}` 是{unit.zh}，这里需要条件。"
            ),
            Text(f"Compare it, e.g. `{written} > 0`.", f"请写成比较，例如 `{written} > 0`。")
            if part.unit in NUMERIC
            else Text("Compare it with `==`.", "请用 `==` 比较。"),
        )
        return None

    def number(self, tree: ast.expr) -> Typed | None:
        """A part that can be calculated with."""
        part = self.check(tree)
        if part is None or part.unit in NUMERIC or part.unit in (None, Unit.DATE):
            return part
        unit = title(part.unit)
        self.report.add(
            "RULE_TYPE",
            part.offset,
            Text(
                f"`{self.source.written(tree)[:40]}` is {unit.en}; it cannot be calculated with.",
                f"`{self.source.written(tree)[:40]}` 是{unit.zh}，不能参与计算。",
            ),
            Text(
                "Write `1 if condition else 0` for the number of a condition.",
                "要把条件变成数字，请写 `1 if 条件 else 0`。",
            )
            if part.unit is Unit.BOOL
            else Text("Only numbers are calculated with.", "只有数字可以计算。"),
        )
        return None

    def _constant(self, tree: ast.expr) -> Typed | None:
        assert isinstance(tree, ast.Constant)
        offset, value = self.source.offset(tree), tree.value
        if value is None or isinstance(value, bool):
            refuse_word(self.report, offset, str(value))
            return None
        if isinstance(value, str):
            return Typed(Literal(value, Unit.TEXT), Unit.TEXT, offset, frozenset({value}))
        if value is ...:
            self._refuse(tree)
            return None
        if isinstance(value, int | float) and value <= EXACT_LIMIT:
            return Typed(Number(float(value), Unit.RATIO), None, offset)
        self.report.add(
            "RULE_VALUE",
            offset,
            Text("The number is too large.", "数字过大。"),
            Text(f"At most {EXACT_LIMIT} can be told apart.", f"最大可精确表示 {EXACT_LIMIT}。"),
        )
        return None

    def _name(self, tree: ast.expr) -> Typed | None:
        assert isinstance(tree, ast.Name)
        offset, word = self.source.offset(tree), tree.id
        if word in ("true", "false"):
            return Typed(Literal(word == "true", Unit.BOOL), Unit.BOOL, offset)
        declared = self.scope.get(word)
        if declared is not None:
            self.names.add(word)
            values = frozenset(declared.values) if declared.values else None
            return Typed(Name(word, declared.unit, declared.scale), declared.unit, offset, values)
        if word in NULLS or word in PYTHON_CONSTANTS:
            refuse_word(self.report, offset, word)
        else:
            refuse_name(self.report, self.scope, offset, word)
        return None

    def _both(self, tree: ast.expr) -> Typed | None:
        assert isinstance(tree, ast.BoolOp)
        parts = [self.condition(value) for value in tree.values]
        nodes = tuple(part.node for part in parts if part is not None)
        if len(nodes) < len(parts):
            return None
        node = AllOf(nodes) if isinstance(tree.op, ast.And) else AnyOf(nodes)
        return Typed(node, Unit.BOOL, self.source.offset(tree))

    def _unary(self, tree: ast.expr) -> Typed | None:
        assert isinstance(tree, ast.UnaryOp)
        offset = self.source.offset(tree)
        if isinstance(tree.op, ast.Not):
            part = self.condition(tree.operand)
            return part and Typed(Not(part.node), Unit.BOOL, offset)
        if not isinstance(tree.op, ast.USub):
            self.report.add(
                "RULE_EXPRESSION",
                offset,
                Text("Only `-` and `not` stand before a value.", "值前只能写 `-` 或 `not`。"),
                Text("Leave the sign out.", "请去掉该符号。"),
            )
            self.check(tree.operand)
            return None
        part = self.number(tree.operand)
        if part is None or part.unit is Unit.DATE:
            if part is not None:
                refuse_calculation(self.report, offset, Arithmetic.SUBTRACT, None, part.unit)
            return None
        if isinstance(part.node, Number):
            return Typed(Number(0.0 - part.node.value, part.node.unit), part.unit, offset)
        # 0 - x rather than -1 * x: the result is never a negative zero.
        unit = part.unit or Unit.RATIO
        return Typed(Calculate(Arithmetic.SUBTRACT, Number(0.0, unit), part.node, unit), part.unit, offset)

    def _binary(self, tree: ast.expr) -> Typed | None:
        assert isinstance(tree, ast.BinOp)
        operator = _ARITHMETIC.get(type(tree.op))
        if operator is None:
            self.report.add(
                "RULE_EXPRESSION",
                self.source.sign_after(tree.left),
                Text("The rule language calculates with + - * / only.", "规则语言只有 + - * / 四种运算。"),
                Text("Write `x * x` for a square; `and`, `or` for conditions.", "平方写 `x * x`；条件用 `and`、`or`。"),
            )
        left, right = self.number(tree.left), self.number(tree.right)
        if left is None or right is None or operator is None:
            return None
        try:
            unit = calculated(operator, left.unit, right.unit)
        except ValueError:
            refuse_calculation(self.report, self.source.sign_after(tree.left), operator, left.unit, right.unit)
            return None
        if operator in (Arithmetic.ADD, Arithmetic.SUBTRACT) and unit is not None:
            bare = Unit.DAYS if unit is Unit.DATE else unit
            left, right = with_unit(left, bare), with_unit(right, bare)
        node = Calculate(operator, left.node, right.node, unit or Unit.RATIO)
        return Typed(node, unit, self.source.offset(tree))

    def _choice(self, tree: ast.expr) -> Typed | None:
        assert isinstance(tree, ast.IfExp)
        condition = self.condition(tree.test)
        branches = self.check_all((tree.body, tree.orelse))
        agreed = unified(self.report, branches) if branches is not None else None
        if condition is None or agreed is None:
            return None
        unit, (value, otherwise) = agreed
        known = value.values is not None and otherwise.values is not None
        values = (value.values or frozenset()) | (otherwise.values or frozenset()) if known else None
        node = Choose(condition.node, value.node, otherwise.node, unit or Unit.RATIO)
        return Typed(node, unit, self.source.offset(tree), values)


_HANDLERS: Final[Mapping[type[ast.AST], Callable[[Checker, ast.expr], Typed | None]]] = {
    ast.Constant: Checker._constant,
    ast.Name: Checker._name,
    ast.BoolOp: Checker._both,
    ast.UnaryOp: Checker._unary,
    ast.BinOp: Checker._binary,
    ast.IfExp: Checker._choice,
    ast.Compare: check_comparison,
    ast.Call: check_call,
}
