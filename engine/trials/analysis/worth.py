"""The points a criterion may bring, as far as they have to be told apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from engine.expressions.tree import Bins, Curve
from engine.scoring import Criterion
from engine.trials.analysis.possible import Possible
from engine.trials.analysis.spans import Span
from engine.trials.analysis.steps import points_at
from engine.trials.analysis.study import Study

_APART: Final = 8
"""More points than these are not tried one by one."""

_VALUES: Final = 4_096


@dataclass(frozen=True)
class Worth:
    """Points of one criterion, in 0.0001.

    Attributes:
        points: Those to try one by one, rising, the fewest and the most among them.
        between: Whether others between them may be given and matter, too.
    """

    points: tuple[int, ...]
    between: bool = False

    @property
    def ends(self) -> tuple[int, int]:
        """Fewest and most."""
        return self.points[0], self.points[-1]

    @cached_property
    def cases(self) -> tuple[tuple[int, int], ...]:
        """From … to: each of the points alone, then all together if others lie between them."""
        alone = tuple((points, points) for points in self.points)
        return (*alone, self.ends) if self.between else alone


def worth(study: Study, criterion: Criterion) -> Worth:
    """The points for everything the metric may be; for what is calculated perhaps for more."""
    box = study.space.over(study.inputs([criterion.metric]), unknown=False)
    node, span = criterion.node, Possible(study.book.metrics, box).stored(criterion.metric)
    if study.more_is_better or span.high - span.low > _VALUES:
        points = {points_at(node, value) for value in _bends(node, span)}
        return _told_apart(study, points, between=isinstance(node, Curve))
    return _told_apart(study, {points_at(node, value) for value in range(span.low, span.high + 1)}, between=False)


def real_worth(study: Study, criterion: Criterion) -> Worth:
    """The points that customers tried really have."""
    if criterion.metric in study.space.box:
        return worth(study, criterion)
    box = study.space.over(study.inputs([criterion.metric]), unknown=False)
    crowd = study.every(box) if study.countable(box) else study.pool
    column = crowd.columns[criterion.metric]
    points = {points_at(criterion.node, value) for value in column.values[column.causes == 0].tolist()}
    return _told_apart(study, points, between=False) if points else worth(study, criterion)


def _bends(node: Curve | Bins, span: Span) -> Iterator[int]:
    """Values between which points do not change, or in one direction only."""
    yield from (span.low, span.high)
    yield from (at for at in (node.xs if isinstance(node, Curve) else node.edges) if span.low < at < span.high)


def _told_apart(study: Study, points: set[int], *, between: bool) -> Worth:
    """Where more points never lower a tier, what the fewest and the most give alike, all between them give."""
    ends = tuple(sorted({min(points), max(points)}))
    if study.more_is_better:
        return Worth(ends)
    if len(points) > _APART:
        return Worth(ends, between=True)
    return Worth(tuple(sorted(points)), between)
