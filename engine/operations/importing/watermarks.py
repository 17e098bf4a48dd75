"""How far a source is complete after an import, and how far it was on every day of its history."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.intake import CUSTOMERS, Mapping
from engine.store import insert_rows
from engine.store.frames.fetching import rows_of
from engine.store.rows import table_of
from engine.store.tables import WatermarkRow, from_microseconds, to_microseconds

if TYPE_CHECKING:
    import polars as pl

_DAY = 86_400_000_000
_MAXIMUM = re.compile(r"max\((occurred_at|recorded_at)\)")


@dataclass(frozen=True, slots=True)
class OlderFile:
    """An import that reaches less far than what was imported before; the source stays complete as it was.

    Attributes:
        file_until: How far the source would be complete by this import alone.
        stored_until: How far it is complete.
        timezone: Of the mapping, in which both are told.
    """

    source: str
    file_until: datetime
    stored_until: datetime
    timezone: str


def store_watermarks(
    session: Session, mapping: Mapping, kept: pl.DataFrame, now: datetime, complete_until: datetime | None
) -> OlderFile | None:
    """Say how far the source is complete; an import never makes it less complete than it was.

    Besides the statement made now, each day on which records became known gets the statement that could
    have been made then, so that questions about what was known in the past find no stale source.

    Args:
        kept: Every row of the import that is stored, was before, or corrects.
        complete_until: What the caller knows better than the mapping, even if it is less far than was said before;
            None: the mapping says.

    Returns:
        What is to be told when the import reaches less far than what is stored.
    """
    if mapping.entity == CUSTOMERS or (mapping.complete_until is None and complete_until is None):
        return None
    at = to_microseconds(now)
    table = table_of(WatermarkRow)
    query = select(table.c.complete_until, table.c.recorded_at).where(table.c.source == mapping.entity)
    stored = {tuple(row) for row in rows_of(session, query).fetchall()}
    statements = [one for one in _history(mapping, kept, at) if one[0] >= _said_by(stored, one[1])]
    final = to_microseconds(complete_until) if complete_until else _final(mapping, kept, at)
    before = _said_by(stored, at)
    older = None
    if final is not None and complete_until is None and final < before:
        older = OlderFile(mapping.entity, from_microseconds(final), from_microseconds(before), mapping.timezone)
        final = before
    if final is not None:
        statements.append((final, at))
    latest = max(((recorded, until) for until, recorded in stored), default=None)
    fresh = [statement for statement in dict.fromkeys(statements) if statement not in stored]
    if fresh and latest is not None and latest[0] <= at and fresh[-1] == (latest[1], at):
        fresh.pop()
    if fresh:
        insert_rows(
            session,
            WatermarkRow,
            {
                "source": mapping.entity,
                "complete_until": [until for until, _ in fresh],
                "recorded_at": [recorded for _, recorded in fresh],
            },
        )
    return older


def _said_by(stored: Iterable[tuple[int, int]], at: int) -> int:
    """How far the source was said to be complete at an instant, by (complete until, recorded at); -1: not at all."""
    return max(((recorded, until) for until, recorded in stored if recorded <= at), default=(0, -1))[1]


def _history(mapping: Mapping, kept: pl.DataFrame, now: int) -> list[tuple[int, int]]:
    """(complete until, recorded at) of the last record of each day on which some became known."""
    import polars as pl

    column = "occurred_at" if mapping.complete_until == "max(occurred_at)" else "recorded_at"
    days = (
        kept.filter(pl.col("recorded_at") < now)
        .sort("recorded_at")
        .with_columns(pl.col(column).cum_max().alias("until"), (pl.col("recorded_at") // _DAY).alias("day"))
        .group_by("day", maintain_order=True)
        .agg(pl.col("until").last(), pl.col("recorded_at").last())
    )
    return [(min(until, recorded), recorded) for until, recorded in days.select("until", "recorded_at").iter_rows()]


def _final(mapping: Mapping, kept: pl.DataFrame, now: int) -> int | None:
    rule = mapping.complete_until or ""
    found = _MAXIMUM.fullmatch(rule)
    if found:
        # Of records known only with this import: when they could have been, or one late record would say "until now".
        highest = kept["claimed_at" if found[1] == "recorded_at" else found[1]].max()
        return None if highest is None else min(int(highest), now)  # type: ignore[arg-type]
    if rule == "now":
        return now
    day = date.fromisoformat(rule)  # checked with the mapping
    return to_microseconds(datetime.combine(day, time(), ZoneInfo(mapping.timezone)))
