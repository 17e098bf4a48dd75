"""How often the base is decided, as its runs tell."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from statistics import median_low
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine.errors import TouchstoneError
from engine.operations.publishing import live_book
from engine.store import open_database
from engine.store.tables import RunRow

_RUNS: Final = 13
"""So many of the latest runs tell how often there is one."""


def days_between_runs(session: Session) -> int | None:
    """Local days from one run of the whole base to the next, as usual among the latest; None: fewer than three runs."""
    book = live_book(session)
    query = select(RunRow.as_of, RunRow.decided).where(RunRow.state == "DONE")  # type: ignore[call-overload]
    latest = session.execute(query.order_by(RunRow.as_of.desc()).limit(_RUNS)).all()  # type: ignore[attr-defined]
    whole = max((decided for _, decided in latest), default=0)
    zone = ZoneInfo(book.timezone if book is not None else "UTC")
    days = sorted({_day(as_of, zone) for as_of, decided in latest if decided * 2 >= whole})
    return median_low(later - earlier for earlier, later in pairwise(days)) if len(days) > 2 else None


def observed_run_days(url: str) -> int | None:
    """The same of a database by its URL; None also where there is no database that can be asked: files can be
    checked without one."""
    try:
        with open_database(url) as database, database.read() as session:
            return days_between_runs(session)
    except (TouchstoneError, SQLAlchemyError):
        return None


def _day(as_of: datetime, zone: ZoneInfo) -> int:
    return as_of.astimezone(zone).date().toordinal()
