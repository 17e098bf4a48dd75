"""Tiers, force rules, stability and risk bands in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from engine.expressions.amounts import plain
from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Force, Gate, MarketBook, Stability, Tier
from engine.rulebook.telling.conditions import Speaker
from engine.rulebook.telling.names import Words
from engine.rulebook.telling.phrases import COMMA, Line, days, join, named, quoted, say
from engine.rulebook.telling.scorecards import points_text
from engine.vocabulary import RISK_TEXTS, SHARE_SCALE, Locale, Risk, Text

UNKNOWN_TEXTS: Final[Mapping[str, Text]] = {
    "hold": Text("While that is unknown, things stay as they are.", "条件未知时维持现状。"),
    "pass": Text("While that is unknown, it counts as met.", "条件未知时视为满足。"),
    "fail": Text("While that is unknown, it counts as not met.", "条件未知时视为不满足。"),
}
"""What a condition does while it is unknown, in words."""


def tell_tiers(rules: MarketBook, words: Words) -> Iterator[Line]:
    """Every tier with its start, its gates and its other way in."""
    for index, tier in enumerate(rules.tiers):
        yield Line(_tier(tier, index == len(rules.tiers) - 1), tier.place, 1)
        for gate in tier.gates:
            yield Line(_gate(gate, words), gate.place, 2)
        if tier.or_when is not None:
            yield Line(_or_when(tier.or_when, words), tier.or_when.place, 2)


def tell_force(rules: MarketBook, words: Words) -> Iterator[Line]:
    """Every rule that decides outright, in order."""
    for rule in rules.force:
        yield Line(_force(rule, rules, words), rule.place, 1)


def tell_stability(rules: MarketBook, places: Addresses, file: str) -> Iterator[Line]:
    """How reluctantly tiers move."""
    for text in _stability(rules.stability):
        yield Line(text, places.place(file, "stability"), 1)


def tell_risk(rules: MarketBook, words: Words) -> Iterator[Line]:
    """The bands of the churn probability."""
    if rules.risk is None:
        return
    bands = [
        say("{band} from {edge} %", "{edge} % 起为{band}", band=RISK_TEXTS[Risk(key)], edge=_percent(edge))
        for key, edge in zip(rules.risk.keys, rules.risk.edges, strict=True)
    ]
    text = say(
        "The churn risk follows {metric}: {bands}.",
        "流失风险按{metric}划分：{bands}。",
        metric=words.name(rules.risk.metric),
        bands=join(COMMA, bands),
    )
    yield Line(text, rules.risk.place, 1)


def tier_name(tier: Tier) -> Text:
    """A tier by key and title."""
    if tier.title.en == tier.key:
        return Text(tier.key, tier.key)
    return Text(f"{tier.key} ({tier.title.en})", f"{tier.key}（{tier.title.within(Locale.ZH)}）")


def _percent(stored: int) -> str:
    return plain(Decimal(stored) * 100 / SHARE_SCALE)


def _tier(tier: Tier, last: bool) -> Text:
    name = tier_name(tier)
    if last or tier.at_least is None:
        return say("Tier {name}: everybody else.", "等级 {name}：其余所有客户。", name=name)
    start = points_text(tier.at_least)
    if tier.gates:
        form = ("Tier {name}: from {n} points, provided that:", "等级 {name}：{n} 分起，且须满足：")
    else:
        form = ("Tier {name}: from {n} points.", "等级 {name}：{n} 分起。")
    return say(*form, name=name, n=start)


def _gate(gate: Gate, words: Words) -> Text:
    """A gate, introduced by its title unless the condition names the same thing anyway."""
    condition = Speaker(words).condition(gate.when.node)
    said = say(
        "only if {what}. {unknown}", "须{what}。{unknown}", what=condition, unknown=UNKNOWN_TEXTS[gate.on_unknown]
    )
    title = quoted(gate.title)
    if gate.title.en == gate.name or title.en in condition.en:
        return Text(said.en[0].upper() + said.en[1:], said.zh)
    return say("{title}: {said}", "{title}：{said}", title=title, said=said)


def _or_when(gate: Gate, words: Words) -> Text:
    return say(
        "Another way in, below that score: {what}. {unknown}",
        "分数不足时，满足下列条件也可进入：{what}。{unknown}",
        what=Speaker(words).condition(gate.when.node),
        unknown=UNKNOWN_TEXTS[gate.on_unknown],
    )


def _force(rule: Force, rules: MarketBook, words: Words) -> Text:
    tiers = {tier.key: tier_name(tier) for tier in rules.tiers}
    text = say(
        "{name} decides outright: if {what}, the tier is {tier} at once, whatever the score. {unknown}",
        "{name}直接决定等级：若{what}，则无论得分立即归入等级 {tier}。{unknown}",
        name=named(rule.title, rule.name),
        what=Speaker(words).condition(rule.when.node),
        tier=tiers.get(rule.tier, Text(rule.tier, rule.tier)),
        unknown=UNKNOWN_TEXTS[rule.on_unknown],
    )
    reason = rules.reasons.get(rule.reason or "")
    if reason is None:
        return text
    return say("{text} One says: {why}.", "{text}说明：{why}。", text=text, why=quoted(reason.text))


def _stability(stability: Stability) -> Iterator[Text]:
    if stability == Stability():
        yield Text("Tiers move at once, both ways.", "等级升降均立即生效。")
        return
    below = say(
        "the score is more than {n} points below its start, or one of its conditions is known to fail,",
        "得分低于该等级起点 {n} 分以上（或已知不满足其条件）",
        n=points_text(stability.exit_margin),
    )
    waits = []
    if stability.grace_days:
        waits.append(say("without a break for {n}", "连续保持 {n}", n=days(stability.grace_days)))
    if stability.min_dwell_days:
        waits.append(say("not before {n} in the tier", "在该等级满 {n}", n=days(stability.min_dwell_days)))
    yield say(
        "A tier is lost only when {below} and no other way in is open{waits}.",
        "只有{below}、且其他进入途径也不成立{waits}，才会降级。",
        below=below,
        waits=join(Text(""), [say(", and {one}", "，并{one}", one=one) for one in waits]),
    )
    if stability.down == "one_step":
        yield Text("Down it goes one tier at a time.", "每次只降一级。")
    else:
        yield Text("Down it goes all the way at once.", "降级一次到位。")
    if stability.up == "one_step":
        yield Text("Up it goes one tier at a time, after that stay.", "每次只升一级，且须满最短停留期。")
    else:
        yield Text("Up it goes all the way, at once.", "升级立即生效，一次到位。")
    if stability.confirm > 1:
        yield say(
            "{n} deciding days in a row must agree on a move.",
            "须连续 {n} 个决定日结果一致才变动。",
            n=stability.confirm,
        )
