"""`touchstone rules preview`: who would move, why, and what it costs, before anything is published."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands
from engine.cli.options import AsOf, Json, Lang, instant
from engine.cli.place import database, rule_folder


@commands.command()
def preview(
    folder: Folder = None,
    as_of: AsOf = None,
    movers: Annotated[int, typer.Option("--movers", help="Show so many customers.", metavar="N", min=0)] = 10,
    attribution: Annotated[
        bool, typer.Option("--attribution/--no-attribution", help="Try every edit alone, too; takes longer.")
    ] = True,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Decide the whole base by the live rules and by the rule files, and show who would move; nothing is changed.

    Without --as-of: now, or, when some data are older than the rules allow, the last day for which they were fresh.
    A crossed guardrail is shown, and is no failure: the exit status stays 0.

    Example: touchstone rules preview rules --movers 20
    """
    from engine.cli.preview_document import preview_as_json
    from engine.cli.told_previews import preview_lines
    from engine.operations.previewing import attribute
    from engine.operations.previewing import preview as preview_book
    from engine.operations.publishing import require_live_book
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book

    locale = terminal.choose_locale(lang)
    path = rule_folder(folder)
    candidate = load_book(read_rule_folder(path))
    with database().read() as session:
        when = instant(as_of, require_live_book(session).timezone) if as_of else None
        done = preview_book(session, candidate, when, terminal.now())
        causes = attribute(session, done) if attribution else None
    if json:
        terminal.emit(preview_as_json(done, causes, movers))
        return
    for line in preview_lines(done, causes, movers, str(path), locale):
        terminal.say(line)
