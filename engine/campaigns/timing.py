"""When a dispatch may leave, and by when a person must have acted."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.campaigns.model import QuietHours


def not_before(as_of: datetime, zone: str, quiet: QuietHours | None) -> datetime:
    """The first instant from `as_of` on that is not within quiet hours (aware UTC).

    >>> evening = datetime(2026, 12, 1, 14, tzinfo=UTC)
    >>> not_before(evening, "Asia/Shanghai", QuietHours(21 * 60, 9 * 60)).isoformat()
    '2026-12-02T01:00:00+00:00'
    """
    if quiet is None or quiet.start_minute == quiet.end_minute:
        return as_of
    local = as_of.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    start, end = quiet.start_minute, quiet.end_minute
    over_midnight = start > end
    within = (minute >= start or minute < end) if over_midnight else start <= minute < end
    if not within:
        return as_of
    day = local.date() + timedelta(days=1 if over_midnight and minute >= start else 0)
    return _instant(datetime.combine(day, time(end // 60 % 24, end % 60)) + timedelta(days=end // 1440), zone)


def due_at(as_of: datetime, zone: str, due_days: int | None) -> datetime | None:
    """The same local time so many local days later (aware UTC); None without a due time.

    >>> due_at(datetime(2026, 12, 1, tzinfo=UTC), "Asia/Shanghai", 2).isoformat()
    '2026-12-03T00:00:00+00:00'
    """
    if due_days is None:
        return None
    local = as_of.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return _instant(local + timedelta(days=due_days), zone)


def _instant(local: datetime, zone: str) -> datetime:
    """A local wall time as UTC; of a doubled hour the first, of a skipped hour as if clocks had not changed."""
    return local.replace(tzinfo=ZoneInfo(zone), fold=0).astimezone(UTC)
