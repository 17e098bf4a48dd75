"""`touchstone rules diff`: nothing is changed."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands, edits_as_json
from engine.cli.options import Json, Lang
from engine.cli.place import database, rule_folder
from engine.vocabulary import Locale


@commands.command()
def diff(
    folder: Folder = None,
    base: Annotated[
        str | None, typer.Option(help="Revision to compare with; default: the live one.", metavar="REVISION")
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say in words how the rule files differ from the live revision.

    Example: touchstone rules diff rules
    """
    from engine.operations.publishing import book_of, live_book
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import diff_books, load_book

    locale = terminal.choose_locale(lang)
    after = load_book(read_rule_folder(rule_folder(folder)))
    with database().read() as session:
        before = live_book(session) if base is None else book_of(session, base)
    edits = diff_books(before, after)
    if json:
        terminal.emit(
            {"base": before.revision if before else None, "revision": after.revision, "edits": edits_as_json(edits)}
        )
        return
    for edit in edits:
        terminal.say(f"{edit.text.within(locale)}  [{edit.effect}]")
    if not edits:
        terminal.say("没有差异。" if locale is Locale.ZH else "No difference.")
