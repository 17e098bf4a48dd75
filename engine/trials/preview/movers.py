"""Customers whose tier differs between two rule books, the largest first, and why: made only for those shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.decisions import explain_row
from engine.decisions.record import Explained
from engine.trials.preview.sides import Integers, Pair, Side
from engine.vocabulary import Market


@dataclass(frozen=True)
class Mover:
    """A customer whom the books put in different tiers.

    Attributes:
        row: Row in the pair.
    """

    pair: Pair
    row: int

    @property
    def market(self) -> Market:
        """The customer's market."""
        return self.pair.market

    @property
    def customer_id(self) -> int:
        """Row number of the customer."""
        return int(self.pair.ids[self.row])

    @property
    def ref(self) -> str:
        """The customer's reference."""
        return self.pair.refs[self.row]

    @property
    def revenue(self) -> int:
        """Of the last 12 months, minor units."""
        return int(self.pair.revenue[self.row])

    @property
    def before(self) -> str | None:
        """Key of the effective tier by the live book; None: UNRATED."""
        return self.pair.key(int(self.pair.before[self.row]))

    @property
    def after(self) -> str | None:
        """Key of the effective tier by the candidate; None: UNRATED."""
        return self.pair.key(int(self.pair.after[self.row]))

    @property
    def down(self) -> bool:
        """It is a move to a worse tier."""
        return bool(self.pair.worse[self.row])

    @cached_property
    def live(self) -> Explained:
        """The live book's decision explained."""
        return _explained(self.pair.live, self.row)

    @cached_property
    def candidate(self) -> Explained:
        """The candidate's decision explained."""
        return _explained(self.pair.candidate, self.row)


def _explained(side: Side | None, row: int) -> Explained:
    assert side is not None  # movers are of markets both books have
    return explain_row(side.book, side.market, side.columns, side.states, side.outcomes, row=row, moment=side.moment)


@dataclass(frozen=True)
class Movers:
    """Movers in order: by falling revenue of the last 12 months, then by customer.

    Markets that only one of the books has rules for are left out: there is nothing to explain a move by.

    Attributes:
        pairs: All of them.
        which, rows: (movers,) the pair and the row in it.
        revenue, ids: (movers,) the sort key.
    """

    pairs: Sequence[Pair]
    which: NDArray[np.int8]
    rows: NDArray[np.intp]
    revenue: Integers
    ids: Integers

    def __len__(self) -> int:
        return len(self.rows)

    def at(self, index: int) -> Mover:
        """One of them."""
        return Mover(self.pairs[self.which[index]], int(self.rows[index]))

    def first(self, number: int) -> list[Mover]:
        """The first ones."""
        return [self.at(index) for index in range(min(number, len(self)))]

    def of(self, market: Market | None, before: str | None, after: str | None) -> Movers:
        """Those of one market, from one tier, to one tier; UNRATED is a tier here, None: any."""
        kept = np.zeros(len(self), np.bool_)
        for number, pair in enumerate(self.pairs):
            if market is None or pair.market is market:
                mine = np.flatnonzero(self.which == number)
                kept[mine] = _is(pair, pair.before[self.rows[mine]], before) & _is(
                    pair, pair.after[self.rows[mine]], after
                )
        return self._take(np.flatnonzero(kept))

    def beyond(self, revenue: int, customer_id: int) -> int:
        """How many come before or are this place of the order."""
        ahead = (self.revenue > revenue) | ((self.revenue == revenue) & (self.ids <= customer_id))
        return int(ahead.sum())

    def _take(self, rows: NDArray[np.intp]) -> Movers:
        taken: dict[str, Any] = {field.name: getattr(self, field.name)[rows] for field in fields(self)[1:]}
        return Movers(self.pairs, **taken)


def _is(pair: Pair, codes: NDArray[np.int16], key: str | None) -> NDArray[np.bool_]:
    if key is None:
        return np.ones(len(codes), np.bool_)
    code = pair.keys.index(key) if key in pair.keys else pair.unrated if key == "UNRATED" else -1
    found: NDArray[np.bool_] = codes == code
    return found


def movers_of(pairs: Sequence[Pair]) -> Movers:
    """All movers of all markets, in order."""
    both = [pair.live is not None and pair.candidate is not None for pair in pairs]
    rows = [
        np.flatnonzero(pair.moved) if there else np.zeros(0, np.intp) for pair, there in zip(pairs, both, strict=True)
    ]
    which = np.repeat(np.arange(len(pairs), dtype=np.int8), [len(found) for found in rows])
    revenue = _joined([pair.revenue[found] for pair, found in zip(pairs, rows, strict=True)])
    ids = _joined([pair.ids[found] for pair, found in zip(pairs, rows, strict=True)])
    order = np.lexsort((ids, -revenue))
    found = np.concatenate([*rows, np.zeros(0, np.intp)])
    return Movers(tuple(pairs), which[order], found[order], revenue[order], ids[order])


def _joined(parts: Sequence[Integers]) -> Integers:
    return np.concatenate([*parts, np.zeros(0, np.int64)])
