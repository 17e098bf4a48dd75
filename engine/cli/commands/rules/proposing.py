"""`touchstone rules propose | approve | withdraw`: a change of the live rules and the people it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands
from engine.cli.options import By, Json, Lang
from engine.cli.place import database, rule_folder
from engine.vocabulary import Locale

if TYPE_CHECKING:
    from engine.operations.rule_life import Person, Proposed

Reason = Annotated[str, typer.Option("--reason", help="Why; kept for ever in the ledger.", metavar="TEXT")]
OnBehalfOf = Annotated[
    str | None, typer.Option("--on-behalf-of", help="For whom; counts as having acted, too.", metavar="NAME")
]
Change = Annotated[int, typer.Argument(help="Number of the change, see `rules log`.", metavar="CHANGE")]


@commands.command()
def propose(
    reason: Reason,
    folder: Folder = None,
    change: Annotated[
        int | None, typer.Option("--change", help="Edit this change of your own.", metavar="CHANGE")
    ] = None,
    draft: Annotated[bool, typer.Option("--draft", help="Keep it as a draft; not for review yet.")] = False,
    by: By = None,
    on_behalf_of: OnBehalfOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Propose the rule files as the next rules, and show whom they would move; somebody else has to approve.

    An edit (--change) begins anew: what was approved before does not count any more.

    Example: touchstone rules propose rules --by mei --reason "A starts at 72"
    """
    from engine.operations.rule_folder import read_rule_folder
    from engine.operations.rule_life import Proposal
    from engine.operations.rule_life import propose as propose_rules

    locale = terminal.choose_locale(lang)
    path = rule_folder(folder)
    proposal = Proposal(read_rule_folder(path), reason, change, submit=not draft)
    done = propose_rules(database(), proposal, person(by, on_behalf_of), terminal.now())
    show_proposed(done, str(path), json=json, locale=locale)


def person(by: str | None, on_behalf_of: str | None) -> Person:
    """Who acts, and for whom."""
    from engine.operations.rule_life import Person

    return Person.named(terminal.actor_of(by), on_behalf_of)


def show_proposed(done: Proposed, place: str, *, json: bool, locale: Locale) -> None:
    """The preview, and what happens next."""
    from engine.cli.preview_document import preview_as_json
    from engine.cli.told_changes import told_failed
    from engine.cli.told_previews import preview_lines

    if json:
        shown = None if done.preview is None else preview_as_json(done.preview, None, 10)
        answer = {"change": done.change_id, "revision": done.revision, "state": done.state}
        terminal.emit(
            {**answer, "approvers_needed": done.needed, "failed_tests": list(done.failed_tests), "preview": shown}
        )
        return
    zh = locale is Locale.ZH
    if done.preview is not None:
        for line in preview_lines(done.preview, None, 10, place, locale):
            terminal.say(line)
        terminal.say()
    terminal.say(f"变更 {done.change_id}：{done.revision}" if zh else f"Change {done.change_id}: {done.revision}")
    terminal.say(_next(done, zh))
    if done.failed_tests:
        terminal.complain(told_failed(done.failed_tests).within(locale))


def _next(done: Proposed, zh: bool) -> str:
    if done.state == "APPROVED":
        command = f"touchstone rules publish --change {done.change_id}"
        return f"无须审批，可以发布：{command}" if zh else f"Nobody has to approve it. Publish it: {command}"
    if done.state != "IN_REVIEW":
        command = f"touchstone rules propose --change {done.change_id}"
        return f"存为草稿。提交审批：{command}" if zh else f"Kept as a draft. Put it to review: {command}"
    command = f"touchstone rules approve {done.change_id}"
    others = "one other person" if done.needed == 1 else f"{done.needed} other people"
    return f"须由另外 {done.needed} 人批准：{command}" if zh else f"Needs {others} to approve it: {command}"


@commands.command()
def approve(
    change: Change,
    note: Annotated[str | None, typer.Option("--note", help="What to say about it.", metavar="TEXT")] = None,
    reject: Annotated[bool, typer.Option("--reject", help="Refuse it instead.")] = False,
    revision: Annotated[
        str | None, typer.Option("--revision", help="The content that was read; refused if edited since.")
    ] = None,
    snapshot: Annotated[str | None, typer.Option("--snapshot", help="The preview's snapshot that was seen.")] = None,
    by: By = None,
    on_behalf_of: OnBehalfOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Approve (or --reject) a change somebody else has proposed: exactly its present content and preview.

    Example: touchstone rules approve 3 --by li --note "as discussed"
    """
    from engine.cli.told_changes import told_failed
    from engine.operations.rule_life import Verdict, review, trails_of

    locale, store = terminal.choose_locale(lang), database()
    verdict = Verdict(change, not reject, note, revision, snapshot)
    done = review(store, verdict, person(by, on_behalf_of), terminal.now())
    with store.read() as session:
        failed = trails_of(session, [change])[change].failed_tests
    if json:
        told = {"change": done.change_id, "state": done.state, "failed_tests": list(failed)}
        terminal.emit({**told, "approvals": done.approvals, "approvers_needed": done.needed})
        return
    zh = locale is Locale.ZH
    if failed and not reject:
        terminal.complain(told_failed(failed).within(locale))
    if reject:
        terminal.say(f"变更 {change} 已驳回。" if zh else f"Change {change} is rejected.")
    elif done.state == "APPROVED":
        command = f"touchstone rules publish --change {change}"
        terminal.say(f"变更 {change} 已批准，可以发布：{command}" if zh else f"Change {change} is approved: {command}")
    else:
        terminal.say(
            f"变更 {change}：{done.needed} 人中已有 {done.approvals} 人批准，还须另一人批准。"
            if zh
            else f"Change {change}: {done.approvals} of {done.needed} have approved; another person has to."
        )


@commands.command()
def withdraw(
    change: Change,
    reason: Reason,
    by: By = None,
    on_behalf_of: OnBehalfOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Take a change of your own back before it is live.

    Example: touchstone rules withdraw 3 --by mei --reason "second thoughts"
    """
    from engine.operations.rule_life import withdraw as withdraw_change

    locale = terminal.choose_locale(lang)
    state = withdraw_change(database(), change, person(by, on_behalf_of), reason, terminal.now())
    if json:
        terminal.emit({"change": change, "state": state})
        return
    terminal.say(f"变更 {change} 已撤回。" if locale is Locale.ZH else f"Change {change} is withdrawn.")
