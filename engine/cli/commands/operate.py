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
    from engine.settings import load_settings
    from engine.store import upgrade_database

    upgrade_database(load_settings().database_url)
    if json:
        terminal.emit({"ok": True})
    else:
        terminal.say("数据库已就绪。" if terminal.choose_locale(lang) is Locale.ZH else "The database is ready.")


@commands.command()
def check(json: Json = False, lang: Lang = None) -> None:
    """Say whether the database fits this program.

    Example: touchstone db check
    """
    from engine.settings import load_settings
    from engine.store import check_database

    check_database(load_settings().database_url)
    if json:
        terminal.emit({"ok": True})
    else:
        terminal.say("数据库与程序版本一致。" if terminal.choose_locale(lang) is Locale.ZH else "The database fits.")


def serve(
    port: Annotated[int | None, typer.Option(help="Port; default 8000.")] = None,
    host: Annotated[str | None, typer.Option(help="Address; beyond loopback only with authentication.")] = None,
    lang: Lang = None,
) -> None:
    """Serve the GraphQL API (and GraphiQL in a browser) on loopback.

    Example: touchstone serve --port 8000
    """
    from engine.cli.serving import run_server
    from engine.settings import load_settings

    settings = load_settings()
    run_server(host or settings.host, port or settings.port, terminal.choose_locale(lang))
