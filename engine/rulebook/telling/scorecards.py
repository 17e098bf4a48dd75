"""Scorecards in words: what each criterion weighs, and its points value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Final

from engine.expressions.amounts import plain, spoken
from engine.expressions.tree import Bins, Curve
from engine.rulebook.book import MarketBook
from engine.rulebook.telling.names import Words
from engine.rulebook.telling.phrases import Line, join, named, quoted, say
from engine.scoring.model import Criterion, MissingPolicy, Scorecard
from engine.vocabulary import POINTS_SCALE, Text

MISSING_TEXTS: Final[Mapping[MissingPolicy, Text]] = {
    MissingPolicy.RENORMALISE: Text("it is left out of the score", "不计入得分"),
    MissingPolicy.NEUTRAL: Text("it counts 50 points", "按 50 分计"),
    MissingPolicy.WORST: Text("it counts its lowest points", "按其最低分计"),
    MissingPolicy.BEST: Text("it counts its highest points", "按其最高分计"),
}
"""What the absence of a criterion's metric means, in words."""

_LATER: Final = Text(", ", "，")


def tell_scorecard(rules: MarketBook, words: Words) -> Iterator[Line]:
    """The score and every criterion with its share of it."""
    card = rules.scorecard
    told = say(
        "The score runs from 0 to 100 points; {n} make it up.",
        "得分为 0 至 100 分，由 {n} 项评分构成。",
        n=Text("1 criterion" if len(card.criteria) == 1 else f"{len(card.criteria)} criteria", str(len(card.criteria))),
    )
    yield Line(told, card.place, 1)
    if card.min_known_weight:
        text = say(
            "There is a score only if criteria that make up at least {n} % of the weight are known.",
            "已知评分项的权重合计达到 {n} % 才有得分。",
            n=card.min_known_weight,
        )
        yield Line(text, card.place, 1)
    total = sum(one.weight for one in card.criteria)
    if total != 100:
        text = say(
            "The weights sum to {n}, not 100: each counts by its share of the sum.",
            "权重合计为 {n}，不是 100：各项按其占合计的比例计。",
            n=total,
        )
        yield Line(text, card.place, 1)
    for criterion in card.criteria:
        yield Line(_criterion(criterion, card, rules, words), criterion.place, 2)


def weight_share(criterion: Criterion, card: Scorecard) -> Decimal:
    """Percent of the score's weight, rounded to a tenth."""
    total = sum(one.weight for one in card.criteria)
    return round(Decimal(100 * criterion.weight) / total, 1)


def points_text(stored: int) -> str:
    """Points or a score as people write them.

    >>> points_text(702_500)
    '70.25'
    """
    return plain(Decimal(stored) / POINTS_SCALE)


def tell_points(node: Curve | Bins, words: Words) -> Text:
    """The points value by value."""
    return _curve(node, words) if isinstance(node, Curve) else _bins(node, words)


def _criterion(criterion: Criterion, card: Scorecard, rules: MarketBook, words: Words) -> Text:
    reason = rules.reasons.get(criterion.reason or "")
    parts = [
        say(
            "{name} makes up {share} % of the score, by {metric}.",
            "{name}占得分的 {share} %，依据{metric}。",
            name=named(criterion.title, criterion.name),
            share=plain(weight_share(criterion, card)),
            metric=words.name(criterion.metric),
        ),
        tell_points(criterion.node, words),
        say("While it is unknown, {what}.", "未知时{what}。", what=MISSING_TEXTS[criterion.missing]),
    ]
    if reason is not None:
        parts.append(say("When it costs points one says: {text}.", "失分时的说明：{text}。", text=quoted(reason.text)))
    return join(Text(" ", ""), parts)


def _curve(node: Curve, words: Words) -> Text:
    nodes = list(zip(node.xs, node.ys, strict=True))
    first, last = nodes[0], nodes[-1]
    parts = [
        say("{y} points up to {x}", "{x} 及以下得 {y} 分", x=_value(node, first[0], words), y=points_text(first[1]))
    ]
    parts += [say("{y} at {x}", "{x} 得 {y} 分", x=_value(node, x, words), y=points_text(y)) for x, y in nodes[1:-1]]
    parts.append(say("{y} from {x} on", "{x} 及以上得 {y} 分", x=_value(node, last[0], words), y=points_text(last[1])))
    return say("{parts}, evenly in between.", "{parts}，其间按比例递变。", parts=join(_LATER, parts))


def _bins(node: Bins, words: Words) -> Text:
    edges = [_value(node, edge, words) for edge in node.edges]
    parts = [say("{y} points below {x}", "低于 {x} 得 {y} 分", x=edges[0], y=points_text(node.ys[0]))]
    for index, (low, high) in enumerate(pairwise(edges), 1):
        middle = say("{y} from {low} to below {high}", "{low} 至不足 {high} 得 {y} 分", low=low, high=high,
                     y=points_text(node.ys[index]))  # fmt: skip
        parts.append(middle)
    parts.append(say("{y} from {x} on", "{x} 及以上得 {y} 分", x=edges[-1], y=points_text(node.ys[-1])))
    return say("{parts}.", "{parts}。", parts=join(_LATER, parts))


def _value(node: Curve | Bins, stored: int, words: Words) -> Text:
    return spoken(stored, node.operand.unit, node.operand.scale, words.currency)
