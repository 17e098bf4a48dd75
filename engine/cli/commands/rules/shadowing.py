"""`touchstone rules shadow`: a candidate that decides beside the live rules, and both tiers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import commands
from engine.cli.commands.rules.proposing import Change
from engine.cli.options import By, Json, Lang
from engine.cli.place import database
from engine.errors import InputError
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.operations.shadowing import Beside

_SHOWN = 10


@commands.command()
def shadow(
    change: Change,
    days: Annotated[
        int | None, typer.Option("--days", help="Decide beside the live rules for so many days.", metavar="N")
    ] = None,
    stop: Annotated[bool, typer.Option("--stop", help="End it now.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Show both tiers side by side.")] = False,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Let a change decide beside the live rules (stored, never acted on), end that, or show both tiers side by side.

    Example: touchstone rules shadow 3 --days 14
    """
    from engine.operations.shadowing import beside_of, end_shadow, newest_shadow, start_shadow

    locale = terminal.choose_locale(lang)
    zh = locale is Locale.ZH
    if sum((days is not None, stop, show)) != 1:
        raise InputError(
            Text("Give one of --days, --stop and --show.", "请在 --days、--stop、--show 中指定一个。"),
            Text("Start it: --days 14.", "启动：--days 14。"),
        )
    if show:
        with database().read() as session:
            told = beside_of(session, newest_shadow(session, change))
        if json:
            terminal.emit(_as_json(told))
            return
        for line in _lines(told, zh=zh):
            terminal.say(line)
        return
    if days is not None:
        start_shadow(database(), change, days, terminal.actor_of(by), terminal.now())
    else:
        end_shadow(database(), change, terminal.actor_of(by), terminal.now())
    if json:
        terminal.emit({"change": change, "days": days, "running": days is not None})
    elif days is not None:
        terminal.say(
            f"变更 {change} 双轨并行 {days} 天。" if zh else f"Change {change} decides beside for {days} days."
        )
    else:
        terminal.say(f"变更 {change} 的双轨并行已结束。" if zh else f"Change {change} decides beside no more.")


def _as_json(told: Beside) -> dict[str, Any]:
    row = told.row
    names = ("change_id", "revision", "from_at", "until_at", "ended_at")
    return {
        **{name: getattr(row, name) for name in names},
        "compared": told.compared,
        "days": [{"run": d.run, "as_of": d.as_of, "compared": d.compared, "differing": d.differing} for d in told.days],
        "matrix": [[*key, number] for key, number in sorted(told.matrix.items())],
        "movers": [{"customer": m.ref, "market": m.market, "live": m.live, "candidate": m.candidate, "as_of": m.as_of}
                   for m in told.movers],
    }  # fmt: skip


def _lines(told: Beside, *, zh: bool) -> Iterator[str]:
    """Run by run, the matrix, and who differs."""
    if not told.days:
        yield "尚无双轨运行。" if zh else "No run has decided by both yet."
        return
    for day in told.days:
        at = f"{day.as_of:%Y-%m-%d %H:%M}Z"
        yield (
            f"{at}  运行 {day.run}：比较 {day.compared} 位，{day.differing} 位等级不同"
            if zh
            else f"{at}  run {day.run}: {day.compared} compared, {day.differing} differ"
        )
    yield "市场  生效规则 → 候选规则  客户数" if zh else "Market  live → candidate  customers"
    for (market, live, candidate), number in sorted(told.matrix.items()):
        yield f"  {market}  {live} → {candidate}  {number}"
    for one in told.movers[:_SHOWN]:
        yield f"  {one.ref}  {one.live} → {one.candidate}"
    if len(told.movers) > _SHOWN:
        more = len(told.movers) - _SHOWN
        yield f"  …… 另有 {more} 位" if zh else f"  … {more} more"
