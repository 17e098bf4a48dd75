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
    from engine.store.reading import DecisionReviewView

_WHY = {
    "HELD_UNKNOWN": Text("missing data keep the tier", "因数据缺失保持等级"),
    "NEAR_THRESHOLD": Text("near a threshold", "接近门槛"),
    "GUARDRAIL": Text("guardrail crossed", "越过护栏"),
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
    """Decisions that a person should look at, newest first.

    Example: touchstone reviews list --assignee mei
    """
    from engine.store.reading import ReviewFilter, count_decision_reviews, customers_by_ids, slice_of
    from engine.store.reading import decision_reviews_page as page

    locale = terminal.choose_locale(lang)
    kept = ReviewFilter(states=None if every else ("OPEN",), assignee=assignee)
    with database().read() as session:
        found = page(session, kept, slice_of(limit, None, None, None)).rows
        total = count_decision_reviews(session, kept)
        customers = customers_by_ids(session, [one.customer_id for one in found])
    refs = {number: customer.ref for number, customer in customers.items()}
    if json:
        terminal.emit({"total": total, "reviews": [_review(one, refs) for one in found]})
        return
    rows = [
        (
            one.id, refs[one.customer_id], _WHY[one.reason].within(locale), one.tier, one.assignee or "",
            one.outcome or "", one.note or "",
        )
        for one in found
    ]  # fmt: skip
    en = ("#", "customer", "why", "tier", "who", "outcome", "note")
    terminal.table(("#", "客户", "原因", "等级", "负责人", "结果", "备注") if locale is Locale.ZH else en, rows)
    if total > len(found):
        more = total - len(found)
        terminal.say(f"另有 {more} 件。" if locale is Locale.ZH else f"{more} more.")


def _review(one: DecisionReviewView, refs: Mapping[int, str]) -> dict[str, object]:
    names = ("id", "reason", "market", "tier", "distance", "value", "made_at", "state", "assignee", "outcome", "note",
             "closed_by", "closed_at", "version")  # fmt: skip
    return {"customer": refs[one.customer_id], **{name: getattr(one, name) for name in names}}


Review = Annotated[int, typer.Argument(help="Number of the review, see `reviews list`.", metavar="NUMBER")]


@commands.command()
def assign(
    number: Review,
    to: Annotated[str | None, typer.Option("--to", help="Who is to look; default: nobody.", metavar="NAME")] = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Give a review to somebody, or back to everybody.

    Example: touchstone reviews assign 12 --to mei --by sales-lead
    """
    from engine.operations.decision_reviews import assign_review

    assign_review(database(), number, to, terminal.actor_of(by), terminal.now())
    if json:
        terminal.emit({"review": number, "assignee": to})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        whose = to or ("无人" if zh else "nobody")
        terminal.say(f"复核 {number} 的负责人：{whose}。" if zh else f"Review {number} is with {whose}.")


@commands.command()
def close(
    number: Review,
    outcome: Annotated[str, typer.Argument(help="CONFIRMED, OVERRIDDEN, DATA_REQUESTED or DISMISSED.")],
    note: Annotated[str | None, typer.Option("--note", help="In words.", metavar="TEXT")] = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say what came of a review.

    Example: touchstone reviews close 12 CONFIRMED --note "looked at the contract" --by mei
    """
    from engine.operations.decision_reviews import close_review

    close_review(database(), number, outcome.upper(), terminal.actor_of(by), terminal.now(), note)
    if json:
        terminal.emit({"review": number, "outcome": outcome.upper()})
    else:
        zh = terminal.choose_locale(lang) is Locale.ZH
        terminal.say(f"复核 {number} 已关闭：{outcome.upper()}。" if zh else f"Review {number} is closed.")
