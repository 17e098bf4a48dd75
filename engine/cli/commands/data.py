"""`touchstone import`, `touchstone data`: records in, what did not fit, and what is taken away again."""

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


@commands.command()
def forget(
    ref: Annotated[str, typer.Argument(help="Customer, source:key; any of its refs.", metavar="REF")],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the ledger; no names.", metavar="TEXT")],
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Erase a person: everything stored about it, in every past decision too; this cannot be undone.

    What stays is a number that is given to nobody else, an entry in the ledger, and the leaf of each decision, so that
    every run still fits its root (`touchstone replay --all`). Clean the source too: an import of the same files makes a
    new customer. The database file is written anew, which takes a while if it is large.

    Example: touchstone data forget shop:P-0007 --by privacy --reason "asked for it, ticket 4711"
    """
    from engine.operations.erasing import forget_customer
    from engine.store.reading import Kind, global_id

    locale = terminal.choose_locale(lang)
    done = forget_customer(database(), ref, terminal.actor_of(by), reason, terminal.now())
    name = global_id(Kind.CUSTOMER, done.customer_id)
    if json:
        keys = ("entry", "removed", "mentions", "decisions", "overwritten")
        terminal.emit({"customer": name, **{key: getattr(done, key) for key in keys}})
        return
    zh, rows = locale is Locale.ZH, sum(done.removed.values())
    words = (
        "已抹除（原编号 {}）：删除 {} 行，清空 {} 个决定，清除他处提及 {} 处；账本第 {} 条。"
        if zh
        else "Erased (it was {}): {} rows deleted, {} decisions emptied, {} mentions elsewhere taken out; entry {}."
    )
    terminal.say(words.format(name, rows, done.decisions, done.mentions, done.entry))
    for table, count in done.removed.items():
        terminal.say(f"  {table}: {count}")
    if not done.overwritten:
        terminal.say(
            "数据库文件中已释放的空间尚未清理（有程序正在读取旧数据，或磁盘空间不足）：请稍后执行 VACUUM。"
            if zh
            else "Freed places of the file are not clean yet (somebody reads an older state, or no room): VACUUM later."
        )


@commands.command(name="retain")
def retain_decisions(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go; remove nothing.")] = False,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Remove facts and outcomes of decisions older than TOUCHSTONE_KEEP_DECISIONS_DAYS (unset: none ever).

    Everybody's present decision and the one before it stay, whatever their age; of every run its row, its root and its
    ledger entry. Run it by schedule.

    Example: TOUCHSTONE_KEEP_DECISIONS_DAYS=730 touchstone data retain --dry-run
    """
    from engine.operations.erasing import retain
    from engine.settings import load_settings

    zh, days = terminal.choose_locale(lang) is Locale.ZH, load_settings().keep_decisions_days
    if days is None:
        if json:
            nothing = {"chunks": 0, "decisions": 0, "runs": [], "beside": 0, "entry": None}
            terminal.emit({"keep_days": None, **nothing, "dry_run": dry_run})
            return
        said = "决定永久保留；可用 TOUCHSTONE_KEEP_DECISIONS_DAYS 设定保留天数。"
        terminal.say(said if zh else "Decisions are kept for ever; set TOUCHSTONE_KEEP_DECISIONS_DAYS to change that.")
        return
    actor = "" if dry_run else terminal.actor_of(by)
    done = retain(database(), days, actor, terminal.now(), dry_run=dry_run)
    if json:
        terminal.emit({**done.as_dict(), "dry_run": dry_run})
        return
    words = {
        (False, False): "{} decisions of {} runs as of before {:%Y-%m-%d} removed.",
        (False, True): "{} decisions of {} runs as of before {:%Y-%m-%d} would be removed.",
        (True, False): "已移除 {} 个决定（{} 次运行，截至 {:%Y-%m-%d} 之前）。",
        (True, True): "将移除 {} 个决定（{} 次运行，截至 {:%Y-%m-%d} 之前）。",
    }
    terminal.say(words[zh, dry_run].format(done.decisions.total(), len(done.decisions), done.before))
    if done.beside:
        more = "另有候选规则的双轨决定 {} 个。" if zh else "So are {} that candidates made beside the live rules."
        terminal.say(more.format(done.beside.total()))
