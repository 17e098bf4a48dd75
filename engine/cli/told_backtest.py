"""How a back-test is told: a table for each instant, what it means, and its `--json` shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from engine.cli import terminal
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.operations.backtesting import AtInstant, Backtested
    from engine.trials.backtest import Interval, TierFollowed

_TIER: Final = (Text("tier", "等级"), Text("customers", "客户数"))
_REVENUE: Final = (Text("later revenue each", "之后人均销售额"), Text("95 %", "95% 区间"))
_MARGIN: Final = (Text("later margin each", "之后人均毛利"), Text("95 %", "95% 区间"))
_CHURN: Final = (Text("churned", "流失率"), Text("95 %", "95% 区间"), Text("of active", "活跃客户数"))
_LIFT: Final = (Text("lift", "提升倍数"),)
_RIVAL_HEADS: Final = (Text("ranked by", "排序依据"), Text("Gini", "基尼"), Text("lift", "提升倍数"))


def lines(found: Backtested, locale: Locale) -> None:
    """Print a back-test for people."""
    zh = locale is Locale.ZH
    words = "{} · 之后 {} 天 · 金额单位 {}" if zh else "{} · the {} days after · money in {}"
    terminal.say(words.format(found.market, found.horizon_days, found.currency))
    for one in found.instants:
        terminal.say()
        _instant(one, found, locale)
    terminal.say()
    if len(found.instants) > 1:
        terminal.say(found.verdict.within(locale))
        terminal.say()
    for warning in found.warnings:
        terminal.say(warning.within(locale))


def _instant(one: AtInstant, found: Backtested, locale: Locale) -> None:
    zh, judged = locale is Locale.ZH, one.judged
    day = judged.as_of.astimezone(ZoneInfo(found.timezone)).date()
    words = "截至 {}，当时已知 {} 位客户" if zh else "As of {}: {} customers known by then"
    terminal.say(words.format(day, judged.customers))
    if judged.tiers:
        _tiers(judged.tiers, locale)
        terminal.say()
        terminal.table([head.within(locale) for head in _RIVAL_HEADS], _rivals(one, locale))
        terminal.say()
    terminal.say(one.verdict.within(locale))
    for note in _notes(one, locale):
        terminal.say(note)


def _tiers(tiers: Sequence[TierFollowed], locale: Locale) -> None:
    """The table of tiers; margin only where costs are known."""
    costs = any(tier.margin is not None for tier in tiers)
    heads = (*_TIER, *_REVENUE, *(_MARGIN if costs else ()), *_CHURN, *_LIFT)
    terminal.table([head.within(locale) for head in heads], [_row(tier, costs, locale) for tier in tiers])


def _row(tier: TierFollowed, costs: bool, locale: Locale) -> list[str]:
    margin = ["-" if tier.margin is None else f"{tier.margin.value:,.0f}", _range(tier.margin)]
    churn = tier.churn
    return [
        f"{tier.tier} {tier.title.within(locale)}",
        str(tier.customers),
        f"{tier.total / tier.customers:,.0f}",
        _range(tier.revenue),
        *(margin if costs else []),
        "-" if churn is None else f"{100 * churn.value:.1f} %",
        "-" if churn is None else f"{100 * churn.low:.1f}–{100 * churn.high:.1f} %",
        str(tier.active),
        "-" if tier.lift is None else f"{tier.lift:.2f}",
    ]


def _range(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.low:,.0f}–{interval.high:,.0f}"


def _rivals(one: AtInstant, locale: Locale) -> list[list[str]]:
    from engine.trials.backtest import RIVALS

    top = one.judged.top
    score = "本规则得分" if locale is Locale.ZH else "this book's score"
    rows = [[score, _digits(one.judged.gini), _digits(None if top is None else top.lift)]]
    return rows + [
        [RIVALS[rival.name].within(locale), _digits(rival.gini), _digits(rival.lift)] for rival in one.judged.rivals
    ]


def _digits(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _notes(one: AtInstant, locale: Locale) -> list[str]:
    """Where estimates came from, and clocks that were derived."""
    zh, notes = locale is Locale.ZH, []
    for kind, told in _ORIGINS.items():
        titles = [origin.title.within(locale) for origin in one.origins if origin.origin == kind]
        if titles:
            notes.append(told.within(locale).format(("、" if zh else "; ").join(titles)))
    for origin in one.origins:
        if origin.why is not None:
            said = Text(
                f"Unknown then: {origin.title.en}. {origin.why.en}", f"当时未知：{origin.title.zh}。{origin.why.zh}"
            )
            notes.append(said.within(locale))
    if one.clocks_assumed:
        share = f"{100 * one.assumed:.0f} %"
        notes.append(
            f"所用记录中 {share} 的入账时间是推定的，并非实际记录：迟到的数据看不出来。"
            if zh
            else f"For {share} of the records used the time they became known was derived, not observed: "
            "what came late does not show."
        )
    return notes


LEGEND: Final = Text(
    "Churned: bought in the 180 days before, and nothing in the days after. Lift: share of later revenue ÷ share of "
    "customers. Gini: how well a ranking finds later revenue, 1 as well as possible, 0 as chance.",
    "流失率：之前180天内有购买、之后期限内没有购买的比例。提升倍数：之后销售额占比 ÷ 客户占比。"
    "基尼：排序与之后销售额的吻合程度，1 为最佳，0 为随机。",
)
_ORIGINS: Final = {
    "stored": Text("As stored and known by then: {}.", "采用当时已存的数值：{}。"),
    "estimated": Text(
        "Estimated anew from what was known then, as none was stored: {}.", "当时没有存值，按当时已知数据重新估计：{}。"
    ),
}
"""What is said of estimates and predictions by where they came from; of unknown ones their reason is said."""


def as_dict(found: Backtested) -> dict[str, Any]:
    """The `--json` shape."""
    return {
        "market": found.market.value,
        "revision": found.revision,
        "currency": found.currency,
        "horizon_days": found.horizon_days,
        "instants": [_instant_as_dict(one) for one in found.instants],
        "verdict": _both(found.verdict),
        "warnings": [_both(warning) for warning in found.warnings],
    }


def _instant_as_dict(one: AtInstant) -> dict[str, Any]:
    judged = one.judged
    return {
        "as_of": judged.as_of.isoformat().replace("+00:00", "Z"),
        "customers": judged.customers,
        "tiers": [_tier_as_dict(tier) for tier in judged.tiers],
        "monotone": judged.monotone,
        "rises": [list(pair) for pair in judged.rises],
        "rises_beyond_chance": [list(pair) for pair in judged.beyond_chance],
        "lift": None if judged.top is None else judged.top.lift,
        "gini": judged.gini,
        "margin_lift": judged.margin_lift,
        "margin_gini": judged.margin_gini,
        "rivals": [
            {"name": rival.name, "gini": rival.gini, "lift": rival.lift, "behind": _interval(rival.behind)}
            for rival in judged.rivals
        ],
        "clocks_assumed": one.clocks_assumed,
        "clocks_assumed_share": round(one.assumed, 6),
        "estimates": [
            {"metric": origin.metric, "origin": origin.origin, "why": None if origin.why is None else _both(origin.why)}
            for origin in one.origins
        ],
        "verdict": _both(one.verdict),
    }


def _tier_as_dict(tier: TierFollowed) -> dict[str, Any]:
    return {
        "tier": tier.tier,
        "customers": tier.customers,
        "revenue_total": round(tier.total, 2),
        "revenue": _interval(tier.revenue),
        "margin": _interval(tier.margin),
        "churn": _interval(tier.churn),
        "active": tier.active,
        "churned": tier.churned,
        "lift": tier.lift,
    }


def _interval(interval: Interval | None) -> dict[str, float] | None:
    if interval is None:
        return None
    return {"value": interval.value, "low": interval.low, "high": interval.high}


def _both(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh}
