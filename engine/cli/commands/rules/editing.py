"""`touchstone rules schema`: what editors need to complete and check rule files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands
from engine.cli.options import Json, Lang
from engine.cli.place import rule_folder
from engine.vocabulary import Locale

_LINE = "# yaml-language-server: $schema="


@commands.command()
def schema(
    folder: Folder = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write; default: .schema in the rule folder.", metavar="DIR")
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Write the JSON Schemas of the rule files, with the names and titles of this very book.

    Editors with a YAML language server complete and check the files by them. Run it again after adding metrics,
    tiers, reasons or channels. --json prints one schema for all files and writes nothing.

    Example: touchstone rules schema rules
    """
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book
    from engine.rulebook.editing import FOLDER, schema_files, whole_schema

    locale = terminal.choose_locale(lang)
    path = rule_folder(folder)
    book = load_book(read_rule_folder(path))
    if json:
        terminal.emit(whole_schema(book))
        return
    target = path / FOLDER if out is None else out
    target.mkdir(parents=True, exist_ok=True)
    files = schema_files(book)
    for name, text in files.items():
        (target / name).write_text(text, encoding="utf-8")
    done = (
        f"已写入 {len(files)} 个文件到 {target}。" if locale is Locale.ZH else f"Wrote {len(files)} files to {target}."
    )
    terminal.say(done)
    without = [file.path for file in book.files if _LINE not in file.text]
    if without:
        _say_how(without, target, path, locale)


def _say_how(without: list[str], target: Path, folder: Path, locale: Locale) -> None:
    """How editors find the schema of a file that does not name it yet."""
    from engine.rulebook.editing import schema_name

    zh = locale is Locale.ZH
    terminal.say("请在文件首行加入：" if zh else "Put this line at the top of the file, so that editors find it:")
    place = Path(target.name) if target.parent == folder else target.resolve()
    for path in without:
        terminal.say(f"  {path}: {_LINE}{place.joinpath(schema_name(path)).as_posix()}")
