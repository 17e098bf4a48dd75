"""Reading rules for many customers: the one place where the two evaluators differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.expressions import Columns, Expression, Fact, ScoreColumn, ScoreFact, Tracer, truths
from engine.scoring import Scored, score_columns, score_one
from engine.scoring.model import Scorecard
from engine.vocabulary import MetricState, Truth

FALSE: Final = 0
TRUE: Final = 1
UNKNOWN: Final = 2
"""Stored truth values."""

_STORED: Final = {Truth.FALSE: FALSE, Truth.TRUE: TRUE, Truth.UNKNOWN: UNKNOWN}
_STATES: Final = {MetricState.KNOWN: 0, MetricState.ASSUMED: 1, MetricState.UNKNOWN: 2}

Evaluator = Literal["columnar", "traced"]


class Reading(Protocol):
    """Answers of the rules for a frame of customers."""

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


@dataclass(frozen=True)
class TracedReading:
    """Reads the rules customer by customer, with the evaluator that explanations use."""

    columns: Columns
    length: int
    day: int

    @cached_property
    def _facts(self) -> list[dict[str, Fact]]:
        return [{name: column.fact(row) for name, column in self.columns.items()} for row in range(self.length)]

    @cached_property
    def _tracers(self) -> dict[tuple[int, int], tuple[object, list[Tracer]]]:
        """Tracers already made, with what they were made for, by the identity of that."""
        return {}

    def _tracing(self, given: Columns | None, score: ScoreColumn | None) -> list[Tracer]:
        """A tracer per customer; rules that see the same names and scores share them."""
        key = (id(given), id(score))
        if key not in self._tracers:
            more = {} if given is None else given
            made = [
                Tracer(
                    {**facts, **{name: column.fact(row) for name, column in more.items()}},
                    score=None if score is None else _score_fact(score, row),
                    day=self.day,
                )
                for row, facts in enumerate(self._facts)
            ]
            self._tracers[key] = ((given, score), made)
        return self._tracers[key][1]

    def truths(
        self, expression: Expression, given: Columns | None = None, score: ScoreColumn | None = None
    ) -> NDArray[np.uint8]:
        """See `Reading`."""
        tracers = self._tracing(given, score)
        return np.array([_STORED[tracer.truth(expression)] for tracer in tracers], np.uint8)

    def scored(self, card: Scorecard) -> Scored:
        """See `Reading`."""
        ones = [score_one(card, facts) for facts in self._facts]
        shape = (self.length, len(card.criteria))
        points = [[-1 if c.points is None else c.points for c in one.criteria] for one in ones]
        states = [[_STATES[c.state] for c in one.criteria] for one in ones]
        values = [-1 if one.score.value is None else one.score.value for one in ones]
        score = ScoreColumn(
            values=np.array(values, np.int64),
            low=np.array([one.score.low for one in ones], np.int64),
            high=np.array([one.score.high for one in ones], np.int64),
            known=np.array([one.score.value is not None for one in ones], np.bool_),
        )
        return Scored(
            points=np.array(points, np.int32).reshape(shape),
            states=np.array(states, np.uint8).reshape(shape),
            score=score,
            known_weight=np.array([one.known_weight for one in ones], np.int64),
        )


def _score_fact(score: ScoreColumn, row: int) -> ScoreFact:
    value = int(score.values[row]) if score.known[row] else None
    return ScoreFact(value, int(score.low[row]), int(score.high[row]))


def reading_of(columns: Columns, length: int, day: int, evaluator: Evaluator) -> Reading:
    """The reading of a frame by one of the evaluators."""
    if evaluator == "traced":
        return TracedReading(columns, length, day)
    return ColumnarReading(columns, length, day)
