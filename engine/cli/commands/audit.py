"""`touchstone audit`: the ledger, read and verified; `touchstone replay`: decisions made again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.options import Json, Lang
from engine.cli.place import database
from engine.vocabulary import EntryKind, Locale

if TYPE_CHECKING:
    from engine.operations.replaying import ReplayReport

commands = typer.Typer(no_args_is_help=True, help="Read and verify the ledger.")


def register(app: typer.Typer) -> None:
    """Add `audit` and `replay` to the program."""
    app.add_typer(commands, name="audit")
    app.command()(replay)


@commands.command()
def log(
    limit: Annotated[int, typer.Option(help="How many of the newest entries.", metavar="N", min=1, max=10000)] = 20,
    kind: Annotated[EntryKind | None, typer.Option(help="Only this kind, e.g. RUN.", metavar="KIND")] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """List the newest ledger entries.

    Example: touchstone audit log --kind RULES_PUBLISHED
    """
    from engine.operations.auditing import newest_entries

    with database().read() as session:
        entries = newest_entries(session, limit, kind)
    if json:
        names = ("position", "kind", "at", "actor", "reason", "subject", "hash", "previous_hash", "body")
        terminal.emit([{name: getattr(entry, name) for name in names} for entry in entries])
        return
    rows = [(e.position, f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, e.actor, e.reason or "", e.hash[:19]) for e in entries]
    zh = terminal.choose_locale(lang) is Locale.ZH
    heads = ("#", "UTC", "种类", "操作者", "原因", "哈希") if zh else ("#", "UTC", "kind", "actor", "reason", "hash")
    terminal.table(heads, rows)


@commands.command()
def verify(json: Json = False, lang: Lang = None) -> None:
    """Check the whole ledger: every hash, every link, every column beside the stored bytes.

    Example: touchstone audit verify
    """
    from engine.store import verify_ledger

    with database().read() as session:
        result = verify_ledger(session)
    if json:
        names = ("ok", "entries", "head", "first_bad")
        terminal.emit({name: getattr(result, name) for name in names})
    elif not result.entries and result.ok:
        zh = terminal.choose_locale(lang) is Locale.ZH
        terminal.say("账本为空。" if zh else "The ledger is empty.")
    elif terminal.choose_locale(lang) is Locale.ZH:
        fine, bad = f"账本完整：{result.entries} 条，末条 {result.head}", f"账本第 {result.first_bad} 条不符。"
        terminal.say(fine if result.ok else bad)
    else:
        fine, bad = f"Intact: {result.entries} entries, head {result.head}", f"Entry {result.first_bad} does not fit."
        terminal.say(fine if result.ok else bad)
    if not result.ok:
        raise typer.Exit(1)


def replay(
    decisions: Annotated[
        list[str] | None, typer.Argument(help="Decision ids, or REF of customers.", metavar="ID|REF")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every stored decision.")] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Decide again from the stored inputs and compare digests; writes nothing.

    Decisions of erased persons, and those older than decisions are kept, are counted by themselves: their leaves and
    the roots of their subtrees still give the roots in the ledger, and a named one is refused (exit 2).
    What another engine version decided and this one does not replay is listed with the version needed; exit 1.

    Example: touchstone replay --all
    """
    from engine.errors import InputError
    from engine.operations.replaying import replay as replay_decisions
    from engine.vocabulary import Text

    if not decisions and not everything:
        raise InputError(
            Text("Nothing to replay is named.", "没有指定要重放的决定。"),
            Text("Name decisions or customers, or give --all.", "请给出决定编号或客户，或使用 --all。"),
        )
    with database().read() as session:
        report = replay_decisions(session, None if everything else decisions)
    if json:
        keys = ("checked", "identical", "different", "other_engines", "erased", "not_kept")
        terminal.emit({key: getattr(report, key) for key in keys})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        words = "已重放 {}，一致 {}，不同 {}" if zh else "{} replayed, {} identical, {} different"
        terminal.say(words.format(report.checked, report.identical, len(report.different)))
        for name in report.different[:20]:
            terminal.say(f"  {name}")
        for version, names in report.other_engines.items():
            words = "无法在此重放 {}：需要引擎 {}" if zh else "{} not replayable here: engine {} is needed"
            terminal.say(words.format(len(names), version))
            for name in names[:20]:
                terminal.say(f"  {name}")
        for line in _taken_away(report, zh):
            terminal.say(line)
    if report.different or report.other_engines:
        raise typer.Exit(1)


def _taken_away(report: ReplayReport, zh: bool) -> list[str]:
    """What is not there any more on purpose, a line for each reason."""
    lines = []
    if report.erased:
        words = "已抹除客户的决定 {}：叶哈希仍在" if zh else "{} of erased persons: their leaves are there"
        lines.append(words.format(report.erased))
    if report.not_kept:
        words = (
            "超过保留期限而移除 {}：子树哈希仍在" if zh else "{} older than decisions are kept: their roots are there"
        )
        lines.append(words.format(report.not_kept))
    return lines
