"""Counts of a preview: from which tier to which, scores by decade, held by stability, newly unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.decisions import HOLDS
from engine.trials.preview.sides import Flags, Integers, Pair, Side
from engine.vocabulary import POINTS_SCALE, HoldCause, Market

BANDS: Final = tuple(range(0, 100, 10))
_OF_STABILITY: Final = (HoldCause.EXIT_MARGIN, HoldCause.GRACE, HoldCause.MIN_DWELL, HoldCause.CONFIRM)


@dataclass(frozen=True, slots=True)
class Cell:
    """Customers in one tier before and one after (None: UNRATED)."""

    market: Market
    before: str | None
    after: str | None
    customers: int


@dataclass(frozen=True, slots=True)
class Band:
    """Customers with a known score in [low, low + 10) by each book; the last band holds 100 too."""

    market: Market
    low: int
    before: int
    after: int


def cells(pair: Pair) -> tuple[Cell, ...]:
    """The cells of the tier × tier matrix that have customers, diagonal too, best tiers first."""
    width = pair.unrated + 1
    counts = np.bincount(pair.before.astype(np.int32) * width + pair.after, minlength=width * width)
    return tuple(
        Cell(pair.market, pair.key(code // width), pair.key(code % width), int(counts[code]))
        for code in np.flatnonzero(counts).tolist()
    )


def bands(pair: Pair) -> tuple[Band, ...]:
    """Customers by decade of the score; whoever has none is in no band."""
    before, after = _decades(pair.live), _decades(pair.candidate)
    return tuple(Band(pair.market, low, int(before[n]), int(after[n])) for n, low in enumerate(BANDS))


def _decades(side: Side | None) -> Integers:
    if side is None:
        return np.zeros(len(BANDS), np.int64)
    known = side.outcomes.score[side.outcomes.score >= 0]
    return np.bincount(np.minimum(known // (10 * POINTS_SCALE), len(BANDS) - 1), minlength=len(BANDS))


def held_by_stability(pair: Pair) -> Mapping[HoldCause, int]:
    """Whom the candidate asks to move elsewhere than the live book does, but stability keeps in the tier for now."""
    if pair.candidate is None:
        return {}
    asked = pair.coded(pair.candidate, "computed") != pair.coded(pair.live, "computed")
    causes = pair.candidate.outcomes.held_by[asked & ~pair.moved]
    counts = np.bincount(causes[causes >= 0], minlength=len(HOLDS))
    return {cause: int(counts[HOLDS.index(cause)]) for cause in _OF_STABILITY if counts[HOLDS.index(cause)]}


def newly_unknown(pair: Pair) -> int:
    """Customers who have a score by the live book and none by the candidate."""
    return int((_scored(pair.live, pair) & ~_scored(pair.candidate, pair)).sum())


def _scored(side: Side | None, pair: Pair) -> Flags:
    return np.zeros(len(pair), np.bool_) if side is None else side.outcomes.score >= 0
