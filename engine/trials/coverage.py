"""What a book's tests touch: tiers, outcomes of conditions, segments, risk bands, stages, triggers, tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Final

import numpy as np

from engine.campaigns import CAMPAIGN_DISPATCH
from engine.decisions import RISKS, Outcomes
from engine.errors import Place
from engine.expressions.columnar import truths
from engine.expressions.columns import ScoreColumn
from engine.expressions.tree import Bins, Call, Curve, Expression, Name
from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book, MarketBook
from engine.scoring import Criterion
from engine.trials.frames import TestFrame, frames_of
from engine.trials.invariants import shown_value
from engine.trials.report import Coverage, Missing
from engine.vocabulary import Risk, Text

KINDS: Final = ("tier", "gate", "or_when", "force", "segment", "risk", "stage", "trigger", "tag")
"""Kinds of rules, in the order of a decision."""

_OUTCOMES: Final = (Text("false", "假"), Text("true", "真"), Text("unknown", "未知"))
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class _Item:
    """Something a test can touch; the first part of the key is its kind, `text` says that no test does."""

    key: Key
    place: Place
    text: Text


def coverage_of(book: Book) -> tuple[Coverage, ...]:
    """What the tests of a book touch, by kind; kinds of which the book has none are left out.

    A tier is touched when the rules ask for it (before stability and overrides), a condition once each by being
    true, false and unknown, a segment of a curve or a bin by a known value in it, a risk band, a stage (a line of
    the lifecycle) and a tag by being given, a trigger by reaching a customer. What both markets share counts once.
    """
    at = Addresses(book)
    items = [*_shared(book), *(item for rules in book.markets.values() for item in _of_market(book, rules, at))]
    touched = {key for frame in frames_of(book) for key in _touched(book.markets[frame.market], frame)}
    found = []
    for kind in KINDS:
        mine = [item for item in items if item.key[0] == kind]
        missing = sorted((item for item in mine if item.key not in touched), key=lambda item: item.place)
        if mine:
            told = tuple(Missing(item.place, item.text) for item in missing)
            found.append(Coverage(kind, len(mine) - len(missing), len(mine), told))
    return tuple(found)


def _of_market(book: Book, rules: MarketBook, at: Addresses) -> Iterator[_Item]:
    """What one market's file has to offer."""
    market = rules.market.value
    for index, tier in enumerate(rules.tiers):
        text = Text(f"{market} · tier {tier.key}: no test leads there", f"{market} · 等级 {tier.key}：没有测试到达")
        yield _Item(("tier", market, index), tier.place, text)
    for key, what, when, place in _conditions(rules):
        for outcome in range(3 if not _always_known(when.node) else 2):
            said = _OUTCOMES[outcome]
            text = Text(f"{market} · {what.en}: in no test {said.en}", f"{market} · {what.zh}：没有测试使其为{said.zh}")
            yield _Item((*key, outcome), place, text)
    for criterion in rules.scorecard.criteria:
        yield from _segments(book, market, criterion, at)
    for band in rules.risk.keys if rules.risk is not None else ():
        place = at.place(market.lower(), "risk", "bands", band)
        text = Text(f"{market} · risk {band}: no test has it", f"{market} · 流失风险 {band}：没有测试到达")
        yield _Item(("risk", market, band), place, text)


def _shared(book: Book) -> Iterator[_Item]:
    """What both markets have in common."""
    for rules in list(book.markets.values())[:1]:
        for index, line in enumerate(rules.lifecycle):
            text = Text(f"stage {line.stage}: no test leads there", f"阶段 {line.stage}：没有测试到达")
            yield _Item(("stage", index), line.place, text)
        for trigger in rules.campaigns.triggers:
            text = Text(f"campaign {trigger.name}: reaches nobody in a test", f"活动 {trigger.name}：没有测试触达客户")
            yield _Item(("trigger", trigger.name), trigger.place, text)
        for tag in rules.campaigns.tags:
            text = Text(f"tag {tag.name}: no test has it", f"标签 {tag.name}：没有测试得到")
            yield _Item(("tag", tag.name), tag.place, text)


def _conditions(rules: MarketBook) -> Iterator[tuple[Key, Text, Expression, Place]]:
    """Gates, `or_when` and force rules: key, name in words, condition and place."""
    market = rules.market.value
    for index, tier in enumerate(rules.tiers):
        for number, gate in enumerate(tier.gates):
            what = Text(f"tier {tier.key}, gate {gate.name}", f"等级 {tier.key}，门槛 {gate.name}")
            yield ("gate", market, index, number), what, gate.when, gate.place
        if tier.or_when is not None:
            what = Text(f"tier {tier.key}, or_when", f"等级 {tier.key}，or_when")
            yield ("or_when", market, index), what, tier.or_when.when, tier.or_when.place
    for index, rule in enumerate(rules.force):
        what = Text(f"force rule {rule.name}", f"强制规则 {rule.name}")
        yield ("force", market, index), what, rule.when, rule.place


def _always_known(node: object) -> bool:
    """No missing data can make it unknown."""
    if isinstance(node, Call) and node.function in ("known", "missing"):
        return True
    if isinstance(node, tuple):
        return all(_always_known(item) for item in node)
    if isinstance(node, Name):
        return False
    return not is_dataclass(node) or all(_always_known(getattr(node, field.name)) for field in fields(node))


def _segments(book: Book, market: str, criterion: Criterion, at: Addresses) -> Iterator[_Item]:
    """The bins or the straight pieces of one criterion."""
    node, metric = criterion.node, book.metrics[criterion.metric]
    address = (market.lower(), "scorecard", "criteria", criterion.name)
    edges = [shown_value(metric, edge) for edge in (node.edges if isinstance(node, Bins) else node.xs)]
    for index in range(_pieces(node)):
        if isinstance(node, Curve):
            low, high, place = edges[index], edges[index + 1], at.place(*address, "curve", index)
        else:
            low = edges[index - 1] if index else ""
            high, place = (*edges, "")[index], at.place(*address, "bins", "points", index)
        said = _span(low, high)
        text = Text(
            f"{market} · {criterion.name}: no test with {metric.name} {said.en}",
            f"{market} · {criterion.name}：没有测试的 {metric.name} {said.zh}",
        )
        yield _Item(("segment", market, criterion.name, index), place, text)


def _span(low: str, high: str) -> Text:
    if not low:
        return Text(f"below {high}", f"低于 {high}")
    return Text(f"from {low} to {high}", f"在 {low} 至 {high}") if high else Text(f"from {low}", f"达到 {low}")


def _pieces(node: Curve | Bins) -> int:
    return len(node.ys) if isinstance(node, Bins) else max(len(node.xs) - 1, 1)


def _touched(rules: MarketBook, frame: TestFrame) -> Iterator[Key]:
    """What the tests of a frame touch."""
    market, outcomes = rules.market.value, frame.decided(rules)
    yield from (("tier", market, index) for index in _present(outcomes.computed))
    score = _score_of(outcomes)
    for key, _, when, _ in _conditions(rules):
        given = truths(when, frame.columns, len(frame.tests), score=score, day=frame.moment.day)
        yield from ((*key, outcome) for outcome in _present(given))
    for criterion in rules.scorecard.criteria:
        yield from (("segment", market, criterion.name, index) for index in _pieces_hit(criterion, frame))
    yield from (("risk", market, str(Risk(RISKS[index]))) for index in _present(outcomes.risk) if index >= 0)
    yield from (("stage", index) for index in _present(outcomes.stage_rule[~outcomes.stage_held]))
    for index, trigger in enumerate(rules.campaigns.triggers):
        if (outcomes.campaigns[:, index] == CAMPAIGN_DISPATCH).any():
            yield "trigger", trigger.name
    for index, tag in enumerate(rules.campaigns.tags):
        if outcomes.tags[:, index].any():
            yield "tag", tag.name


def _score_of(outcomes: Outcomes) -> ScoreColumn:
    values, low, high = (getattr(outcomes, name).astype(np.int64) for name in ("score", "low", "high"))
    return ScoreColumn(values, low, high, values >= 0)


def _present(codes: np.ndarray) -> Sequence[int]:
    found: Sequence[int] = np.unique(codes).tolist()
    return found


def _pieces_hit(criterion: Criterion, frame: TestFrame) -> Sequence[int]:
    """The pieces of a criterion in which some test has a known value; the ends reach outwards."""
    column, node = frame.columns.get(criterion.metric), criterion.node
    if column is None:
        return ()
    known = column.values[column.causes == 0]
    if isinstance(node, Bins):
        return _present(np.searchsorted(np.array(node.edges), known, side="right"))
    inner = np.array(node.xs[1:-1], np.int64)
    return _present(np.searchsorted(inner, known, side="right"))
