"""What the traced evaluator takes and gives: a score with bounds, results, steps."""

from __future__ import annotations

from dataclasses import dataclass

from engine.expressions.tree import Node
from engine.expressions.written import written
from engine.vocabulary import UnknownCause

Result = float | str | bool | UnknownCause
"""What a node gives: a double, a text, a truth, or the cause for which it is unknown. Dates are doubles too."""


@dataclass(frozen=True, slots=True)
class ScoreFact:
    """One customer's score in 0.0001; `value` None: unknown. The bounds are always there."""

    value: int | None
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Valued:
    """What an expression gives: `value` None iff unknown, with the cause."""

    value: float | str | bool | None
    cause: UnknownCause | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an evaluation: a name that was read or a condition that was answered."""

    node: Node
    result: Valued

    @property
    def text(self) -> str:
        """The node in the rule language."""
        return written(self.node)


def valued(result: Result) -> Valued:
    """A result apart from its cause."""
    return Valued(None, result) if type(result) is UnknownCause else Valued(result)
