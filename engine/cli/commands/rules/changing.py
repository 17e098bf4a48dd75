"""`touchstone rules publish | rollback | log`: what is live, and how it came about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands, edits_as_json
from engine.cli.commands.rules.proposing import OnBehalfOf, person, show_proposed
from engine.cli.options import By, Json, Lang, instant
from engine.cli.place import database, rule_folder
from engine.errors import DamagedError, InputError, RevisionUnreadableError, TouchstoneError
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.cli.told_changes import Logged
    from engine.operations.rule_life import Figures
    from engine.rulebook import Edit
    from engine.store.tables import RuleChangeRow

ReasonOption = Annotated[str, typer.Option("--reason", help="Why; kept for ever in the ledger.", metavar="TEXT")]

At = Annotated[
    str | None, typer.Option("--at", help="Only the rules in force then: a date or ISO 8601 with offset.", metavar="T")
]


OfCustomer = Annotated[
    str | None, typer.Option("--customer", help="Only changes that moved this customer, source:key.", metavar="REF")
]


@commands.command()
def publish(
    reason: ReasonOption,
    folder: Folder = None,
    change: Annotated[
        int | None, typer.Option("--change", help="Publish this approved change, not files.", metavar="CHANGE")
    ] = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Make an approved change live, or, where nobody has to approve, the rule files; with who and why.

    Nothing is published while there are problems. Tests in the files that fail are named; they hinder a change that
    is proposed, and not files that nobody has to approve.

    Example: touchstone rules publish --change 3 --by crm-ops --reason "A starts at 72"
    """
    if change is not None:
        _publish_change(change, folder, reason, terminal.actor_of(by), json=json, locale=terminal.choose_locale(lang))
        return
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


def _publish_change(change: int, folder: Path | None, reason: str, actor: str, *, json: bool, locale: Locale) -> None:
    from engine.operations.rule_life import publish_change

    if folder is not None:
        raise InputError(
            Text("Give a folder or --change, not both.", "文件夹和 --change 只能指定一个。"),
            Text("The change holds its own files.", "变更中已包含规则文件。"),
        )
    done = publish_change(database(), change, actor, reason, terminal.now())
    if json:
        edits = edits_as_json(done.edits)
        terminal.emit({"change": change, "revision": done.revision, "changed": done.changed, "edits": edits})
        return
    _say_published(done.revision, done.changed, done.edits, locale)


@commands.command()
def rollback(
    revision: Annotated[str, typer.Argument(help="Revision to publish again.", metavar="REVISION")],
    reason: ReasonOption,
    by: By = None,
    on_behalf_of: OnBehalfOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Publish an old revision again; where changes need approval, propose that, with its own preview.

    Example: touchstone rules rollback sha256:… --by crm-ops --reason "too few in A"
    """
    from engine.operations.rule_life import roll_back

    locale = terminal.choose_locale(lang)
    back = roll_back(database(), revision, person(by, on_behalf_of), reason, terminal.now())
    if back.proposed is not None:
        show_proposed(back.proposed, revision[:19], json=json, locale=locale)
        return
    done = back.published
    assert done is not None
    if json:
        terminal.emit({"revision": done.revision, "changed": done.changed, "edits": edits_as_json(done.edits)})
        return
    _say_published(done.revision, done.changed, done.edits, locale)


@commands.command()
def log(at: At = None, customer: OfCustomer = None, json: Json = False, lang: Lang = None) -> None:
    """List every rule change: when (in the book's zone), its state, who, why, what, who approved.

    --at: only the rules in force then. --customer: only changes that moved this customer's score or tier.

    Example: touchstone rules log --at 2026-10-01
    """
    from engine.cli.told_changes import log_lines, logged_as_json
    from engine.operations.publishing import changes, live_change
    from engine.operations.touching import touching_of_ref

    locale = terminal.choose_locale(lang)
    with database().read() as session:
        zone = _live_zone(session)
        then = None if at is None else instant(at, zone.key)
        found = changes(session) if then is None else [one for one in [live_change(session, then)] if one is not None]
        if customer is not None:
            touching = touching_of_ref(session, customer)
            found = [change for change in found if change.id in touching]
        entries = list(_logged(session, found))
    if json:
        terminal.emit([logged_as_json(entry) for entry in entries])
        return
    if not entries and at is not None and customer is None:
        terminal.say("当时没有生效的规则。" if locale is Locale.ZH else "No rules were in force then.")
    elif not entries and customer is not None:
        words = f"没有规则变更影响过 {customer}。" if locale is Locale.ZH else f"No rule change touched {customer}."
        terminal.say(words)
    elif not entries:
        terminal.say("尚未发布规则库。" if locale is Locale.ZH else "No rule book is published yet.")
    if entries:
        terminal.say(f"时间按 {zone.key}。" if locale is Locale.ZH else f"Times in {zone.key}.")
    for entry in entries:
        for line in log_lines(entry, zone, locale):
            terminal.say(line)


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


def _logged(session: Session, found: Sequence[RuleChangeRow]) -> Iterator[Logged]:
    from engine.cli.told_changes import Logged
    from engine.operations.rule_life import reviews_of, trails_of, void_change

    trails = trails_of(session, [change.id or 0 for change in found])
    for change in found:
        edits, fault = _edits(session, change)
        yield Logged(
            change=change,
            edits=edits,
            fault=fault,
            reviews=tuple(reviews_of(session, change.id or 0)),
            void=void_change(session, change, terminal.now()),
            trail=trails[change.id or 0],
            shown=_shown(change),
        )


def _shown(change: RuleChangeRow) -> Figures | None:
    """What its preview showed; a damaged one is named by `audit verify` and keeps nothing else from being listed."""
    from engine.operations.rule_life import figures_of

    if change.preview is None or change.preview_digest is None:
        return None
    try:
        return figures_of(change.preview, change.preview_digest)
    except DamagedError:
        return None


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
