"""Playing a rule book forward: each instant decided from the state the instant before left, tiers only."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from engine.decisions import Moment, Outcomes, States, decide, next_states, take_rows
from engine.expressions import Columns
from engine.rulebook import MarketBook
from engine.trials.invariants import only_tiers


@dataclass(slots=True)
class Play:
    """One market's customers on their way through the instants of a back-test.

    Nobody has a tier before the first instant, nor before the first instant a customer is known at. Tiers set by
    hand are left out: it is the book that is tried.

    Attributes:
        states: Of all customers; who was not known at an instant keeps the first state.
    """

    rules: MarketBook
    states: States

    @staticmethod
    def begin(rules: MarketBook, customers: int) -> Play:
        """Before the first instant."""
        stripped = only_tiers(rules)
        return Play(stripped, States.first(customers, 0))

    def decide(self, rows: NDArray[np.intp], columns: Columns, moment: Moment) -> Outcomes:
        """Decide the customers known at an instant, and keep what that leaves.

        Args:
            rows: (known,) their rows among all customers, rising.
            columns: (known,) their facts.
        """
        before = take_rows(self.states, rows)
        outcomes = decide(self.rules, columns, before, moment)
        after = next_states(outcomes, before, self.rules, moment)
        for field in fields(States):
            whole = getattr(self.states, field.name).copy()
            whole[rows] = getattr(after, field.name)
            self.states = replace(self.states, **{field.name: whole})
        return outcomes


def rank_of(outcomes: Outcomes) -> NDArray[np.int64]:
    """(customers,) what a ladder ranks by: the score, or where it is unknown the lowest it can be."""
    return np.where(outcomes.score >= 0, outcomes.score, outcomes.low).astype(np.int64)
