"""`touchstone rules diff`: what two rule books do differently, in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import commands, edits_as_json
from engine.cli.options import Json, Lang
from engine.cli.place import database, rule_folder
from engine.errors import InputError
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.rulebook import Book, Edit

_BOOK_HELP = "Rule folder or revision; default: the folder of TOUCHSTONE_RULES."


@commands.command()
def diff(
    books: Annotated[list[str] | None, typer.Argument(help=_BOOK_HELP, metavar="[BASE] BOOK")] = None,
    base: Annotated[
        str | None, typer.Option(help="Folder or revision to compare with; default: the live one.", metavar="BOOK")
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say in words how rule files differ from the live revision, or from another folder or revision.

    Each edit has its effect (no-op, non-moving, moving, breaking) and its place in the newer files. A revision may
    be cut short: sha256:1f2e3d4.

    Example: touchstone rules diff sha256:1f2e3d4 rules
    """
    from engine.rulebook import diff_books

    locale = terminal.choose_locale(lang)
    given = books or []
    if len(given) + (base is not None) > 2:
        raise InputError(
            Text("There are more than two books to compare.", "要比较的规则库多于两个。"),
            Text("Write `rules diff BASE BOOK`, or `rules diff BOOK --base BASE`.",
                 "请写 `rules diff 旧 新`，或 `rules diff 新 --base 旧`。"),
        )  # fmt: skip
    after = _book(given[-1] if given else None)
    older = given[0] if len(given) == 2 else base
    before = _live() if older is None else _book(older)
    edits = diff_books(before, after)
    if json:
        revision = before.revision if before else None
        terminal.emit({"base": revision, "revision": after.revision, "edits": edits_as_json(edits)})
        return
    for edit in edits:
        terminal.say(_told(edit, locale))
    if not edits:
        terminal.say("没有差异。" if locale is Locale.ZH else "No difference.")


def _told(edit: Edit, locale: Locale) -> str:
    from engine.rulebook import EFFECT_TEXTS

    told = f"{edit.text.within(locale)}  [{EFFECT_TEXTS[edit.effect].within(locale)}]"
    return told if edit.place is None else f"{told}  {edit.place}"


def _live() -> Book | None:
    from engine.operations.publishing import live_book

    with database().read() as session:
        return live_book(session)


def _book(words: str | None) -> Book:
    """A book by folder or revision; only a revision needs the database."""
    from engine.operations.revisions import book_named, is_revision, require_revision
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book

    if words is not None and is_revision(words) and not Path(words).exists():
        require_revision(words)
        with database().read() as session:
            return book_named(session, words)
    return load_book(read_rule_folder(rule_folder(Path(words) if words is not None else None)))
