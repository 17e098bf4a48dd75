"""Deciding with changed metrics: very many changes at once, and one of them again by the evaluator that explains."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.levers import Lever, Steps
from engine.decisions.model import Flags, States
from engine.decisions.names import market_column
from engine.decisions.pipeline import Rated, rate_by
from engine.decisions.reading import ColumnarReading, TracedReading
from engine.decisions.rows import repeated_row
from engine.expressions import Column, Columns
from engine.expressions.language import SCORE
from engine.metrics import FromExpression, Metric, second_pass
from engine.vocabulary import MetricState

Moves = Mapping[str, int]
"""Steps by metric name."""

Block = tuple[Mapping[str, int | Steps], int]
"""Rows that are decided: how many steps each changed metric goes (one number, or one for each row), and how many."""

Aim = Callable[[Rated, States], Flags]
"""Which rows of a frame, decided from these states, come out as wanted."""


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows that were decided: how the rules read them, what came out, which come out as wanted."""

    reading: ColumnarReading
    rated: Rated
    reached: Flags


@dataclass(frozen=True)
class Deciding:
    """Decides with changed metrics.

    Attributes:
        read: The facts that decide the tier.
        states: What every change is decided from, one row.
    """

    case: Case
    read: Columns
    levers: Mapping[str, Lever]
    states: States
    aim: Aim

    def decided(self, blocks: Sequence[Block]) -> Frame:
        """Every row of some blocks, decided."""
        case, length = self.case, sum(rows for _, rows in blocks)
        changed: dict[str, NDArray[np.int64]] = {}
        start = 0
        for moves, rows in blocks:
            block = slice(start, start := start + rows)
            for name, steps in moves.items():
                lever = self.levers[name]
                values = changed.setdefault(name, np.full(length, lever.value, np.int64))
                values[block] = lever.moved(steps)
        known = np.zeros(length, np.uint8)
        derived = following(case, self.read, changed)
        moved = {*changed, *(metric.name for metric in derived)}
        asked, settled = self._asked(moved)
        for metric in derived:
            assert isinstance(metric.origin, FromExpression)
            asked.update(metric.origin.expression.names)
        columns = {name: self.read[name].repeated(length) for name in (asked & self.read.keys()) - changed.keys()}
        columns.update({n: Column(values, known, self.levers[n].metric.unit) for n, values in changed.items()})
        columns.update(second_pass(derived, columns, length, case.moment.day))
        columns["market"] = market_column(case.market, length)
        reading = ColumnarReading(columns, length, case.moment.day, self._same(moved), settled)
        states = repeated_row(self.states, length)
        rated = rate_by(reading, case.rules, states)
        return Frame(reading, rated, self.aim(rated, states))

    def _asked(self, moved: Set[str]) -> tuple[set[str], dict[int, int]]:
        """The names that conditions read which something moved or the score can change; and the answers of all other
        conditions, by identity."""
        asked: set[str] = set()
        settled: dict[int, int] = {}
        for condition in self.case.anatomy.conditions:
            if SCORE in condition.names or not moved.isdisjoint(condition.names):
                asked.update(condition.names)
            else:
                settled[id(condition)] = self.case.truth(condition)
        return asked, settled

    def _same(self, moved: Set[str]) -> dict[str, int | None]:
        """The points of criteria whose metric nothing has moved."""
        return {
            one.criterion.name: one.points if one.state is MetricState.KNOWN else None
            for one in self.case.scored.criteria
            if one.criterion.metric not in moved
        }

    def check(self, moves: Moves, reached: bool = True) -> None:
        """Decide one change by the traced evaluator.

        Raises:
            RuntimeError: It does not come out as found; that would be a mistake in this program.
        """
        known = np.zeros(1, np.uint8)
        changed = {
            name: Column(np.array([self.levers[name].moved(steps)], np.int64), known, self.levers[name].metric.unit)
            for name, steps in moves.items()
        }
        columns = {**self.read, **changed, "market": market_column(self.case.market, 1)}
        columns.update(second_pass(following(self.case, self.read, moves), columns, 1, self.case.moment.day))
        rated = rate_by(TracedReading(columns, 1, self.case.moment.day), self.case.rules, self.states)
        if bool(self.aim(rated, self.states)[0]) is not reached:
            raise RuntimeError("the two evaluators disagree on what a change of metrics leads to")


def facts_read(case: Case) -> Columns:
    """The facts that force, scorecard and ladder read, with those they are derived from."""
    read = case.anatomy.read
    return {name: column for name, column in case.columns.items() if name in read}


def following(case: Case, columns: Columns, changed: Mapping[str, object]) -> list[Metric]:
    """The metrics the book derives from changed ones, inputs first."""
    names, following = set(changed), []
    for metric, inputs in case.anatomy.derived:
        if metric.name in columns and not names.isdisjoint(inputs):
            names.add(metric.name)
            following.append(metric)
    return following
