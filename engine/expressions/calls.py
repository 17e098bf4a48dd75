"""Checking calls of the closed list of functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from engine.expressions.comparisons import compared_with_itself
from engine.expressions.language import FUNCTIONS, SCORE, Function
from engine.expressions.tree import AllOf, Call, Compare, Comparison, Name
from engine.expressions.typed import Typed, unified, with_unit
from engine.expressions.units import title
from engine.vocabulary import Text, Unit

if TYPE_CHECKING:
    from engine.expressions.checker import Checker

Arguments = tuple[Typed, ...]


def check_call(checker: Checker, tree: ast.expr) -> Typed | None:
    """A call with its arguments."""
    assert isinstance(tree, ast.Call)
    offset = checker.source.offset(tree)
    name = tree.func.id if isinstance(tree.func, ast.Name) else None
    function = FUNCTIONS.get(name) if name is not None else None
    arguments = [*tree.args, *(keyword.value for keyword in tree.keywords)]
    read = checker.number if name in _NUMERIC else checker.check
    parts = [None if isinstance(argument, ast.Starred) else read(argument) for argument in arguments]
    if name is None:
        checker.check(tree.func)
        _refuse(checker, offset, Text("Only a function can be called.", "只有函数可以调用。"), _listed())
        return None
    if function is None:
        near = checker.report.meant(name, FUNCTIONS)
        hint = (
            Text(f"Did you mean `{FUNCTIONS[near].usage}`?", f"是否想写 `{FUNCTIONS[near].usage}`？")
            if near
            else _listed()
        )
        _refuse(checker, offset, Text(f"There is no function `{name}`.", f"没有函数 `{name}`。"), hint)
        return None
    if not _fits(function, tree):
        _refuse(
            checker,
            offset,
            Text(f"`{name}` is called with the wrong arguments.", f"`{name}` 的参数不对。"),
            Text(f"Write `{function.usage}`. {function.meaning.en}", f"请写 `{function.usage}`。{function.meaning.zh}"),
        )
        return None
    sound = tuple(part for part in parts if part is not None)
    return _RULES[name](checker, name, sound, offset) if len(sound) == len(parts) else None


def _fits(function: Function, tree: ast.Call) -> bool:
    count = len(tree.args)
    plain = not tree.keywords and not any(isinstance(argument, ast.Starred) for argument in tree.args)
    return plain and function.least <= count and (function.most is None or count <= function.most)


def _listed() -> Text:
    names = ", ".join(FUNCTIONS)
    return Text(f"The functions are {names}.", f"可用函数：{names}。")


def _refuse(checker: Checker, offset: int, message: Text, hint: Text) -> None:
    checker.report.add("RULE_FUNCTION", offset, message, hint)


def _same_unit(checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    """min, max, clamp: numbers of one unit give that unit."""
    agreed = unified(checker.report, parts)
    if agreed is None:
        return None
    unit, parts_in_unit = agreed
    return Typed(Call(name, tuple(part.node for part in parts_in_unit), unit or Unit.RATIO), unit, offset)


def _absolute(checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    if parts[0].unit is Unit.DATE:
        _expect(checker, name, parts[0], Unit.DAYS)
        return None
    return Typed(Call(name, (parts[0].node,), parts[0].unit or Unit.RATIO), parts[0].unit, offset)


def _whole(checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    """round, floor, ceil: a ratio becomes a count, everything else keeps its unit."""
    part = parts[0]
    if part.unit is Unit.DATE:
        _expect(checker, name, part, Unit.DAYS)
        return None
    unit = Unit.COUNT if part.unit in (Unit.RATIO, Unit.PROBABILITY) else part.unit
    return Typed(Call(name, (part.node,), unit or Unit.RATIO), unit, offset)


def _between(checker: Checker, _name: str, parts: Arguments, offset: int) -> Typed | None:
    """between(x, a, b) is the chain a <= x <= b, so that a bounded score answers in both alike."""
    agreed = unified(checker.report, parts)
    if agreed is None:
        return None
    unit, parts_in_unit = agreed
    if any(compared_with_itself(checker, parts[0], bound, offset) for bound in parts[1:]):
        return None
    operand, low, high = (with_unit(part, unit or Unit.RATIO).node for part in parts_in_unit)
    least = Compare(low, Comparison.LESS_EQUAL, operand)
    return Typed(AllOf((least, Compare(operand, Comparison.LESS_EQUAL, high))), Unit.BOOL, offset)


def _expect(checker: Checker, name: str, part: Typed, unit: Unit) -> None:
    wanted, given = title(unit), title(part.unit)
    checker.report.add(
        "RULE_TYPE",
        part.offset,
        Text(f"`{name}` takes {wanted.en}, not {given.en}.", f"`{name}` 需要{wanted.zh}，不是{given.zh}。"),
        Text(f"Write `{FUNCTIONS[name].usage}`.", f"请写 `{FUNCTIONS[name].usage}`。"),
    )


def _days_since(checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    if parts[0].unit is not Unit.DATE:
        _expect(checker, name, parts[0], Unit.DATE)
        return None
    return Typed(Call(name, (parts[0].node,), Unit.DAYS), Unit.DAYS, offset)


def _months_between(checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    dated = unified(checker.report, parts) if any(part.unit is Unit.DATE for part in parts) else (None, list(parts))
    if dated is None:
        return None
    for part in dated[1]:
        if part.unit is not Unit.DATE:
            _expect(checker, name, part, Unit.DATE)
            return None
    return Typed(Call(name, tuple(part.node for part in dated[1]), Unit.MONTHS), Unit.MONTHS, offset)


def _in_last(checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    date, days = parts
    if date.unit is not Unit.DATE:
        _expect(checker, name, date, Unit.DATE)
        return None
    if days.unit not in (None, Unit.DAYS):
        _expect(checker, name, days, Unit.DAYS)
        return None
    return Typed(Call(name, (date.node, with_unit(days, Unit.DAYS).node), Unit.BOOL), Unit.BOOL, offset)


def _coalesce(checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    for part in parts:
        if isinstance(part.node, Name) and part.node.name == SCORE:
            _refuse(
                checker,
                part.offset,
                Text("`coalesce` does not replace the score.", "`coalesce` 不能替代评分。"),
                Text(
                    "Compare `score` itself; `on_unknown` says what happens while it is open.",
                    "请直接比较 `score`；未定时由 `on_unknown` 决定。",
                ),
            )
            return None
    agreed = unified(checker.report, parts)
    if agreed is None:
        return None
    unit, parts_in_unit = agreed
    declared = [part.values for part in parts_in_unit]
    values = None if None in declared else frozenset[str]().union(*(value for value in declared if value is not None))
    node = Call(name, tuple(part.node for part in parts_in_unit), unit or Unit.RATIO)
    return Typed(node, unit, offset, values)


def _is_known(_checker: Checker, name: str, parts: Arguments, offset: int) -> Typed | None:
    return Typed(Call(name, (with_unit(parts[0], Unit.RATIO).node,), Unit.BOOL), Unit.BOOL, offset)


_RULES: Final[Mapping[str, Callable[[Checker, str, Arguments, int], Typed | None]]] = {
    "min": _same_unit,
    "max": _same_unit,
    "clamp": _same_unit,
    "abs": _absolute,
    "round": _whole,
    "floor": _whole,
    "ceil": _whole,
    "between": _between,
    "days_since": _days_since,
    "months_between": _months_between,
    "in_last": _in_last,
    "coalesce": _coalesce,
    "known": _is_known,
    "missing": _is_known,
}
_NUMERIC: Final = frozenset({"min", "max", "clamp", "abs", "round", "floor", "ceil"})
