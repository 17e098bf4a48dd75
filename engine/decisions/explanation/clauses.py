"""The clauses of force rules, gates and `or_when` that a customer's metrics or score can turn."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass

from engine.decisions.explanation.case import Case
from engine.expressions import Expression


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


def clauses_of(case: Case, movable: Set[str]) -> list[Clause]:
    """The clauses that depend on the score or on a metric that can be changed."""
    found = []
    for leaf in case.anatomy.leaves:
        moving = leaf.behind & movable
        if moving or leaf.scored:
            found.append(Clause(leaf.expression, moving, leaf.scored, leaf.rises))
    return found
