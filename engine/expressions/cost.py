"""What evaluating an expression costs, in steps for one customer."""

from __future__ import annotations

from engine.expressions.language import FUNCTIONS
from engine.expressions.tree import Call, Node


def cost_of(node: Node) -> int:
    """Steps of evaluating a node. A shared node counts as often as it is read, but is looked at once.

    >>> from engine.expressions.tree import Name
    >>> from engine.vocabulary import Unit
    >>> cost_of(Call("abs", (Name("n", Unit.COUNT),), Unit.COUNT))
    2
    """
    return _steps(node, {})


def _steps(node: object, seen: dict[int, int]) -> int:
    if isinstance(node, tuple):
        return sum(_steps(item, seen) for item in node)
    fields = getattr(node, "__dataclass_fields__", None)
    if fields is None:
        return 0
    if id(node) not in seen:
        own = FUNCTIONS[node.function].cost if isinstance(node, Call) else 1
        seen[id(node)] = own + sum(_steps(getattr(node, name), seen) for name in fields)
    return seen[id(node)]
