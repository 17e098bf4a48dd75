"""Why one cell does not fit, with what would: more than its reason says of all cells like it."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from engine.errors import closest
from engine.intake.reasons import REASONS
from engine.vocabulary import Text

_DAY: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)")
_MOST_WORDS: Final = 16


def refusal(reason: str, cell: str | None, formats: list[str], allowed: tuple[str, ...], column: str) -> Text:
    """The sentence about one cell.

    Args:
        reason: Stable name.
        cell: What the file has; None: nothing.
        formats: Of dates, as the mapping declares them; empty: none.
        allowed: Words the column may hold; empty: any.
        column: Its name in the mapping.

    >>> refusal("not_a_date", "2026-09-31", [], (), "occurred_at").en
    'This day does not exist.'
    >>> refusal("not_allowed", "payed", [], ("paid", "placed"), "status").en[:54]
    'The word is none of paid, placed. Did you mean `paid`?'
    """
    if reason == "not_a_date":
        return _no_date(cell or "", formats)
    if reason == "not_allowed" and allowed:
        return _no_word(cell or "", allowed, column)
    return REASONS[reason]


def _no_date(cell: str, formats: list[str]) -> Text:
    found = _DAY.match(cell.strip())
    if found is not None and not _is_day(*map(int, found.groups())):
        return Text("This day does not exist.", "没有这一天。")
    if formats:
        listed = ", ".join(formats)
        return Text(f"This is not a date or time as in {listed}.", f"不符合所声明的日期格式 {listed}。")
    return Text(
        "This is not a date or time: write 2026-09-30 or 2026-09-30 14:05, or declare `formats` in the mapping.",
        "不是日期或时间：请写成 2026-09-30 或 2026-09-30 14:05，或在映射中声明 `formats`。",
    )


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _no_word(cell: str, allowed: tuple[str, ...], column: str) -> Text:
    near = closest(cell, allowed)
    meant = (f" Did you mean `{near}`?", f"是不是想写 `{near}`？") if near else ("", "")
    if len(allowed) > _MOST_WORDS:
        return Text(REASONS["not_allowed"].en + meant[0], REASONS["not_allowed"].zh + meant[1])
    return Text(
        f"The word is none of {', '.join(allowed)}.{meant[0]} "
        f"Say in the mapping which it stands for, under `values` of {column}.",
        f"该词不是 {'、'.join(allowed)} 之一。{meant[1]}请在映射中 {column} 的 `values` 下写明它代表哪一个。",
    )
