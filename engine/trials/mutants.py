"""Small changes of a book, one at a time: every threshold, edge, weight, point and day count moved by a step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

from engine.errors import Place
from engine.expressions.tree import Bins, Curve
from engine.metrics import Metric
from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book, MarketBook, Tier
from engine.scoring import Criterion
from engine.trials.equivalence import same_least_known, same_points, same_weights
from engine.trials.invariants import shown_value
from engine.trials.steps import stored_step
from engine.vocabulary import POINTS_SCALE, Market, Text, Unit

_FULL: Final = 100 * POINTS_SCALE
_DAY_COUNTS: Final = (
    ("grace_days", "grace", Text("grace", "宽限期")),
    ("min_dwell_days", "min_dwell", Text("least stay", "最短停留")),
)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A book with one small change.

    Attributes:
        text: What was changed, in words.
        markets: The markets it changes.
        metrics: All metrics, if it changes one.
        same: It provably changes nothing.
    """

    place: Place
    text: Text
    markets: Mapping[Market, MarketBook]
    metrics: Mapping[str, Metric] | None = None
    same: bool = False


@dataclass(frozen=True, slots=True)
class MarketMutants:
    """Changes in one market's own file; those in conditions are in `engine.trials.moved_conditions`."""

    book: Book
    rules: MarketBook
    at: Addresses

    def all(self) -> Iterator[Mutant]:
        """Changes that the checker would let pass: bounds and orders are kept."""
        for index, criterion in enumerate(self.rules.scorecard.criteria):
            yield from self._weights(index, criterion)
            yield from self._points(index, criterion)
        yield from self._least_known()
        for index, tier in enumerate(self.rules.tiers):
            yield from self._at_least(index, tier)
        yield from self._stability()
        yield from self._risk()

    def mutant(self, address: tuple[str | int, ...], text: Text, rules: MarketBook, *, same: bool = False) -> Mutant:
        """A change of this market; its text is introduced by the market's name."""
        market = self.rules.market
        said = Text(f"{market.value} · {text.en}", f"{market.value} · {text.zh}")
        return Mutant(self.at.place(market.value.lower(), *address), said, {market: rules}, same=same)

    def _criterion(self, index: int, changed: Criterion) -> MarketBook:
        criteria = self.rules.scorecard.criteria
        found = (*criteria[:index], changed, *criteria[index + 1 :])
        return replace(self.rules, scorecard=replace(self.rules.scorecard, criteria=found))

    def _weights(self, index: int, criterion: Criterion) -> Iterator[Mutant]:
        for weight in (criterion.weight + 1, criterion.weight - 1):
            if weight < 1:
                continue
            rules = self._criterion(index, replace(criterion, weight=weight))
            text = _change(Text(f"{criterion.name}: weight", f"{criterion.name}：权重"), criterion.weight, weight)
            same = same_weights(self.rules.scorecard, rules.scorecard)
            yield self.mutant(("scorecard", "criteria", criterion.name, "weight"), text, rules, same=same)

    def _points(self, index: int, criterion: Criterion) -> Iterator[Mutant]:
        node, metric = criterion.node, self.book.metrics[criterion.metric]
        bins = isinstance(node, Bins)
        xs, shape = (node.edges, "bins") if isinstance(node, Bins) else (node.xs, "curve")
        base = ("scorecard", "criteria", criterion.name, shape)
        for position, x in enumerate(xs):
            what = Text(
                f"{criterion.name}: {'edge' if bins else 'value'}", f"{criterion.name}：{'边界' if bins else '取值'}"
            )
            for moved in _moved_x(metric, xs, position):
                changed = (*xs[:position], moved, *xs[position + 1 :])
                other: Curve | Bins
                other = replace(node, edges=changed) if isinstance(node, Bins) else replace(node, xs=changed)
                text = _change(what, shown_value(metric, x), shown_value(metric, moved))
                address = (*base, "edges", position) if bins else (*base, position, 0)
                yield self._shaped(index, criterion, other, address, text)
        for position, y in enumerate(node.ys):
            what = Text(f"{criterion.name}: points", f"{criterion.name}：分数")
            for moved in _moved_points(y):
                other = replace(node, ys=(*node.ys[:position], moved, *node.ys[position + 1 :]))
                address = (*base, "points", position) if bins else (*base, position, 1)
                yield self._shaped(index, criterion, other, address, _change(what, _points(y), _points(moved)))

    def _shaped(
        self, index: int, criterion: Criterion, node: Curve | Bins, address: tuple[str | int, ...], text: Text
    ) -> Mutant:
        rules = self._criterion(index, replace(criterion, node=node))
        return self.mutant(address, text, rules, same=same_points(criterion.node, node))

    def _least_known(self) -> Iterator[Mutant]:
        card = self.rules.scorecard
        for percent in (card.min_known_weight + 1, card.min_known_weight - 1) if card.min_known_weight else ():
            if percent > 100:
                continue
            rules = replace(self.rules, scorecard=replace(card, min_known_weight=percent))
            text = _change(Text("least known weight (%)", "最低已知权重（%）"), card.min_known_weight, percent)
            address = ("scorecard", "missing", "min_known_weight")
            yield self.mutant(address, text, rules, same=same_least_known(card, percent))

    def _at_least(self, index: int, tier: Tier) -> Iterator[Mutant]:
        for moved in _moved_points(tier.at_least) if tier.at_least is not None else ():
            tiers = (*self.rules.tiers[:index], replace(tier, at_least=moved), *self.rules.tiers[index + 1 :])
            starts = [one.at_least for one in tiers if one.at_least is not None]
            if any(better <= worse for better, worse in pairwise(starts)):
                continue
            what = Text(f"tier {tier.key}: starts at", f"等级 {tier.key}：起点分")
            text = _change(what, _points(tier.at_least or 0), _points(moved))
            yield self.mutant(("tiers", tier.key, "at_least"), text, replace(self.rules, tiers=tiers))

    def _stability(self) -> Iterator[Mutant]:
        kept = self.rules.stability
        for margin in _moved_points(kept.exit_margin) if kept.exit_margin else ():
            text = _change(Text("exit margin", "退出余量"), _points(kept.exit_margin), _points(margin))
            rules = replace(self.rules, stability=replace(kept, exit_margin=margin))
            yield self.mutant(("stability", "exit_margin"), text, rules)
        for field, key, what in _DAY_COUNTS:
            days = getattr(kept, field)
            for moved in (days + 1, days - 1) if days else ():
                rules = replace(self.rules, stability=replace(kept, **{field: moved}))
                yield self.mutant(("stability", key), _change(what, f"{days}d", f"{moved}d"), rules)
        for dates in (kept.confirm + 1, kept.confirm - 1) if kept.confirm > 1 else ():
            rules = replace(self.rules, stability=replace(kept, confirm=dates))
            yield self.mutant(
                ("stability", "confirm"), _change(Text("confirmations", "确认次数"), kept.confirm, dates), rules
            )

    def _risk(self) -> Iterator[Mutant]:
        risk = self.rules.risk
        if risk is None:
            return
        metric = self.book.metrics[risk.metric]
        for position, edge in enumerate(risk.edges):
            for moved in _moved_x(metric, risk.edges, position) if position else ():
                edges = (*risk.edges[:position], moved, *risk.edges[position + 1 :])
                key = risk.keys[position]
                what = Text(f"risk {key}: from", f"流失风险 {key}：下限")
                text = _change(what, shown_value(metric, edge), shown_value(metric, moved))
                yield self.mutant(("risk", "bands", key), text, replace(self.rules, risk=replace(risk, edges=edges)))


def _moved_x(metric: Metric, xs: tuple[int, ...], position: int) -> Iterator[int]:
    """One of some rising stored values a step up and down, where they go on rising and can be written."""
    beside = next((abs(x) for x in xs if x), 0)
    step = stored_step(metric.unit, metric.scale, xs[position], beside)
    for moved in (xs[position] + step, xs[position] - step):
        others = (*xs[:position], moved, *xs[position + 1 :])
        written = metric.unit is not Unit.PROBABILITY or 0 <= moved <= metric.scale
        if written and all(low < high for low, high in pairwise(others)):
            yield moved


def _moved_points(points: int) -> Iterator[int]:
    """Points a point up and down, between 0 and 100."""
    for moved in (points + POINTS_SCALE, points - POINTS_SCALE):
        if 0 <= moved <= _FULL:
            yield moved


def _change(what: Text, before: object, after: object) -> Text:
    return Text(f"{what.en} {before} → {after}", f"{what.zh} {before} → {after}")


def _points(stored: int) -> str:
    return f"{(Decimal(stored) / POINTS_SCALE).normalize():f}"
