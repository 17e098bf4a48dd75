"""A preview put together: what a candidate book changes, counted, judged and in the order to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from engine.rulebook import Book, guardrails_of
from engine.trials.preview.contacts import Volume, volumes
from engine.trials.preview.limits import Judged, judge
from engine.trials.preview.movers import Movers, movers_of
from engine.trials.preview.sides import Pair
from engine.trials.preview.snapshot import snapshot_of
from engine.trials.preview.tally import Band, Cell, bands, cells, held_by_stability, newly_unknown
from engine.vocabulary import HoldCause


@dataclass(frozen=True)
class Comparison:
    """Both books' decisions of the whole base side by side.

    Attributes:
        pairs: A pair for every market either book has.
    """

    live: Book
    candidate: Book
    pairs: Sequence[Pair]

    @cached_property
    def customers(self) -> int:
        """How many customers were decided by both."""
        return sum(map(len, self.pairs))

    @cached_property
    def moved(self) -> int:
        """Customers whose effective tier differs."""
        return sum(int(pair.moved.sum()) for pair in self.pairs)

    @cached_property
    def moved_down(self) -> int:
        """Those of them who get a worse tier."""
        return sum(int(pair.worse.sum()) for pair in self.pairs)

    @cached_property
    def matrix(self) -> tuple[Cell, ...]:
        """Tier × tier of every market, diagonal too."""
        return tuple(cell for pair in self.pairs for cell in cells(pair))

    @cached_property
    def scores(self) -> tuple[Band, ...]:
        """Score decades of every market."""
        return tuple(band for pair in self.pairs for band in bands(pair))

    @cached_property
    def held(self) -> Mapping[HoldCause, int]:
        """Whom stability keeps from moving for now, by what holds."""
        counts: Counter[HoldCause] = Counter()
        for pair in self.pairs:
            counts.update(held_by_stability(pair))
        return counts

    @cached_property
    def newly_unknown(self) -> int:
        """Customers who lose their score."""
        return sum(map(newly_unknown, self.pairs))

    @cached_property
    def campaigns(self) -> tuple[Volume, ...]:
        """Contacts and cost of every campaign."""
        return volumes(self.pairs, self.live, self.candidate)

    @cached_property
    def guardrails(self) -> tuple[Judged, ...]:
        """Every guardrail with what was found."""
        return judge(guardrails_of(self.live, self.candidate), self.pairs)

    @cached_property
    def movers(self) -> Movers:
        """Who moves, the largest revenue first."""
        return movers_of(self.pairs)

    @cached_property
    def snapshot(self) -> str:
        """Digest of the facts and states."""
        return snapshot_of(self.pairs)
