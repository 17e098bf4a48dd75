"""Rows of the driver straight into arrays, without an object per row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Select, String
from sqlalchemy.orm import Session
from sqlmodel.sql.sqltypes import AutoString

from engine.expressions.columns import CAUSE_CODE, Column
from engine.vocabulary import Unit, UnknownCause

Integers = NDArray[np.int64]

NO_INSTANT: Final = -(2**63)
"""Stands for "never" in columns of instants."""

_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]
_BATCH: Final = 20_000
_FEW: Final = 500
_MANY: Final = 5_000
_SPARSE: Final = 20


@dataclass(frozen=True, slots=True)
class Raw:
    """One fetched column: whole numbers, or indexes into `texts`; 0 where null."""

    values: Integers
    null: NDArray[np.bool_]
    texts: tuple[str, ...] | None

    def take(self, rows: NDArray[Any]) -> Raw:
        """Some of the rows (indexes or a mask)."""
        return Raw(self.values[rows], self.null[rows], self.texts)

    def column(self, unit: Unit) -> Column:
        """As a column; null is unknown (missing)."""
        return Column(self.values, np.where(self.null, _MISSING, 0).astype(np.uint8), unit, self.texts or ())

    def spread(self, length: int, rows: Integers, unit: Unit) -> Column:
        """As a column of `length` customers in which row `rows[i]` has the i-th value and the rest is missing."""
        values, causes = np.zeros(length, np.int64), np.full(length, _MISSING, np.uint8)
        values[rows] = self.values
        causes[rows] = np.where(self.null, _MISSING, 0)
        return Column(values, causes, unit, self.texts or ())


def fetch(session: Session, queries: Iterable[Select[Any]]) -> list[Raw]:
    """Run queries that select the same columns and join their rows.

    Args:
        queries: At least one. Selected columns are whole numbers, truths, instants (microseconds) or texts.

    Returns:
        One `Raw` per selected column.
    """
    builders: list[_Numbers | _Texts] = []
    for query in queries:
        if not builders:
            builders = [_builder(column) for column in query.selected_columns]
        cursor = rows_of(session, query)
        while rows := cursor.fetchmany(_BATCH):
            for builder, values in zip(builders, zip(*rows, strict=True), strict=True):
                builder.add(values)
        cursor.close()
    return [builder.raw() for builder in builders]


def rows_of(session: Session, query: Select[Any]) -> Any:
    """The driver's cursor over a query's rows: plain tuples, instants as microseconds."""
    session.flush()
    return session.connection().execute(query).cursor


def among(column: ColumnElement[int], ids: Integers) -> list[ColumnElement[bool]]:
    """Conditions that together select at least the rows of some ids; few bind parameters, however many ids.

    Dense ids become one range, which may select others too: filter what comes by `places`.
    """
    wanted = ids if bool((ids[1:] > ids[:-1]).all()) else np.unique(ids)  # rising ids, the usual case, need no sorting
    if len(wanted) == 0:
        return []
    if len(wanted) <= _FEW:
        return [column.in_(wanted.tolist())]
    low, high = int(wanted[0]), int(wanted[-1])
    if high - low < _SPARSE * len(wanted):
        return [column.between(low, high)]
    return [column.in_(wanted[start : start + _MANY].tolist()) for start in range(0, len(wanted), _MANY)]


def places(asked: Integers, found: Integers) -> tuple[Integers, NDArray[np.bool_]]:
    """Where each found id stands among those asked for.

    Returns:
        (found,) index into `asked`, meaningless where the second, (found,) "it was asked for", is false.
    """
    if len(asked) == 0:
        return np.zeros(len(found), np.int64), np.zeros(len(found), np.bool_)
    order = np.argsort(asked, kind="stable")
    ordered = asked[order]
    place = np.minimum(np.searchsorted(ordered, found), len(asked) - 1)
    return order[place].astype(np.int64), np.asarray(ordered[place] == found, np.bool_)


def matched(session: Session, queries: Sequence[Select[Any]], asked: Integers) -> tuple[Integers, list[Raw]]:
    """Fetch rows whose first selected column is a customer id, and keep those asked for.

    Returns:
        (rows,) index into `asked`, and the other columns.
    """
    if not queries:
        return np.zeros(0, np.int64), []
    found, *others = fetch(session, queries)
    rows, hit = places(asked, found.values)
    if hit.all():
        return rows, others
    return rows[hit], [column.take(hit) for column in others]


def last_of_each(rows: Integers, *rising: Integers) -> Integers:
    """Indexes of the last entry of each customer by some sort keys, the weightiest first."""
    if len(rows) == 0:
        return np.zeros(0, np.int64)
    order = np.lexsort((*reversed(rising), rows))
    ordered = rows[order]
    return np.asarray(order[np.append(ordered[1:] != ordered[:-1], True)], np.int64)


class _Numbers:
    """Collects a column of whole numbers."""

    def __init__(self) -> None:
        self._parts: list[Integers] = [np.zeros(0, np.int64)]
        self._nulls: list[NDArray[np.bool_]] = [np.zeros(0, np.bool_)]

    def add(self, values: tuple[Any, ...]) -> None:
        try:
            self._parts.append(np.array(values, np.int64))
            self._nulls.append(np.zeros(len(values), np.bool_))
        except TypeError:
            self._parts.append(np.array([0 if value is None else value for value in values], np.int64))
            self._nulls.append(np.array([value is None for value in values], np.bool_))

    def raw(self) -> Raw:
        return Raw(np.concatenate(self._parts), np.concatenate(self._nulls), None)


class _Texts:
    """Collects a column of texts, each distinct one kept once; its number is the order of its first coming."""

    def __init__(self) -> None:
        self._codes: dict[str | None, int] = {}
        self._parts: list[Integers] = [np.zeros(0, np.int64)]

    def add(self, values: tuple[Any, ...]) -> None:
        codes = self._codes
        for text in dict.fromkeys(values):
            if text not in codes and text is not None:
                codes[text] = len(codes)
        codes[None] = -1
        self._parts.append(np.fromiter(map(codes.__getitem__, values), np.int64, len(values)))
        del codes[None]

    def raw(self) -> Raw:
        codes = np.concatenate(self._parts)
        texts = tuple(text for text in self._codes if text is not None)
        return Raw(np.maximum(codes, 0), codes < 0, texts)


def _builder(column: Any) -> _Numbers | _Texts:
    return _Texts() if isinstance(column.type, String | AutoString) else _Numbers()
