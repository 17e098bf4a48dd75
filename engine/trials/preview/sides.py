"""The same customers decided by two rule books: what every figure of a preview is taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.decisions import Moment, Outcomes, States, tier_keys
from engine.expressions import Columns
from engine.rulebook import Book, MarketBook
from engine.vocabulary import Market

Integers = NDArray[np.int64]
Codes = NDArray[np.int16]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Side:
    """One book's decisions of a market's customers; every array is over the same customers."""

    book: Book
    market: Market
    columns: Columns
    states: States
    outcomes: Outcomes
    moment: Moment

    @property
    def rules(self) -> MarketBook:
        """The market's rules."""
        return self.book.markets[self.market]


@dataclass(frozen=True)
class Pair:
    """One market's customers decided by the live book and by the candidate.

    Tiers are compared by key; here a tier is its index in `keys`, and UNRATED the index behind them.

    Attributes:
        ids, refs: (customers,) row numbers, rising, and references.
        revenue: (customers,) of the last 12 months, minor units of the live book's currency.
        live, candidate: None: that book has no rules for the market, so everybody is UNRATED by it.
    """

    market: Market
    ids: Integers
    refs: Sequence[str]
    revenue: Integers
    live: Side | None
    candidate: Side | None

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Tier keys of both books, best first: the candidate's, then those it no longer has."""
        found = [key for side in (self.candidate, self.live) for key in _keys(side)]
        return tuple(dict.fromkeys(key for key in found if key is not None))

    @property
    def unrated(self) -> int:
        """The code of UNRATED."""
        return len(self.keys)

    def key(self, code: int) -> str | None:
        """The key of a code; None: UNRATED."""
        return self.keys[code] if code < self.unrated else None

    @cached_property
    def before(self) -> Codes:
        """(customers,) effective tiers by the live book."""
        return self.coded(self.live, "effective")

    @cached_property
    def after(self) -> Codes:
        """(customers,) effective tiers by the candidate."""
        return self.coded(self.candidate, "effective")

    @cached_property
    def moved(self) -> Flags:
        """(customers,) whose effective tier differs."""
        found: Flags = self.before != self.after
        return found

    def coded(self, side: Side | None, name: str) -> Codes:
        """Tiers of one side's outcomes (`effective` or `computed`) by this pair's codes."""
        if side is None:
            return np.full(len(self), self.unrated, np.int16)
        codes = {key: code for code, key in enumerate(self.keys)}
        known = [self.unrated if key is None else codes[key] for key in tier_keys(side.rules)]
        found: Codes = np.array(known, np.int16)[getattr(side.outcomes, name)]
        return found

    @cached_property
    def worse(self) -> Flags:
        """(customers,) who move to a worse tier; by the live ladder, or by the candidate's where that lacks one.

        Losing every tier is worse; a move between tiers that no ladder has both of counts as one too.
        """
        live, candidate = (_ranks(self, side) for side in (self.live, self.candidate))
        worse = np.ones((self.unrated + 1, self.unrated + 1), np.bool_)
        for ladder in (candidate, live):
            both = np.ix_(ladder, ladder)
            worse[both] = np.arange(len(ladder))[:, None] < np.arange(len(ladder))[None, :]
        found: Flags = self.moved & worse[self.before, self.after]
        return found


def _keys(side: Side | None) -> tuple[str | None, ...]:
    return () if side is None else tier_keys(side.rules)


def _ranks(pair: Pair, side: Side | None) -> list[int]:
    """Codes of one side's ladder, best first, UNRATED last."""
    return [*(pair.keys.index(key) for key in _keys(side) if key is not None), pair.unrated]
