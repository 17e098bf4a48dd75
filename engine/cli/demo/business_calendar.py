"""The demo's calendar: minutes of Shanghai's local time since the first day, seasons and holidays."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from engine.cli.demo.business_chance import Chance

FIRST_DAY: Final = date(2024, 8, 26)
DAYS: Final = (date(2026, 11, 1) - FIRST_DAY).days
"""26 months and a few days, so that a year ahead is within half the history of the first decision; the last
day of records is 2026-10-31."""
DAY: Final = 1440
"""Minutes of a day."""
END: Final = DAYS * DAY
"""The first minute that has not happened yet."""

_MIDNIGHT = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day)
_OFFSET = "+08:00"
_SHOPPING_DAYS = ((3, 8), (6, 18), (11, 11), (12, 12))
_SPRING_FESTIVALS = (date(2025, 1, 27), date(2026, 2, 15))
_HOURS = ((7, 2), (8, 4), (9, 6), (10, 8), (11, 7), (12, 9), (13, 7), (14, 5), (15, 5), (16, 5), (17, 5), (18, 6),
          (19, 9), (20, 13), (21, 13), (22, 8), (23, 3))  # fmt: skip


def day_number(day: date) -> int:
    """Days since the first day; negative before it."""
    return (day - FIRST_DAY).days


def calendar_day(number: int) -> str:
    """The date of a day number, `2026-10-31`."""
    return (FIRST_DAY + timedelta(days=number)).isoformat()


def stamp(minute: int) -> str:
    """A local time with its offset, `2026-10-31T20:15:00+08:00`."""
    return (_MIDNIGHT + timedelta(minutes=minute)).isoformat() + _OFFSET


MONTH_ENDS: Final = tuple(
    day_number(date(2024 + (month - 1) // 12, (month - 1) % 12 + 1, 1)) for month in range(10, 36)
)
"""Day numbers of the first days of October 2024 to November 2026: what is decided at month-end."""

SALES: Final = tuple(
    sorted(day_number(date(year, month, day)) for year in (2024, 2025, 2026) for month, day in _SHOPPING_DAYS)
)
"""Day numbers of the shopping days everybody waits for."""


def evening(day: float, chance: Chance) -> int:
    """A minute of that day as people shop: at noon and in the evening."""
    return int(day) * DAY + chance.weighted(_HOURS) * 60 + chance.whole(0, 59)


def office(day: float, chance: Chance) -> int:
    """A minute of that day, or of the Monday after, nine to six."""
    number = int(day)
    weekday = (FIRST_DAY.weekday() + number) % 7
    return (number + (7 - weekday if weekday > 4 else 0)) * DAY + chance.whole(9 * 60, 18 * 60 - 1)


def shopping_day(day: float, chance: Chance) -> float:
    """Move a planned purchase as the season does: to a sale close by, away from Spring Festival."""
    for sale in SALES:
        waits, stocks_up = 0 < sale - day <= 14, -20 <= sale - day < 0
        if (waits and chance.happens(0.4)) or (stocks_up and chance.happens(0.3)):
            return sale + chance.weighted(((-1.0, 2), (0.0, 6), (1.0, 1)))
    for festival in _SPRING_FESTIVALS:
        first = day_number(festival)
        if first <= day < first + 9 and chance.happens(0.75):
            return first + 9 + chance.between(0, 10)
    return day


def sale_uplift(day: float) -> float:
    """How much larger a basket is on that day: a third at the shopping days."""
    return 1.3 if any(abs(sale - int(day)) <= 1 for sale in SALES) else 1.0
