"""`touchstone demo`: the whole job on a seeded business."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.options import Lang


def register(app: typer.Typer) -> None:
    """Add `demo` to the program."""
    app.command()(demo)


def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the API when done.")] = True,
    folder: Annotated[Path, typer.Option(help="Where the demo's files go; made anew.", metavar="FOLDER")] = Path(
        "var/demo"
    ),
    port: Annotated[
        int | None,
        typer.Option(help="Port; default 8000, or a free one when it is taken.", metavar="N", min=0, max=65535),
    ] = None,
    lang: Lang = None,
) -> None:
    """A seeded business imported, modelled, decided at three month-ends, explained, and served.

    Example: touchstone demo --no-serve
    """
    from engine.cli.demo.show import run_demo

    locale = terminal.choose_locale(lang)
    url = run_demo(folder, locale)
    if serve:
        from engine.cli.demo.show import serve_demo

        serve_demo(url, port, locale)
