"""Time passing: a customer decided day after day, until another tier is effective.

The rules are read for many days at once, one row a day, because only stability carries anything from day to day; what
it carries is walked through day by day with the function every decision uses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Final

from engine.decisions.ladder import Asked, Ladder
from engine.decisions.model import PENDING_NONE, Codes, Moment, States
from engine.decisions.names import market_column
from engine.decisions.pipeline import Rated, rate_by
from engine.decisions.reading import ColumnarReading
from engine.decisions.rows import repeated_row
from engine.decisions.stability import Kept, keep
from engine.expressions import Columns, ScoreColumn
from engine.rulebook.book import MarketBook

BLOCK: Final = 365
"""Days whose facts are asked for at once."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day on which the customer would be decided; `override`: tier by hand in force, or −1."""

    moment: Moment
    override: int


@dataclass(frozen=True, slots=True)
class Passed:
    """The first day on which another tier is effective.

    Attributes:
        index: Which of the days; `tier` what is effective on it, −1: UNRATED.
        states: What the decision of that day starts from; `before`: that of the day before (None: there is none).
    """

    index: int
    tier: int
    states: States
    before: States | None


def pass_time(
    book: MarketBook, states: States, days: Sequence[Day], facts: Callable[[int, int], Columns], together: bool
) -> Passed | None:
    """Decide a customer on one day after the other; None: the effective tier stays.

    Args:
        states: What the latest decision left, one row.
        days: Rising.
        facts: The metrics on the days from one position up to another, one row a day.
        together: No rule and no calculated metric asks which day it is, so that days are read in one frame.
    """
    walk = _Walk(book, states, days, int(states.effective[0]))
    block = BLOCK if together else 1
    for start in range(0, len(days), block):
        stop = min(start + block, len(days))
        found = walk.through(start, stop, facts(start, stop))
        if found is not None:
            return found
    return None


@dataclass(slots=True)
class _Walk:
    """Where the customer stands; `states` before the next day, `before` before the day just decided."""

    book: MarketBook
    states: States
    days: Sequence[Day]
    effective: int
    before: States | None = None

    def through(self, start: int, stop: int, columns: Columns) -> Passed | None:
        """Decide the days of a block; whenever tier or force has moved, the rest is read from the new state."""
        while start < stop:
            taken = {name: column.take(slice(len(column) - (stop - start), None)) for name, column in columns.items()}
            length = stop - start
            taken["market"] = market_column(self.book.market, length)
            reading = ColumnarReading(taken, length, self.days[start].moment.day)
            rated = rate_by(reading, self.book, repeated_row(self.states, length))
            for row in range(length):
                position, states = start + row, self.states
                tier = self._decide(rated, row, self.days[position].moment)
                override = self.days[position].override
                effective = override if override >= 0 else tier
                if effective != self.effective:
                    return Passed(position, effective, states, self.before)
                self.before = states
                if (tier, int(self.states.forced[0])) != (int(states.tier[0]), int(states.forced[0])):
                    break
            start = position + 1
        return None

    def _decide(self, rated: Rated, row: int, moment: Moment) -> int:
        """The stored tier after one day; the state moves on."""
        states, asked = self.states, rated.asked
        tier = int(states.tier[0])
        quiet = asked.forced[row] < 0 and states.forced[0] < 0 and states.pending[0] == PENDING_NONE
        if quiet and asked.computed[row] == tier:
            return tier
        one = slice(row, row + 1)
        ladder = Ladder(rated.ladder.worst[one], rated.ladder.best[one], tuple(g[one] for g in rated.ladder.gates))
        score = _row(rated.scored.score, one)
        mine = Asked(**{field.name: getattr(asked, field.name)[one] for field in fields(Asked)})
        kept = keep(self.book, states, moment, score=score, ladder=ladder, asked=mine)
        self.states = _following(states, kept, mine.forced)
        return int(kept.tier[0])


def _row(score: ScoreColumn, one: slice) -> ScoreColumn:
    return ScoreColumn(**{field.name: getattr(score, field.name)[one] for field in fields(ScoreColumn)})


def _following(states: States, kept: Kept, forced: Codes) -> States:
    """What the next day starts from, as far as tiers depend on it."""
    return replace(
        states,
        tier=kept.tier,
        since=kept.since,
        provisional=kept.provisional,
        pending=kept.pending,
        pending_to=kept.pending_to,
        pending_since=kept.pending_since,
        pending_last=kept.pending_last,
        pending_dates=kept.pending_dates,
        forced=forced,
    )
