"""The features of the churn model, in words: what they are, how they are read, which way they may push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.vocabulary import Text, Unit


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature.

    Attributes:
        family: Features that say nearly the same; reasons are summed by family.
        unit: How its value is to be read.
        monotone: 1: more of it never lowers the probability of churn; −1: never raises it; 0: either.
        skewed: Its logarithm goes into the logistic regression.
        signal: The source of events it needs; None: purchases alone.
    """

    name: str
    family: str
    unit: Unit
    monotone: int
    text: Text
    skewed: bool = False
    signal: str | None = None


_DAYS, _COUNT, _SHARE, _MONEY = Unit.DAYS, Unit.COUNT, Unit.RATIO, Unit.MONEY

FEATURES: Final = {
    feature.name: feature
    for feature in (
        Feature(
            "days_since_purchase", "recency", _DAYS, 1, Text("Days since the last purchase", "距上次购买天数"), True
        ),
        Feature(
            "overdue_ratio",
            "recency",
            _SHARE,
            1,
            Text("Days since the last purchase ÷ usual gap", "距上次购买与平时间隔之比"),
            True,
        ),
        Feature(
            "silence_expected",
            "recency",
            Unit.PROBABILITY,
            1,
            Text("Silence expected from the customer's own rhythm (BG/NBD)", "按自身节奏预期的静默 (BG/NBD)"),
        ),
        Feature("usual_gap", "rhythm", _DAYS, 0, Text("Usual days between purchases", "通常购买间隔天数"), True),
        Feature(
            "gap_variation", "rhythm", _SHARE, 0, Text("Irregularity of the days between purchases", "购买间隔的波动")
        ),
        Feature("purchase_days", "frequency", _COUNT, -1, Text("Purchase days so far", "累计购买天数"), True),
        Feature(
            "purchase_days_30",
            "frequency",
            _COUNT,
            -1,
            Text("Purchase days in the last 30 days", "近30天购买天数"),
            True,
        ),
        Feature(
            "purchase_days_90",
            "frequency",
            _COUNT,
            -1,
            Text("Purchase days in the last 90 days", "近90天购买天数"),
            True,
        ),
        Feature(
            "purchase_days_365",
            "frequency",
            _COUNT,
            -1,
            Text("Purchase days in the last 365 days", "近365天购买天数"),
            True,
        ),
        Feature(
            "purchase_rate",
            "frequency",
            _SHARE,
            -1,
            Text("Purchase days per 30 days as a customer", "每30天购买天数"),
            True,
        ),
        Feature(
            "trend_purchases",
            "trend",
            _COUNT,
            -1,
            Text("Purchase days in the last 90 days less the 90 before", "近90天与前90天购买天数之差"),
        ),
        Feature(
            "trend_money",
            "trend",
            _SHARE,
            -1,
            Text("Share of the last 180 days' sales in the last 90", "近180天销售额中近90天占比"),
        ),
        Feature("money_total", "money", _MONEY, -1, Text("Sales so far", "累计销售额"), True),
        Feature("money_per_purchase", "money", _MONEY, 0, Text("Sales per purchase day", "每购买日销售额"), True),
        Feature("money_90", "money", _MONEY, -1, Text("Sales in the last 90 days", "近90天销售额"), True),
        Feature("tenure", "tenure", _DAYS, 0, Text("Days since the first purchase", "首次购买至今天数"), True),
        Feature(
            "tickets_30",
            "service",
            _COUNT,
            0,
            Text("Service tickets in the last 30 days", "近30天服务工单数"),
            True,
            "tickets",
        ),
        Feature(
            "tickets_180",
            "service",
            _COUNT,
            0,
            Text("Service tickets in the last 180 days", "近180天服务工单数"),
            True,
            "tickets",
        ),
        Feature(
            "interactions_30",
            "contact",
            _COUNT,
            0,
            Text("Interactions in the last 30 days", "近30天互动次数"),
            True,
            "interactions",
        ),
        Feature(
            "interactions_180",
            "contact",
            _COUNT,
            0,
            Text("Interactions in the last 180 days", "近180天互动次数"),
            True,
            "interactions",
        ),
        Feature(
            "days_since_interaction",
            "contact",
            _DAYS,
            0,
            Text("Days since the last interaction", "距上次互动天数"),
            True,
            "interactions",
        ),
        Feature("month", "season", _COUNT, 0, Text("Month of the year", "月份")),
    )
}
"""By name, in the order of the matrix's columns; attributes (`market` and others) follow in the order of
their names, each its own family."""

SEASON_MONTHS: Final = 12
"""`month` is only used when the cut-offs cover so many different months: less is a trend in disguise."""


def feature_text(name: str) -> Text:
    """What a feature is called; an attribute goes by its own name.

    >>> feature_text("tenure").en, feature_text("market").zh
    ('Days since the first purchase', '客户类型')
    """
    if name in FEATURES:
        return FEATURES[name].text
    return Text("Market", "客户类型") if name == "market" else Text(name, name)
