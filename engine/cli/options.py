"""Options that many commands share, and reading instants as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from engine.cli.terminal import choose_locale
from engine.errors import InputError
from engine.operations.local_time import zone_named
from engine.vocabulary import YEARS, Text


def _known_language(asked: str | None) -> str | None:
    """Refuses a language there is not before the command does anything."""
    if asked is not None:
        choose_locale(asked)
    return asked


Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Lang = Annotated[
    str | None, typer.Option("--lang", help="Language: en or zh.", metavar="en|zh", callback=_known_language)
]
By = Annotated[str | None, typer.Option("--by", help="Who does this (or TOUCHSTONE_ACTOR).", metavar="NAME")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Instant asked about: a date or ISO 8601 with offset.", metavar="T")
]

AsKnownAt = Annotated[
    str | None, typer.Option("--as-known-at", help="Only what was known by then; like --as-of.", metavar="T")
]


def instant(text: str, zone: str) -> datetime:
    """An instant as people write it: a bare date is 00:00 in the book's zone.

    Raises:
        InputError: Not a date or instant, one beyond `YEARS`, or a time without offset.

    >>> instant("2026-12-01", "Asia/Shanghai").isoformat()
    '2026-12-01T00:00:00+08:00'
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            Text(f"{text!r} is not a date or instant.", f"{text!r} 不是日期或时刻。"),
            Text("Write 2026-12-01 or 2026-12-01T09:00:00+08:00.", "请写成 2026-12-01 或 2026-12-01T09:00:00+08:00。"),
        ) from None
    if not YEARS[0] <= read.year <= YEARS[1]:
        raise InputError(
            Text(f"The year {read.year} is out of range.", f"年份 {read.year} 超出范围。"),
            Text(f"Give one between {YEARS[0]} and {YEARS[1]}.", f"请使用 {YEARS[0]} 至 {YEARS[1]} 之间的年份。"),
        )
    if read.tzinfo is not None:
        return read
    if len(text) > len("2026-12-01") or read.time() != time():
        raise InputError(
            Text(f"{text!r} has a time without offset.", f"{text!r} 的时间缺少时区偏移。"),
            Text("Add one, e.g. +08:00, or give the bare date.", "请加上偏移，例如 +08:00，或只写日期。"),
        )
    return read.replace(tzinfo=ZoneInfo(zone))


def local_instant(text: str, zone: str) -> datetime:
    """A set time as clocks of a zone show it: a date, a date with time, or an instant with offset.

    Raises:
        InputError: No date or time, no such zone, or a time that the zone's clocks skip or show twice.

    >>> local_instant("2026-12-01 09:00", "Asia/Shanghai").isoformat()
    '2026-12-01T09:00:00+08:00'
    """
    there = zone_named(zone)
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return instant(text, zone)
    if read.tzinfo is not None or not YEARS[0] <= read.year <= YEARS[1]:
        return instant(text, zone)
    local = read.replace(tzinfo=there)
    if local.astimezone(UTC).astimezone(there).replace(tzinfo=None) != read:
        told = Text(f"Clocks in {zone} skip {text}.", f"{zone} 的时钟会跳过 {text}。")
    elif local.utcoffset() != local.replace(fold=1).utcoffset():
        told = Text(f"Clocks in {zone} show {text} twice.", f"{zone} 的时钟会两次显示 {text}。")
    else:
        return local
    raise InputError(told, Text("Add the offset, e.g. +08:00.", "请加上偏移，例如 +08:00。"))


def days(text: str) -> int:
    """A length of time as rule files write it.

    Raises:
        InputError: Not whole days.

    >>> days("365d"), days("90")
    (365, 90)
    """
    number = text.strip().removesuffix("d")
    if not (number.isascii() and number.isdigit() and len(number) <= 6):
        raise InputError(
            Text(f"{text!r} is not a number of days.", f"{text!r} 不是天数。"),
            Text("Write 365d.", "请写成 365d。"),
        )
    return int(number)


def share(text: str) -> Decimal:
    """A share as people write it, 0 to 1.

    Raises:
        InputError: Not a percentage between 0 % and 100 %.

    >>> share("8%"), share("0.08"), share("12.5 %")
    (Decimal('0.08'), Decimal('0.08'), Decimal('0.125'))
    """
    number = text.strip().removesuffix("%").strip()
    try:
        read = Decimal(number) / (100 if text.strip().endswith("%") else 1)
    except InvalidOperation:
        read = Decimal(-1)
    if not (read.is_finite() and 0 < read <= 1):
        raise InputError(
            Text(f"{text!r} is not a share between 0 % and 100 %.", f"{text!r} 不是 0% 与 100% 之间的比例。"),
            Text("Write 8% or 0.08.", "请写成 8% 或 0.08。"),
        )
    return read
