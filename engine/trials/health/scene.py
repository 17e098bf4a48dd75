"""A base of customers decided by a book, with every rule's answer at hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from engine.decisions import Outcomes, decide
from engine.decisions.names import market_column
from engine.decisions.pipeline import names_after
from engine.decisions.reading import TRUE, UNKNOWN, ColumnarReading
from engine.expressions import Columns, Expression, ScoreColumn
from engine.rulebook import MarketBook
from engine.trials.claims import Base

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truths:
    """A condition's answers, (customers,) each."""

    holds: Flags
    unknown: Flags


@dataclass(frozen=True)
class Scene:
    """One market's customers under one market's rules; every array is (customers,)."""

    rules: MarketBook
    base: Base

    @property
    def customers(self) -> int:
        """How many there are."""
        return len(self.base.states.tier)

    @cached_property
    def outcomes(self) -> Outcomes:
        """What the rules decide for them; who was decided so already keeps the tier that came out."""
        states, decided = self.base.states, self.base.decided
        found = decide(self.rules, self.base.columns, states, self.base.moment)
        if decided is None:
            return found
        tier = np.where(decided, states.tier, found.tier)
        effective = np.where(decided & (states.override < 0), states.tier, found.effective)
        return replace(found, tier=tier, effective=effective)

    @cached_property
    def by_hand(self) -> Flags:
        """Whose tier is set by hand to another than the computed one."""
        states = self.base.states
        return np.asarray((states.override >= 0) & (states.override != self.outcomes.tier), np.bool_)

    def scored(self, expression: Expression) -> Truths:
        """A condition of the ladder, which may read the score."""
        found = self.outcomes
        score = ScoreColumn(
            found.score.astype(np.int64), found.low.astype(np.int64), found.high.astype(np.int64), found.score >= 0
        )
        return _told(self._reading.truths(expression, score=score))

    def staged(self, expression: Expression) -> Truths:
        """A condition of a stage, a campaign or a tag, which may read what was decided before it."""
        return _told(self._reading.truths(expression, self._given))

    @cached_property
    def _reading(self) -> ColumnarReading:
        columns = {**self.base.columns, "market": market_column(self.rules.market, self.customers)}
        return ColumnarReading(columns, self.customers, self.base.moment.day)

    @cached_property
    def _given(self) -> Columns:
        return names_after(self.rules, self.base.states, self.outcomes)


def _told(truths: NDArray[np.uint8]) -> Truths:
    return Truths(truths == TRUE, truths == UNKNOWN)
