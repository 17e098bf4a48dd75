"""The metrics somebody can change, how far each can go, and where on the way something changes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.clauses import Clause, clauses_of
from engine.decisions.explanation.turns import Turn, Turns
from engine.expressions import Columns
from engine.metrics import Actionable, FromExpression, Metric
from engine.vocabulary import EXACT_LIMIT, SHARE_SCALE, Unit

Steps = NDArray[np.int64]

_FAR: Final = 1 << 20
"""Steps a metric without a declared bound is followed where it is not told how far it matters, if its marks do not
reach farther."""
_FEW: Final = 512
"""Up to so many steps each is tried at once; beyond, some in growing distances."""
_GROWING: Final = np.unique(np.geomspace(1, EXACT_LIMIT // 2, 640).astype(np.int64))
_TOPS: Final = {Unit.BOOL: 1, Unit.PROBABILITY: SHARE_SCALE}


@dataclass(frozen=True, slots=True)
class Lever:
    """A metric that can be changed, in one direction.

    Attributes:
        actionable: Its direction here, the better or the worse one, and its step.
        value: Its stored value now.
        room: How many steps it can go.
        marks: Steps at and beside which a criterion bends or a condition changes as this metric alone moves, rising;
            one out of reach counts as the last step.
        told: Between its marks the score only rises or only falls and no condition changes.
        clauses: The clauses that depend on it.
        shared: Some clause or calculated criterion depends on another lever too, so that its marks move with that one.
    """

    metric: Metric
    actionable: Actionable
    value: int
    room: int
    marks: tuple[int, ...]
    told: bool
    clauses: tuple[Clause, ...]
    shared: bool

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.metric.name

    @property
    def few(self) -> bool:
        """Every single step is tried."""
        return self.room <= _FEW

    @property
    def last(self) -> int:
        """The last step that can make a difference, or the farthest that is tried."""
        if self.told and not self.shared:
            return self.marks[-1] if self.marks else 1
        return self.room if self.few or self.metric.high is not None else min(self.room, max(_FAR, *self.marks, 1))

    def moved(self, steps: int | Steps) -> int | Steps:
        """The stored value after so many steps."""
        return self.value + (steps if self.actionable.up else -steps) * self.actionable.step

    def fullest(self) -> int:
        """As many steps as criteria and conditions can tell; where that is not known, the farthest that is tried."""
        return self.last if self.marks or not self.told or self.shared else 0

    def rungs(self) -> Steps:
        """The steps to try first: all, or ever farther apart and at every mark."""
        last = self.last
        if self.few:
            return np.arange(1, last + 1)
        growing = _GROWING[: np.searchsorted(_GROWING, last)]
        return np.unique(np.concatenate([growing, np.array([*self.marks, last], np.int64)]))

    def stops(self) -> Steps:
        """The steps that have to be combined with those of other levers, as far as they can be told."""
        if self.few and (self.shared or not self.told):
            return self.rungs()
        far = [] if self.told and not self.shared else [self.last]
        return np.unique(np.array([*self.marks, *far], np.int64))


def levers_of(case: Case, read: Columns, worse: bool = False) -> tuple[list[Lever], bool]:
    """The known actionable metrics among those read that have room to change, by name.

    Args:
        worse: They go in their worse direction, by the same steps.

    Returns:
        They, and whether no condition takes a better score for worse.
    """
    starts = {lever.name: lever for lever in _bare(case, read, worse)}
    clauses, levers = clauses_of(case, starts.keys()), []
    together = [clause.moving for clause in clauses if len(clause.moving) > 1 or clause.scored]
    together += [moving for moving in _behind_criteria(case, starts.keys()) if len(moving) > 1]
    for name, lever in starts.items():
        mine = tuple(clause for clause in clauses if name in clause.moving)
        turns = set(_turns(case, name, mine))
        marks = _marks(lever, [turn for turn in turns if turn is not None])
        shared = any(name in moving for moving in together)
        levers.append(replace(lever, marks=marks, told=None not in turns, clauses=mine, shared=shared))
    return levers, all(clause.rises for clause in clauses)


def meeting_of(case: Case, names: Set[str]) -> set[str]:
    """Metrics that share a calculated metric of the scorecard with another one."""
    return set[str]().union(*(moving for moving in _behind_criteria(case, names) if len(moving) > 1))


def _bare(case: Case, read: Columns, worse: bool) -> Iterator[Lever]:
    """Levers without what criteria and conditions say of them."""
    for name in sorted(read):
        metric, value = case.book.metrics.get(name), case.facts[name].value
        if metric is None or metric.actionable is None or not isinstance(value, int):
            continue
        if isinstance(metric.origin, FromExpression):
            continue
        actionable = replace(metric.actionable, up=not metric.actionable.up) if worse else metric.actionable
        room = _room(metric, actionable, value)
        if room:
            yield Lever(metric, actionable, int(value), room, (), True, (), False)


def _room(metric: Metric, actionable: Actionable, value: int) -> int:
    high = _TOPS.get(metric.unit, EXACT_LIMIT // 2) if metric.high is None else metric.high
    low = min(0, value) if metric.low is None else metric.low
    distance = high - value if actionable.up else value - low
    return max(distance, 0) // actionable.step


def _behind_criteria(case: Case, names: Set[str]) -> list[frozenset[str]]:
    """By criterion which of some metrics it depends on."""
    return [behind & names for behind in case.anatomy.criteria.values()]


def _turns(case: Case, name: str, clauses: Sequence[Clause]) -> Iterator[Turn]:
    """Stored values of a metric at which criteria bend or clauses change."""
    turns = Turns(case, name)
    for clause in clauses:
        yield from turns.of_condition(clause.expression.node)
    criteria = case.anatomy.criteria
    for criterion in case.rules.scorecard.criteria:
        if name in criteria[criterion.metric]:
            yield from turns.of_points(case.book.metrics[criterion.metric], criterion.node)


def _marks(lever: Lever, turns: Sequence[float]) -> tuple[int, ...]:
    """The steps at and beside some stored values, as far as they are ahead."""
    sign = 1 if lever.actionable.up else -1
    steps: set[int] = set()
    for turn in turns:
        distance = sign * (turn - lever.value) / lever.actionable.step
        if distance >= lever.room:
            steps.add(lever.room)
        elif distance > -1:
            close = max(1e-6, distance * 1e-12)  # doubles are not exact: what is next to a whole number may be it
            steps.update(range(math.floor(distance - close), math.ceil(distance + close) + 1))
    return tuple(sorted({min(step, lever.room) for step in steps if step > 0}))
