"""Changes of several metrics at once: which steps of each have to be tried together, and whether these are all.

Between two marks of a metric that no other one disturbs, the score only rises or only falls and no condition changes.
So of all steps at which its conditions come out alike, the one best for the score stands for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import prod
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions.explanation.deciding import Block, Deciding, Frame, Moves
from engine.decisions.explanation.levers import Lever, Steps

_PAIRS: Final = 16_384
"""Most combinations of two metrics that are tried."""
_ALL: Final = 8_192
"""Most combinations of all metrics that are tried."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The steps of one metric that are combined with those of others.

    Attributes:
        steps: Rising, without 0.
        stays: Not to move may be better than every one of them.
        full: No other step can do what these do not.
    """

    steps: Steps
    stays: bool
    full: bool


@dataclass(frozen=True)
class Combining:
    """Tries combinations; `far` is how many steps of each metric alone move the score farthest."""

    deciding: Deciding
    choices: Mapping[str, Choice]
    far: Moves

    @property
    def _most(self) -> int:
        """Most combinations of every two metrics."""
        count = len(self.choices)
        return _PAIRS // max(count * (count - 1) // 2, 1)

    @property
    def pairs_complete(self) -> bool:
        """No pair reaches the aim if none of those tried does."""
        sizes = sorted((len(choice.steps) for choice in self.choices.values()), reverse=True)[:2]
        return all(choice.full for choice in self.choices.values()) and prod(sizes) <= self._most

    def tried(self, *, together: bool) -> tuple[Frame, list[dict[str, int]]]:
        """Combinations of two metrics, and of all of them if `together`, in one frame; and pairs that reach the aim.

        From these pairs smaller ones can be looked for. There are two for every two metrics: one of the metrics is
        where it alone moves the score farthest, if some step of the other then suffices.
        """
        blocks: list[Block] = []
        for one, other in combinations(self.choices, 2):
            lists = _thinned([self.choices[one].steps, self.choices[other].steps], self._most)
            blocks.append(_product({one: lists[0], other: lists[1]}))
        every = [_product(dict(zip(self.choices, _thinned(self._lists, _ALL), strict=True)))] if together else []
        frame = self.deciding.decided([*blocks, *every, ({}, 1)])
        ends = np.cumsum([0, *(rows for _, rows in blocks)]).tolist()
        starts: list[dict[str, int]] = []
        for (moves, _), (start, stop) in zip(blocks, pairwise(ends), strict=True):
            hits = np.flatnonzero(frame.reached[start:stop])
            if len(hits):
                steps = {name: np.asarray(all_steps)[hits] for name, all_steps in moves.items()}
                starts += [self._start(steps, name) for name in steps]
        return frame, starts

    @property
    def _lists(self) -> list[Steps]:
        """The steps of every metric, 0 among them where not to move may be best."""
        return [np.concatenate([np.zeros(int(one.stays), np.int64), one.steps]) for one in self.choices.values()]

    @property
    def complete(self) -> bool:
        """No combination reaches the aim if none of those tried does."""
        return all(choice.full for choice in self.choices.values()) and prod(map(len, self._lists)) <= _ALL

    def _start(self, steps: Mapping[str, Steps], first: str) -> dict[str, int]:
        """One of some pairs, the metric named first."""
        total = sum(steps.values(), np.zeros(1, np.int64))
        row = int(np.lexsort((total, steps[first] != self.far[first]))[0])
        return {name: int(steps[name][row]) for name in sorted(steps, key=lambda name: name != first)}


def combining_of(
    deciding: Deciding, frame: Frame, rungs: Sequence[Steps], far: Moves, *, sign: int, rises: bool
) -> Combining:
    """What to combine, from what every metric alone came to.

    Args:
        frame: Every rung of every metric, one after the other; its last row is the case as it is.
        sign: 1 if better scores are looked for, −1: worse.
        rises: No condition takes a better score for worse.
    """
    points = frame.rated.scored.points.astype(np.int64)
    weights = [criterion.weight for criterion in deciding.case.rules.scorecard.criteria]
    worth = sign * (points @ np.array(weights, np.int64))
    choices, start = {}, 0
    for lever, ladder in zip(deciding.levers.values(), rungs, strict=True):
        steps, alone = lever.stops() if rises or not lever.few else ladder, rises and not lever.shared
        full = lever.few or (lever.told and alone)
        if alone:
            rows = np.append(start + np.searchsorted(ladder, steps), frame.reading.length - 1)
            kept, stays = _best(_likeness(lever, frame)[rows], worth[rows], steps, far[lever.name])
            choices[lever.name] = Choice(kept, stays, full)
        else:
            choices[lever.name] = Choice(steps, True, full)
        start += len(ladder)
    return Combining(deciding, choices, far)


def _likeness(lever: Lever, frame: Frame) -> NDArray[np.uint8]:
    """What of every row must be alike for the score alone to tell which is better, (rows, questions)."""
    truths = [frame.reading.truths(clause.expression) for clause in lever.clauses]
    return np.column_stack([frame.rated.scored.states, *truths])


def _best(likeness: NDArray[np.uint8], worth: NDArray[np.int64], steps: Steps, far: int) -> tuple[Steps, bool]:
    """Of all steps that come out alike the best for the score; the fewest of several, or where it is farthest.

    Args:
        likeness: By step, (steps + 1, questions); the last is for not moving, as in `worth`.

    Returns:
        They, without what not to move does as well, and whether that may be better than every one of them.
    """
    keys, values = [row.tobytes() for row in likeness], worth.tolist()
    *alike, now = keys
    chosen: dict[bytes, tuple[int, int]] = {}
    for step, key, value in zip(steps.tolist(), alike, values[:-1], strict=True):
        best = chosen.get(key)
        if best is None or value > best[0] or (value == best[0] and step == far):
            chosen[key] = value, step
    if now in chosen and chosen[now][0] <= values[-1]:
        del chosen[now]  # whatever others do, it does no more than not to move
    return np.array(sorted(step for _, step in chosen.values()), np.int64), now not in chosen


def _product(lists: Mapping[str, Steps]) -> Block:
    """Every combination of some steps, a row each."""
    grid = np.meshgrid(*lists.values(), indexing="ij")
    return {name: steps.ravel() for name, steps in zip(lists, grid, strict=True)}, grid[0].size


def _thinned(lists: Sequence[Steps], most: int) -> list[Steps]:
    """The lists, the longest made shorter until their combinations are not too many; the ends are kept."""
    thinned = list(lists)
    while prod(map(len, thinned)) > most:
        longest = max(range(len(thinned)), key=lambda number: len(thinned[number]))
        steps = thinned[longest]
        if len(steps) <= 2:
            thinned[longest] = steps[-1:]
        else:
            thinned[longest] = steps[np.unique(np.linspace(0, len(steps) - 1, max(len(steps) * 3 // 4, 2)).astype(int))]
    return thinned
