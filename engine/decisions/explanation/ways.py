"""The best way up: the smallest changes of metrics somebody can change, each tried out before it is shown.

A way is verified by deciding again, from the same state, with the changed metrics and what the book derives
from them, up to the tier asked for (`Outcomes.computed`): it does not tell how long stability then waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.values import exact, spoken
from engine.decisions.pipeline import rate
from engine.decisions.record import MetricChange, NextTier, Way
from engine.decisions.rows import take_rows
from engine.expressions import Bins, Column
from engine.metrics import FromExpression, Metric, second_pass
from engine.vocabulary import EXACT_LIMIT, SHARE_SCALE, Text, Unit

_PROBES = 32
_SHOWN = 3
_FAR = 1 << 20
"""Steps a metric without a declared bound is followed, if its criteria do not reach farther."""

Changes = Mapping[str, int]
"""Stored values by metric name."""


def next_tier_of(case: Case) -> NextTier | None:
    """The next better tier and the smallest changes that reach it; None in the best tier.

    One metric alone is tried first. If none suffices, but all of them together as good as their criteria can
    tell do, pairs are tried: one as good as can be, the other as little as possible, then the first likewise.
    """
    outcomes, tiers = case.outcomes, case.rules.tiers
    if case.tier == 0:
        return None
    if case.tier < 0:
        return NextTier(tiers[-1].key, tiers[-1].title, ())
    computed = int(outcomes.computed[0])
    if computed < case.tier:
        waits = Text("Nothing more is needed; the move has to wait.", "无需更多改变；只需等待升级生效。")
        return NextTier(tiers[computed].key, tiers[computed].title, (Way((), True, waits),))
    target = case.tier - 1
    search = Search(case, target)
    levers = search.levers()
    found = search.smallest([Track(lever, {}) for lever in levers])
    ways: list[Changes] = [{track.lever.name: value} for track, value in found]
    if not ways and search.reaches([{lever.name: search.fullest(lever) for lever in levers}]).any():
        ways = _pairs(search, levers)
    order = sorted(ways, key=lambda way: (len(way), sum(search.steps(name, value) for name, value in way.items())))
    shown = tuple(_way(case, changes) for changes in order[:_SHOWN])
    return NextTier(tiers[target].key, tiers[target].title, shown)


def _pairs(search: Search, levers: Sequence[Metric]) -> list[Changes]:
    """Ways of two changes; both are minimal given the other."""
    full = {lever.name: search.fullest(lever) for lever in levers}
    tracks = [
        Track(second, {first.name: full[first.name]})
        for first in levers
        for second in levers
        if first is not second and full[first.name] != search.value(first.name)
    ]
    names = {lever.name: lever for lever in levers}
    back = []
    for track, value in search.smallest(tracks):
        (first,) = track.base
        back.append(Track(names[first], {track.lever.name: value}))
    pairs = {frozenset(changes.items()) for changes in ({**t.base, t.lever.name: v} for t, v in search.smallest(back))}
    best: dict[frozenset[str], Changes] = {}
    for pair in sorted(pairs, key=lambda one: (search.cost(dict(one)), sorted(one))):
        best.setdefault(frozenset(name for name, _ in pair), dict(pair))
    return list(best.values())


@dataclass(frozen=True, slots=True)
class Track:
    """One search: how far a metric must go when others stand at `base`."""

    lever: Metric
    base: Changes


@dataclass(frozen=True)
class Search:
    """Tries changed metrics, many at once, with the columnar evaluator."""

    case: Case
    target: int

    def levers(self) -> list[Metric]:
        """Metrics somebody can change that are known and have room to change."""
        metrics = self.case.book.metrics
        names = [name for name in self.case.columns if name in metrics and metrics[name].actionable is not None]
        return [metrics[name] for name in sorted(names) if self.case.facts[name].value is not None and self.room(name)]

    def value(self, name: str) -> int:
        """The stored value now."""
        return int(self.case.columns[name].values[0])

    def room(self, name: str) -> int:
        """How many steps the metric can go in its better direction."""
        metric, value = self.case.book.metrics[name], self.value(name)
        if metric.actionable is None or isinstance(metric.origin, FromExpression) or metric.unit is Unit.TEXT:
            return 0
        high, low = metric.high, metric.low
        if high is None:
            high = {Unit.BOOL: 1, Unit.PROBABILITY: SHARE_SCALE}.get(metric.unit, EXACT_LIMIT // 2)
        if low is None:
            low = min(0, value)
        distance = high - value if metric.actionable.up else value - low
        return max(distance, 0) // metric.actionable.step

    def moved(self, lever: Metric, steps: int) -> int:
        """The stored value after so many steps."""
        assert lever.actionable is not None
        return self.value(lever.name) + (steps if lever.actionable.up else -steps) * lever.actionable.step

    def steps(self, name: str, value: int) -> int:
        """How many steps lead to a value, rounded up."""
        actionable = self.case.book.metrics[name].actionable
        assert actionable is not None
        return -(-abs(value - self.value(name)) // actionable.step)

    def cost(self, changes: Changes) -> int:
        """Steps of all changes together."""
        return sum(self.steps(name, value) for name, value in changes.items())

    def marks(self, lever: Metric) -> list[int]:
        """Steps at which a criterion of the metric bends, in the better direction."""
        assert lever.actionable is not None
        edges = [
            edge
            for criterion in self.case.rules.scorecard.criteria
            if criterion.metric == lever.name
            for edge in (criterion.node.edges if isinstance(criterion.node, Bins) else criterion.node.xs)
        ]
        sign = 1 if lever.actionable.up else -1
        ahead = [sign * (edge - self.value(lever.name)) for edge in edges]
        ahead += [distance + 1 for distance in ahead if sign < 0]
        steps = {-(-distance // lever.actionable.step) for distance in ahead if distance > 0}
        return sorted(step for step in steps if step <= self.room(lever.name))

    def fullest(self, lever: Metric) -> int:
        """As far as the metric's own criteria can tell; without one, as far as it goes if that is not far."""
        marks, room = self.marks(lever), self.room(lever.name)
        far = marks[-1] if marks else room if room <= 1_000 else 0
        return self.moved(lever, far)

    def smallest(self, tracks: Sequence[Track]) -> list[tuple[Track, int]]:
        """For every track that reaches the tier the first value that does, to the step.

        Doubling steps and the bends of the criteria are tried first, then the gap before the first success
        is narrowed: the value found reaches the tier, the value one step before does not.
        """
        ladders = [self._first_steps(track.lever) for track in tracks]
        hits = self._first_hits(tracks, ladders)
        gaps = {
            number: (ladders[number][hit - 1] if hit else 0, ladders[number][hit])
            for number, hit in enumerate(hits)
            if hit is not None
        }
        while wide := [number for number, (low, high) in gaps.items() if high - low > 1]:
            ladders = [_between(*gaps[number]) for number in wide]
            hits = self._first_hits([tracks[number] for number in wide], ladders)
            for number, ladder, hit in zip(wide, ladders, hits, strict=True):
                low, high = gaps[number]
                gaps[number] = (ladder[-1], high) if hit is None else (ladder[hit - 1] if hit else low, ladder[hit])
        return [(tracks[number], self.moved(tracks[number].lever, high)) for number, (_, high) in gaps.items()]

    def _first_steps(self, lever: Metric) -> list[int]:
        room = self.room(lever.name)
        marks = self.marks(lever)
        if self.case.book.metrics[lever.name].high is None:
            room = min(room, max([_FAR, *marks]))
        doubling = {1 << power for power in range(room.bit_length())}
        return sorted(doubling | set(marks) | {room})

    def _first_hits(self, tracks: Sequence[Track], ladders: Sequence[list[int]]) -> list[int | None]:
        """The first rung of every track's ladder that reaches the tier, all decided in one frame."""
        tried = [
            {**track.base, track.lever.name: self.moved(track.lever, rung)}
            for track, ladder in zip(tracks, ladders, strict=True)
            for rung in ladder
        ]
        reached = self.reaches(tried)
        hits: list[int | None] = []
        start = 0
        for ladder in ladders:
            successes = np.flatnonzero(reached[start : start + len(ladder)])
            hits.append(int(successes[0]) if len(successes) else None)
            start += len(ladder)
        return hits

    def reaches(self, tried: Sequence[Changes]) -> NDArray[np.bool_]:
        """Which of these changes give the tier aimed at, or a better one: every one is decided."""
        if not tried:
            return np.zeros(0, np.bool_)
        case, rows = self.case, np.zeros(len(tried), np.intp)
        columns = {name: column.take(rows) for name, column in case.columns.items()}
        for name in sorted({name for changes in tried for name in changes}):
            now = self.value(name)
            values = np.array([changes.get(name, now) for changes in tried], np.int64)
            columns[name] = Column(values, columns[name].causes, columns[name].unit)
        known = [metric for metric in case.book.metrics.values() if metric.name in columns]
        derived = second_pass(known, columns, len(tried), case.moment.day)
        asked = rate(case.rules, {**columns, **derived}, take_rows(case.states, rows), case.moment).asked
        return (asked.computed >= 0) & (asked.computed <= self.target)


def _between(low: int, high: int) -> list[int]:
    """Steps strictly between two, at most `_PROBES` of them, evenly spaced."""
    inner = high - low - 1
    count = min(inner, _PROBES)
    return [low + 1 + index * (inner - 1) // max(count - 1, 1) for index in range(count)]


def _way(case: Case, changes: Changes) -> Way:
    parts = [_change(case, name, value) for name, value in sorted(changes.items())]
    told = [_told(case, name, value) for name, value in sorted(changes.items())]
    return Way(tuple(parts), True, Text("; ".join(t.en for t in told), "；".join(t.zh for t in told)))


def _change(case: Case, name: str, value: int) -> MetricChange:
    metric = case.book.metrics[name]
    before = exact(case.facts[name].value, metric.unit, metric.scale)
    return MetricChange(name, metric.title, before, exact(value, metric.unit, metric.scale) or "", metric.unit)


def _told(case: Case, name: str, value: int) -> Text:
    metric, currency = case.book.metrics[name], case.book.currency
    now = spoken(case.facts[name].value, metric.unit, metric.scale, currency)
    then = spoken(value, metric.unit, metric.scale, currency)
    title = metric.title
    return Text(
        f"{title.en} from {now.en} to {then.en}",
        f"{title.zh or title.en} 从 {now.zh or now.en} 到 {then.zh or then.en}",
    )
