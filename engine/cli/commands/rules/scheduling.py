"""`touchstone rules schedule | unschedule | activate-due`: approved changes that go live by themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import commands
from engine.cli.commands.rules.proposing import Change, Reason
from engine.cli.options import By, Json, Lang, local_instant
from engine.cli.place import database
from engine.vocabulary import Locale

When = Annotated[
    str,
    typer.Option("--at", help="Date, local date and time, or ISO 8601 with offset: 2026-12-01T09:00.", metavar="T"),
]
Zone = Annotated[
    str | None, typer.Option("--zone", help="Time zone of --at; default: the rule book's.", metavar="ZONE")
]


@commands.command()
def schedule(
    change: Change,
    at: When,
    reason: Reason,
    zone: Zone = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Let an approved change go live by itself at a set time.

    Whatever runs first at or after it makes it live: `decide`, the server, or `rules activate-due`. If other rules
    went live meanwhile, its approval grew too old, or a guardrail asks for more, it stops and needs attention.

    Example: touchstone rules schedule 3 --at 2026-12-01T00:00 --reason "from December on"
    """
    from engine.operations.local_time import local_words
    from engine.operations.publishing import require_live_book
    from engine.operations.rule_life import schedule_change

    locale = terminal.choose_locale(lang)
    if zone is None:
        with database().read() as session:
            zone = require_live_book(session).timezone
    when = local_instant(at, zone)
    schedule_change(database(), change, when, terminal.actor_of(by), reason, terminal.now(), zone)
    if json:
        terminal.emit({"change": change, "state": "SCHEDULED", "activate_at": when, "zone": zone})
        return
    told = local_words(when, zone)
    terminal.say(f"变更 {change} 定于 {told} 生效。" if locale is Locale.ZH else f"Change {change} goes live {told}.")


@commands.command()
def unschedule(change: Change, reason: Reason, by: By = None, json: Json = False, lang: Lang = None) -> None:
    """Take a scheduled change off its schedule; it is approved as before. One that stopped is proposed again.

    Example: touchstone rules unschedule 3 --reason "not in December"
    """
    from engine.operations.rule_life import unschedule_change

    locale = terminal.choose_locale(lang)
    state = unschedule_change(database(), change, terminal.actor_of(by), reason, terminal.now())
    if json:
        terminal.emit({"change": change, "state": state})
        return
    terminal.say(f"变更 {change} 已取消定时生效。" if locale is Locale.ZH else f"Change {change} is off its schedule.")


@commands.command("activate-due")
def activate_due(json: Json = False, lang: Lang = None) -> None:
    """Make scheduled changes live whose time has come; exit 1 if one stopped and needs attention. For cron.

    Example: touchstone rules activate-due
    """
    from engine.cli.told_changes import activation_as_json
    from engine.operations.rule_life import activate_due as activate

    locale = terminal.choose_locale(lang)
    done = activate(database(), terminal.now())
    if json:
        terminal.emit([activation_as_json(one) for one in done])
    elif not done:
        terminal.say("没有到期的变更。" if locale is Locale.ZH else "Nothing is due.")
    else:
        for one in done:
            terminal.say(one.text.within(locale))
    if any(one.why is not None for one in done):
        raise typer.Exit(1)
