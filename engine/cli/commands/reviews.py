"""`touchstone reviews`: decisions that a person should look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.options import By, Json, Lang
from engine.cli.place import database
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.store.reading import TaskView

_STATES = {
    "OPEN": Text("open", "待复核"),
    "DONE": Text("done", "已完成"),
    "DISMISSED": Text("dismissed", "无需复核"),
    "EXPIRED": Text("expired", "已失效"),
}
_OUTCOMES = {
    "CONFIRMED": Text("confirmed", "已确认"),
    "OVERRIDDEN": Text("overridden", "已人工评级"),
    "DATA_REQUESTED": Text("data requested", "已要求补充数据"),
    "LAPSED": Text("the reason is gone", "原因已消失"),
}

commands = typer.Typer(no_args_is_help=True, help="Decisions that a person should look at.")


def register(app: typer.Typer) -> None:
    """Add `reviews` to the program."""
    app.add_typer(commands, name="reviews")


@commands.command("list")
def list_reviews(
    every: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    assignee: Annotated[str | None, typer.Option(help="Only this person's.", metavar="NAME")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", metavar="N", min=1, max=100)] = 50,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Decisions that a person should look at, the oldest first, of one run the most valuable customers first.

    Example: touchstone reviews list --assignee mei
    """
    from engine.store.reading import TaskFilter, count_tasks, customers_by_ids, slice_of, tasks_page

    locale = terminal.choose_locale(lang)
    zh = locale is Locale.ZH
    kept = TaskFilter(kind="REVIEW", states=None if every else ("OPEN",), assignee=assignee)
    with database().read() as session:
        found = tasks_page(session, kept, slice_of(limit, None, None, None)).rows
        total = count_tasks(session, kept)
        customers = customers_by_ids(session, [one.customer_id for one in found])
    refs = {number: customer.ref for number, customer in customers.items()}
    if json:
        terminal.emit({"total": total, "reviews": [_review(one, refs) for one in found]})
        return
    rows = [
        (
            one.id, refs[one.customer_id], one.title_zh if zh else one.title_en, one.assignee or "",
            _STATES[one.state].within(locale), _outcome(one, locale),
        )
        for one in found
    ]  # fmt: skip
    en = ("#", "customer", "what to look at", "who", "state", "outcome")
    terminal.table(("#", "客户", "复核事项", "负责人", "状态", "结果") if zh else en, rows)
    if total > len(found):
        more = total - len(found)
        terminal.say(f"另有 {more} 件。" if zh else f"{more} more.")


def _outcome(one: TaskView, locale: Locale) -> str:
    """What came of it; other words than the usual ones as they were written."""
    said = one.outcome or ""
    return _OUTCOMES[said].within(locale) if said in _OUTCOMES else said


def _review(one: TaskView, refs: Mapping[int, str]) -> dict[str, object]:
    names = ("id", "state", "title_en", "title_zh", "assignee", "outcome", "completed_by", "completed_at", "version")
    told = {name: getattr(one, name) for name in names}
    return {"customer": refs[one.customer_id], "reason": one.review_reason, **told}


Review = Annotated[int, typer.Argument(help="Number of the review, see `reviews list`.", metavar="NUMBER")]


@commands.command()
def assign(
    number: Review,
    to: Annotated[str | None, typer.Option("--to", help="Who is to look; default: nobody.", metavar="NAME")] = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Give a review (or any other task) to somebody, or back to everybody.

    Example: touchstone reviews assign 12 --to mei --by sales-lead
    """
    from engine.operations.tasks import assign_task

    assign_task(database(), number, to, terminal.actor_of(by), terminal.now())
    if json:
        terminal.emit({"review": number, "assignee": to})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        whose = to or ("无人" if zh else "nobody")
        terminal.say(f"复核 {number} 的负责人：{whose}。" if zh else f"Review {number} is with {whose}.")


@commands.command()
def close(
    number: Review,
    outcome: Annotated[
        str, typer.Argument(help="CONFIRMED, OVERRIDDEN, DATA_REQUESTED, or in your words.", metavar="OUTCOME")
    ],
    dismiss: Annotated[bool, typer.Option("--dismiss", help="There was nothing to look at.")] = False,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say what came of a review (or of any other task).

    Example: touchstone reviews close 12 CONFIRMED --by mei
    """
    from engine.operations.tasks import complete_task

    state = "DISMISSED" if dismiss else "DONE"
    complete_task(database(), number, state, outcome, terminal.actor_of(by), terminal.now())
    if json:
        terminal.emit({"review": number, "state": state, "outcome": outcome})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        terminal.say(f"复核 {number} 已关闭：{outcome}。" if zh else f"Review {number} is closed: {outcome}.")
