"""A checked part of an expression on its way to the tree, and how two parts come to one unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Final

from engine.expressions.report import Report
from engine.expressions.tree import Arithmetic, Calculate, Call, Choose, Literal, Name, Node, Number
from engine.expressions.units import NUMERIC, title, together
from engine.vocabulary import Text, Unit

_EPOCH: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class Typed:
    """A part with its unit.

    Attributes:
        unit: None: bare numbers only; they take their neighbour's unit.
        values: What a text can be; None: anything.
        offset: Where it is written.
    """

    node: Node
    unit: Unit | None
    offset: int
    values: frozenset[str] | None = None


def with_unit(part: Typed, unit: Unit) -> Typed:
    """Bare numbers as numbers of a unit; everything else as it is."""
    return replace(part, node=_adapted(part.node, unit), unit=unit) if part.unit is None else part


def _adapted(node: Node, unit: Unit) -> Node:
    match node:
        case Number():
            return replace(node, unit=unit)
        case Calculate(operator, left, right):
            # In a product or quotient of bare numbers the first one carries the unit.
            both = operator in (Arithmetic.ADD, Arithmetic.SUBTRACT)
            return Calculate(operator, _adapted(left, unit), _adapted(right, unit) if both else right, unit)
        case Choose(condition, value, otherwise):
            return Choose(condition, _adapted(value, unit), _adapted(otherwise, unit), unit)
        case Call(function, arguments):
            return Call(function, tuple(_adapted(argument, unit) for argument in arguments), unit)
    return node


def unified(report: Report, parts: Sequence[Typed]) -> tuple[Unit | None, list[Typed]] | None:
    """The one unit of parts that stand beside one another, and the parts in it; None with a problem noted.

    A written text beside a date is read as one.
    """
    parts = [_as_date(report, part) for part in parts] if any(part.unit is Unit.DATE for part in parts) else list(parts)
    unit = parts[0].unit
    for before, part in pairwise(parts):
        try:
            unit = together(unit, part.unit)
        except ValueError:
            _mixed(report, unit, part, before)
            return None
    return unit, [with_unit(part, unit) for part in parts] if unit is not None else parts


def _mixed(report: Report, unit: Unit | None, part: Typed, before: Typed) -> None:
    left, right = _told(before, unit), _told(part, part.unit)
    both_numeric = {unit, part.unit} <= NUMERIC | {None}
    report.add(
        "RULE_UNIT" if both_numeric else "RULE_TYPE",
        part.offset,
        Text(_sentence(f"{left.en} and {right.en} do not mix."), f"{left.zh}和{right.zh}不能混用。"),
        _remedy(unit, part, before),
    )


def _told(part: Typed, unit: Unit | None) -> Text:
    """A part by its name with its unit, or by its unit alone."""
    told = title(unit)
    if not isinstance(part.node, Name):
        return told
    return Text(f"`{part.node.name}` ({told.en})", f"`{part.node.name}`（{told.zh}）")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _remedy(unit: Unit | None, part: Typed, before: Typed) -> Text:
    sides = {unit, part.unit}
    if Unit.DATE in sides:
        return Text(
            "Write a date as '2026-12-31', or count its days with days_since(…).",
            "日期写作 '2026-12-31'，或用 days_since(…) 取天数。",
        )
    if Unit.TEXT in sides:
        return Text(
            "A number is written without quotes; a text is only compared with texts.",
            "数字不加引号；文本只能与文本比较。",
        )
    if Unit.BOOL in sides:
        return Text("Write true, false, or the name alone.", "请写 true、false 或只写名称。")
    return Text(
        "Compare, add and choose between numbers of one unit; a quotient of two of one unit is a ratio.",
        "只有同一单位的数才能比较、相加或二选一；同单位相除得到比率。",
    )


def _as_date(report: Report, part: Typed) -> Typed:
    if not (isinstance(part.node, Literal) and part.unit is Unit.TEXT):
        return part
    try:
        text = str(part.node.value)
        day = date.fromisoformat(text)
        if text != day.isoformat():
            raise ValueError
    except ValueError:
        report.add(
            "RULE_VALUE",
            part.offset,
            Text(f"'{part.node.value}' is no date.", f"'{part.node.value}' 不是日期。"),
            Text("Write year, month and day: '2026-12-31'.", "请写年月日：'2026-12-31'。"),
        )
        day = date(1970, 1, 1)
    return Typed(Literal(day.toordinal() - _EPOCH, Unit.DATE), Unit.DATE, part.offset)


def can_be_equal(report: Report, left: Typed, right: Typed) -> bool:
    """Note a text that is compared with something that never has this value."""
    if left.values is None or right.values is None or left.values & right.values:
        return True
    if not isinstance(left.node, Literal) and not isinstance(right.node, Literal):
        report.add(
            "RULE_VALUE",
            right.offset,
            Text("These two never have the same value.", "这两者的取值没有交集。"),
            Text("Compare with one of the declared values in quotes.", "请与加引号的已声明值比较。"),
        )
        return False
    written, other = (left, right) if isinstance(left.node, Literal) else (right, left)
    word, possible = min(written.values or ()), other.values or frozenset()
    near = report.meant(word, possible)
    listed = ", ".join(f"'{value}'" for value in sorted(possible)[:12])
    report.add(
        "RULE_VALUE",
        written.offset,
        Text(f"'{word[:40]}' is not a declared value.", f"'{word[:40]}' 不是已声明的值。"),
        Text(f"Did you mean '{near}'?", f"是否想写 '{near}'？")
        if near
        else Text(f"Declared: {listed}.", f"已声明：{listed}。"),
    )
    return False
