"""The metrics somebody can change, and how far each can go."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.case import Case
from engine.expressions import Bins, Columns
from engine.metrics import Actionable, FromExpression, Metric
from engine.vocabulary import EXACT_LIMIT, SHARE_SCALE, Unit

Steps = NDArray[np.int64]

_FAR: Final = 1 << 20
"""Steps a metric without a declared bound is followed, if its criteria do not reach farther."""
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
        marks: Steps at which a criterion of it bends, rising; a bend out of reach counts as the last step.
        last: The last step that can make a difference; where only criteria read the metric, where the last bends.
    """

    metric: Metric
    actionable: Actionable
    value: int
    room: int
    marks: tuple[int, ...]
    last: int

    @property
    def name(self) -> str:
        """The metric's name."""
        return self.metric.name

    def moved(self, steps: int | Steps) -> int | Steps:
        """The stored value after so many steps."""
        return self.value + (steps if self.actionable.up else -steps) * self.actionable.step

    def fullest(self) -> int:
        """As many steps as its own criteria can tell; without one, all there are if these are not many."""
        if self.marks:
            return self.marks[-1]
        return self.room if self.room <= _FEW else 0

    def rungs(self) -> Steps:
        """The steps to try first: all, or ever farther apart and at every bend of a criterion."""
        if self.room <= _FEW:
            return np.arange(1, self.last + 1)
        far = self.room if self.metric.high is not None else min(self.room, max(_FAR, *self.marks, 1))
        far = min(far, self.last)
        growing = _GROWING[: np.searchsorted(_GROWING, far)]
        return np.sort(np.concatenate([growing, np.array([*self.marks, far], np.int64)]))


def levers_of(case: Case, read: Columns, expressed: Set[str], worse: bool = False) -> list[Lever]:
    """The known actionable metrics among those read that have room to change, by name.

    Args:
        worse: They go in their worse direction, by the same steps.
        expressed: Names that conditions and calculated metrics read, which may ask for any value.
    """
    levers = []
    for name in sorted(read):
        metric, value = case.book.metrics.get(name), case.facts[name].value
        if metric is None or metric.actionable is None or not isinstance(value, int):
            continue
        if isinstance(metric.origin, FromExpression):
            continue
        actionable = replace(metric.actionable, up=not metric.actionable.up) if worse else metric.actionable
        room = _room(metric, actionable, value)
        if room:
            bends = _bends(case, actionable, name)
            marks = tuple(sorted({min(step, room) for step in bends}))
            last = room if name in expressed else min(room, bends[-1] if bends else 1)
            levers.append(Lever(metric, actionable, value, room, marks, last))
    return levers


def _room(metric: Metric, actionable: Actionable, value: int) -> int:
    high = _TOPS.get(metric.unit, EXACT_LIMIT // 2) if metric.high is None else metric.high
    low = min(0, value) if metric.low is None else metric.low
    distance = high - value if actionable.up else value - low
    return max(distance, 0) // actionable.step


def _bends(case: Case, actionable: Actionable, name: str) -> list[int]:
    """Steps at which a criterion of a metric bends, rising, as far as they may be."""
    now, sign = case.facts[name].value, 1 if actionable.up else -1
    assert isinstance(now, int)
    edges = [
        edge
        for criterion in case.rules.scorecard.criteria
        if criterion.metric == name
        for edge in (criterion.node.edges if isinstance(criterion.node, Bins) else criterion.node.xs)
    ]
    ahead = [sign * (edge - now) for edge in edges]
    if not actionable.up:
        ahead += [distance + 1 for distance in ahead]  # a bin ends just below its edge
    return sorted({-(-distance // actionable.step) for distance in ahead if distance > 0})
