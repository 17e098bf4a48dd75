"""The clauses of force rules, gates and `or_when`: what is joined by and, or, not, taken apart."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, replace

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.turns import behind, names_in
from engine.expressions import Expression
from engine.expressions.language import SCORE
from engine.expressions.tree import AllOf, AnyOf, Compare, Comparison, Name, Node, Not
from engine.rulebook.book import MarketBook

_RISING = {Comparison.GREATER, Comparison.GREATER_EQUAL}
_FALLING = {Comparison.LESS, Comparison.LESS_EQUAL}


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a condition that is not made of others.

    Attributes:
        moving: The metrics that can be changed among those it depends on.
        scored: It depends on the score too.
        rises: A better score never turns a condition it stands in for the worse.
    """

    expression: Expression
    moving: frozenset[str]
    scored: bool
    rises: bool


def conditions_of(rules: MarketBook) -> Iterator[Expression]:
    """Every condition that decides the tier."""
    for force in rules.force:
        yield force.when
    for tier in rules.tiers:
        for gate in (*tier.gates, *((tier.or_when,) if tier.or_when is not None else ())):
            yield gate.when


def clauses_of(case: Case, movable: Set[str]) -> list[Clause]:
    """The clauses that depend on the score or on a metric that can be changed."""
    found = []
    for condition in conditions_of(case.rules):
        for node, plain in _leaves(condition.node, plain=True):
            names = names_in(node)
            moving = frozenset(behind(case, tuple(names)) & movable)
            if moving or SCORE in names:
                expression = replace(condition, node=node, names=tuple(sorted(names)))
                found.append(Clause(expression, moving, SCORE in names, SCORE not in names or _rises(node, plain)))
    return found


def _leaves(node: Node, *, plain: bool) -> Iterator[tuple[Node, bool]]:
    """The parts a condition is made of, and whether each stands in it without a `not`."""
    match node:
        case Not():
            yield from _leaves(node.operand, plain=not plain)
        case AllOf() | AnyOf():
            for operand in node.operands:
                yield from _leaves(operand, plain=plain)
        case _:
            yield node, plain


def _rises(node: Node, plain: bool) -> bool:
    """A comparison of the bare score that a better score helps, or turned by `not` harms."""
    if not isinstance(node, Compare):
        return False
    left, right = (isinstance(side, Name) and side.name == SCORE for side in (node.left, node.right))
    other = node.right if left else node.left
    if left == right or SCORE in names_in(other):
        return False
    return node.operator in (_RISING if left == plain else _FALLING)
