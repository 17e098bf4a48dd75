"""Fields of records as of an instant: stored ones, and those derived from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions.columns import CAUSE_CODE, Column, Integers
from engine.metrics.frames import Instant, RecordFrame
from engine.metrics.sources import SOURCES
from engine.vocabulary import SHARE_SCALE, Unit, UnknownCause

OCCURRED_AT: Final = "occurred_at"
"""Name under which takes and conditions read the local day of a record."""

DAILY: Final = frozenset({"active", "days_to_end", "days_since_end"})
"""Derived fields that change as days pass."""

_MISSING: Final = CAUSE_CODE[UnknownCause.MISSING]
_CURRENCY: Final = CAUSE_CODE[UnknownCause.CURRENCY]

Rows = NDArray[np.intp]

Days = int | Integers
"""One local day for all, or one for each."""


def field_column(frame: RecordFrame, name: str, instant: Instant, rows: Rows, today: Days | None = None) -> Column:
    """One field of some records; money in another currency than the book's is unknown (currency).

    Args:
        frame: Records of one source.
        name: A field of that source, derived ones too, or `occurred_at`.
        instant: What derived fields are as of.
        rows: (selected,) which records.
        today: Local day asked about, or (selected,) one for each record; None: that of the instant.
    """
    day = instant.day if today is None else today
    if name == OCCURRED_AT:
        days = frame.day[rows].astype(np.int64)
        return Column(days, np.zeros(len(rows), np.uint8), Unit.DATE)
    field = SOURCES[frame.source].fields[name]
    column = frame.columns.get(name)
    if column is not None:
        column = column.take(rows)
    elif name in _DERIVED:
        needed, derive = _DERIVED[name]
        parts = {part: field_column(frame, part, instant, rows) for part in needed}
        return derive(parts, day)
    else:
        return Column.unknown(len(rows), field.unit, UnknownCause.MISSING)
    return _in_book_currency(column, frame.currencies.take(rows), instant) if field.unit is Unit.MONEY else column


def stored_fields(source: str, names: frozenset[str]) -> frozenset[str]:
    """The stored fields behind names, derived ones replaced by what they are derived from.

    >>> sorted(stored_fields("orders", frozenset({"margin", "status", "occurred_at"})))
    ['cost', 'net', 'status']
    """
    found: set[str] = set()
    for name in names - {OCCURRED_AT}:
        found.update(_DERIVED[name][0] if name in _DERIVED else (name,))
    return frozenset(found & set(SOURCES[source].fields))


def _in_book_currency(column: Column, currencies: Column, instant: Instant) -> Column:
    """Mark money of other currencies as unknown; a record without a currency too."""
    if instant.currency in currencies.texts:
        other = (currencies.values != currencies.texts.index(instant.currency)) | (currencies.causes != 0)
        if not other.any():
            return column
    else:
        other = np.ones(len(column), np.bool_)
    causes = np.where((column.causes == 0) & other, _CURRENCY, column.causes).astype(np.uint8)
    return replace(column, causes=causes, values=np.where(causes == 0, column.values, 0))


def _margin(parts: Mapping[str, Column], today: Days) -> Column:
    net, cost = parts["net"], parts["cost"]
    return _joined(net.values - cost.values, Unit.MONEY, net, cost)


def _expected(parts: Mapping[str, Column], today: Days) -> Column:
    """Amount × probability, half to even; split so that no product leaves 64 bits."""
    amount, share = parts["amount"], parts["win_probability"]
    whole, rest = np.divmod(amount.values, SHARE_SCALE)
    carried, left = np.divmod(rest * share.values, SHARE_SCALE)
    floor = whole * share.values + carried
    up = (2 * left > SHARE_SCALE) | ((2 * left == SHARE_SCALE) & (floor % 2 == 1))
    return _joined(floor + up, Unit.MONEY, amount, share)


def _active(parts: Mapping[str, Column], today: Days) -> Column:
    """Running and not cancelled; a contract without a status has not been cancelled."""
    starts, ends, status = parts["starts_on"], parts["ends_on"], parts["status"]
    running = (starts.values <= today) & (today < ends.values)
    cancelled = np.zeros(len(status), np.bool_)
    if "cancelled" in status.texts:
        cancelled = (status.causes == 0) & (status.values == status.texts.index("cancelled"))
    return _joined((running & ~cancelled).astype(np.int64), Unit.BOOL, starts, ends)


def _days_to_end(parts: Mapping[str, Column], today: Days) -> Column:
    ends = parts["ends_on"]
    left = ends.values - today
    causes = np.where((ends.causes == 0) & (left <= 0), _MISSING, ends.causes).astype(np.uint8)
    return Column(np.where(causes == 0, left, 0), causes, Unit.DAYS)


def _days_since_end(parts: Mapping[str, Column], today: Days) -> Column:
    return _joined(today - parts["ends_on"].values, Unit.DAYS, parts["ends_on"])


def _joined(values: NDArray[np.int64], unit: Unit, *parts: Column) -> Column:
    """Values of several columns together: the first cause in their order wins."""
    causes = np.zeros(len(values), np.uint8)
    for part in parts:
        causes = np.where(causes == 0, part.causes, causes)
    return Column(np.where(causes == 0, values, 0), causes, unit)


_DERIVED: Final[Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Column], Days], Column]]]] = {
    "margin": (("net", "cost"), _margin),
    "expected": (("amount", "win_probability"), _expected),
    "active": (("starts_on", "ends_on", "status"), _active),
    "days_to_end": (("ends_on",), _days_to_end),
    "days_since_end": (("ends_on",), _days_since_end),
}
"""Derived fields: what each needs, and how it comes from that. `days_to_end` is missing once the contract
has ended, `days_since_end` is negative while it runs."""
