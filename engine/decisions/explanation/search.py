"""Searching for the smallest changes that make a decision come out otherwise, for better or for worse.

Very many changed metrics are decided at once with the columnar evaluator; a way that is found reaches the aim, and
one step less does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.levers import Lever, Steps, levers_of
from engine.decisions.model import Flags, States
from engine.decisions.names import market_column
from engine.decisions.pipeline import Rated, rate_by
from engine.decisions.reading import ColumnarReading
from engine.decisions.rows import repeated_row
from engine.expressions import Column, Columns
from engine.metrics import FromExpression, Metric, second_pass
from engine.vocabulary import MetricState

_PROBES: Final = 1_024
_CORNERS: Final = 256
"""Most combinations of metrics that meet in one criterion that are tried for the score attainable."""

Moves = Mapping[str, int]
"""Steps by metric name."""

Block = tuple[Mapping[str, int | Steps], int]
"""Rows that are decided: how many steps each changed metric goes (one number, or one for each row), and how many."""

Aim = Callable[[Rated, States], Flags]
"""Which rows of a frame, decided from these states, come out as wanted."""


@dataclass(frozen=True, slots=True)
class Track:
    """One search: how many steps a metric must go when others have gone those of `base`."""

    lever: Lever
    base: Moves


@dataclass(frozen=True, slots=True)
class Frame:
    """Rows that were decided: how the rules read them, what came out, which come out as wanted."""

    reading: ColumnarReading
    rated: Rated
    reached: Flags


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        ways: Changes of one metric that reach the aim, or of two if none alone does; fewest and smallest first.
        reachable: All metrics together, each as far as its own criteria can tell, reach it.
        attainable: The score farthest in the direction of the search, in 0.0001; None: it stays unknown.
        frames: What was decided: every metric by itself, and all of them together.
    """

    ways: list[Moves]
    reachable: bool
    attainable: int | None
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Search:
    """Tries changed metrics, very many at once, with the columnar evaluator.

    Attributes:
        read: The facts that decide the tier; `expressed` are those of them that expressions read.
        states: What every change is decided from, one row.
        sign: 1 to look for better scores, −1 for worse.
    """

    case: Case
    read: Columns
    expressed: Set[str]
    levers: Mapping[str, Lever]
    states: States
    aim: Aim
    sign: int

    @staticmethod
    def of(case: Case, states: States, aim: Aim, sign: int) -> Search:
        """A search among all metrics that can be changed in one direction."""
        read, expressed = _read(case)
        levers = {lever.name: lever for lever in levers_of(case, read, expressed, worse=sign < 0)}
        return Search(case, read, expressed, levers, states, aim, sign)

    def found(self) -> Found:
        """Changes that reach the aim, and how far the score can go."""
        levers = list(self.levers.values())
        if not levers:
            frame = self.decided([({}, 1)])
            return Found([], bool(frame.reached[0]), self._score(frame), (frame,))
        best = {lever.name: lever.fullest() for lever in levers}
        tracks, rungs = [Track(lever, {}) for lever in levers], [lever.rungs() for lever in levers]
        frame = self.decided([*_blocks(tracks, rungs), (best, 1)])  # in the same frame, to save one
        corners = [moves for moves in self._corners(frame, rungs, best) if moves != best]
        frames = (frame, self.decided([(moves, 1) for moves in corners])) if corners else (frame,)
        *hits, together = _first_hits(frame.reached, [*rungs, np.zeros(1, np.int64)])
        single = self._narrowed(tracks, rungs, hits)
        reachable = bool(single) or any(one.reached.any() for one in frames)
        ways: list[Moves] = [{track.lever.name: steps} for track, steps in single]
        if not single and len(levers) > 1 and together is not None:
            ways = self._pairs(levers, best)
        ways.sort(key=lambda moves: (len(moves), sum(moves.values()), sorted(moves)))
        return Found(ways, reachable, self._farthest(frames), frames)

    def _score(self, frame: Frame) -> int | None:
        """The farthest known score of a frame."""
        score = frame.rated.scored.score
        values = score.values[score.known]
        return None if not len(values) else int(values.max() if self.sign > 0 else values.min())

    def _farthest(self, frames: Sequence[Frame]) -> int | None:
        now = [int(self.case.outcomes.score[0])] if self.case.has_score else []
        scores = [*now, *(score for frame in frames if (score := self._score(frame)) is not None)]
        return max(scores, key=lambda score: self.sign * score) if scores else None

    def _corners(self, frame: Frame, rungs: Sequence[Steps], best: Moves) -> Iterator[Moves]:
        """All metrics where each alone moves the score farthest; of those that meet in a criterion also elsewhere.

        The points of a criterion that reads one metric do not depend on the others, so what is farthest alone is
        farthest together.
        """
        score, start = frame.rated.scored.score, 0
        values = np.where(score.known, self.sign * score.values, -(1 << 40))
        now = self.sign * int(self.case.outcomes.score[0]) if self.case.has_score else -(1 << 40)
        options: list[list[int]] = []
        meeting = self._meeting()
        for name, ladder in zip(self.levers, rungs, strict=True):
            mine = values[start : (start := start + len(ladder))]
            alone = _first_farthest(mine, ladder, now, best[name])
            more = {0, best[name], int(ladder[-1])} if name in meeting else set()
            options.append([alone, *sorted(more - {alone})])
        for steps in islice(product(*options), _CORNERS):
            yield dict(zip(self.levers, steps, strict=True))

    def _meeting(self) -> set[str]:
        """Metrics that share a calculated metric of the scorecard with another one."""
        scored = {criterion.metric for criterion in self.case.rules.scorecard.criteria}
        by_metric: dict[str, set[str]] = {}
        for name in self.levers.keys() & self.expressed:
            for metric in _following(self.case, self.read, {name: 0}):
                if metric.name in scored:
                    by_metric.setdefault(metric.name, set()).add(name)
        return set().union(*(names for names in by_metric.values() if len(names) > 1))

    def _pairs(self, levers: Sequence[Lever], best: Moves) -> list[Moves]:
        """Ways of two changes, each minimal given the other; the cheapest for every two metrics."""
        forth = [Track(b, {a.name: best[a.name]}) for a in levers for b in levers if a is not b and best[a.name]]
        back = [
            Track(self.levers[first], {track.lever.name: steps})
            for track, steps in self.smallest(forth)
            for first in track.base
        ]
        pairs = [{**track.base, track.lever.name: steps} for track, steps in self.smallest(back)]
        cheapest: dict[frozenset[str], Moves] = {}
        for pair in sorted(pairs, key=lambda moves: (sum(moves.values()), sorted(moves.items()))):
            cheapest.setdefault(frozenset(pair), pair)
        return list(cheapest.values())

    def smallest(self, tracks: Sequence[Track]) -> list[tuple[Track, int]]:
        """For every track that reaches the aim the first number of steps that does."""
        rungs = [track.lever.rungs() for track in tracks]
        return self._narrowed(tracks, rungs, self._tried(tracks, rungs))

    def _narrowed(
        self, tracks: Sequence[Track], rungs: Sequence[Steps], hits: Sequence[int | None]
    ) -> list[tuple[Track, int]]:
        """The first success of every track, once a ladder of steps was tried.

        The gap before the first rung that reached the aim is narrowed: what is found reaches it, one step less
        does not.
        """
        gaps: dict[int, tuple[int, int]] = {}
        for number, hit in enumerate(hits):
            if hit is not None:
                gaps[number] = (int(rungs[number][hit - 1]) if hit else 0, int(rungs[number][hit]))
        while wide := [number for number, (low, high) in gaps.items() if high - low > 1]:
            rungs = [_between(*gaps[number]) for number in wide]
            hits = self._tried([tracks[number] for number in wide], rungs)
            for number, ladder, hit in zip(wide, rungs, hits, strict=True):
                low, high = gaps[number]
                if hit is None:
                    gaps[number] = int(ladder[-1]), high
                else:
                    gaps[number] = (int(ladder[hit - 1]) if hit else low), int(ladder[hit])
        return [(tracks[number], high) for number, (_, high) in gaps.items()]

    def _tried(self, tracks: Sequence[Track], rungs: Sequence[Steps]) -> list[int | None]:
        """The first rung of every track that reaches the aim, all decided in one frame."""
        return _first_hits(self.decided(_blocks(tracks, rungs)).reached, rungs) if rungs else []

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
        untouched = self.expressed - changed.keys()
        columns = {name: column.repeated(length) for name, column in self.read.items() if name in untouched}
        columns.update({n: Column(values, known, self.levers[n].metric.unit) for n, values in changed.items()})
        columns.update(second_pass(_following(case, self.read, changed), columns, length, case.moment.day))
        columns["market"] = market_column(case.market, length)
        reading = ColumnarReading(columns, length, case.moment.day, self._same(columns))
        states = repeated_row(self.states, length)
        rated = rate_by(reading, case.rules, states)
        return Frame(reading, rated, self.aim(rated, states))

    def _same(self, columns: Columns) -> dict[str, int | None]:
        """The points of criteria whose metric is not among some columns, because nothing changes it."""
        return {
            one.criterion.name: one.points if one.state is MetricState.KNOWN else None
            for one in self.case.scored.criteria
            if one.criterion.metric not in columns
        }


def _read(case: Case) -> tuple[Columns, set[str]]:
    """The facts that force, scorecard and ladder read, with those they are derived from; and the names that
    expressions among these read."""
    rules, metrics = case.rules, case.book.metrics
    scored = {criterion.metric for criterion in rules.scorecard.criteria}
    expressed: set[str] = set()
    for force in rules.force:
        expressed.update(force.when.names)
    for tier in rules.tiers:
        for gate in (*tier.gates, *((tier.or_when,) if tier.or_when is not None else ())):
            expressed.update(gate.when.names)
    for metric in reversed(tuple(metrics.values())):
        if isinstance(metric.origin, FromExpression) and (metric.name in scored or metric.name in expressed):
            expressed.update(metric.origin.expression.names)
    columns = {name: column for name, column in case.columns.items() if name in scored or name in expressed}
    return columns, expressed


def _following(case: Case, columns: Columns, changed: Mapping[str, object]) -> list[Metric]:
    """The metrics the book derives from changed ones, inputs first."""
    names, following = set(changed), []
    for metric in case.book.metrics.values():
        reads = isinstance(metric.origin, FromExpression) and names.intersection(metric.origin.expression.names)
        if reads and metric.name in columns:
            names.add(metric.name)
            following.append(metric)
    return following


def _between(low: int, high: int) -> Steps:
    """Steps strictly between two, at most `_PROBES` of them, evenly spaced."""
    count = min(high - low - 1, _PROBES)
    return low + 1 + np.arange(count) * (high - low - 2) // max(count - 1, 1)


def _first_farthest(values: NDArray[np.int64], ladder: Steps, now: int, best: int) -> int:
    """The steps with the greatest value: as far as its criteria can tell if that is as good, else the fewest."""
    top = int(values.argmax())
    # Beyond the last rung nothing changes any more.
    at_best = int(values[min(int(np.searchsorted(ladder, best)), len(ladder) - 1)]) if best else now
    if at_best >= max(now, int(values[top])):
        return best
    return int(ladder[top]) if values[top] > now else 0


def _blocks(tracks: Sequence[Track], rungs: Sequence[Steps]) -> list[Block]:
    return [
        ({**track.base, track.lever.name: ladder}, len(ladder)) for track, ladder in zip(tracks, rungs, strict=True)
    ]


def _first_hits(reached: Flags, rungs: Sequence[Steps]) -> list[int | None]:
    """The first rung of every ladder that reaches the aim; the ladders lie one after the other."""
    hits: list[int | None] = []
    start = 0
    for ladder in rungs:
        successes = np.flatnonzero(reached[start : start + len(ladder)])
        hits.append(int(successes[0]) if len(successes) else None)
        start += len(ladder)
    return hits
