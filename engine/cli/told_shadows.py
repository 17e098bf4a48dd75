"""A candidate beside the live rules in words: run by run, tier by tier, and who differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from engine.operations.shadowing import Both, Day, SideBySide, Trouble
from engine.store.reading import ShadowView
from engine.vocabulary import UNRATED, Locale

_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown of a shadow.

    Attributes:
        zone: In which instants are told.
        trouble: The last run in which the candidate decided nobody.
        movers: Refs of those who differ, with both their tiers.
    """

    shadow: ShadowView
    running: bool
    zone: str
    days: Sequence[Day]
    trouble: Trouble | None
    sides: SideBySide
    movers: Sequence[tuple[str, Both]]


def shadow_as_json(shown: Shown) -> dict[str, Any]:
    """The `--json` shape."""
    names = ("change_id", "revision", "from_at", "until_at", "ended_at", "ended_by")
    days = [{"run": d.run, "as_of": d.as_of, "compared": d.compared, "differing": d.differing} for d in shown.days]
    movers = [
        {"customer": ref, "market": one.market, "live": one.live or UNRATED, "candidate": one.candidate or UNRATED}
        for ref, one in shown.movers
    ]
    trouble = shown.trouble
    return {
        **{name: getattr(shown.shadow, name) for name in names},
        "running": shown.running,
        "compared": len(shown.sides),
        "days": days,
        "problem": None if trouble is None else {"run": trouble.run, "at": trouble.at, "why": trouble.why.en},
        "matrix": [[*cell, count] for cell, count in _cells(shown)],
        "movers": movers,
    }


def shadow_lines(shown: Shown, locale: Locale) -> Iterator[str]:
    """Since when until when, run by run, the matrix, and who differs."""
    zh = locale is Locale.ZH
    yield _heading(shown, zh=zh)
    if shown.trouble is not None:
        yield _trouble(shown.trouble, shown, zh=zh)
    if not shown.days:
        yield "尚无双轨运行。" if zh else "No run has decided by both yet."
        return
    for day in shown.days:
        at = _local(day.as_of, shown)
        yield (
            f"{at}  运行 {day.run}：比较 {day.compared} 位，{day.differing} 位等级不同"
            if zh
            else f"{at}  run {day.run}: {day.compared} compared, {day.differing} differ"
        )
    yield "市场  生效规则 → 候选规则  客户数" if zh else "Market  live → candidate  customers"
    for (market, live, candidate), number in _cells(shown):
        yield f"  {market}  {live} → {candidate}  {number}"
    for ref, one in shown.movers[:_SHOWN]:
        yield f"  {ref}  {one.live or UNRATED} → {one.candidate or UNRATED}"
    if len(shown.movers) > _SHOWN:
        more = len(shown.movers) - _SHOWN
        yield f"  …… 另有 {more} 位" if zh else f"  … {more} more"


def _trouble(trouble: Trouble, shown: Shown, *, zh: bool) -> str:
    at, run = _local(trouble.at, shown), trouble.run
    if zh:
        return f"⚠ {at}  运行 {run}：候选规则未能决定：{trouble.why.zh}"
    return f"⚠ {at}  run {run}: the candidate decided nobody: {trouble.why.en}"


def _heading(shown: Shown, *, zh: bool) -> str:
    shadow = shown.shadow
    since, until = _local(shadow.from_at, shown), _local(shadow.ended_at or shadow.until_at, shown)
    if shown.running:
        return (
            f"自 {since} 起双轨并行，至 {until}"
            if zh
            else f"Decides beside the live rules since {since}, until {until}"
        )
    if zh:
        return f"自 {since} 起双轨并行，至 {until}；已结束"
    return f"Decided beside the live rules since {since}, until {until} at most; it has ended"


def _local(instant: datetime, shown: Shown) -> str:
    return f"{instant.astimezone(ZoneInfo(shown.zone)):%Y-%m-%d %H:%M}"


def _cells(shown: Shown) -> list[tuple[tuple[str, str, str], int]]:
    """Cells of the matrix with customers, by market and tiers."""
    told = {
        (market.value, live or UNRATED, candidate or UNRATED): count
        for (market, live, candidate), count in shown.sides.matrix.items()
    }
    return sorted(told.items())
