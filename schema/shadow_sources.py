"""Sources of shadows: both tiers side by side, compared once per request, and explanations of those who differ."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.operations.shadowing import Both, SideBySide, candidate_explained, side_by_side
from engine.rulebook import Book
from engine.store.reading import (
    Page,
    ShadowView,
    Slice,
    bad_cursor,
    cursor_parts,
    customers_by_ids,
    runs_of_decisions,
    write_cursor,
)
from schema.basics import MoveSource, Titled, tier_of, tier_rank
from schema.context import Info
from schema.explaining import ExplanationSource, WhatIfSource, explanation_of
from schema.lookups import or_fault


@dataclass(frozen=True, slots=True)
class ShadowSource:
    """Source of `Shadow`."""

    shadow: ShadowView

    def __getattr__(self, name: str) -> Any:
        return getattr(self.shadow, name)

    async def sides(self, info: Info) -> SideBySide:
        """Both tiers of everybody, compared in a worker thread."""
        found = await info.context.load(_sides, self.shadow.id)
        assert found is not None
        return found

    async def books(self, info: Info) -> tuple[Book | None, Book]:
        """The live book and the candidate, for the titles of tiers."""
        return await info.context.live_book(), await info.context.book(self.shadow.revision)


def _sides(session: Session, shadows: Sequence[int]) -> Mapping[int, SideBySide]:
    return {number: side_by_side(session, number) for number in shadows}


@dataclass(frozen=True, slots=True)
class ShadowedSource:
    """Source of `ShadowedCustomer`."""

    both: Both
    live: Titled | None
    candidate: Titled | None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.both, name)

    @staticmethod
    def of(both: Both, live: Book | None, candidate: Book) -> ShadowedSource:
        """A customer's tiers with their titles."""
        before = tier_of(live, both.market, both.live)
        return ShadowedSource(both, before, tier_of(candidate, both.market, both.candidate))


@dataclass(frozen=True, slots=True)
class DifferingSource:
    """Source of `Mover`: the stored decisions of both books, explained when they are asked for."""

    both: Both
    info: Info

    @property
    def customer_id(self) -> int:
        """Row number of the customer."""
        return self.both.customer_id

    @property
    def live(self) -> Awaitable[ExplanationSource]:
        """The live book's decision."""
        return explanation_of(self.info, self.both.decision_id)

    @property
    def candidate(self) -> Awaitable[WhatIfSource | None]:
        """The candidate's decision."""
        return self.info.context.load(_candidates, self.both)


def _candidates(session: Session, some: Sequence[Both]) -> Mapping[Both, Any]:
    runs = runs_of_decisions(session, [one.decision_id for one in some])
    refs = {number: view.ref for number, view in customers_by_ids(session, [one.customer_id for one in some]).items()}

    def explained(one: Both) -> WhatIfSource:
        told = candidate_explained(session, one.chunk_id, one.row)
        return WhatIfSource(told, one.customer_id, refs[one.customer_id], runs[one.decision_id].as_known_at)

    return {one: or_fault(partial(explained, one)) for one in some}


def cells(sides: SideBySide, live: Book | None, candidate: Book) -> list[MoveSource]:
    """The matrix, by market and rank of tiers."""
    ranked = sorted(
        sides.matrix.items(),
        key=lambda cell: (cell[0][0], tier_rank(live, *cell[0][:2]), tier_rank(candidate, cell[0][0], cell[0][2])),
    )
    return [
        MoveSource(market, tier_of(live, market, before), tier_of(candidate, market, after), customers)
        for (market, before, after), customers in ranked
    ]


def page_of(sides: SideBySide, rows: NDArray[np.intp], slice_: Slice) -> Page[Both]:
    """A page of some rows in the order of customers; a cursor names a customer, whether it is still among them or not.

    Raises:
        InputError: BAD_CURSOR.
    """
    start, stop = 0, len(rows)
    if slice_.cursor is not None:
        (customer,) = cursor_parts(slice_.cursor, 1)
        if type(customer) is not int or abs(customer) >= 2**62:
            raise bad_cursor()
        ids = sides.customers[rows]
        if slice_.backward:
            stop = int(np.searchsorted(ids, customer))
        else:
            start = int(np.searchsorted(ids, customer, side="right"))
    if slice_.backward:
        start = max(start, stop - slice_.size)
    else:
        stop = min(stop, start + slice_.size)
    kept = tuple(map(sides.at, rows[start:stop].tolist()))
    cursors = tuple(write_cursor((one.customer_id,)) for one in kept)
    return Page(kept, cursors, has_next=stop < len(rows), has_previous=start > 0)
