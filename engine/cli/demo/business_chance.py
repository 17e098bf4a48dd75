"""Chance that comes out the same on every machine.

Only the raw bits of NumPy's PCG64 are used, whose stream is guaranteed between versions, and only
arithmetic that IEEE 754 rounds exactly: no logarithm, exponential or power of a C library.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from numpy.random import PCG64, SeedSequence

_BLOCK: Final = 256
_UNIT: Final[float] = 2.0**-53
_SQUARINGS: Final = 10
_Item = TypeVar("_Item")


class Chance:
    """A stream of its own for every thing that is drawn, so that changing one changes no other.

    Args:
        seed: Of the whole business.
        path: Whole numbers that name the stream, for instance a kind and a customer's number.
    """

    def __init__(self, seed: int, *path: int) -> None:
        self._bits = PCG64(SeedSequence([seed, *path]))
        self._drawn: list[int] = []

    def share(self) -> float:
        """A number evenly from [0, 1)."""
        if not self._drawn:
            self._drawn = self._bits.random_raw(_BLOCK).tolist()
        return (self._drawn.pop() >> 11) * _UNIT

    def happens(self, probability: float) -> bool:
        """True with that probability."""
        return self.share() < probability

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.share() * (high - low + 1))

    def between(self, low: float, high: float) -> float:
        """A number evenly from [low, high)."""
        return low + self.share() * (high - low)

    def pick(self, items: Sequence[_Item]) -> _Item:
        """One of the items, all alike."""
        return items[int(self.share() * len(items))]

    def weighted(self, items: Sequence[tuple[_Item, int]]) -> _Item:
        """One of the items by whole weights."""
        left = int(self.share() * sum(weight for _, weight in items))
        for item, weight in items:
            if left < weight:
                return item
            left -= weight
        return items[-1][0]

    def waiting(self) -> float:
        """An exponential waiting time of mean 1, by comparing even numbers only (von Neumann 1951)."""
        whole = 0
        while True:
            first = last = self.share()
            run = 1
            while (following := self.share()) < last:
                last, run = following, run + 1
            if run % 2:
                return whole + first
            whole += 1

    def rhythm(self, mean: float, regularity: int) -> float:
        """A gap with that mean; the higher the regularity, the less it varies (an Erlang variable)."""
        return mean * sum(self.waiting() for _ in range(regularity)) / regularity

    def bell(self) -> float:
        """A bell-shaped number around 0 with deviation 1, never beyond 4.3 (six even numbers added)."""
        return (sum(self.share() for _ in range(6)) - 3.0) * 1.4142135623730951

    def factor(self, deviation: float) -> float:
        """A skewed factor around 1: e to the power of `deviation` times a bell-shaped number."""
        power: float = 1.0 + deviation * self.bell() / (1 << _SQUARINGS)
        for _ in range(_SQUARINGS):
            power *= power
        return power
