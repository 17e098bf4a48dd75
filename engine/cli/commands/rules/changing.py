"""`touchstone rules publish | rollback | log`: what is live, and how it came about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands, edits_as_json
from engine.cli.options import By, Json, Lang
from engine.cli.place import database, rule_folder
from engine.errors import DamagedError, RevisionUnreadableError, TouchstoneError
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.rulebook import Edit
    from engine.store.tables import RuleChangeRow

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept for ever in the ledger.", metavar="TEXT")]

_STATES = {
    "LIVE": Text("LIVE", "生效中"),
    "SUPERSEDED": Text("SUPERSEDED", "已被取代"),
    "ROLLED_BACK": Text("ROLLED_BACK", "已回退"),
}
"""States of a rule change in words."""


@commands.command()
def publish(reason: ReasonOption, folder: Folder = None, by: By = None, json: Json = False, lang: Lang = None) -> None:
    """Make the rule files live, with who and why; nothing is published while there are problems.

    Tests in the files that fail are named, and do not hinder.

    Example: touchstone rules publish rules --by crm-ops --reason "A starts at 72"
    """
    from engine.operations.publishing import publish as publish_book
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book
    from engine.trials import run_tests

    locale = terminal.choose_locale(lang)
    files = read_rule_folder(rule_folder(folder))
    done = publish_book(database(), files, terminal.actor_of(by), reason, terminal.now())
    failed = [failure.name for failure in run_tests(load_book(files)).failed]
    if json:
        edits = edits_as_json(done.edits)
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
        terminal.emit({"revision": done.revision, "changed": done.changed, "edits": edits_as_json(done.edits)})
        return
    _say_published(done.revision, done.changed, done.edits, locale)


@commands.command()
def log(json: Json = False, lang: Lang = None) -> None:
    """List every rule change: when (in the book's zone), who, why, what.

    Example: touchstone rules log
    """
    from engine.operations.publishing import changes

    locale = terminal.choose_locale(lang)
    with database().read() as session:
        zone = _live_zone(session)
        entries = [(change, *_edits(session, change)) for change in changes(session)]
    if json:
        terminal.emit([_change(change, edits) for change, edits, _ in entries])
        return
    if not entries:
        terminal.say("尚未发布规则库。" if locale is Locale.ZH else "No rule book is published yet.")
    if entries:
        terminal.say(f"时间按 {zone.key}。" if locale is Locale.ZH else f"Times in {zone.key}.")
    for change, edits, fault in entries:
        at = f"{change.at.astimezone(zone):%Y-%m-%d %H:%M}"
        state = _STATES[change.state].within(locale)
        terminal.say(f"{at}  {state}  {change.revision[:19]}  {change.actor}: {change.reason}")
        for edit in edits:
            terminal.say(f"    {edit.text.within(locale)}")
        if fault is not None:
            terminal.say(f"    ⚠ {fault.message.within(locale)}")


def _live_zone(session: Session) -> ZoneInfo:
    """The zone of the live book; UTC where there is none, or none that can be read."""
    from engine.operations.publishing import live_book

    try:
        book = live_book(session)
    except (DamagedError, RevisionUnreadableError):
        return ZoneInfo("UTC")  # the change itself says so in the list
    return ZoneInfo(book.timezone if book is not None else "UTC")


def _edits(session: Session, change: RuleChangeRow) -> tuple[tuple[Edit, ...], TouchstoneError | None]:
    """What a change changed, nothing for a first one; or what is wrong with one of its revisions."""
    from engine.operations.publishing import book_of
    from engine.rulebook import diff_books

    try:
        after = book_of(session, change.revision)
        return (diff_books(book_of(session, change.base_revision), after) if change.base_revision else ()), None
    except (DamagedError, RevisionUnreadableError) as error:
        return (), error


def _change(change: object, edits: tuple[Edit, ...]) -> dict[str, object]:
    names = ("revision", "base_revision", "state", "actor", "reason", "at", "live_from", "live_until", "bootstrap")
    return {**{name: getattr(change, name) for name in names}, "edits": edits_as_json(edits)}


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
