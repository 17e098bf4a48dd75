"""Conditions and calculations said in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from engine.expressions.amounts import amount, plain
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Calculate,
    Call,
    Choose,
    Compare,
    Comparison,
    Literal,
    Name,
    Node,
    Not,
    Number,
    OneOf,
)
from engine.rulebook.telling.names import Words
from engine.rulebook.telling.phrases import AND, COMMA, OR, join, listed, quoted, say
from engine.vocabulary import Text, Unit

_EPOCH: Final = date(1970, 1, 1).toordinal()
_COMPARED: Final[Mapping[Comparison, Text]] = {
    Comparison.LESS: Text("is less than {right}", " 小于 {right}"),
    Comparison.LESS_EQUAL: Text("is at most {right}", " 不超过 {right}"),
    Comparison.GREATER: Text("is more than {right}", " 大于 {right}"),
    Comparison.GREATER_EQUAL: Text("is at least {right}", " 不低于 {right}"),
    Comparison.EQUAL: Text("is {right}", " 为 {right}"),
    Comparison.NOT_EQUAL: Text("is not {right}", " 不为 {right}"),
}
_TURNED: Final = {
    Comparison.LESS: Comparison.GREATER,
    Comparison.LESS_EQUAL: Comparison.GREATER_EQUAL,
    Comparison.GREATER: Comparison.LESS,
    Comparison.GREATER_EQUAL: Comparison.LESS_EQUAL,
    Comparison.EQUAL: Comparison.EQUAL,
    Comparison.NOT_EQUAL: Comparison.NOT_EQUAL,
}
"""With the sides changed."""
_OPPOSITE: Final = {
    Comparison.LESS: Comparison.GREATER_EQUAL,
    Comparison.LESS_EQUAL: Comparison.GREATER,
    Comparison.GREATER: Comparison.LESS_EQUAL,
    Comparison.GREATER_EQUAL: Comparison.LESS,
    Comparison.EQUAL: Comparison.NOT_EQUAL,
    Comparison.NOT_EQUAL: Comparison.EQUAL,
}
"""Of what is known; of what is unknown both are unknown."""
_CALCULATED: Final = {
    Arithmetic.ADD: Text("{left} plus {right}", "{left} 加 {right}"),
    Arithmetic.SUBTRACT: Text("{left} minus {right}", "{left} 减 {right}"),
    Arithmetic.MULTIPLY: Text("{left} times {right}", "{left} 乘以 {right}"),
    Arithmetic.DIVIDE: Text("{left} divided by {right}", "{left} 除以 {right}"),
}
_CALLED: Final[Mapping[str, Text]] = {
    "abs": Text("the size of {a} without its sign", "{a} 的绝对值"),
    "round": Text("{a} rounded", "{a} 取整"),
    "floor": Text("{a} rounded down", "{a} 向下取整"),
    "ceil": Text("{a} rounded up", "{a} 向上取整"),
    "clamp": Text("{a}, but not below {b} and not above {c}", "{a}（限制在 {b} 至 {c} 之间）"),
    "days_since": Text("the days since {a}", "{a} 至今的天数"),
    "months_between": Text("the whole months from {a} to {b}", "{a} 至 {b} 的整月数"),
    "in_last": Text("{a} lies within the last {b}", "{a} 在最近 {b}内"),
    "known": Text("{a} is known", "{a} 已知"),
    "missing": Text("{a} is unknown", "{a} 未知"),
}
_OF_MANY: Final[Mapping[str, Text]] = {
    "min": Text("the least of {all}", "{all} 中的最小值"),
    "max": Text("the greatest of {all}", "{all} 中的最大值"),
    "coalesce": Text("the first that is known of {all}", "{all} 中第一个已知的值"),
}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says nodes of the tree in words, in both languages."""

    words: Words

    def condition(self, node: Node) -> Text:
        """A condition as a clause, e.g. “Has a contract” holds and the score is at least 45."""
        match _without_not(node):
            case AllOf(operands):
                return join(AND, [self._inner(part) for part in self._by_subject(operands)])
            case AnyOf(operands):
                return join(OR, [self._inner(operand) for operand in operands])
            case Not(Name(name)):
                return say("{what} does not hold", "{what}不成立", what=self.words.name(name))
            case Not(operand):
                return say("it is not so that {what}", "并非{what}", what=self._inner(operand))
            case Name(name):
                return say("{what} holds", "{what}成立", what=self.words.name(name))
            case Literal(value) if isinstance(value, bool):
                return Text("always", "始终") if value else Text("never", "从不")
            case Compare() as compared:
                return self._compared(compared)
            case OneOf() as chosen:
                return self._one_of(chosen)
            case Choose(condition, value, otherwise):
                parts = {"when": self._inner(condition), "a": self._inner(value), "b": self._inner(otherwise)}
                return say("where {when}, {a}, and otherwise {b}", "在{when} 时{a}，其他情况下{b}", **parts)
        return self.quantity(node)

    def quantity(self, node: Node, beside: Node | None = None) -> Text:
        """A number, text or date, e.g. “Revenue” divided by 3; what it is compared with helps to name values."""
        match node:
            case Name(name):
                return self.words.name(name)
            case Number(value, unit):
                return amount(Decimal(repr(value)).normalize(), unit, self.words.currency)
            case Literal(value, unit):
                return self._literal(value, unit, beside)
            case Calculate():
                return self._calculated(node)
            case Call(function, arguments):
                return self._called(function, [self._side(argument) for argument in arguments])
            case Choose(condition, value, otherwise):
                parts = {"a": self._inner_quantity(value), "b": self._inner_quantity(otherwise)}
                when = self.condition(condition)
                return say(
                    "{a} (where {when}) or {b} (otherwise)", "{a}（{when} 时）或 {b}（其他情况）", when=when, **parts
                )
        return self.condition(node)

    def _inner(self, part: Node | Text) -> Text:
        """Part of a larger clause: in brackets where the words alone would be ambiguous."""
        if isinstance(part, Text):
            return part
        node, said = _without_not(part), self.condition(part)
        long = isinstance(node, AllOf | AnyOf | Choose) or (
            isinstance(node, Not) and not isinstance(node.operand, Name)
        )
        return _bracketed(said) if long else said

    def _inner_quantity(self, node: Node) -> Text:
        return _bracketed(self.quantity(node)) if isinstance(node, Calculate | Choose) else self._side(node)

    def _side(self, node: Node, beside: Node | None = None) -> Text:
        """A side of a comparison or what a function is given: a condition there is in brackets."""
        said = self.quantity(node, beside)
        return _bracketed(said) if isinstance(node, AllOf | AnyOf | Not | Compare | OneOf) else said

    def _by_subject(self, operands: tuple[Node, ...]) -> list[Node | Text]:
        """Comparisons of one thing with two bounds become one clause."""
        parts: list[Node | Text] = []
        for subject, group in groupby(map(_without_not, operands), _subject):
            found = list(group)
            if subject is None or len(found) < 2:
                parts.extend(found)
                continue
            told = [self._compared_to(one) for one in found if isinstance(one, Compare)]
            parts.append(say("{what} {is_so}", "{what}{is_so}", what=self.words.name(subject), is_so=join(AND, told)))
        return parts

    def _compared(self, node: Compare) -> Text:
        left = _turned(node).left
        return say("{left} {is_so}", "{left}{is_so}", left=self._side(left), is_so=self._compared_to(node))

    def _compared_to(self, node: Compare) -> Text:
        turned = _turned(node)
        form = _COMPARED[turned.operator]
        return say(form.en, form.zh, right=self._side(turned.right, turned.left))

    def _one_of(self, node: OneOf) -> Text:
        found = [self.quantity(value, node.operand) for value in node.values]
        left = self.quantity(node.operand)
        values = Text(listed(found, OR).en, join(COMMA, found).zh)
        if node.negated:
            return say("{left} is none of {values}", "{left} 不为 {values}中的任何一个", left=left, values=values)
        if len(found) == 1:
            return say("{left} is {values}", "{left} 为 {values}", left=left, values=values)
        return say("{left} is either {values}", "{left} 为 {values} 之一", left=left, values=values)

    def _literal(self, value: str | bool | int, unit: Unit, beside: Node | None) -> Text:
        if isinstance(value, bool):
            return Text("true", "真") if value else Text("false", "假")
        if unit is Unit.DATE:
            return Text(date.fromordinal(_EPOCH + int(value)).isoformat())
        named = self.words.values.get(beside.name, {}) if isinstance(beside, Name) else {}
        return named.get(str(value)) or quoted(Text(str(value), str(value)))

    def _calculated(self, node: Calculate) -> Text:
        form = _CALCULATED[node.operator]
        return say(form.en, form.zh, left=self._factor(node.left), right=self._factor(node.right))

    def _factor(self, node: Node) -> Text:
        """A part of a calculation; a bare number there is a count of something and has no unit."""
        return Text(plain(Decimal(repr(node.value)))) if isinstance(node, Number) else self._inner_quantity(node)

    def _called(self, function: str, arguments: list[Text]) -> Text:
        if function in _OF_MANY:
            form = _OF_MANY[function]
            return say(form.en, form.zh, all=listed(arguments, Text(" and ", "和 ")))
        form = _CALLED[function]
        return say(form.en, form.zh, **dict(zip("abc", arguments, strict=False)))


def _bracketed(said: Text) -> Text:
    return Text(f"({said.en})", f"（{said.zh}）")


def _without_not(node: Node) -> Node:
    """`not n > 5` read as `n <= 5`, and `not not ok` as `ok`; other nodes as they are."""
    match node:
        case Not(Not(operand)):
            return _without_not(operand)
        case Not(Compare(left, operator, right)):
            return Compare(left, _OPPOSITE[operator], right)
        case Not(OneOf(operand, values, negated)):
            return OneOf(operand, values, not negated)
        case Not(Literal(value, unit)):
            return Literal(not value, unit)
    return node


def _turned(node: Compare) -> Compare:
    """`14 <= n` read as `n >= 14`."""
    if isinstance(node.left, Number | Literal):
        return Compare(node.right, _TURNED[node.operator], node.left)
    return node


def _subject(node: Node) -> str | None:
    """The metric a comparison is about, if it compares one with a written number."""
    if not isinstance(node, Compare):
        return None
    turned = _turned(node)
    return turned.left.name if isinstance(turned.left, Name) and isinstance(turned.right, Number) else None
