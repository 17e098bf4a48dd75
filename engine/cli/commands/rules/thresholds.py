"""`touchstone rules suggest-threshold`: where a tier must start to hold a share."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from engine.cli import terminal
from engine.cli.commands.rules.group import commands
from engine.cli.options import AsOf, Json, Lang, instant, share
from engine.cli.place import database, rule_folder
from engine.vocabulary import POINTS_SCALE, Locale, Market

if TYPE_CHECKING:
    from engine.operations.judging_rules import Suggested
    from engine.trials.threshold import Held

MarketGiven = Annotated[Market, typer.Argument(help="b2b or b2c.", case_sensitive=False)]
TierGiven = Annotated[str, typer.Argument(help="Key of the tier, e.g. A.", metavar="TIER")]
Rules = Annotated[Path | None, typer.Option("--rules", help="Rule folder (or TOUCHSTONE_RULES).", metavar="FOLDER")]
Share = Annotated[str | None, typer.Option(help="Share of the customers that have a tier.", metavar="PERCENT")]
Margin = Annotated[str | None, typer.Option(help="Share of their margin of the last 365 days.", metavar="PERCENT")]


@commands.command("suggest-threshold")
def suggest_threshold(
    market: MarketGiven,
    tier: TierGiven,
    customers: Share = None,
    margin: Margin = None,
    rules: Rules = None,
    as_of: AsOf = None,
    json: Json = False,
    lang: Lang = None,
) -> None:
    """Say where a tier must start so that it holds a share of customers or of margin; exit 1 if it cannot.

    Every customer is decided anew, so gates, or_when and force rules count. Nothing is written.

    Example: touchstone rules suggest-threshold b2b A --customers 8%
    """
    from engine.operations.judging_rules import threshold
    from engine.operations.rule_folder import read_rule_folder
    from engine.rulebook import load_book

    locale = terminal.choose_locale(lang)
    book = load_book(read_rule_folder(rule_folder(rules)))
    when, now = instant(as_of, book.timezone) if as_of else None, terminal.now()
    given = [None if text is None else share(text) for text in (customers, margin)]
    with database().read() as session:
        found = threshold(session, book, market, tier, given[0], given[1], now, when)
    if json:
        terminal.emit(_as_dict(found))
    else:
        for line in _lines(found, book.timezone, locale):
            terminal.say(line)
    if found.threshold.found is None:
        raise typer.Exit(1)


def _lines(found: Suggested, zone: str, locale: Locale) -> list[str]:
    zh, asked = locale is Locale.ZH, found.threshold
    day = found.as_of.astimezone(ZoneInfo(zone)).date()
    what = ("毛利" if zh else "the margin") if found.of_margin else ("客户" if zh else "the customers")
    words = "{} · {} · 截至 {} · {} 位已评级客户" if zh else "{} · tier {} · as of {} · {} customers with a tier"
    lines = [words.format(found.market, asked.tier, day, asked.rated)]
    now = _held(asked.now, what, zh)
    lines.append(
        f"目前起点 {_points(asked.now.at_least)}：{now}"
        if zh
        else f"It starts at {_points(asked.now.at_least)} now and holds {now}"
    )
    if asked.found is None:
        return [*lines, *_out_of_reach(found, what, zh)]
    assert asked.round is not None
    assert asked.least is not None
    exact, held = _points(asked.found.at_least), _held(asked.found, what, zh)
    lines.append(
        f"从 {_points(asked.round)} 开始：{held}"
        if zh
        else f"Let it start at {_points(asked.round)}: then it holds {held}"
    )
    if asked.least < asked.found.at_least:
        lines.append(
            f"从 {_points(asked.least)} 到 {exact} 结果相同。"
            if zh
            else f"Anything from {_points(asked.least)} to {exact} gives the same."
        )
    return [*lines, *_beside(found, what, zh)]


def _beside(found: Suggested, what: str, zh: bool) -> list[str]:
    """What stands beside the threshold found: the one above it, and what holds if it were live today."""
    asked, lines = found.threshold, list[str]()
    if asked.above is not None:
        more = _held(asked.above, what, zh)
        lines.append(
            f"若为 {_points(asked.above.at_least)}：{more}"
            if zh
            else f"At {_points(asked.above.at_least)} it would hold {more}"
        )
    if asked.at_once is not None and asked.found is not None and asked.found.share != asked.at_once:
        once = _percent(asked.at_once)
        lines.append(
            f"以上不计稳定性规则；若现在生效，因其缓冲，起初为 {once}。"
            if zh
            else f"Stability is left out of these figures; live today, with whom it keeps, it would hold {once}."
        )
    return lines


def _out_of_reach(found: Suggested, what: str, zh: bool) -> list[str]:
    asked = found.threshold
    wanted, lowest = _percent(asked.wanted), _points(asked.lowest.at_least)
    held = _held(asked.lowest, what, zh)
    if zh:
        return [
            f"达不到 {wanted}：等级次序允许的最低起点是 {lowest}，也只有 {held}",
            "其余客户被它的门槛、强制规则或相邻等级挡住。",
        ]
    return [
        f"{wanted} cannot be reached: the ladder lets it start at {lowest} at the lowest, and then it holds {held}",
        "Its gates, force rules or the tiers beside it keep out the rest.",
    ]


def _held(held: Held, what: str, zh: bool) -> str:
    if zh:
        return f"{held.customers} 位客户，占{what} {_percent(held.share)}。"
    return f"{held.customers} customers, {_percent(held.share)} of {what}."


def _percent(value: float) -> str:
    return f"{100 * value:.2f}".rstrip("0").rstrip(".") + " %"


def _points(stored: int) -> str:
    text = f"{Decimal(stored) / POINTS_SCALE:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _as_dict(found: Suggested) -> dict[str, Any]:
    asked = found.threshold
    return {
        "market": found.market.value,
        "tier": asked.tier,
        "as_of": found.as_of.isoformat().replace("+00:00", "Z"),
        "of": "margin" if found.of_margin else "customers",
        "wanted": asked.wanted,
        "rated": asked.rated,
        "threshold": _json_points(None if asked.found is None else asked.found.at_least),
        "rounded": _json_points(asked.round),
        "from": _json_points(asked.least),
        "holds": _json_held(asked.found),
        "above": _json_held(asked.above),
        "now": _json_held(asked.now),
        "lowest": _json_held(asked.lowest),
        "highest": _json_held(asked.highest),
        "at_once": asked.at_once,
    }


def _json_points(stored: int | None) -> str | None:
    return None if stored is None else f"{Decimal(stored) / POINTS_SCALE:.4f}"


def _json_held(held: Held | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return {"at_least": _json_points(held.at_least), "customers": held.customers, "share": held.share}
