"""`touchstone db`, `touchstone serve`: set-up and the server."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.options import Json, Lang
from engine.vocabulary import Locale

commands = typer.Typer(no_args_is_help=True, help="Create, upgrade and check the database.")


def register(app: typer.Typer) -> None:
    """Add `db` and `serve` to the program."""
    app.add_typer(commands, name="db")
    app.command()(serve)


@commands.command()
def upgrade(json: Json = False, lang: Lang = None) -> None:
    """Create the database, or bring it to this program's version.

    Example: TOUCHSTONE_DATABASE_URL=sqlite:///touchstone.db touchstone db upgrade
    """
    from engine.operations.sealing import is_new, seal_of, set_aside
    from engine.settings import load_settings
    from engine.store import upgrade_database

    settings = load_settings()
    seal, new = seal_of(settings), is_new(settings.database_url)
    upgrade_database(settings.database_url)
    if new and seal is not None:
        set_aside(seal)
    if json:
        terminal.emit({"ok": True})
    else:
        terminal.say("数据库已就绪。" if terminal.choose_locale(lang) is Locale.ZH else "The database is ready.")


@commands.command()
def check(json: Json = False, lang: Lang = None) -> None:
    """Say whether the database fits this program and is sound; exit 1 if not.

    Example: touchstone db check
    """
    from engine.settings import load_settings
    from engine.store import check_database

    report = check_database(load_settings().database_url)
    locale = terminal.choose_locale(lang)
    if json:
        told = {name: [text.within(locale) for text in getattr(report, name)] for name in ("problems", "remarks")}
        terminal.emit({"ok": report.ok, "engine": report.engine, "version": report.version, **told})
    else:
        for text in (*report.problems, *report.remarks):
            terminal.say(text.within(locale))
        fine = "数据库与程序版本一致" if locale is Locale.ZH else "The database fits"
        if report.ok:
            terminal.say(f"{fine}（{report.engine}）。" if locale is Locale.ZH else f"{fine} ({report.engine}).")
    if not report.ok:
        raise typer.Exit(1)


def serve(
    port: Annotated[
        int | None, typer.Option(help="Port; default 8000; 0: a free one.", metavar="N", min=0, max=65535)
    ] = None,
    host: Annotated[
        str | None, typer.Option(help="Address; beyond loopback only with TOUCHSTONE_AUTH.", metavar="ADDRESS")
    ] = None,
    lang: Lang = None,
) -> None:
    """Serve the GraphQL API (and GraphiQL in a browser): on loopback, or with TOUCHSTONE_AUTH elsewhere.

    Example: touchstone serve --port 8000
    """
    from engine.cli.serving import run_server
    from engine.settings import load_settings

    settings = load_settings()
    run_server(host or settings.host, settings.port if port is None else port, terminal.choose_locale(lang))
