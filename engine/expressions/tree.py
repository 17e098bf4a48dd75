"""The typed tree that every rule is lowered to; two evaluators read it.

A node knows its unit. Stored values are whole numbers (see `engine.vocabulary.scale_of`); inside
expressions a number is the IEEE double `stored / scale`, in one written order. Curves and bins are
integer nodes of the same tree: they read the stored number and give points in 0.0001.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.errors import Place
from engine.vocabulary import Unit


class Comparison(StrEnum):
    """Comparing operators."""

    LESS = "<"
    LESS_EQUAL = "<="
    GREATER = ">"
    GREATER_EQUAL = ">="
    EQUAL = "=="
    NOT_EQUAL = "!="


class Arithmetic(StrEnum):
    """Calculating operators."""

    ADD = "+"
    SUBTRACT = "-"
    MULTIPLY = "*"
    DIVIDE = "/"


@dataclass(frozen=True, slots=True)
class Number:
    """A written number; `unit` is the one it took from its neighbour."""

    value: float
    unit: Unit


@dataclass(frozen=True, slots=True)
class Literal:
    """A written text or enumeration value, true or false, or a date as days since 1970-01-01."""

    value: str | bool | int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Name:
    """A metric, a record field, or one of the given names (score, tier, stage, phase, risk, market)."""

    name: str
    unit: Unit
    scale: int = 1


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene negation."""

    operand: Node


@dataclass(frozen=True, slots=True)
class AllOf:
    """Kleene conjunction, in written order."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Kleene disjunction, in written order."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """One comparison; a chain is an `AllOf` of these. With the bare name `score` it is unknown
    unless every score between the bounds answers alike."""

    left: Node
    operator: Comparison
    right: Node


@dataclass(frozen=True, slots=True)
class OneOf:
    """Membership in written values; `negated` for `not in`."""

    operand: Node
    values: tuple[Node, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Calculate:
    """Two numbers and an operator, in doubles."""

    operator: Arithmetic
    left: Node
    right: Node
    unit: Unit


@dataclass(frozen=True, slots=True)
class Choose:
    """`value if condition else otherwise`; unknown while the condition is unknown (unless both agree)."""

    condition: Node
    value: Node
    otherwise: Node
    unit: Unit


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the closed list."""

    function: str
    arguments: tuple[Node, ...]
    unit: Unit


@dataclass(frozen=True, slots=True)
class Curve:
    """Piecewise linear points. `xs` are stored numbers of the metric's unit, strictly rising;
    `ys` are points in 0.0001. x is clamped to the ends first, then half to even."""

    operand: Name
    xs: tuple[int, ...]
    ys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bins:
    """Points by interval [edge, next edge): `edges` stored numbers, strictly rising; one more `ys`."""

    operand: Name
    edges: tuple[int, ...]
    ys: tuple[int, ...]


Node = Number | Literal | Name | Not | AllOf | AnyOf | Compare | OneOf | Calculate | Choose | Call | Curve | Bins


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression.

    Attributes:
        text: As written.
        node: What it means.
        unit: What it gives; `BOOL` for conditions.
        names: Every name it reads, sorted.
        place: Where it is written.
    """

    text: str
    node: Node
    unit: Unit
    names: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Declared:
    """What a name means to the checker.

    Attributes:
        unit: Its type.
        scale: Stored units per unit (`scale_of`).
        values: Declared texts for `TEXT`; empty: any text.
    """

    unit: Unit
    scale: int = 1
    values: tuple[str, ...] = ()
