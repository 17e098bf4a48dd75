"""`touchstone audit`: the ledger, read and verified; `touchstone replay`: decisions made again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.options import By, Json, Lang
from engine.cli.place import database
from engine.errors import InputError
from engine.vocabulary import EntryKind, Locale, Text

if TYPE_CHECKING:
    from engine.operations.replay_report import ReplayReport

commands = typer.Typer(no_args_is_help=True, help="Read and verify the ledger.")


def register(app: typer.Typer) -> None:
    """Add `audit` and `replay` to the program."""
    app.add_typer(commands, name="audit")
    app.command()(replay)


@commands.command()
def log(
    limit: Annotated[int, typer.Option(help="How many of the newest entries.", metavar="N", min=1, max=10000)] = 20,
    kind: Annotated[EntryKind | None, typer.Option(help="Only this kind, e.g. RUN.", metavar="KIND")] = None,
    about: Annotated[
        str | None,
        typer.Option(help="Only about this: rule_change:3, run:7, an id, or a customer's REF.", metavar="SUBJECT"),
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """List the newest ledger entries: what was done, by whom and why, and what it is about.

    About a customer are also tiers set by hand, tasks, and who saw their personal data.

    Example: touchstone audit log --about rule_change:3
    """
    from engine.operations.auditing import named_subject, newest_entries, told_entry

    with database().read() as session:
        subject = None if about is None else named_subject(session, about)
        entries = newest_entries(session, limit, kind, subject)
    locale = terminal.choose_locale(lang)
    if json:
        names = ("position", "kind", "at", "actor", "reason", "subject", "hash", "previous_hash", "body")
        terminal.emit(
            [{**{name: getattr(e, name) for name in names}, "text": told_entry(e).within(locale)} for e in entries]
        )
        return
    if not entries:
        terminal.say(Text("The ledger has no such entry.", "账本中没有这样的记录。").within(locale))
        return
    rows = [
        (e.position, f"{e.at:%Y-%m-%d %H:%M:%S}", e.kind, e.subject or "", e.hash[:19], told_entry(e).within(locale))
        for e in entries
    ]
    english = ("#", "UTC", "kind", "about", "hash", "what")
    terminal.table(("#", "UTC", "种类", "对象", "哈希", "内容") if locale is Locale.ZH else english, rows)


@commands.command()
def verify(
    checkpoints: Annotated[
        Path | None, typer.Option(help="Checkpoints kept elsewhere; default: the file of the settings.", metavar="FILE")
    ] = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Check the whole ledger, its checkpoints here and outside, and that runs, decisions and rules are as it says.

    Example: touchstone audit verify --checkpoints /media/kept/touchstone.db.checkpoints
    """
    from engine.cli.told_audit import told_verification
    from engine.operations.sealing import seal_of
    from engine.operations.verifying import verify_everything
    from engine.settings import load_settings

    settings = load_settings()
    seal = seal_of(settings)
    outside = checkpoints if checkpoints is not None or seal is None else seal.outside
    with database().read() as session:
        result = verify_everything(session, outside, must_exist=checkpoints is not None, url=settings.database_url)
    locale = terminal.choose_locale(lang)
    if json:
        names = ("ok", "entries", "head", "first_bad")
        told = {name: getattr(result, name) for name in names}
        problem = None if result.problem is None else result.problem.within(locale)
        stored = [text.within(locale) for text in result.misfits]
        terminal.emit({**told, "problem": problem, "misfits": stored, "checkpoint": result.checkpoint})
    else:
        for line in told_verification(result):
            terminal.say(line.within(locale))
    if not result.ok:
        raise typer.Exit(1)


@commands.command()
def export(
    out: Annotated[Path, typer.Option(help="New folder to write into.", metavar="FOLDER")],
    by: By = None,
    reason: Annotated[str | None, typer.Option(help="Why; stands in the ledger.", metavar="TEXT")] = None,
    prove: Annotated[
        list[str] | None,
        typer.Option(help="Also prove that this decision (id, or REF: the latest) is in the ledger.", metavar="ID|REF"),
    ] = None,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Write with each proof the decision's bytes and salt: personal data.")
    ] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Write the ledger, its checkpoints, the leaves of every run and a verifier that needs nothing of Touchstone.

    Example: touchstone audit export --out audit-2026 --by auditor --prove demo:B-0007
    """
    from engine.access import Actor
    from engine.operations.audit_export import export_audit
    from engine.operations.sealing import seal_of
    from engine.operations.selecting import named_decision
    from engine.settings import load_settings

    opened, now = database(), datetime.now(UTC)
    with opened.read() as session:
        numbers = [named_decision(session, name) for name in prove or ()]
    actor = Actor.named(by or load_settings().actor).name
    done = export_audit(opened, out, actor, reason, now, seal_of(load_settings()), numbers, reveal=reveal)
    if json:
        names = ("entries", "checkpoints", "runs", "proofs", "key")
        terminal.emit({"folder": str(done.folder), **{name: getattr(done, name) for name in names}})
        return
    zh = terminal.choose_locale(lang) is Locale.ZH
    words = (
        "已写入 {f}：{e} 条记录，{c} 个检查点，{r} 次运行的叶子，{p} 个证明。\n核验：python3 {f}/verify_audit.py {f}"
        if zh
        else "Written to {f}: {e} entries, {c} checkpoints, leaves of {r} runs, {p} proofs.\n"
        "Verify: python3 {f}/verify_audit.py {f}"
    )
    terminal.say(words.format(f=done.folder, e=done.entries, c=done.checkpoints, r=done.runs, p=done.proofs))
    if done.key is not None:
        terminal.say(f"密钥：{done.key}" if zh else f"Key: {done.key}")


@commands.command("rotate-key")
def rotate(
    reason: Annotated[str, typer.Option(help="Why; stands in the ledger.", metavar="TEXT")],
    by: By = None,
    lost: Annotated[bool, typer.Option("--lost", help="The old key is gone and cannot vouch for the new one.")] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Sign checkpoints with a new key from now on; the old one vouches for it.

    Example: touchstone audit rotate-key --by security --reason "yearly rotation"
    """
    from engine.access import Actor
    from engine.operations.sealing import rotate_key, seal_of
    from engine.settings import load_settings

    settings = load_settings()
    seal = seal_of(settings)
    if seal is None:
        raise InputError(
            Text("No signing key is configured.", "未配置签名密钥。"),
            Text("Set TOUCHSTONE_SIGNING_KEY to a file.", "请用 TOUCHSTONE_SIGNING_KEY 指定密钥文件。"),
        )
    key = rotate_key(database(), seal, Actor.named(by or settings.actor).name, reason, datetime.now(UTC), lost=lost)
    if json:
        terminal.emit({"key": key.text})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        terminal.say(f"新密钥：{key.text}" if zh else f"New key: {key.text}")


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
    from engine.operations.replaying import replay as replay_decisions

    if not decisions and not everything:
        raise InputError(
            Text("Nothing to replay is named.", "没有指定要重放的决定。"),
            Text("Name decisions or customers, or give --all.", "请给出决定编号或客户，或使用 --all。"),
        )
    with database().read() as session:
        report = replay_decisions(session, None if everything else decisions)
    if json:
        keys = ("checked", "identical", "different", "other_engines", "erased", "not_kept", "missing")
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
    if not report.ok:
        raise typer.Exit(1)


def _taken_away(report: ReplayReport, zh: bool) -> list[str]:
    """What could not be made again or is not there any more, a line for each reason."""
    lines = [text.within(Locale.ZH if zh else Locale.EN) for text in report.damaged]
    if report.missing:
        words = (
            "缺失 {} 个：账本记有这些决定，但已不存在"
            if zh
            else "{} missing: the ledger tells of them, and they are gone"
        )
        lines.append(words.format(report.missing))
    if report.erased:
        words = "已抹除客户的决定 {}：叶哈希仍在" if zh else "{} of erased persons: their leaves are there"
        lines.append(words.format(report.erased))
    if report.not_kept:
        words = (
            "超过保留期限而移除 {}：子树哈希仍在" if zh else "{} older than decisions are kept: their roots are there"
        )
        lines.append(words.format(report.not_kept))
    return lines
