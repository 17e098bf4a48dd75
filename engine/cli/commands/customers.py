"""`touchstone decide` and `touchstone explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engine.cli import terminal
from engine.cli.options import AsKnownAt, AsOf, By, Json, Lang, instant
from engine.cli.place import database, rule_folder
from engine.vocabulary import Locale, Market

if TYPE_CHECKING:
    from engine.operations.deciding import RunReport
    from engine.operations.decision_reviews import Queued

Html = Annotated[bool, typer.Option("--html", help="Print one page for a customer or an auditor (HTML, A4).")]
Records = Annotated[
    bool,
    typer.Option(
        "--records",
        help="Follow every metric to its records; stored estimates and predictions to what they were made from.",
    ),
]
PageFile = Annotated[Path | None, typer.Option("--out", help="Write the page to this file instead.", metavar="FILE")]


def register(app: typer.Typer) -> None:
    """Add `decide` and `explain` to the program."""
    app.command()(decide)
    app.command()(explain)


def decide(
    refs: Annotated[
        list[str] | None, typer.Argument(help="Customers, source:key; default: all.", metavar="REF")
    ] = None,
    as_of: AsOf = None,
    by: By = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Decide for all customers (or the named ones) by the live rule book.

    Customers whose stored state is damaged are left out and told, all others decided: exit 1.

    Example: touchstone decide --as-of 2026-11-01 --by schedule
    """
    from engine.cli.told_stale import stale_lines
    from engine.operations.deciding import decide as decide_customers
    from engine.operations.folder_beside import differing_folder
    from engine.operations.publishing import require_live_book
    from engine.operations.stale_sources import stale_sources

    locale = terminal.choose_locale(lang)
    now = terminal.now()
    place = database()
    with place.read() as session:
        zone = require_live_book(session).timezone
    report = decide_customers(place, refs or None, instant(as_of, zone) if as_of else None, terminal.actor_of(by), now)
    with place.read() as session:
        beside = differing_folder(session, rule_folder(None))
        stale = stale_sources(
            session, require_live_book(session), report.as_of, now, [Market(key) for key in report.tiers]
        )
    if json:
        told = {"stale_sources": [one.source for one in stale], "folder_differs": beside is not None}
        terminal.emit({**report.as_dict(), **told, "activated": _activated(report)})
        _fail_if_left_out(report)
        return
    for activation in report.activated:
        terminal.complain(activation.text.within(locale))
    if beside is not None:
        terminal.complain(beside.within(locale))
    _say_decided(report, zone, locale)
    lines = (*stale_lines(stale, zone, locale), *(f"⚠ {one.text.within(locale)}" for one in report.left_out))
    for line in (*lines, *_queued(report.reviews, locale is Locale.ZH)):
        terminal.say(line)
    _fail_if_left_out(report)


def _activated(report: RunReport) -> list[dict[str, Any]]:
    """Rule changes whose time had come, for `--json`."""
    from engine.cli.told_changes import activation_as_json

    return [activation_as_json(one) for one in report.activated]


def _say_decided(report: RunReport, zone: str, locale: Locale) -> None:
    """How many were decided, and their tiers by market."""
    zh = locale is Locale.ZH
    words = "截至 {}：评级 {} 位客户，{} 位有变化，{:.1f} 秒" if zh else "As of {}: {} decided, {} changed, {:.1f} s"
    local = report.as_of.astimezone(ZoneInfo(zone))
    terminal.say(words.format(f"{local:%Y-%m-%d %H:%M%z}", report.decided, report.changed, report.seconds))
    for market, tiers in report.tiers.items():
        terminal.say(f"  {market}: " + "  ".join(f"{key} {count}" for key, count in tiers.items()))
    if report.already:
        terminal.say(
            f"{report.already} 位客户在这一时刻已有决定，保持不变；此后得知的数据从更晚的 --as-of 起生效。"
            if zh
            else f"{report.already} had been decided as of this instant and stay as they were: "
            "what became known since counts from a later --as-of."
        )


def _queued(done: Queued | None, zh: bool) -> list[str]:
    """A line about what the run did to the queue of reviews, if it did anything."""
    if done is None:
        return []
    parts = (
        (done.made, "{} new", "新增 {} 件"),
        (done.lapsed, "{} closed because their reason is gone", "自动关闭 {} 件（原因已消失）"),
        (done.over, "{} more beyond what one run may put there", "另有 {} 件超出每次运行上限"),
    )
    told = [(cn if zh else en).format(count) for count, en, cn in parts if count]
    if not told:
        return []
    return [f"复核：{'，'.join(told)}。" if zh else f"Reviews: {', '.join(told)}."]


def _fail_if_left_out(report: RunReport) -> None:
    """Exit 1: what was decided is committed, but not everybody could be."""
    if report.left_out:
        raise typer.Exit(1)


def explain(
    ref: Annotated[
        str | None, typer.Argument(help="Customer, source:key; or the id of a decision.", metavar="REF|ID")
    ] = None,
    as_of: AsOf = None,
    as_known_at: AsKnownAt = None,
    sample: Annotated[
        int | None, typer.Option("--sample", help="So many customers instead of one.", metavar="N", min=1)
    ] = None,
    records: Records = False,
    json: Json = False,
    html: Html = False,
    out: PageFile = None,
    lang: Lang = None,
) -> None:
    """Say why a customer has its tier, what was lost where, and what would change it.

    With --as-of the latest decision for that instant or an earlier one; with --as-known-at only decisions that
    had been made by then. Late and corrected records change no past decision: they show in the next one.
    With --records every metric with its records; a stored value or probability with inputs, fit, and itself again.

    Example: touchstone explain demo:B-0007 --lang zh; as a page: touchstone explain demo:B-0007 --html --out why.html
    """
    from engine.cli.decision_page import refuse_mixture, write_page
    from engine.cli.told_decision import told_decision
    from engine.operations.publishing import require_live_book
    from engine.operations.selecting import decision_ids_of_sample, named_decision

    _require_one(ref, sample)
    refuse_mixture(page=html, one=ref is not None, json=json, file=out is not None)
    locale = terminal.choose_locale(lang)
    with database().read() as session:
        zone = require_live_book(session).timezone if as_of or as_known_at else ""
        clocks = tuple(instant(given, zone) if given else None for given in (as_of, as_known_at))
        if html and ref is not None:
            write_page(session, named_decision(session, ref, *clocks), locale, out)
            return
        one = [] if ref is None else [named_decision(session, ref, *clocks)]
        ids = one or decision_ids_of_sample(session, sample or 1, *clocks)
        answers = [told_decision(session, number, waited=ref is not None, records=records) for number in ids]
    if json:
        terminal.emit([one.document() for one in answers] if sample is not None else answers[0].document())
        return
    for index, answer in enumerate(answers):
        if index:
            terminal.say()
        for line in answer.lines(locale):
            terminal.say(line)


def _require_one(ref: str | None, sample: int | None) -> None:
    """Refuse neither and both."""
    from engine.errors import InputError
    from engine.vocabulary import Text

    if (ref is None) == (sample is None):
        raise InputError(
            Text("Name one customer, or give --sample N.", "请给出一位客户，或使用 --sample N。"),
            Text("Example: touchstone explain demo:B-0007", "例如：touchstone explain demo:B-0007"),
        )
