"""What the names in conditions mean, in words: metrics, fields of records, tiers, stages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from engine.metrics.derived import OCCURRED_AT
from engine.metrics.sources import Source
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.telling.phrases import quoted
from engine.vocabulary import MARKET_TEXTS, PHASE_TEXTS, RISK_TEXTS, UNRATED, Market, Phase, Risk, Text

_GIVEN: Final[Mapping[str, Text]] = {
    "score": Text("the score", "得分"),
    "tier": Text("the tier", "等级"),
    "stage": Text("the stage", "阶段"),
    "phase": Text("the phase", "时期"),
    "risk": Text("the churn risk", "流失风险"),
    "market": Text("the customer", "客户"),
}
_BOTH: Final = " / "

SOURCE_TEXTS: Final[Mapping[str, Text]] = {
    "orders": Text("orders", "订单"),
    "contracts": Text("contracts", "合同"),
    "opportunities": Text("opportunities", "商机"),
    "interactions": Text("interactions", "互动记录"),
    "tickets": Text("service cases", "服务工单"),
    "surveys": Text("survey responses", "问卷答复"),
    "referrals": Text("referrals", "推荐记录"),
    "costs": Text("costs", "费用"),
    "consents": Text("consents", "同意记录"),
    "touches": Text("campaign contacts", "触达记录"),
}
"""Kinds of records in words, by the name rule files use."""


@dataclass(frozen=True, slots=True)
class Words:
    """Names in words.

    Attributes:
        currency: Of money.
        names: What a name is called.
        values: By name, what its values are called.
    """

    currency: str
    names: Mapping[str, Text]
    values: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)

    def name(self, name: str) -> Text:
        """What a name is called."""
        return self.names.get(name, Text(name))


def words_of(book: Book) -> Words:
    """The names that conditions of a book may read, but for fields of records."""
    metrics = {name: quoted(metric.title) for name, metric in book.metrics.items() if metric.title.en != name}
    values: dict[str, dict[str, Text]] = {
        "tier": {UNRATED: Text("not rated yet", "暂未评级")},
        "stage": {},
        "phase": {phase.value: PHASE_TEXTS[Phase(phase)] for phase in Phase},
        "risk": {risk.value: RISK_TEXTS[Risk(risk)] for risk in Risk},
        "market": {market.value: _market(Market(market)) for market in Market},
    }
    for rules in book.markets.values():
        _add_titles(rules, values)
    return Words(book.currency, {**_GIVEN, **metrics}, values)


def words_of_source(source: Source, currency: str) -> Words:
    """The fields of one record."""
    fields = {name: Text(_english(name), one.title_zh) for name, one in source.fields.items()}
    return Words(currency, {OCCURRED_AT: Text("day", "发生日期"), **fields})


def _english(field: str) -> str:
    """A field as English words, e.g. `ends_on` as end date."""
    if field.endswith("_on"):
        return f"{field.removesuffix('_on').rstrip('s').replace('_', ' ')} date"
    return field.replace("_", " ")


def _market(market: Market) -> Text:
    text = MARKET_TEXTS[market]
    return Text(f"a {text.en} ({market.value})", f"{text.zh}（{market.value}）")


def _add_titles(rules: MarketBook, values: dict[str, dict[str, Text]]) -> None:
    """Tiers by key and title, stages by title; titles that differ between markets both stand."""
    for tier in rules.tiers:
        key = Text(tier.key, tier.key)
        title = Text(f"{tier.key} ({tier.title.en})", f"{tier.key}（{tier.title.zh or tier.title.en}）")
        told = key if tier.title.en == tier.key else title
        before = values["tier"].get(tier.key)
        values["tier"][tier.key] = told if before in (None, told) else _either(before or told, told)
    for rule in rules.lifecycle:
        if rule.title.en != rule.stage.value:
            values["stage"].setdefault(rule.stage.value, quoted(rule.title))


def _either(one: Text, other: Text) -> Text:
    """Two titles of one key, e.g. 重点客户 of companies and 高价值客户 of persons."""
    return Text(one.en if one.en == other.en else one.en + _BOTH + other.en, _joined(one.zh, other.zh))


def _joined(one: str, other: str) -> str:
    if one == other or not other.endswith("）") or not one.endswith("）"):
        return one
    return f"{one[:-1]}{_BOTH}{other.partition('（')[2]}"
