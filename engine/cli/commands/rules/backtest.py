"""`touchstone rules backtest`: a rule book judged by what customers did after past instants."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, OneMarket, commands
from engine.cli.options import Json, Lang, days, instant
from engine.cli.place import database, rule_folder

Instants = Annotated[list[str], typer.Option("--at", help="A past date or instant; up to twelve of them.", metavar="T")]
Ahead = Annotated[str, typer.Option("--horizon", help="How long customers are followed.", metavar="DAYS")]


@commands.command()
def backtest(
    at: Instants,
    folder: Folder = None,
    market: OneMarket = None,
    horizon: Ahead = "365d",
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Decide as of past instants by what was known then, and compare with what customers did afterwards.

    Nothing is written. Several instants are played forward, each from the tiers the one before left.

    Example: touchstone rules backtest rules --market B2C --at 2025-09-01 --at 2025-11-01 --horizon 365d
    """
    from engine.cli.told_backtest import LEGEND, as_dict, lines
    from engine.operations.backtesting import backtest as run
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book

    locale = terminal.choose_locale(lang)
    book = load_book(read_rule_folder(rule_folder(folder)))
    instants, ahead, now = [instant(text, book.timezone) for text in at], days(horizon), terminal.now()
    found = []
    with terminal.progress_bar() as bar, database().read() as session:
        for one in [market] if market is not None else sorted(book.markets):
            task = bar.add_task(one, total=len(instants))
            found.append(
                run(
                    session, book, one, instants, ahead, now,
                    lambda done, total, task=task: bar.update(task, completed=done, total=total),  # type: ignore[misc]
                )
            )  # fmt: skip
    if json:
        terminal.emit([as_dict(one) for one in found] if market is None else as_dict(found[0]))
        return
    for one_market in found:
        lines(one_market, locale)
    terminal.say(LEGEND.within(locale))
