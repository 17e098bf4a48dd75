"""`touchstone rules check | diff`: nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands, edits_as_json
from engine.cli.options import Json, Lang
from engine.cli.place import database, rule_folder
from engine.vocabulary import Locale

if TYPE_CHECKING:
    from engine.errors import Problem


@commands.command()
def check(folder: Folder = None, json: Json = False, lang: Lang = None) -> None:
    """Check rule files: every problem at once, with file, line, column and remedy.

    Example: touchstone rules check rules --lang zh
    """
    from engine.operations.rule_folder import look_into

    locale = terminal.choose_locale(lang)
    path = rule_folder(folder)
    found = look_into(path)
    book, problems = found.check()
    if json:
        terminal.emit({"ok": book is not None, "problems": [_problem(p, locale) for p in problems]})
    else:
        terminal.print_problems(problems, locale, {name: _text(body) for name, body in found.files.items()})
        _say_checked(path, problems, locale)
    if book is None:
        raise typer.Exit(2)


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


def _problem(problem: Problem, locale: Locale) -> dict[str, object]:
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "message": problem.message.within(locale),
        "hint": problem.hint.within(locale),
    }


def _say_checked(path: Path, problems: Sequence[Problem], locale: Locale) -> None:
    errors = sum(problem.severity == "error" for problem in problems)
    warnings = sum(problem.severity == "warning" for problem in problems)
    if locale is Locale.ZH:
        words = f"{errors} 个错误" if errors else "没有错误"
        rest = f"，{warnings} 个警告" if warnings else ""
        terminal.say(f"{path}：{words}{rest}。")
        return
    words = f"{errors} error{'s' * (errors > 1)}" if errors else "no errors"
    rest = f", {warnings} warning{'s' * (warnings > 1)}" if warnings else ""
    terminal.say(f"{path}: {words}{rest}.")


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")
