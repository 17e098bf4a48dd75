"""Frames of records put together for the parts of a change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.expressions import Column
from engine.metrics import RecordFrame, local_day


def on_the_eve(frame: RecordFrame, as_of: int, zone: str) -> RecordFrame:
    """Only the records from an instant on (microseconds), as if they had occurred just before it."""
    kept = np.flatnonzero(frame.occurred >= as_of)
    eve = _taken(frame, kept)
    return replace(
        eve,
        occurred=np.full(len(kept), as_of - 1, np.int64),
        day=np.full(len(kept), local_day(as_of - 1, zone), np.int32),
    )


def occurred_before(frame: RecordFrame, as_of: int) -> RecordFrame:
    """Only the records before an instant (microseconds)."""
    return _taken(frame, np.flatnonzero(frame.occurred < as_of))


def joined(first: RecordFrame, second: RecordFrame) -> RecordFrame:
    """Records of both frames of one source, sorted as frames are."""
    both = RecordFrame(
        source=first.source,
        ids=np.concatenate([first.ids, second.ids]),
        customer=np.concatenate([first.customer, second.customer]),
        occurred=np.concatenate([first.occurred, second.occurred]),
        day=np.concatenate([first.day, second.day]),
        columns={name: _stacked(first.columns[name], second.columns[name]) for name in first.columns},
        currencies=_stacked(first.currencies, second.currencies),
    )
    return _taken(both, np.lexsort((both.ids, both.occurred, both.customer)))


def _taken(frame: RecordFrame, rows: NDArray[np.intp]) -> RecordFrame:
    return replace(
        frame,
        ids=frame.ids[rows],
        customer=frame.customer[rows],
        occurred=frame.occurred[rows],
        day=frame.day[rows],
        columns={name: column.take(rows) for name, column in frame.columns.items()},
        currencies=frame.currencies.take(rows),
    )


def _stacked(first: Column, second: Column) -> Column:
    """One column under the other; texts of both are numbered anew."""
    causes = np.concatenate([first.causes, second.causes])
    if not first.texts and not second.texts:
        return Column(np.concatenate([first.values, second.values]), causes, first.unit)
    texts = tuple(sorted({*first.texts, *second.texts}))
    parts = [_renumbered(column, texts) for column in (first, second)]
    return Column(np.concatenate(parts), causes, first.unit, texts)


def _renumbered(column: Column, texts: tuple[str, ...]) -> NDArray[np.int64]:
    codes = np.array([texts.index(text) for text in column.texts] or [0], np.int64)
    return codes[column.values]
