"""Local calendar days of instants, in a named time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000
_SLOT: Final = 900 * _SECOND
_DAY: Final = 86_400 * _SECOND
_SLOTS_A_DAY: Final = _DAY // _SLOT


def local_days(microseconds: NDArray[np.int64], zone: str) -> NDArray[np.int32]:
    """Calendar days on which instants fall in a time zone.

    The offset of a zone is looked up once per quarter of an hour (UTC) that occurs, and only on days on
    which the zone changes its clocks; no zone has changed its offset within a quarter since 1972.

    Args:
        microseconds: (n,) instants since 1970 UTC, years 1 to 9999.
        zone: IANA name, e.g. `Asia/Shanghai`.

    Returns:
        (n,) days since 1970-01-01.

    >>> local_days(np.array([0, 57_600_000_000]), "Asia/Shanghai").tolist()
    [0, 1]
    """
    if len(microseconds) == 0:
        return np.zeros(0, np.int32)
    days = microseconds // _DAY
    first = int(days.min())
    index = days - first
    span = int(index.max()) + 1
    if span > 4 * len(microseconds) + 4_096:
        kept, index = np.unique(days, return_inverse=True)
    else:
        kept = np.arange(first, first + span)
        kept = np.where(np.bincount(index, minlength=span) > 0, kept, 0)
    table = [_offsets(zone, int(day)) for day in kept.tolist()]
    offsets = np.array([row[0] for row in table], np.int64)[index]
    for place, row in enumerate(table):
        if len(row) > 1:
            hit = np.flatnonzero(index == place)
            slots = microseconds[hit] % _DAY // _SLOT
            offsets[hit] = np.array(row, np.int64)[slots]
    return ((microseconds + offsets) // _DAY).astype(np.int32)


def local_day(microseconds: int, zone: str) -> int:
    """The calendar day of one instant, in days since 1970-01-01."""
    return int(local_days(np.array([microseconds], np.int64), zone)[0])


@lru_cache(maxsize=4096)
def day_start(day: int, zone: str) -> int:
    """The first instant of a local day, in microseconds since 1970 UTC.

    Where a zone skips midnight the day starts at the instant after the gap.

    >>> day_start(1, "Asia/Shanghai")
    57600000000
    """
    date = (_EPOCH + timedelta(days=day)).date()
    local = datetime(date.year, date.month, date.day, tzinfo=ZoneInfo(zone))
    start = (local.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1)
    while local_day(start, zone) < day:
        start = (start // _SLOT + 1) * _SLOT
    return start


def months_between(earlier: NDArray[np.int64], later: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Full calendar months from days to a later day (or one for each); a month counts once its day is reached.

    >>> months_between(np.array([0, 30]), 58).tolist()
    [1, 0]
    """
    start, end = earlier.astype("datetime64[D]"), np.array(later, np.int64).astype("datetime64[D]")
    months = end.astype("datetime64[M]").astype(np.int64) - start.astype("datetime64[M]").astype(np.int64)
    unreached = (end - end.astype("datetime64[M]")) < (start - start.astype("datetime64[M]"))
    return np.asarray(months - unreached.astype(np.int64), np.int64)


@lru_cache(maxsize=200_000)
def _offsets(zone: str, day: int) -> tuple[int, ...]:
    """Offsets in microseconds on a UTC day: one if it does not change, else one for each quarter of an hour."""
    clock = ZoneInfo(zone)
    at_start = _offset(clock, day * _DAY)
    if at_start == _offset(clock, (day + 1) * _DAY - _SLOT):
        return (at_start,)
    return tuple(_offset(clock, day * _DAY + slot * _SLOT) for slot in range(_SLOTS_A_DAY))


def _offset(clock: ZoneInfo, microseconds: int) -> int:
    local = (_EPOCH + timedelta(microseconds=microseconds)).astimezone(clock)
    return (local.utcoffset() or timedelta()) // timedelta(microseconds=1)
