"""`touchstone rules shadow`: a candidate that decides beside the live rules, and both tiers side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import commands
from engine.cli.commands.rules.proposing import Change
from engine.cli.options import By, Json, Lang
from engine.cli.place import database
from engine.errors import InputError
from engine.vocabulary import Text

if TYPE_CHECKING:
    from engine.cli.told_shadows import Shown


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
    from engine.operations.shadowing import end_shadow, start_shadow

    locale = terminal.choose_locale(lang)
    if sum((days is not None, stop, show)) != 1:
        raise InputError(
            Text("Give one of --days, --stop and --show.", "请在 --days、--stop、--show 中指定一个。"),
            Text("Start it: --days 14.", "启动：--days 14。"),
        )
    if show:
        from engine.cli.told_shadows import shadow_as_json, shadow_lines

        shown = _shown(change)
        if json:
            terminal.emit(shadow_as_json(shown))
            return
        for line in shadow_lines(shown, locale):
            terminal.say(line)
        return
    if days is not None:
        start_shadow(database(), change, days, terminal.actor_of(by), terminal.now())
    else:
        end_shadow(database(), change, terminal.actor_of(by), terminal.now())
    if json:
        terminal.emit({"change": change, "days": days, "running": days is not None})
        return
    said = Text(f"Change {change} decides beside no more.", f"变更 {change} 的双轨并行已结束。")
    if days is not None:
        said = Text(f"Change {change} decides beside for {days} days.", f"变更 {change} 双轨并行 {days} 天。")
    terminal.say(said.within(locale))


def _shown(change: int) -> Shown:
    """What the last shadow of a change gave."""
    from engine.cli.told_shadows import Shown
    from engine.operations.publishing import require_live_book
    from engine.operations.shadowing import days_of, is_running, last_trouble, newest_shadow, side_by_side
    from engine.store import read_customers

    with database().read() as session:
        shadow = newest_shadow(session, change)
        sides = side_by_side(session, shadow.id)
        movers = [sides.at(row) for row in sides.rows(differs=True)]
        known = read_customers(session, ids=sides.customers[sides.rows(differs=True)])
        return Shown(
            shadow=shadow,
            running=is_running(shadow, terminal.now()),
            zone=require_live_book(session).timezone,
            days=days_of(session, shadow.id),
            trouble=last_trouble(session, shadow),
            sides=sides,
            movers=list(zip(known.refs, movers, strict=True)),
        )
