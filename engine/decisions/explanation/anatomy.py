"""What of a market's rules is the same for every customer: the parts of its conditions and what each rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from engine.expressions import Expression
from engine.expressions.language import SCORE
from engine.expressions.tree import (
    AllOf,
    AnyOf,
    Calculate,
    Call,
    Choose,
    Compare,
    Comparison,
    Name,
    Node,
    Not,
    OneOf,
)
from engine.metrics import FromExpression, Metric
from engine.rulebook.book import Book, MarketBook
from engine.vocabulary import Market

_RISING: Final = {Comparison.GREATER, Comparison.GREATER_EQUAL}
_FALLING: Final = {Comparison.LESS, Comparison.LESS_EQUAL}
_BOOKS: Final = 32
"""So many markets of rule books are remembered, the latest asked for."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part of a condition that is not made of others by and, or, not.

    Attributes:
        behind: The names it reads, with all that they are calculated from.
        scored: It reads the score.
        rises: A better score never turns a condition it stands in for the worse.
    """

    expression: Expression
    behind: frozenset[str]
    scored: bool
    rises: bool


@dataclass(frozen=True, slots=True)
class Anatomy:
    """The parts of a market's rules.

    Attributes:
        conditions: Every condition that decides the tier.
        leaves: The parts of these conditions, in their order.
        behind: By metric: itself with all it is calculated from.
        derived: The metrics calculated from others, inputs first, each with the names it reads itself.
        criteria: By metric of the scorecard, in the order of the criteria, what it rests on.
        read: The metrics that force, scorecard and ladder read, with those these are calculated from.
    """

    conditions: tuple[Expression, ...]
    leaves: tuple[Leaf, ...]
    behind: Mapping[str, frozenset[str]]
    derived: tuple[tuple[Metric, frozenset[str]], ...]
    criteria: Mapping[str, frozenset[str]]
    read: frozenset[str]

    def all_behind(self, names: Iterable[str]) -> frozenset[str]:
        """Some names with all they are calculated from."""
        return _all_behind(self.behind, names)


def anatomy_of(book: Book, market: Market) -> Anatomy:
    """The parts of a market's rules; taken apart once, for explanations ask again for every customer."""
    return _anatomy(_Same(book), market)


class _Same:
    """A rule book told by what it is, not by what is in it, which would be slow to compare."""

    __slots__ = ("book",)

    def __init__(self, book: Book) -> None:
        self.book = book

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.book is other.book

    def __hash__(self) -> int:
        return id(self.book)


@lru_cache(maxsize=_BOOKS)
def _anatomy(same: _Same, market: Market) -> Anatomy:
    book, rules = same.book, same.book.markets[market]
    behind: dict[str, frozenset[str]] = {}
    derived = []
    for name, metric in book.metrics.items():  # what a metric is calculated from stands before it
        inputs = metric.origin.expression.names if isinstance(metric.origin, FromExpression) else ()
        behind[name] = _all_behind(behind, inputs) | {name}
        if inputs:
            derived.append((metric, frozenset(inputs)))
    conditions = tuple(_conditions(rules))
    criteria = {criterion.metric: behind[criterion.metric] for criterion in rules.scorecard.criteria}
    leaves = tuple(leaf for condition in conditions for leaf in _leaves_of(condition, behind))
    read = frozenset[str]().union(*criteria.values(), *(leaf.behind for leaf in leaves))
    return Anatomy(conditions, leaves, behind, tuple(derived), criteria, read)


def _all_behind(behind: Mapping[str, frozenset[str]], names: Iterable[str]) -> frozenset[str]:
    return frozenset[str]().union(*(behind.get(name, (name,)) for name in names))


def _conditions(rules: MarketBook) -> Iterator[Expression]:
    for force in rules.force:
        yield force.when
    for tier in rules.tiers:
        for gate in (*tier.gates, *((tier.or_when,) if tier.or_when is not None else ())):
            yield gate.when


def _leaves_of(condition: Expression, behind: Mapping[str, frozenset[str]]) -> Iterator[Leaf]:
    for node, plain in _leaves(condition.node, plain=True):
        names = names_in(node)
        expression, scored = replace(condition, node=node, names=tuple(sorted(names))), SCORE in names
        yield Leaf(expression, _all_behind(behind, names), scored, not scored or _rises(node, plain))


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


def parts_of(node: Node) -> tuple[Node, ...]:
    """The nodes directly below one."""
    match node:
        case Not():
            return (node.operand,)
        case AllOf() | AnyOf():
            return node.operands
        case Compare() | Calculate():
            return (node.left, node.right)
        case OneOf():
            return (node.operand, *node.values)
        case Choose():
            return (node.condition, node.value, node.otherwise)
        case Call():
            return node.arguments
        case _:
            return ()


def names_in(node: Node) -> set[str]:
    """Every name a node reads."""
    if isinstance(node, Name):
        return {node.name}
    return set[str]().union(*(names_in(part) for part in parts_of(node)))
