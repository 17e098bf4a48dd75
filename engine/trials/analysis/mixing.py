"""Customers mixed from two: right at a threshold of the score, or of the tier of one and the stage of the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions import Column
from engine.rulebook.book import Book, MarketBook
from engine.trials.analysis.pool import Crowd, crowd_of, joined

_EACH: Final = 192
"""Customers at each threshold; a market with many thresholds gets fewer at each."""

_MOST: Final = 1_536
_CROSSED: Final = 16
"""Customers of each tier in each stage."""

_SEED: Final = 20_260_103

Pair = tuple[NDArray[np.intp], NDArray[np.intp]]
"""Customers below a threshold, and customers above it."""


def focused(
    book: Book, rules: MarketBook, crowd: Crowd, thresholds: Sequence[int], stage_inputs: Collection[str]
) -> Crowd:
    """The crowd with more customers next to every threshold of the score, and of every tier in every stage.

    Args:
        thresholds: Scores in 0.0001.
        stage_inputs: Metrics that stages depend on.
    """
    names = [name for name in sorted(crowd.columns) if name in crowd.given]
    if not names:
        return crowd
    parts = [{name: crowd.columns[name] for name in names}]
    parts += _at_thresholds(rules, crowd, names, thresholds)
    parts += _crossed(rules, crowd, names, stage_inputs)
    return crowd_of(book, rules, joined(parts), sum(len(part[names[0]]) for part in parts))


def _at_thresholds(
    rules: MarketBook, crowd: Crowd, names: list[str], thresholds: Sequence[int]
) -> Iterator[dict[str, Column]]:
    """Of two customers the first metrics are taken from the one above and the others from the one below, as many as
    bring the score across: then no step is wider than what one metric brings."""
    chance = np.random.default_rng(_SEED)
    each = min(_EACH, _MOST // max(len(thresholds), 1))
    brought = _brought(rules, crowd, names)
    for needed in thresholds:
        whole = crowd.score.known & (crowd.score.low == crowd.score.high)
        below = np.flatnonzero(whole & (crowd.score.low < needed))
        above = np.flatnonzero(whole & (crowd.score.low >= needed))
        if len(below) and len(above):
            pair = chance.choice(below, each), chance.choice(above, each)
            yield _mixed(crowd, names, brought, _weight(rules) * needed, pair)


def _crossed(
    rules: MarketBook, crowd: Crowd, names: list[str], stage_inputs: Collection[str]
) -> Iterator[dict[str, Column]]:
    """What stages depend on from a customer of one stage, everything else from a customer of one tier."""
    chance = np.random.default_rng(_SEED)
    if not (rules.campaigns.triggers or rules.campaigns.tags):
        return
    staged = [np.flatnonzero((crowd.outcomes.stage_rule == line) & ~crowd.outcomes.stage_open)
              for line in range(len(rules.lifecycle))]  # fmt: skip
    for tier in range(len(rules.tiers)):
        rated = np.flatnonzero((crowd.outcomes.effective == tier) & ~crowd.outcomes.provisional)
        for lined in staged:
            if len(rated) and len(lined):
                by_tier, by_stage = chance.choice(rated, _CROSSED), chance.choice(lined, _CROSSED)
                yield {name: crowd.columns[name].take(by_stage if name in stage_inputs else by_tier) for name in names}


def _weight(rules: MarketBook) -> int:
    return sum(criterion.weight for criterion in rules.scorecard.criteria)


def _brought(rules: MarketBook, crowd: Crowd, names: list[str]) -> NDArray[np.int64]:
    """(metrics, customers) weight times points that each metric brings directly."""
    brought = np.zeros((len(names), len(crowd)), np.int64)
    for index, criterion in enumerate(rules.scorecard.criteria):
        if criterion.metric in names:
            points = np.maximum(crowd.outcomes.points[:, index], 0).astype(np.int64)
            brought[names.index(criterion.metric)] += points * criterion.weight
    return brought


def _mixed(crowd: Crowd, names: list[str], brought: NDArray[np.int64], needed: int, pair: Pair) -> dict[str, Column]:
    below, above = pair
    chance = np.random.default_rng(needed)
    order = chance.permutation(len(names))
    gained = np.cumsum((brought[:, above] - brought[:, below])[order], axis=0)
    reached = brought[:, below].sum(axis=0) + gained >= needed
    first = np.where(reached.any(axis=0), reached.argmax(axis=0), len(names) - 1)
    taken = first + chance.integers(0, 2, len(first))  # just below the threshold, or just across it
    columns = {}
    for position, at in enumerate(order):
        rows = np.where(position < taken, above, below)
        columns[names[at]] = crowd.columns[names[at]].take(rows)
    return columns
