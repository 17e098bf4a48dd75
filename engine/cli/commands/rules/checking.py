"""`touchstone rules check`: errors of rule files, and what the rules can never do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands
from engine.cli.options import Json, Lang
from engine.cli.place import rule_folder
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.errors import Problem


@commands.command()
def check(
    folder: Folder = None,
    run_days: Annotated[
        int | None,
        typer.Option(
            "--run-days",
            help="Days from one run to the next, for cooldowns; default: as the runs of the database were.",
            metavar="DAYS",
            min=1,
        ),
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Check rule files: every problem at once, with file, line, column and remedy; then what can never happen.

    Warnings and notes come with a customer that shows them, and forbid nothing.

    Example: touchstone rules check rules --lang zh
    """
    from engine.operations.checking import check_rules
    from engine.operations.rule_folder import look_into

    locale = terminal.choose_locale(lang)
    path = rule_folder(folder)
    found = look_into(path)
    beside = _beside(path)
    checked = check_rules(found, run_days if run_days is not None else _observed)
    if json:
        shown = [_problem(problem, locale) for problem in checked.problems]
        terminal.emit({"ok": checked.book is not None, "problems": shown, "differs_from_live": beside is not None})
    else:
        texts = {name: body.decode("utf-8", errors="replace") for name, body in found.files.items()}
        terminal.print_problems(checked.problems, locale, texts)
        terminal.say(_said(path, checked.problems, locale))
        if beside is not None:
            terminal.complain(beside.within(locale))
    if checked.book is None:
        raise typer.Exit(2)


def _beside(path: Path) -> Text | None:
    """What to say of a folder that is not the live revision of the settings' database."""
    from engine.operations.folder_beside import differing_folder_at
    from engine.settings import load_settings

    return differing_folder_at(load_settings().database_url, path)


def _observed() -> int | None:
    """Days between the runs of the database of the settings; None: there is none, or it cannot be read."""
    from engine.operations.run_rhythm import observed_run_days
    from engine.settings import load_settings

    return observed_run_days(load_settings().database_url)


def _problem(problem: Problem, locale: Locale) -> dict[str, object]:
    return {
        "code": problem.code,
        "severity": problem.severity.value,
        "file": problem.place.file,
        "line": problem.place.line,
        "column": problem.place.column,
        "message": problem.message.within(locale),
        "hint": problem.hint.within(locale),
        "witness": [{"name": one.name, "value": one.value, "unit": one.unit.value} for one in problem.witness],
    }


def _said(path: Path, problems: Sequence[Problem], locale: Locale) -> str:
    """The last line: how many problems of each kind."""
    from engine.errors import Severity

    errors, warnings, notes = (sum(problem.severity is severity for problem in problems) for severity in Severity)
    more = [(warnings, "个警告", "warning"), (notes, "条提示", "note")]
    if locale is Locale.ZH:
        said = f"{errors} 个错误" if errors else "没有错误"
        return f"{path}：{said}" + "".join(f"，{number} {word}" for number, word, _ in more if number) + "。"
    said = f"{errors} error{'s' * (errors > 1)}" if errors else "no errors"
    rest = "".join(f", {number} {word}{'s' * (number > 1)}" for number, _, word in more if number)
    return f"{path}: {said}{rest}."
