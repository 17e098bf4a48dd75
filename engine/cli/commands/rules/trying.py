"""`touchstone rules test`: the tests and invariants of the files, and how much of the rules they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, commands
from engine.cli.options import AsOf, Json, Lang, instant
from engine.cli.place import database, rule_folder
from engine.vocabulary import Locale, Market, Text

if TYPE_CHECKING:
    from engine.errors import Place
    from engine.rulebook import Book
    from engine.trials import Base, Coverage, Mutation, TestFailure, TestReport

KINDS = {
    "tier": Text("tiers", "等级"),
    "gate": Text("gates (false, true, unknown)", "门槛（假、真、未知）"),
    "or_when": Text("or_when (false, true, unknown)", "or_when（假、真、未知）"),
    "force": Text("force rules (false, true, unknown)", "强制规则（假、真、未知）"),
    "segment": Text("bins and pieces of curves", "分段与曲线各段"),
    "risk": Text("risk bands", "流失风险档"),
    "stage": Text("stages", "生命周期阶段"),
    "trigger": Text("campaigns", "活动"),
    "tag": Text("tags", "标签"),
}
"""Kinds of coverage in words."""


@commands.command()
def test(
    folder: Folder = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Say what of the rules no test touches.")] = False,
    mutation: Annotated[
        bool, typer.Option("--mutation", help="Move every number by a step: which changes does no test notice?")
    ] = False,
    base: Annotated[bool, typer.Option("--base", help="Try the invariants on the stored customers too.")] = False,
    as_of: AsOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Run the tests and invariants written in the rule files; exit 1 if one fails, or with --base cannot be tried.

    Example: touchstone rules test rules --coverage --mutation
    """
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book
    from engine.trials import coverage_of, mutation_of, run_tests

    locale = terminal.choose_locale(lang)
    book = load_book(read_rule_folder(rule_folder(folder)))
    customers, why_not = _base(book, as_of) if base else ({}, None)
    report = run_tests(book, customers)
    touched = coverage_of(book) if coverage or json else None
    noticed = mutation_of(book) if mutation else None
    if json:
        terminal.emit(_as_json(report, touched, noticed, locale))
    else:
        _say_report(report, why_not, locale, asked=base)
        if touched is not None:
            _say_coverage(touched, locale)
        if noticed is not None:
            _say_mutation(noticed, locale)
    if report.failed or (why_not is not None and report.undecided):  # what was asked for could not be tried
        raise typer.Exit(1)


def _base(book: Book, as_of: str | None) -> tuple[dict[Market, Base], Text | None]:
    """The stored customers, or why there are none."""
    from engine.errors import NotReadyError
    from engine.operations.facts import Clocks
    from engine.operations.trying import base_of

    now = terminal.now()
    asked = instant(as_of, book.timezone) if as_of else now
    try:
        with database().read() as session:
            found = base_of(session, book, Clocks(asked, now))
    except NotReadyError as refused:
        return {}, refused.message
    return found, None if found else Text("No customers are stored.", "尚未存储客户。")


def _say_report(report: TestReport, why_not: Text | None, locale: Locale, *, asked: bool) -> None:
    for failure in report.failed:
        terminal.say(f"✗ {failure.name}  ({failure.place.file}:{failure.place.line})")
        terminal.say(f"    {failure.text.within(locale)}")
    for open_ in report.undecided if asked else ():
        terminal.say(f"? {open_.name}  ({open_.place.file}:{open_.place.line})")
        terminal.say(f"    {(why_not or open_.text).within(locale)}")
    words = "通过 {}，失败 {}" if locale is Locale.ZH else "{} passed, {} failed"
    if asked and report.undecided:
        words += "，未判断 {}" if locale is Locale.ZH else ", {} not decided"
    terminal.say(words.format(report.passed, len(report.failed), len(report.undecided)))


def _say_coverage(touched: tuple[Coverage, ...], locale: Locale) -> None:
    covered, total = sum(one.covered for one in touched), sum(one.total for one in touched)
    terminal.say()
    words = "覆盖率：{}，共 {} 处，测试触及 {} 处" if locale is Locale.ZH else "Coverage: {2} of {1} ({0})"
    terminal.say(words.format(_percent(covered, total), total, covered))
    for one in touched:
        terminal.say(f"  {one.covered:>4} / {one.total:<4} {KINDS[one.kind].within(locale)}")
    for one in touched:
        for missing in one.missing:
            terminal.say(f"✗ {_at(missing.place)}  {missing.text.within(locale)}")


def _say_mutation(noticed: Mutation, locale: Locale) -> None:
    percent = _percent(noticed.noticed, noticed.mutants)
    terminal.say()
    if locale is Locale.ZH:
        terminal.say(f"变异得分：{percent}，共 {noticed.mutants} 处微小改动，测试发现 {noticed.noticed} 处")
    else:
        terminal.say(
            f"Mutation score: {percent} ({noticed.noticed} of {noticed.mutants} small changes make a test fail)"
        )
    if noticed.same:
        words = "  另有 {} 处改动可证明不影响任何客户" if locale is Locale.ZH else "  {} more provably change nothing"
        terminal.say(words.format(noticed.same))
    if noticed.survived:
        terminal.say("  没有测试发现的改动：" if locale is Locale.ZH else "  No test notices:")
    for one in noticed.survived:
        terminal.say(f"✗ {_at(one.place)}  {one.text.within(locale)}")


def _percent(part: int, whole: int) -> str:
    """A share, never rounded up to all of it."""
    return f"{(1000 * part // whole) / 10:g}%" if whole else "100%"


def _at(place: Place) -> str:
    return f"{place.file}:{place.line}"


def _as_json(
    report: TestReport, touched: tuple[Coverage, ...] | None, noticed: Mutation | None, locale: Locale
) -> dict[str, object]:
    return {
        "ok": not report.failed,
        "passed": report.passed,
        "failed": [_failure(failure, locale) for failure in report.failed],
        "undecided": [_failure(failure, locale) for failure in report.undecided],
        "coverage": [_coverage(one, locale) for one in touched or ()],
        "mutation": None if noticed is None else _mutation(noticed, locale),
    }


def _failure(failure: TestFailure, locale: Locale) -> dict[str, object]:
    place = failure.place
    return {"name": failure.name, "text": failure.text.within(locale), "file": place.file, "line": place.line}


def _coverage(one: Coverage, locale: Locale) -> dict[str, object]:
    missing = [_told(item.place, item.text, locale) for item in one.missing]
    return {"kind": one.kind, "covered": one.covered, "total": one.total, "missing": missing}


def _mutation(noticed: Mutation, locale: Locale) -> dict[str, object]:
    return {
        "mutants": noticed.mutants,
        "noticed": noticed.noticed,
        "same": noticed.same,
        "score": str(noticed.score),
        "survived": [_told(one.place, one.text, locale) for one in noticed.survived],
    }


def _told(place: Place, text: Text, locale: Locale) -> dict[str, object]:
    return {"text": text.within(locale), "file": place.file, "line": place.line, "column": place.column}
