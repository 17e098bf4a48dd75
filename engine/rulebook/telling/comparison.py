"""Two markets of a book side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.expressions.amounts import exact, plain
from engine.expressions.tree import Curve
from engine.rulebook.book import Book, Gate, MarketBook, Stability, Tier
from engine.rulebook.telling.conditions import Speaker
from engine.rulebook.telling.header import share
from engine.rulebook.telling.names import Words, words_of
from engine.rulebook.telling.phrases import days, say
from engine.rulebook.telling.scorecards import MISSING_TEXTS, points_text, tell_points, weight_share
from engine.rulebook.telling.tiers import tier_name
from engine.scoring.model import Criterion
from engine.vocabulary import RISK_TEXTS, Market, Risk, Text

SECTIONS: Final[Mapping[str, Text]] = {
    "weights": Text("Share of the score", "占得分的比例"),
    "starts": Text("Where tiers start, in points", "等级起点分"),
    "stability": Text("How reluctantly tiers move", "等级稳定性"),
    "risk": Text("Where churn risk bands start", "流失风险档位起点"),
    "points": Text("What earns points", "得分方式"),
    "gates": Text("What a tier asks besides the score", "等级的附加条件"),
    "or_when": Text("Other ways into a tier", "等级的其他进入途径"),
    "force": Text("What decides the tier outright", "直接决定等级的规则"),
}
"""What is compared, in order."""

SHORT: Final = ("weights", "starts", "stability", "risk")
"""Sections whose cells fit into a table."""

_STEPS: Final = {
    "one_step": Text("one tier at a time", "每次一级"),
    "immediate": Text("all the way at once", "一次到位"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one market says of an item: a value as rule files or percentages have it, and the same in words."""

    value: str
    text: Text


@dataclass(frozen=True, slots=True)
class Row:
    """One item of both markets; None: the market does not have it."""

    section: str
    item: str
    title: Text
    left: Cell | None
    right: Cell | None

    @property
    def same(self) -> bool:
        """Both say the same."""
        return self.left is not None and self.right is not None and self.left.value == self.right.value


_Items = Iterator[tuple[str, str, Text, Cell]]


def compare_markets(book: Book, left: Market, right: Market) -> tuple[Row, ...]:
    """Every rule of two markets side by side, by section; items in the order of the left market."""
    words = words_of(book)
    sides = [{(section, item): (title, cell) for section, item, title, cell in _items(book.markets[market], words)}
             for market in (left, right)]  # fmt: skip
    rows = []
    for section, item in dict.fromkeys((*sides[0], *sides[1])):
        found = [side.get((section, item)) for side in sides]
        title = next(one[0] for one in found if one is not None)
        cells = [one[1] if one is not None else None for one in found]
        rows.append(Row(section, item, title, cells[0], cells[1]))
    order = list(SECTIONS)
    return tuple(sorted(rows, key=lambda row: order.index(row.section)))


def _items(rules: MarketBook, words: Words) -> _Items:
    """Section, name, title and value of every rule of a market."""
    for criterion in rules.scorecard.criteria:
        yield from _criterion(criterion, rules, words)
    least = rules.scorecard.min_known_weight
    yield (
        "weights",
        "min_known_weight",
        Text("known weight needed for a score", "有得分所需的已知权重"),
        _percent(least),
    )
    for tier in rules.tiers:
        yield from _tier(tier, words)
    for rule in rules.force:
        condition = Speaker(words).condition(rule.when.node)
        text = say("if {what}: tier {tier}", "若{what}：等级 {tier}", what=condition, tier=rule.tier)
        yield "force", rule.name, rule.title, Cell(f"{rule.when.text} → {rule.tier}", text)
    yield from _stability(rules.stability)
    if rules.risk is not None:
        for key, edge in zip(rules.risk.keys, rules.risk.edges, strict=True):
            yield "risk", key, RISK_TEXTS[Risk(key)], Cell(share(edge).removesuffix(" %"), Text(share(edge)))


def _criterion(criterion: Criterion, rules: MarketBook, words: Words) -> _Items:
    portion = plain(weight_share(criterion, rules.scorecard))
    yield "weights", criterion.name, criterion.title, Cell(portion, Text(f"{portion} %"))
    points = tell_points(criterion.node, words)
    by = say(
        "by {metric}: {points} While it is unknown, {missing}.",
        "依据{metric}：{points}未知时{missing}。",
        metric=words.name(criterion.metric),
        points=points,
        missing=MISSING_TEXTS[criterion.missing],
    )
    yield "points", criterion.name, criterion.title, Cell(_points(criterion), by)


def _points(criterion: Criterion) -> str:
    """What earns points as a rule file has it, to the last digit of its numbers."""
    node = criterion.node
    xs = [exact(x, node.operand.unit, node.operand.scale) for x in (node.xs if isinstance(node, Curve) else node.edges)]
    ys = [points_text(y) for y in node.ys]
    if isinstance(node, Curve):
        nodes = ", ".join(f"[{x}, {y}]" for x, y in zip(xs, ys, strict=True))
        earned = f"curve: [{nodes}]"
    else:
        earned = f"bins: {{edges: [{', '.join(map(str, xs))}], points: [{', '.join(ys)}]}}"
    return f"{{metric: {criterion.metric}, {earned}, missing: {criterion.missing}}}"


def _tier(tier: Tier, words: Words) -> _Items:
    title = tier_name(tier)
    if tier.at_least is None:
        yield "starts", tier.key, title, Cell("", Text("everybody else", "其余客户"))
    else:
        start = points_text(tier.at_least)
        yield "starts", tier.key, title, Cell(start, Text(start))
    for gate in tier.gates:
        yield (
            "gates",
            f"{tier.key}.{gate.name}",
            say("{tier} · {gate}", "{tier} · {gate}", tier=title, gate=gate.title),
            _gate(gate, words),
        )
    if tier.or_when is not None:
        yield "or_when", tier.key, title, _gate(tier.or_when, words)


def _gate(gate: Gate, words: Words) -> Cell:
    return Cell(f"{gate.when.text} ({gate.on_unknown})", Speaker(words).condition(gate.when.node))


def _stability(stability: Stability) -> _Items:
    margin = points_text(stability.exit_margin)
    yield "stability", "exit_margin", Text("exit margin, points", "退出余量（分）"), Cell(margin, Text(margin))
    for key, title, number in (
        ("grace", Text("grace", "宽限期"), stability.grace_days),
        ("min_dwell", Text("least stay", "最短停留"), stability.min_dwell_days),
    ):
        yield "stability", key, title, Cell(str(number), days(number))
    yield "stability", "down", Text("down", "降级方式"), Cell(stability.down, _STEPS[stability.down])
    yield "stability", "up", Text("up", "升级方式"), Cell(stability.up, _STEPS[stability.up])
    confirm = str(max(stability.confirm, 1))
    yield (
        "stability",
        "confirm",
        Text("deciding days that must agree", "须一致的决定日数"),
        Cell(confirm, Text(confirm)),
    )


def _percent(number: int) -> Cell:
    return Cell(str(number), Text(f"{number} %"))
