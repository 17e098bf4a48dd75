"""Reading rules for many customers: the one place where the two evaluators differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.expressions import Tracer, truths
from engine.expressions.columns import Column, Columns, Facts, ScoreColumn
from engine.expressions.tree import Expression
from engine.scoring import Scored, score_columns, score_one
from engine.scoring.model import Scorecard
from engine.vocabulary import Truth

FALSE: Final = 0
TRUE: Final = 1
UNKNOWN: Final = 2
"""Stored truth values."""

_STORED: Final = {Truth.FALSE: FALSE, Truth.TRUE: TRUE, Truth.UNKNOWN: UNKNOWN}

Evaluator = Literal["columnar", "traced"]


class Reading(Protocol):
    """Answers of the rules for a frame of customers.

    Attributes:
        length: Customers in the frame.
    """

    @property
    def length(self) -> int:
        """Customers in the frame."""

    def truths(
        self, expression: Expression, given: Columns | None = None, score: ScoreColumn | None = None
    ) -> NDArray[np.uint8]:
        """A condition for every customer: FALSE, TRUE or UNKNOWN; `given` adds names to the facts."""

    def scored(self, card: Scorecard) -> Scored:
        """Points of every criterion and the score with its bounds."""


@dataclass(frozen=True)
class ColumnarReading:
    """Reads every rule for all customers at once."""

    columns: Columns
    length: int
    day: int

    def truths(
        self, expression: Expression, given: Columns | None = None, score: ScoreColumn | None = None
    ) -> NDArray[np.uint8]:
        """See `Reading`."""
        columns = self.columns if given is None else {**self.columns, **given}
        return truths(expression, columns, self.length, score=score, day=self.day)

    def scored(self, card: Scorecard) -> Scored:
        """See `Reading`."""
        return score_columns(card, self.columns, self.length)


def reading_of(columns: Columns, length: int, day: int, evaluator: Evaluator) -> Reading:
    """The reading of a frame by one of the evaluators."""
    if evaluator == "traced":
        return TracedReading(columns, length, day)
    return ColumnarReading(columns, length, day)
