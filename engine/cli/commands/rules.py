"""`touchstone rules`: check, test, diff, publish, roll back, list."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from engine.cli import terminal
from engine.cli.options import By, Json, Lang
from engine.cli.place import database, rule_folder
from engine.vocabulary import Locale

if TYPE_CHECKING:
    from engine.errors import Problem
    from engine.rulebook import Edit

Folder = Annotated[Path | None, typer.Argument(help="Rule folder (or TOUCHSTONE_RULES).", metavar="FOLDER")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept for ever in the ledger.", metavar="TEXT")]

commands = typer.Typer(no_args_is_help=True, help="Check, test, compare and publish rule files.")


def register(app: typer.Typer) -> None:
    """Add `rules` to the program."""
    app.add_typer(commands, name="rules")


@commands.command()
def check(folder: Folder = None, json: Json = False, lang: Lang = None) -> None:
    """Check rule files: every problem at once, with file, line, column and remedy.

    Example: touchstone rules check rules --lang zh
    """
    from engine.operations.publishing import read_rule_folder
    from engine.rulebook import check_book

    locale = terminal.choose_locale(lang)
    path = rule_folder(folder)
    files = read_rule_folder(path)
    book, problems = check_book(files)
    if json:
        terminal.emit({"ok": book is not None, "problems": [_problem(p, locale) for p in problems]})
    else:
        terminal.print_problems(problems, locale, {name: _text(body) for name, body in files.items()})
        _say_checked(path, book is not None, len(problems), locale)
    if book is None:
        raise typer.Exit(2)


@commands.command()
def test(folder: Folder = None, json: Json = False, lang: Lang = None) -> None:
    """Run the tests written in the rule files.

    Example: touchstone rules test rules
    """
    from engine.operations.publishing import read_rule_folder
    from engine.rulebook import load_book
    from engine.trials import run_tests

    locale = terminal.choose_locale(lang)
    report = run_tests(load_book(read_rule_folder(rule_folder(folder))))
    if json:
        failed = [
            {"name": f.name, "text": f.text.within(locale), "file": f.place.file, "line": f.place.line}
            for f in report.failed
        ]
        terminal.emit({"ok": not failed, "passed": report.passed, "failed": failed})
    else:
        for failure in report.failed:
            terminal.say(f"✗ {failure.name}  ({failure.place.file}:{failure.place.line})")
            terminal.say(f"    {failure.text.within(locale)}")
        words = "通过 {}，失败 {}" if locale is Locale.ZH else "{} passed, {} failed"
        terminal.say(words.format(report.passed, len(report.failed)))
    if report.failed:
        raise typer.Exit(1)


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
    from engine.operations.publishing import book_of, live_book, read_rule_folder
    from engine.rulebook import diff_books, load_book

    locale = terminal.choose_locale(lang)
    after = load_book(read_rule_folder(rule_folder(folder)))
    with database().read() as session:
        before = live_book(session) if base is None else book_of(session, base)
    edits = diff_books(before, after)
    if json:
        terminal.emit({"base": before.revision if before else None, "revision": after.revision, "edits": _edits(edits)})
        return
    for edit in edits:
        terminal.say(f"{edit.text.within(locale)}  [{edit.effect}]")
    if not edits:
        terminal.say("没有差异。" if locale is Locale.ZH else "No difference.")


@commands.command()
def publish(reason: ReasonOption, folder: Folder = None, by: By = None, json: Json = False, lang: Lang = None) -> None:
    """Make the rule files live, with who and why; nothing is published while there are problems.

    Tests in the files that fail are named, and do not hinder.

    Example: touchstone rules publish rules --by crm-ops --reason "A starts at 72"
    """
    from engine.operations.publishing import publish as publish_book
    from engine.operations.publishing import read_rule_folder
    from engine.rulebook import load_book
    from engine.trials import run_tests

    locale = terminal.choose_locale(lang)
    files = read_rule_folder(rule_folder(folder))
    done = publish_book(database(), files, terminal.actor_of(by), reason, terminal.now())
    failed = [failure.name for failure in run_tests(load_book(files)).failed]
    if json:
        edits = _edits(done.edits)
        terminal.emit({"revision": done.revision, "changed": done.changed, "edits": edits, "failed_tests": failed})
        return
    _say_published(done.revision, done.changed, done.edits, locale)
    if failed:
        words = "规则文件中有测试未通过：{}。请运行 `touchstone rules test`。"
        if locale is not Locale.ZH:
            words = "Tests in the rule files fail: {}. Run `touchstone rules test`."
        terminal.complain(words.format(("、" if locale is Locale.ZH else "; ").join(failed)))


@commands.command()
def rollback(
    revision: Annotated[str, typer.Argument(help="Revision to publish again.", metavar="REVISION")],
    reason: ReasonOption,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Publish an old revision again.

    Example: touchstone rules rollback sha256:… --by crm-ops --reason "too few in A"
    """
    from engine.operations.publishing import rollback as publish_again

    locale = terminal.choose_locale(lang)
    done = publish_again(database(), revision, terminal.actor_of(by), reason, terminal.now())
    if json:
        terminal.emit({"revision": done.revision, "changed": done.changed, "edits": _edits(done.edits)})
        return
    _say_published(done.revision, done.changed, done.edits, locale)


@commands.command()
def log(json: Json = False, lang: Lang = None) -> None:
    """List every rule change: when (in the book's zone), who, why, what.

    Example: touchstone rules log
    """
    from engine.operations.publishing import book_of, changes, live_book
    from engine.rulebook import diff_books

    locale = terminal.choose_locale(lang)
    entries = []
    with database().read() as session:
        book = live_book(session)
        for change in changes(session):
            before = book_of(session, change.base_revision) if change.base_revision else None
            edits = diff_books(before, book_of(session, change.revision)) if before else ()
            entries.append((change, edits))
    if json:
        terminal.emit([_change(change, edits) for change, edits in entries])
        return
    if not entries:
        terminal.say("尚未发布规则库。" if locale is Locale.ZH else "No rule book is published yet.")
    zone = ZoneInfo(book.timezone if book is not None else "UTC")
    for change, edits in entries:
        at = f"{change.at.astimezone(zone):%Y-%m-%d %H:%M}"
        terminal.say(f"{at}  {change.state}  {change.revision[:19]}  {change.actor}: {change.reason}")
        for edit in edits:
            terminal.say(f"    {edit.text.within(locale)}")


def _change(change: object, edits: tuple[Edit, ...]) -> dict[str, object]:
    names = ("revision", "base_revision", "state", "actor", "reason", "at", "live_from", "live_until", "bootstrap")
    return {**{name: getattr(change, name) for name in names}, "edits": _edits(edits)}


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


def _edits(edits: tuple[Edit, ...]) -> list[dict[str, object]]:
    return [
        {
            "item": edit.item,
            "effect": edit.effect,
            "before": edit.before,
            "after": edit.after,
            "en": edit.text.en,
            "zh": edit.text.zh,
        }
        for edit in edits
    ]


def _say_checked(path: Path, fine: bool, problems: int, locale: Locale) -> None:
    if fine:
        words = f"{path}：没有错误。" if locale is Locale.ZH else f"{path}: no errors."
    else:
        words = f"{path}：{problems} 个问题。" if locale is Locale.ZH else f"{path}: {problems} problem(s)."
    terminal.say(words)


def _say_published(revision: str, changed: bool, edits: tuple[Edit, ...], locale: Locale) -> None:
    if not changed:
        terminal.say(
            "该版本已经生效，未作改动。" if locale is Locale.ZH else "This revision is live already; nothing changed."
        )
        return
    terminal.say((f"已发布 {revision}" if locale is Locale.ZH else f"Published {revision}") + ("" if edits else "."))
    if len(edits) > 20 and all(edit.before is None for edit in edits):  # a first rule book: nothing to compare
        terminal.say(f"  新增 {len(edits)} 项" if locale is Locale.ZH else f"  {len(edits)} items, all new")
        return
    for edit in edits[:20]:
        terminal.say(f"  {edit.text.within(locale)}")
    if len(edits) > 20:
        rest = len(edits) - 20
        terminal.say(f"  …… 另有 {rest} 项" if locale is Locale.ZH else f"  … {rest} more")


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")
