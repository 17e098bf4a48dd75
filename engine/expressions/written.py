"""A node of the tree as text, for explanations."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Bins,
    Calculate,
    Call,
    Choose,
    Compare,
    Curve,
    Literal,
    Name,
    Node,
    Not,
    Number,
    OneOf,
)
from engine.vocabulary import Unit

_EPOCH: Final = date(1970, 1, 1).toordinal()


def written(node: Node) -> str:
    """The node in the rule language, with brackets where they are needed to read it back.

    >>> written(AnyOf((Name("a", Unit.BOOL), Not(Name("b", Unit.BOOL)))))
    'a or not b'
    """
    return _Writer().write(node, 0)


class _Writer:
    """Knows how tightly each kind of node binds."""

    def write(self, node: Node, around: int) -> str:
        text, binds = self._parts(node)
        return f"({text})" if binds < around else text

    def _parts(self, node: Node) -> tuple[str, int]:
        match node:
            case Number(value):
                return format(Decimal(repr(value)).normalize(), "f"), 8
            case Literal():
                return _literal(node), 9
            case Name(name):
                return name, 9
            case Curve() | Bins():
                return f"points({node.operand.name})", 9
            case Call(function, arguments):
                return f"{function}({', '.join(self.write(argument, 0) for argument in arguments)})", 9
            case Calculate(operator, left, right):
                tight = 6 if operator.value in "+-" else 7
                return f"{self.write(left, tight)} {operator} {self.write(right, tight + 1)}", tight
            case _:
                return self._condition(node)

    def _condition(self, node: Node) -> tuple[str, int]:
        match node:
            case Choose(condition, value, otherwise):
                parts = self.write(value, 2), self.write(condition, 2), self.write(otherwise, 1)
                return f"{parts[0]} if {parts[1]} else {parts[2]}", 1
            case AnyOf(operands):
                return " or ".join(self.write(operand, 3) for operand in operands), 2
            case AllOf(operands):
                return " and ".join(self.write(operand, 4) for operand in operands), 3
            case Not(operand):
                return f"not {self.write(operand, 4)}", 4
            case OneOf(operand, values, negated):
                listed = ", ".join(self.write(value, 0) for value in values)
                return f"{self.write(operand, 6)} {'not in' if negated else 'in'} ({listed})", 5
            case Compare(left, operator, right):
                return f"{self.write(left, 6)} {operator} {self.write(right, 6)}", 5
        raise TypeError(node)


def _literal(node: Literal) -> str:
    if isinstance(node.value, bool):
        return "true" if node.value else "false"
    if node.unit is Unit.DATE:
        return f"'{date.fromordinal(_EPOCH + int(node.value))}'"
    quote = '"' if "'" in str(node.value) else "'"
    return f"{quote}{node.value}{quote}"
