"""Dates and instants as files write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.errors import InputError
from engine.vocabulary import Text

if TYPE_CHECKING:
    import polars as pl

ZONED: Final = ("%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f%#z")
LOCAL: Final = (
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y/%m/%d %H:%M:%S",
    "%Y年%m月%d日 %H:%M:%S",
)
_TO_THE_MINUTE: Final = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y/%m/%d %H:%M", "%Y年%m月%d日 %H:%M")
DATES: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y.%m.%d", "%Y%m%d")
"""What is read without declaring it: nothing in which day and month could be mistaken for each other."""

_FIRST, _LAST = 1900, 2200


def read_instants(cells: pl.Series, formats: list[str], zone: str) -> pl.Series:
    """Microseconds since 1970 UTC; null where the text is no instant in any of the formats.

    A text without an offset is local time of `zone`: of two equal local times the earlier one is meant, one
    that the zone skips is none. A bare date is 00:00.

    Raises:
        InputError: A format that is none.
    """
    import polars as pl

    found = pl.Series([None] * len(cells), dtype=pl.Datetime("us", "UTC"))
    for form in _told(formats) or (*ZONED, *LOCAL, *_TO_THE_MINUTE, *DATES):
        todo = cells.is_not_null() & found.is_null()
        if not todo.any():
            break
        found = found.fill_null(_read(cells, form, zone))
    return _plausible(found.to_frame("at"))["at"].dt.epoch("us")


def read_dates(cells: pl.Series, formats: list[str], zone: str) -> pl.Series:
    """Days since 1970-01-01; a text with a time gives the day it says; null where it is no date."""
    import polars as pl

    found = pl.Series([None] * len(cells), dtype=pl.Date)
    for form in _told(formats) or (*DATES, *LOCAL, *_TO_THE_MINUTE):
        todo = cells.is_not_null() & found.is_null()
        if not todo.any():
            break
        found = found.fill_null(_local(cells, form).dt.date())
    if not formats:
        zoned = pl.Series([None] * len(cells), dtype=pl.Datetime("us", "UTC"))
        for form in ZONED:
            zoned = zoned.fill_null(_read(cells, form, zone))
        found = found.fill_null(zoned.dt.convert_time_zone(zone).dt.date())
    return _plausible(found.to_frame("at"))["at"].dt.epoch("d").cast(pl.Int64)


def _told(formats: list[str]) -> list[str]:
    """Formats as written by people who know `strftime` of Python, in the reader's notation."""
    return [form.replace(".%f", "%.f") for form in formats]


def _plausible(frame: pl.DataFrame) -> pl.DataFrame:
    """Years far outside any business are slips."""
    import polars as pl

    return frame.with_columns(pl.when(pl.col("at").dt.year().is_between(_FIRST, _LAST)).then(pl.col("at")))


def _read(cells: pl.Series, form: str, zone: str) -> pl.Series:
    import polars as pl

    if form.endswith("z"):
        return _parsed(cells, form, "UTC")
    local = _local(cells, form)
    return (
        local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        .dt.convert_time_zone("UTC")
        .cast(pl.Datetime("us", "UTC"))
    )


def _local(cells: pl.Series, form: str) -> pl.Series:
    import polars as pl

    if "%H" in form or "%I" in form or "%T" in form or "%R" in form:
        return _parsed(cells, form, None)
    try:
        return cells.str.to_date(form, strict=False).cast(pl.Datetime("us"))
    except pl.exceptions.PolarsError as error:
        raise _no_format(form) from error


def _parsed(cells: pl.Series, form: str, zone: str | None) -> pl.Series:
    import polars as pl

    try:
        return cells.str.to_datetime(form, strict=False, time_unit="us", time_zone=zone)
    except pl.exceptions.PolarsError as error:
        raise _no_format(form) from error


def _no_format(form: str) -> InputError:
    return InputError(
        Text(f"{form!r} is not a format of dates.", f"{form!r} 不是日期格式。"),
        Text("Write it as in `%Y-%m-%d %H:%M`.", "写法如 `%Y-%m-%d %H:%M`。"),
        code="MAPPING",
    )
