"""One market's rules under study: its space, its made-up customers, and what may still be spent on searching."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.decisions import States
from engine.decisions.explanation.values import exact
from engine.errors import Given
from engine.expressions import Column
from engine.expressions.language import SCORE
from engine.rulebook.book import Book, MarketBook
from engine.trials.analysis.mixing import focused
from engine.trials.analysis.nodes import only_rises
from engine.trials.analysis.pool import Crowd, crowd_of, made_up, single
from engine.trials.analysis.search import Answer, Asks, Field, Purse, seek, typical
from engine.trials.analysis.spans import PROVISIONAL, TIER, Box, Space, space_of
from engine.trials.analysis.steps import market_word
from engine.trials.edges import base_metrics, tier_conditions, tier_metrics
from engine.trials.found import tier_name
from engine.vocabulary import POINTS_SCALE, Unit

Facts = dict[str, int | str | None]
"""One customer: stored values or texts by metric, None: unknown."""

NODES: Final = 24_000
"""Nodes all questions about a book may look at; tenths of a second."""

_TRIED: Final = 4_096


@dataclass(frozen=True)
class Study:
    """What every analysis of one market starts from; `verdicts`: questions already answered."""

    book: Book
    rules: MarketBook
    space: Space
    purse: Purse
    verdicts: dict[object, object] = field(default_factory=dict)

    @cached_property
    def pool(self) -> Crowd:
        """Made-up customers, decided for the first time."""
        crowd = made_up(self.book, self.rules, self.space)
        return focused(self.book, self.rules, crowd, self.space.cuts[SCORE][1:], self.stage_inputs)

    @cached_property
    def total_weight(self) -> int:
        """Of all criteria."""
        return sum(criterion.weight for criterion in self.rules.scorecard.criteria)

    @cached_property
    def tier_inputs(self) -> frozenset[str]:
        """Metrics that tiers depend on and that are not calculated from others."""
        return frozenset(tier_metrics(self.book, self.rules))

    @cached_property
    def stage_inputs(self) -> frozenset[str]:
        """Metrics that stages depend on, those behind the tier not counted."""
        named = {name for line in self.rules.lifecycle if line.when is not None for name in line.when.names}
        if self.rules.risk is not None:
            named.add(self.rules.risk.metric)
        return frozenset(base_metrics(self.book, named))

    @cached_property
    def asked(self) -> frozenset[str]:
        """Metrics that conditions of the tiers read, as they are named there."""
        return frozenset(name for condition in tier_conditions(self.rules) for name in condition.names)

    @cached_property
    def more_is_better(self) -> bool:
        """Whether more points never lower a tier: no gate and no `or_when` asks for a low score, or for just one."""
        conditions = [gate.when for tier in self.rules.tiers for gate in tier.gates]
        conditions += [tier.or_when.when for tier in self.rules.tiers if tier.or_when is not None]
        return all(SCORE not in one.names or only_rises(one.node, SCORE) for one in conditions)

    @cached_property
    def stages_read_tiers(self) -> bool:
        """Whether a line of the lifecycle reads the tier."""
        return any(TIER in line.when.names for line in self.rules.lifecycle if line.when is not None)

    @cached_property
    def _field(self) -> Field:
        return Field(self.book.metrics, self.space, market_word(self.rules), self.purse)

    def inputs(self, names: Iterable[str]) -> set[str]:
        """The metrics behind some names of a condition."""
        return base_metrics(self.book, names)

    def seek(self, names: Iterable[str], asks: Asks, start: Box | None = None) -> Answer:
        """Look for a customer among all that some metrics can make up."""
        box = self.space.over(names) if start is None else start
        return seek(self._field, box, asks)

    def seek_beside(
        self, names: Iterable[str], asks: Asks, nodes: int, cuts: Mapping[str, tuple[int, ...]]
    ) -> tuple[bool, int]:
        """Whether nobody answers yes, decided beside the purse within some nodes; and how many it took.

        Args:
            cuts: Where to halve some of the metrics instead of at every place where the rules change.
        """
        purse = Purse(nodes)
        space = replace(self.space, cuts={**self.space.cuts, **cuts})
        answer = seek(replace(self._field, purse=purse, space=space), self.space.over(names), asks)
        return answer.impossible, nodes - purse.left

    def found(self, answer: Answer) -> Facts:
        """One customer of an answer's box."""
        return typical(self.space, answer.box or {})

    def row(self, rows: NDArray[np.intp], names: Iterable[str]) -> Facts:
        """The facts of the first of some made-up customers, as far as they matter."""
        row = int(rows[0])
        facts: Facts = {}
        for name in sorted(names):
            if name == PROVISIONAL:
                facts[name] = int(self.pool.outcomes.provisional[row])
            elif name == TIER:
                facts[name] = tier_name(self.rules, int(self.pool.outcomes.effective[row]))
            else:
                facts[name] = self.pool.columns[name].fact(row).value
        return facts

    def countable(self, box: Box) -> bool:
        """Whether the customers of a box are few enough to try every one."""
        return math.prod(span.high - span.low + 1 for span in box.values()) <= _TRIED

    def every(self, box: Box) -> Crowd:
        """All customers of a box in which everything is known."""
        grids = np.meshgrid(*(np.arange(span.low, span.high + 1) for span in box.values()), indexing="ij")
        columns = {
            name: Column(
                grid.ravel().astype(np.int64),
                np.zeros(grid.size, np.uint8),
                self.book.metrics[name].unit,
                box[name].texts,
            )
            for name, grid in zip(box, grids, strict=True)
        }
        return crowd_of(self.book, self.rules, columns, grids[0].size)

    def alone(self, facts: Facts, states: States | None = None) -> Crowd:
        """One customer decided."""
        return single(self.book, self.rules, facts, states)

    def witness(self, facts: Facts) -> tuple[Given, ...]:
        """Facts as they are shown."""
        shown = []
        for name, value in facts.items():
            if name not in self.book.metrics:
                shown.append(also(name, str(value)))
                continue
            metric = self.book.metrics[name]
            shown.append(Given(name, exact(value, metric.unit, metric.scale), metric.unit))
        return tuple(shown)


def study_of(book: Book, rules: MarketBook, purse: Purse) -> Study:
    """A study of one market.

    Args:
        purse: Shared by all markets.
    """
    return Study(book, rules, space_of(book, rules), purse)


def also(name: str, text: str) -> Given:
    """A fact that is no metric, e.g. the stored tier."""
    return Given(name, text, Unit.TEXT)


def points_text(stored: int) -> str:
    """Points or a score as people write them.

    >>> points_text(700000), points_text(705000)
    ('70', '70.5')
    """
    return f"{(Decimal(stored) / POINTS_SCALE).normalize():f}"
