"""Deciding very many customers: in slices, two at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import Final

import numpy as np

from engine.decisions.model import Moment, Outcomes, States
from engine.decisions.pipeline import decide
from engine.decisions.rows import take_rows
from engine.expressions.columns import Columns
from engine.rulebook.book import MarketBook

SLICE: Final = 65_536
"""Customers decided at once: the arrays of a slice stay near the processor."""
_MOST_THREADS: Final = 2


def decide_many(book: MarketBook, columns: Columns, states: States, moment: Moment) -> Outcomes:
    """The same as `decide`, for very many customers in slices and on two threads.

    No customer's outcome depends on another's, so slices change nothing; NumPy lets threads run beside each other.
    """
    length = len(states.tier)
    if length <= SLICE:
        return decide(book, columns, states, moment)

    def part(start: int) -> Outcomes:
        rows = slice(start, min(start + SLICE, length))
        taken = {name: column.take(rows) for name, column in columns.items()}
        return decide(book, taken, take_rows(states, rows), moment)

    return _joined(_each(part, range(0, length, SLICE)))


def _each(part: Callable[[int], Outcomes], starts: Sequence[int]) -> list[Outcomes]:
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    if threads == 1:
        return [part(start) for start in starts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(part, starts))


def _joined(parts: Sequence[Outcomes]) -> Outcomes:
    names = [field.name for field in fields(Outcomes)]
    return Outcomes(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
