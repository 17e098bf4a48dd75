"""Instants in sentences: as the clocks of the book's zone show them."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.errors import UserProblem, UserProblemsError
from engine.vocabulary import Text


def local_words(instant: datetime, zone: str) -> str:
    """An instant as people of a zone say it: the bare date at midnight, otherwise with the time and the zone.

    >>> local_words(datetime.fromisoformat("2026-11-01T16:00:00+00:00"), "Asia/Shanghai")
    '2026-11-02'
    >>> local_words(datetime.fromisoformat("2026-11-01T17:30:00+00:00"), "Asia/Shanghai")
    '2026-11-02 01:30 (Asia/Shanghai)'
    """
    there = instant.astimezone(ZoneInfo(zone))
    return f"{there:%Y-%m-%d}" if there.time() == time() else f"{there:%Y-%m-%d %H:%M} ({zone})"


def zone_named(zone: str) -> ZoneInfo:
    """The clocks of a zone by its name, as `Asia/Shanghai`.

    Raises:
        UserProblemsError: There is no such zone (INVALID).
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = Text(f"There is no time zone {zone!r}.", f"没有时区 {zone!r}。")
        hint = Text("Name one like Asia/Shanghai.", "请使用如 Asia/Shanghai 的名称。")
        raise UserProblemsError([UserProblem("INVALID", message, ("activateZone",), hint)]) from None
