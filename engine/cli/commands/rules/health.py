"""`touchstone rules health`: which rules do nothing, say the same, or are set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import Folder, OneMarket, commands
from engine.cli.options import AsOf, Json, Lang, instant
from engine.cli.place import database, rule_folder
from engine.vocabulary import Locale

if TYPE_CHECKING:
    from engine.operations.judging_rules import Health
    from engine.operations.stale_sources import StaleSource
    from engine.trials.health import RuleHealth


@commands.command()
def health(
    folder: Folder = None,
    market: OneMarket = None,
    as_of: AsOf = None,
    every: Annotated[bool, typer.Option("--all", help="Also the rules there is nothing to say about.")] = False,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say which rules never fire, always fire, say the same as another, or are set aside by hand.

    The base is as of the latest decisions, unless --as-of says otherwise. Nothing is written.

    Example: touchstone rules health rules --market B2B
    """
    from engine.operations.judging_rules import health as judge
    from engine.operations.rule_folder import read_rule_folder
    from engine.operations.stale_sources import stale_sources
    from engine.rulebook import load_book

    locale = terminal.choose_locale(lang)
    book = load_book(read_rule_folder(rule_folder(folder)))
    when, now = instant(as_of, book.timezone) if as_of else None, terminal.now()
    markets = [market] if market is not None else sorted(book.markets)
    with database().read() as session:
        found = [judge(session, book, one, now, when) for one in markets]
        stale = [stale_sources(session, book, one.as_of, max(one.as_of, now), [one.market]) for one in found]
    if json:
        documents = [_as_dict(*pair) for pair in zip(found, stale, strict=True)]
        terminal.emit(documents if market is None else documents[0])
        return
    for index, one in enumerate(found):
        if index:
            terminal.say()
        _say(one, stale[index], every, book.timezone, locale)


def _say(found: Health, stale: tuple[StaleSource, ...], every: bool, zone: str, locale: Locale) -> None:
    from engine.cli.told_stale import stale_lines

    zh = locale is Locale.ZH
    findings = [rule for rule in found.rules if rule.finding is not None]
    words = (
        "{} · {} 位客户 · 截至 {} · {} 条规则，{} 条需要关注"
        if zh
        else "{} · {} customers as of {} · {} rules, {} to look at"
    )
    day = found.as_of.astimezone(ZoneInfo(zone)).date()
    terminal.say(words.format(found.market, found.customers, day, len(found.rules), len(findings)))
    for line in stale_lines(stale, zone, locale):
        terminal.say(line)
    for rule in findings:
        terminal.say()
        terminal.say(f"{rule.place}  {rule.item}" + (f"  {rule.title.within(locale)}" if rule.title.en else ""))
        assert rule.finding is not None
        terminal.say(f"    {rule.finding.within(locale)}")
    if every:
        terminal.say()
        heads = ("规则", "生效", "未知", "人工改动") if zh else ("rule", "fired", "unknown", "set aside")
        terminal.table(heads, [(rule.item, rule.fired, rule.unknown, rule.overridden) for rule in found.rules])


def _as_dict(found: Health, stale: tuple[StaleSource, ...]) -> dict[str, Any]:
    return {
        "market": found.market.value,
        "as_of": found.as_of.isoformat().replace("+00:00", "Z"),
        "customers": found.customers,
        "stale_sources": [one.source for one in stale],
        "rules": [_rule(rule) for rule in found.rules],
    }


def _rule(rule: RuleHealth) -> dict[str, Any]:
    finding = None if rule.finding is None else {"en": rule.finding.en, "zh": rule.finding.zh}
    return {
        "item": rule.item,
        "place": {"file": rule.place.file, "line": rule.place.line, "column": rule.place.column},
        "customers": rule.customers,
        "fired": rule.fired,
        "unknown": rule.unknown,
        "overridden": rule.overridden,
        "correlates_with": rule.correlates_with,
        "correlation": rule.correlation,
        "finding": finding,
    }
