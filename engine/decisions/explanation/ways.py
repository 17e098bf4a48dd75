"""The best way up: the smallest changes of metrics somebody can change, each tried out before it is shown.

A way is verified by deciding again, from the same state, with the changed metrics and what the book derives
from them, up to the tier asked for (`Outcomes.computed`): it does not tell how long stability then waits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.levers import Lever, Steps, levers_of
from engine.decisions.explanation.values import exact, spoken
from engine.decisions.names import market_column
from engine.decisions.pipeline import rate_by
from engine.decisions.reading import ColumnarReading
from engine.decisions.record import MetricChange, NextTier, Way
from engine.decisions.rows import repeated_row
from engine.expressions import Column, Columns
from engine.metrics import FromExpression, Metric, second_pass
from engine.vocabulary import MetricState, Text

_PROBES: Final = 1_024
_SHOWN: Final = 3

Moves = Mapping[str, int]
"""Steps by metric name."""


def next_tier_of(case: Case) -> NextTier | None:
    """The next better tier and the smallest changes that reach it; None in the best tier.

    One metric alone is tried first. If none suffices, but all of them together as good as their criteria can
    tell do, pairs are tried: one as good as can be, the other as little as possible, then the first likewise.
    """
    tiers, computed = case.rules.tiers, int(case.outcomes.computed[0])
    if case.tier == 0:
        return None
    if case.tier < 0:
        return NextTier(tiers[-1].key, tiers[-1].title, ())
    if computed < case.tier:
        waits = Text("Nothing more is needed; the move has to wait.", "无需更多改变；只需等待升级生效。")
        return NextTier(tiers[computed].key, tiers[computed].title, (Way((), True, waits),))
    target = tiers[case.tier - 1]
    read, expressed = _read(case)
    search = Search(
        case, read, expressed, {lever.name: lever for lever in levers_of(case, read, expressed)}, case.tier - 1
    )
    found = sorted(search.ways(), key=lambda moves: (len(moves), sum(moves.values()), sorted(moves)))
    return NextTier(target.key, target.title, tuple(_way(case, search.levers, moves) for moves in found[:_SHOWN]))


@dataclass(frozen=True, slots=True)
class Track:
    """One search: how many steps a metric must go when others have gone those of `base`."""

    lever: Lever
    base: Moves


@dataclass(frozen=True)
class Search:
    """Tries changed metrics, very many at once, with the columnar evaluator."""

    case: Case
    read: Columns
    expressed: Set[str]
    levers: Mapping[str, Lever]
    target: int

    def ways(self) -> list[Moves]:
        """Changes that reach the tier: of one metric, or of two if none alone does."""
        levers = list(self.levers.values())
        if not levers:
            return []
        best = {lever.name: lever.fullest() for lever in levers}
        tracks, rungs = [Track(lever, {}) for lever in levers], [lever.rungs() for lever in levers]
        together = Track(levers[0], best), np.array([best[levers[0].name]])  # tried in the same frame, to save one
        *hits, hit = self._first_hits([*tracks, together[0]], [*rungs, together[1]])
        single = self._narrowed(tracks, rungs, hits)
        if single or len(levers) < 2 or hit is None:
            return [{track.lever.name: steps} for track, steps in single]
        return self._pairs(levers, best)

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
        """For every track that reaches the tier the first number of steps that does."""
        rungs = [track.lever.rungs() for track in tracks]
        return self._narrowed(tracks, rungs, self._first_hits(tracks, rungs))

    def _narrowed(
        self, tracks: Sequence[Track], rungs: Sequence[Steps], hits: Sequence[int | None]
    ) -> list[tuple[Track, int]]:
        """The first success of every track, once a ladder of steps was tried.

        The gap before the first rung that reached the tier is narrowed: what is found reaches it, one step less
        does not.
        """
        gaps: dict[int, tuple[int, int]] = {}
        for number, hit in enumerate(hits):
            if hit is not None:
                gaps[number] = (int(rungs[number][hit - 1]) if hit else 0, int(rungs[number][hit]))
        while wide := [number for number, (low, high) in gaps.items() if high - low > 1]:
            rungs = [_between(*gaps[number]) for number in wide]
            hits = self._first_hits([tracks[number] for number in wide], rungs)
            for number, ladder, hit in zip(wide, rungs, hits, strict=True):
                low, high = gaps[number]
                if hit is None:
                    gaps[number] = int(ladder[-1]), high
                else:
                    gaps[number] = (int(ladder[hit - 1]) if hit else low), int(ladder[hit])
        return [(tracks[number], high) for number, (_, high) in gaps.items()]

    def _first_hits(self, tracks: Sequence[Track], rungs: Sequence[Steps]) -> list[int | None]:
        """The first rung of every track that reaches the tier, all decided in one frame."""
        reached, start = self.reaches(tracks, rungs), 0
        hits: list[int | None] = []
        for ladder in rungs:
            successes = np.flatnonzero(reached[start : start + len(ladder)])
            hits.append(int(successes[0]) if len(successes) else None)
            start += len(ladder)
        return hits

    def reaches(self, tracks: Sequence[Track], rungs: Sequence[Steps]) -> NDArray[np.bool_]:
        """Which rungs give the tier aimed at, or a better one; every one is decided."""
        case, length = self.case, sum(map(len, rungs))
        if length == 0:
            return np.zeros(0, np.bool_)
        changed: dict[str, NDArray[np.int64]] = {}
        start = 0
        for track, ladder in zip(tracks, rungs, strict=True):
            block = slice(start, start := start + len(ladder))
            moves: dict[str, int | Steps] = {**track.base, track.lever.name: ladder}
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
        asked = rate_by(reading, case.rules, repeated_row(case.states, length)).asked
        return (asked.computed >= 0) & (asked.computed <= self.target)

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


def _way(case: Case, levers: Mapping[str, Lever], moves: Moves) -> Way:
    changes, told = [], []
    for name, steps in sorted(moves.items()):
        lever, metric = levers[name], levers[name].metric
        after = int(lever.moved(steps))
        before_text, after_text = (exact(value, metric.unit, metric.scale) for value in (lever.value, after))
        changes.append(MetricChange(name, metric.title, before_text, after_text or "", metric.unit))
        now, then = (spoken(v, metric.unit, metric.scale, case.book.currency) for v in (lever.value, after))
        en = f"{metric.title.en} from {now.en} to {then.en}"
        zh = f"{metric.title.zh or metric.title.en} 从 {now.zh or now.en} 到 {then.zh or then.en}"
        told.append(Text(en, zh))
    return Way(tuple(changes), True, Text("; ".join(t.en for t in told), "；".join(t.zh for t in told)))
