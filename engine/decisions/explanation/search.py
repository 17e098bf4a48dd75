"""Searching for the smallest changes that make a decision come out otherwise, for better or for worse.

Very many changed metrics are decided at once with the columnar evaluator; a way that is found reaches the aim, and
one step less does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, permutations, product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.case import Case
from engine.decisions.explanation.combining import Combining, combining_of
from engine.decisions.explanation.deciding import Aim, Block, Deciding, Frame, Moves, facts_read
from engine.decisions.explanation.levers import Lever, Steps, levers_of, meeting_of
from engine.decisions.model import Flags, States

_PROBES: Final = 1_024
_CORNERS: Final = 256
"""Most combinations of metrics that meet in one criterion that are tried for the score attainable."""


@dataclass(frozen=True, slots=True)
class Track:
    """One search: how many steps a metric must go when others have gone those of `base`."""

    lever: Lever
    base: Moves


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to.

    Attributes:
        ways: Changes of one metric that reach the aim, or of two if none alone does; fewest and smallest first.
        reachable: Some changes that were tried, of however many metrics, reach it.
        exhaustive: What was not found is not there: everything that can make a difference was tried.
        attainable: The score farthest in the direction of the search, in 0.0001; None: it stays unknown.
        frames: What was decided: every metric by itself, all of them together, and combinations.
    """

    ways: list[Moves]
    reachable: bool
    exhaustive: bool
    attainable: int | None
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Search(Deciding):
    """Tries changed metrics, very many at once, with the columnar evaluator.

    Attributes:
        sign: 1 to look for better scores, −1 for worse.
        rises: No condition takes a better score for worse.
    """

    sign: int
    rises: bool

    @staticmethod
    def of(case: Case, states: States, aim: Aim, sign: int) -> Search:
        """A search among all metrics that can be changed in one direction."""
        read = facts_read(case)
        levers, rises = levers_of(case, read, worse=sign < 0)
        return Search(case, read, {lever.name: lever for lever in levers}, states, aim, sign, rises)

    def found(self) -> Found:
        """Changes that reach the aim, and how far the score can go."""
        levers = list(self.levers.values())
        if not levers:
            frame = self.decided([({}, 1)])
            return Found([], bool(frame.reached[0]), True, self._score(frame), (frame,))
        best = {lever.name: lever.fullest() for lever in levers}
        tracks, rungs = [Track(lever, {}) for lever in levers], [lever.rungs() for lever in levers]
        frame = self.decided([*_blocks(tracks, rungs), (best, 1), ({}, 1)])  # in the same frame, to save one
        far = self._farthest_alone(frame, rungs, best)
        corners = [moves for moves in self._corners(far, rungs, best) if moves != best]
        frames: tuple[Frame, ...] = (frame,)
        if corners:
            frames += (self.decided([(moves, 1) for moves in corners]),)
        single = self._narrowed(tracks, rungs, _first_hits(frame.reached, rungs))
        ways: list[Moves] = [{track.lever.name: steps} for track, steps in single]
        reachable = bool(ways) or any(one.reached.any() for one in frames)
        exhaustive = True
        if not ways:
            combining = combining_of(self, frame, rungs, far, sign=self.sign, rises=self.rises)
            frame, starts = combining.tried(together=not reachable)
            frames += (frame,)
            ways = self._pairs(combining, starts)
            reachable = reachable or bool(ways) or bool(frame.reached.any())
            exhaustive = combining.pairs_complete if reachable else combining.complete
        ways.sort(key=lambda moves: (len(moves), sum(moves.values()), sorted(moves)))
        return Found(ways, reachable, exhaustive, self._farthest(frames), frames)

    def _score(self, frame: Frame) -> int | None:
        """The farthest known score of a frame."""
        score = frame.rated.scored.score
        values = score.values[score.known]
        return None if not len(values) else int(values.max() if self.sign > 0 else values.min())

    def _farthest(self, frames: Sequence[Frame]) -> int | None:
        now = [int(self.case.outcomes.score[0])] if self.case.has_score else []
        scores = [*now, *(score for frame in frames if (score := self._score(frame)) is not None)]
        return max(scores, key=lambda score: self.sign * score) if scores else None

    def _farthest_alone(self, frame: Frame, rungs: Sequence[Steps], best: Moves) -> dict[str, int]:
        """How many steps of each metric alone move the score farthest, by name."""
        score, start, far = frame.rated.scored.score, 0, {}
        values = np.where(score.known, self.sign * score.values, -(1 << 40))
        now = self.sign * int(self.case.outcomes.score[0]) if self.case.has_score else -(1 << 40)
        for name, ladder in zip(self.levers, rungs, strict=True):
            mine = values[start : (start := start + len(ladder))]
            far[name] = _first_farthest(mine, ladder, now, best[name])
        return far

    def _corners(self, far: Moves, rungs: Sequence[Steps], best: Moves) -> Iterator[Moves]:
        """All metrics where each alone moves the score farthest; of those that meet in a criterion also elsewhere.

        The points of a criterion that reads one metric do not depend on the others, so what is farthest alone is
        farthest together.
        """
        options: list[list[int]] = []
        meeting = meeting_of(self.case, self.levers.keys())
        for name, ladder in zip(self.levers, rungs, strict=True):
            more = {0, best[name], int(ladder[-1])} if name in meeting else set()
            options.append([far[name], *sorted(more - {far[name]})])
        for steps in islice(product(*options), _CORNERS):
            yield dict(zip(self.levers, steps, strict=True))

    def _pairs(self, combining: Combining, starts: list[dict[str, int]]) -> list[Moves]:
        """Ways of two changes, each minimal given the other; the cheapest for every two metrics."""
        if not combining.pairs_complete:
            starts += [{a: far, b: 0} for a, b in permutations(self.levers, 2) if (far := combining.far[a])]
        forth = [Track(self.levers[b], {a: moves[a]}) for moves in starts for a, b in [moves]]
        pairs = self._least([{**track.base, track.lever.name: steps} for track, steps in self.smallest(forth)])
        cheapest: dict[frozenset[str], Moves] = {}
        for pair in sorted(pairs, key=lambda moves: (sum(moves.values()), sorted(moves.items()))):
            cheapest.setdefault(frozenset(pair), pair)
        return list(cheapest.values())

    def _least(self, pairs: Sequence[Moves]) -> list[Moves]:
        """Pairs of changes that reach the aim, the second as small as the first lets it, made smaller until one step
        less of either does not reach it."""
        done: list[Moves] = []
        while pairs:
            back = [Track(self.levers[a], {b: moves[b]}) for moves in pairs for a, b in [moves]]
            smaller = [{**track.base, track.lever.name: steps} for track, steps in self.smallest(back)]
            less = [{b: moves[b] - 1, a: moves[a]} for moves in smaller for b, a in [moves]]
            hits = self.decided([(moves, 1) for moves in less]).reached.tolist()
            done += [moves for moves, hit in zip(smaller, hits, strict=True) if not hit]
            pairs = [moves for moves, hit in zip(less, hits, strict=True) if hit]
        return done

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
