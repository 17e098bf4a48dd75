"""Reading rules for many customers: the one place where the two evaluators differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.expressions import Columns, Expression, Fact, ScoreColumn, ScoreFact, Tracer, truths
from engine.scoring import Scored, ScoredOne, score_columns, score_one
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
    def columns(self) -> Columns:
        """The facts it reads."""

    @property
    def length(self) -> int:
        """Customers in the frame."""

    def truths(
        self, expression: Expression, given: Columns | None = None, score: ScoreColumn | None = None
    ) -> NDArray[np.uint8]:
        """A condition for every customer: FALSE, TRUE or UNKNOWN; `given` adds names to the facts.

        The answer may be handed out again: it is not to be written to.
        """

    def table(self, expressions: Sequence[Expression], given: Columns) -> NDArray[np.uint8]:
        """Many conditions for every customer, (customers, conditions), as `truths` answers them."""

    def scored(self, card: Scorecard) -> Scored:
        """Points of every criterion and the score with its bounds."""


@dataclass(frozen=True)
class ColumnarReading:
    """Reads every rule for all customers at once.

    Attributes:
        same: Points known beforehand, as in `score_columns`.
        settled: Answers known beforehand, the same for every customer, by the identity of a condition.
    """

    columns: Columns
    length: int
    day: int
    same: Mapping[str, int | None] = field(default_factory=dict)
    settled: Mapping[int, int] = field(default_factory=dict)

    def truths(
        self, expression: Expression, given: Columns | None = None, score: ScoreColumn | None = None
    ) -> NDArray[np.uint8]:
        """See `Reading`."""
        answer = self.settled.get(id(expression))
        if answer is not None:
            return np.full(self.length, answer, np.uint8)
        columns = self.columns if given is None else {**self.columns, **given}
        return truths(expression, columns, self.length, score=score, day=self.day)

    def table(self, expressions: Sequence[Expression], given: Columns) -> NDArray[np.uint8]:
        """See `Reading`."""
        answers = np.empty((self.length, len(expressions)), np.uint8)
        for index, expression in enumerate(expressions):
            answers[:, index] = self.truths(expression, given)
        return answers

    def scored(self, card: Scorecard) -> Scored:
        """See `Reading`."""
        return score_columns(card, self.columns, self.length, self.same)


@dataclass(frozen=True)
class TracedReading:
    """Reads the rules customer by customer, with the evaluator that explanations use.

    What was asked once is not evaluated again: an explanation asks what the decision asked before it.
    """

    columns: Columns
    length: int
    day: int

    @cached_property
    def facts(self) -> list[dict[str, Fact]]:
        """The metrics of every customer."""
        return [{name: column.fact(row) for name, column in self.columns.items()} for row in range(self.length)]

    @cached_property
    def _settings(self) -> dict[tuple[int, int], _Setting]:
        """By the identity of the names given and of the scores."""
        return {}

    @cached_property
    def _scores(self) -> dict[int, _Scores]:
        """By the identity of the scorecard."""
        return {}

    def _setting(self, given: Columns | None, score: ScoreColumn | None) -> _Setting:
        """A tracer per customer; rules that see the same names and scores share them."""
        key = (id(given), id(score))
        setting = self._settings.get(key)
        if setting is None:
            more = {} if given is None else given
            tracers = [
                Tracer(
                    {**facts, **{name: column.fact(row) for name, column in more.items()}} if more else facts,
                    score=None if score is None else _score_fact(score, row),
                    day=self.day,
                )
                for row, facts in enumerate(self.facts)
            ]
            setting = self._settings[key] = _Setting(given, score, tracers, {})
        return setting

    def truths(
        self, expression: Expression, given: Columns | None = None, score: ScoreColumn | None = None
    ) -> NDArray[np.uint8]:
        """See `Reading`."""
        setting = self._setting(given, score)
        answered = setting.answers.get(id(expression))
        if answered is None:
            answer = np.array([_STORED[tracer.truth(expression)] for tracer in setting.tracers], np.uint8)
            answered = setting.answers[id(expression)] = expression, answer
        return answered[1]

    def table(self, expressions: Sequence[Expression], given: Columns) -> NDArray[np.uint8]:
        """See `Reading`."""
        tracers = self._setting(given, None).tracers
        answers = [_STORED[tracer.truth(expression)] for tracer in tracers for expression in expressions]
        return np.array(answers, np.uint8).reshape(len(tracers), len(expressions))

    def scored(self, card: Scorecard) -> Scored:
        """See `Reading`."""
        return self._scores_by(card).columns

    def ones(self, card: Scorecard) -> list[ScoredOne]:
        """The score of every customer with its contributions."""
        return self._scores_by(card).ones

    def _scores_by(self, card: Scorecard) -> _Scores:
        if id(card) not in self._scores:
            ones = [score_one(card, facts) for facts in self.facts]
            self._scores[id(card)] = _Scores(card, ones, _in_columns(ones, len(card.criteria)))
        return self._scores[id(card)]


@dataclass(frozen=True, slots=True)
class _Setting:
    """What conditions see beside the facts, a tracer per customer, and the answers by the identity of a condition."""

    given: Columns | None
    score: ScoreColumn | None
    tracers: list[Tracer]
    answers: dict[int, tuple[Expression, NDArray[np.uint8]]]


@dataclass(frozen=True, slots=True)
class _Scores:
    """Scores by one card, customer by customer and as columns."""

    card: Scorecard
    ones: list[ScoredOne]
    columns: Scored


def _in_columns(ones: list[ScoredOne], criteria: int) -> Scored:
    shape = (len(ones), criteria)
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
