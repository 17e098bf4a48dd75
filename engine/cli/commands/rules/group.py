"""The group `touchstone rules` and what its commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.vocabulary import Market

if TYPE_CHECKING:
    from engine.rulebook import Edit

Folder = Annotated[Path | None, typer.Argument(help="Rule folder (or TOUCHSTONE_RULES).", metavar="FOLDER")]

OneMarket = Annotated[
    Market | None,
    typer.Option("--market", help="B2B or B2C; default: each the book has.", case_sensitive=False),
]

commands = typer.Typer(no_args_is_help=True, help="Check, test, compare and publish rule files.")


def edits_as_json(edits: tuple[Edit, ...]) -> list[dict[str, object]]:
    """The `--json` shape of edits."""
    return [
        {
            "item": edit.item,
            "effect": edit.effect,
            "before": edit.before,
            "after": edit.after,
            "place": {"file": edit.place.file, "line": edit.place.line, "column": edit.place.column}
            if edit.place
            else None,
            "en": edit.text.en,
            "zh": edit.text.zh,
        }
        for edit in edits
    ]
