"""Checking comparisons, chains of them, and membership."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from engine.expressions.language import NULLS
from engine.expressions.refusals import refuse_word
from engine.expressions.tree import AllOf, Compare, Comparison, Literal, Name, Node, Number, OneOf
from engine.expressions.typed import Typed, can_be_equal, unified, with_unit
from engine.vocabulary import Text, Unit

if TYPE_CHECKING:
    from engine.expressions.checker import Checker

_COMPARISONS: Final[Mapping[type[ast.cmpop], Comparison]] = {
    ast.Lt: Comparison.LESS,
    ast.LtE: Comparison.LESS_EQUAL,
    ast.Gt: Comparison.GREATER,
    ast.GtE: Comparison.GREATER_EQUAL,
    ast.Eq: Comparison.EQUAL,
    ast.NotEq: Comparison.NOT_EQUAL,
}
_EQUALITY: Final = (Comparison.EQUAL, Comparison.NOT_EQUAL)


def check_comparison(checker: Checker, tree: ast.expr) -> Typed | None:
    """A comparison, a chain (all of its comparisons) or a membership."""
    assert isinstance(tree, ast.Compare)
    sides = [tree.left, *tree.comparators]
    nodes: list[Node | None] = []
    # The middle of a chain is checked once, so that its problems are noted once.
    checked: dict[int, Typed | None] = {}
    for index, operator in enumerate(tree.ops):
        pair = sides[index], sides[index + 1]
        if isinstance(operator, ast.In | ast.NotIn):
            nodes.append(_membership(checker, operator, pair, checked))
        elif not _nulls(checker, operator, pair):
            for side in pair:
                if id(side) not in checked:
                    checked[id(side)] = checker.check(side)
            nodes.append(_comparison(checker, operator, pair, [checked[id(side)] for side in pair]))
        else:
            nodes.append(None)
    sound = tuple(node for node in nodes if node is not None)
    if len(sound) < len(nodes):
        return None
    return Typed(sound[0] if len(sound) == 1 else AllOf(sound), Unit.BOOL, checker.source.offset(tree))


def _nulls(checker: Checker, operator: ast.cmpop, pair: tuple[ast.expr, ast.expr]) -> bool:
    """Refuse `x == null`, `x is None` and the like, naming what to write; whether it did."""
    for side, other in (pair, pair[::-1]):
        word = side.id if isinstance(side, ast.Name) else str(getattr(side, "value", "")) if _is_none(side) else ""
        if word in NULLS and word not in checker.scope:
            subject = checker.source.written(other)[:40]
            refuse_word(checker.report, checker.source.offset(side), word, subject)
            if not _is_none(other):
                checker.check(other)
            return True
    if isinstance(operator, ast.Is | ast.IsNot):
        checker.report.add(
            "RULE_EXPRESSION",
            checker.source.sign_after(pair[0]),
            Text("There is no `is` in the rule language.", "规则语言没有 `is`。"),
            Text("Write `==` or `!=`.", "请写 `==` 或 `!=`。"),
        )
        checker.check_all(pair)
        return True
    return False


def _is_none(tree: ast.expr) -> bool:
    return isinstance(tree, ast.Constant) and tree.value is None


def _comparison(
    checker: Checker, operator: ast.cmpop, trees: tuple[ast.expr, ast.expr], pair: list[Typed | None]
) -> Node | None:
    left, right = pair
    if left is None or right is None:
        return None
    agreed = unified(checker.report, (left, right))
    if agreed is None:
        return None
    unit, (left, right) = agreed
    left, right = with_unit(left, unit or Unit.RATIO), with_unit(right, unit or Unit.RATIO)
    comparison = _COMPARISONS[type(operator)]
    if unit in (Unit.TEXT, Unit.BOOL) and comparison not in _EQUALITY:
        checker.report.add(
            "RULE_TYPE",
            checker.source.sign_after(trees[0]),
            Text(f"`{comparison}` does not compare texts or truths.", f"`{comparison}` 不能比较文本或真假值。"),
            Text("They know `==`, `!=` and `in (…)` only.", "它们只能用 `==`、`!=` 和 `in (…)`。"),
        )
        return None
    if compared_with_itself(checker, left, right, checker.source.sign_after(trees[0])):
        return None
    if not can_be_equal(checker.report, left, right):
        return None
    for part in (left, right):
        _plausible(checker, part, unit)
    return Compare(left.node, comparison, right.node)


def compared_with_itself(checker: Checker, left: Typed, right: Typed, offset: int) -> bool:
    """Refuse a name beside itself, which always answers alike; whether it did."""
    if not isinstance(left.node, Name) or left.node != right.node:
        return False
    name = left.node.name
    checker.report.add(
        "RULE_EXPRESSION",
        offset,
        Text(f"`{name}` is compared with itself.", f"`{name}` 与自身比较。"),
        Text(f"Ask `known({name})` if that was meant.", f"若想问是否已知，请写 `known({name})`。"),
    )
    return True


def _plausible(checker: Checker, part: Typed, unit: Unit | None) -> None:
    """A written number beside a probability must be one: 25 was meant as 0.25."""
    if unit is Unit.PROBABILITY and isinstance(part.node, Number) and not 0 <= part.node.value <= 1:
        share = f"{part.node.value / 100:g}" if 1 < part.node.value <= 100 else "0.25"
        checker.report.add(
            "RULE_VALUE",
            part.offset,
            Text("A probability lies between 0 and 1.", "概率在 0 到 1 之间。"),
            Text(f"Write a share such as {share}.", f"请写小数，例如 {share}。"),
        )


def _membership(
    checker: Checker, operator: ast.cmpop, pair: tuple[ast.expr, ast.expr], checked: dict[int, Typed | None]
) -> Node | None:
    tree, values = pair
    if id(tree) not in checked:
        checked[id(tree)] = checker.check(tree)
    operand = checked[id(tree)]
    listed = values.elts if isinstance(values, ast.Tuple) else [values]
    # `in ('A')` is one value in brackets; `in 'A'` would be read as "part of a text" by programmers.
    if not listed or (not isinstance(values, ast.Tuple) and not checker.source.in_brackets(values)):
        checker.report.add(
            "RULE_EXPRESSION",
            checker.source.offset(values),
            Text("Behind `in` stands a list of values in brackets.", "`in` 之后是括号中的一列值。"),
            Text("Write `x in ('A', 'B')`.", "请写 `x in ('A', 'B')`。"),
        )
        return None
    parts = checker.check_all(listed)
    if operand is None or parts is None or not _all_written(checker, parts):
        return None
    nodes = []
    for part in parts:
        agreed = unified(checker.report, (operand, part))
        if agreed is None or not can_be_equal(checker.report, operand, part):
            continue
        unit, (_, right) = agreed
        _plausible(checker, right, unit)
        nodes.append(with_unit(right, unit or Unit.RATIO).node)
    if len(nodes) < len(parts):
        return None
    return OneOf(with_unit(operand, Unit.RATIO).node, tuple(nodes), isinstance(operator, ast.NotIn))


def _all_written(checker: Checker, parts: list[Typed]) -> bool:
    for part in parts:
        if not isinstance(part.node, Number | Literal) or part.unit is Unit.BOOL:
            checker.report.add(
                "RULE_EXPRESSION",
                part.offset,
                Text("Behind `in` only written numbers, texts and dates stand.", "`in` 之后只能列出数字、文本或日期。"),
                Text("Compare with names by `==` and `or`.", "与名称比较请用 `==` 和 `or`。"),
            )
            return False
    return True
