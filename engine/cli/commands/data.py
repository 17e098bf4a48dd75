"""`touchstone import`, `touchstone data`: records in, and what did not fit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli import terminal
from engine.cli.options import By, Json, Lang, instant
from engine.cli.place import database
from engine.vocabulary import Locale

commands = typer.Typer(no_args_is_help=True, help="Look after the imported data.")


def register(app: typer.Typer) -> None:
    """Add `import` and `data` to the program."""
    app.command("import")(import_files)
    app.add_typer(commands, name="data")


def import_files(
    mapping: Annotated[str, typer.Argument(help="Name of a shipped mapping or a mapping file.", metavar="MAPPING")],
    files: Annotated[list[Path], typer.Argument(help="CSV, XLSX, Parquet or JSONL files.", metavar="FILE")],
    complete_until: Annotated[
        str | None,
        typer.Option(
            help="How far the source is complete after this, whatever the mapping says; may be less far than before.",
            metavar="T",
        ),
    ] = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Import records or customers by a mapping; the same file twice adds nothing.

    Example: touchstone import orders-zh 订单.xlsx --by data-team
    """
    from engine.operations.importing import import_files as run_import
    from engine.operations.importing import load_mapping

    locale = terminal.choose_locale(lang)
    until = instant(complete_until, load_mapping(mapping).timezone) if complete_until else None
    with terminal.progress_bar() as bar:
        task = bar.add_task("导入" if locale is Locale.ZH else "importing", total=None)
        receipt = run_import(
            database(),
            mapping,
            files,
            terminal.actor_of(by),
            terminal.now(),
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            complete_until=until,
        )
    if json:
        terminal.emit(receipt.as_dict())
        return
    for line in receipt.lines(locale):
        terminal.say(line)


@commands.command()
def quality(
    limit: Annotated[int, typer.Option(help="How many of the newest findings.", min=1)] = 20,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """List what was quarantined or looked wrong, newest first, with counts by reason.

    Example: touchstone data quality --limit 50
    """
    from engine.operations.quality import count_issues, newest_issues

    locale = terminal.choose_locale(lang)
    with database().read() as session:
        counts, issues = count_issues(session), newest_issues(session, limit)
    names = ("check_name", "severity", "source", "file", "row", "field", "value", "quarantined", "found_at")
    if json:
        rows = [{name: getattr(issue, name) for name in names} for issue in issues]
        for row, issue in zip(rows, issues, strict=True):
            row["message"] = {"en": issue.message_en, "zh": issue.message_zh}
        terminal.emit({"counts": [{"source": s, "check": c, "count": n} for s, c, n in counts], "issues": rows})
        return
    zh = locale is Locale.ZH
    terminal.table(("来源", "检查", "数量") if zh else ("source", "check", "count"), counts)
    terminal.say()
    for issue in issues:
        message = issue.message_zh if zh else issue.message_en
        value = f" {issue.value!r}" if issue.value and issue.quarantined else ""  # reported words name theirs already
        place = f"{issue.file or issue.source}:{issue.row or '-'}"
        terminal.say(f"{place}  {issue.field or ''}{value}  {message}")
