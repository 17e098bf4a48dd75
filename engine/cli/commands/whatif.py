"""`touchstone whatif`: one customer decided with changed inputs; nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.options import AsOf, Json, Lang, instant
from engine.cli.place import database


def register(app: typer.Typer) -> None:
    """Add `whatif` to the program."""
    app.command()(whatif)


def whatif(
    ref: Annotated[str, typer.Argument(help="Customer, source:key.", metavar="REF")],
    facts: Annotated[
        list[str] | None,
        typer.Option("--set", help="A metric set by hand; null: unknown. May be repeated.", metavar="METRIC=VALUE"),
    ] = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", help="Folder of draft rule files; default: the live rules.", metavar="FOLDER"),
    ] = None,
    as_of: AsOf = None,
    as_known_at: Annotated[
        str | None, typer.Option("--as-known-at", help="Only what was recorded by then counts.", metavar="T")
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Decide for one customer with changed metrics or rules, at any time, and say what differs; nothing is stored.

    Values are written as in rule files: money in major units, true, 2026-12-01. --as-of may lie before the latest
    decision.

    Example: touchstone whatif demo:P-0118 --set orders_12m=12 --set churn=null --as-of 2026-11-02
    """
    from engine.cli.told_whatif import whatif_as_json, whatif_lines
    from engine.operations.publishing import live_book
    from engine.operations.rule_folder import read_rule_folder
    from engine.operations.stale_sources import stale_sources
    from engine.operations.whatif import Asked, what_if
    from engine.rulebook import load_book

    locale = terminal.choose_locale(lang)
    given = [_pair(text) for text in facts or ()]
    draft = None if rules is None else load_book(read_rule_folder(rules))
    with database().read() as session:
        book = live_book(session) or draft
        zone = "UTC" if book is None else book.timezone
        when, known_at = (None if text is None else instant(text, zone) for text in (as_of, as_known_at))
        done = what_if(session, Asked(ref, when, known_at, given, draft), terminal.now())
        after = done.after
        market = after.decision.explained.market
        stale = stale_sources(session, after.book, after.clocks.as_of, after.clocks.as_known_at, [market])
    if json:
        terminal.emit({**whatif_as_json(done), "stale_sources": [one.source for one in stale]})
        return
    for line in whatif_lines(done, stale, locale):
        terminal.say(line)


def _pair(text: str) -> tuple[str, str | None]:
    """Name and value of `--set`.

    Raises:
        InputError: Not of that form.
    """
    from engine.errors import InputError
    from engine.vocabulary import Text

    name, sign, value = text.partition("=")
    if not sign:
        raise InputError(
            Text(f"{text!r} sets nothing.", f"{text!r} 没有给出值。"),
            Text("Write --set METRIC=VALUE; null means unknown.", "请写成 --set 指标=值；null 表示未知。"),
        )
    return name.strip(), None if value.strip() == "null" else value
