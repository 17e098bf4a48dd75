"""How reluctantly tiers move: exit margin, grace, minimum dwell, confirmation, steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.decisions.ladder import Asked, Ladder
from engine.decisions.model import (
    HOLDS,
    NO_DAY,
    NONE,
    PENDING_DOWN,
    PENDING_NONE,
    PENDING_UP,
    Codes,
    Days,
    Flags,
    Moment,
    States,
)
from engine.expressions.columns import ScoreColumn
from engine.rulebook.book import MarketBook, Stability
from engine.vocabulary import HoldCause

Rows = NDArray[np.intp]

_HOLD = {cause: index for index, cause in enumerate(HOLDS)}


@dataclass(frozen=True, slots=True)
class Kept:
    """The stored tier after stability with what holds it, (customers,); fields as in `Outcomes`."""

    tier: Codes
    since: Days
    provisional: Flags
    held_by: NDArray[np.int8]
    until: Days
    pending: NDArray[np.int8]
    pending_to: Codes
    pending_since: Days
    pending_last: Days
    pending_dates: Codes


def keep(book: MarketBook, states: States, moment: Moment, *, score: ScoreColumn, ladder: Ladder, asked: Asked) -> Kept:
    """Move the stored tiers as far as the book's stability lets them.

    A force, the first rating and leaving UNRATED are never delayed. Whoever stays for missing data, within
    the margin or because nothing asks for a move has no pending move afterwards. A force writes the tier
    anew each time it applies, so the dwell after it counts from the last decision it held in; since when the
    effective tier holds is `effective_since`.
    """
    rated = states.tier >= 0
    delayed = rated & ~asked.skips
    kept = _unmoved(states, asked, delayed)
    mover = _Mover(book.stability, states, moment, asked, kept)
    falling = np.flatnonzero(delayed & (asked.computed > states.tier))
    if len(falling):
        below = _below(book, states.tier[falling], score, ladder, falling)
        kept.held_by[falling[~below]] = _HOLD[HoldCause.EXIT_MARGIN]
        mover.down(falling[below])
    rising = np.flatnonzero(delayed & (asked.computed < states.tier))
    if len(rising):
        mover.up(rising)

    moved = kept.tier != states.tier
    since = np.where(moved | (asked.forced >= 0), moment.day, states.since).astype(np.int32)
    first = ~rated & (kept.tier >= 0)
    marked = (first | (states.provisional & rated & ~moved)) & (asked.forced < 0) & (asked.worst != asked.best)
    return replace(kept, since=since, provisional=marked)


def _unmoved(states: States, asked: Asked, delayed: Flags) -> Kept:
    """Everybody whose move is not delayed where it leads, the others where they were; nothing pending."""
    length = len(delayed)
    return Kept(
        tier=np.where(delayed, states.tier, asked.computed).astype(np.int16),
        since=states.since,
        provisional=states.provisional,
        held_by=np.where(asked.missing, _HOLD[HoldCause.MISSING_DATA], NONE).astype(np.int8),
        until=np.full(length, NO_DAY, np.int32),
        pending=np.full(length, PENDING_NONE, np.int8),
        pending_to=np.full(length, NONE, np.int16),
        pending_since=np.full(length, NO_DAY, np.int32),
        pending_last=np.full(length, NO_DAY, np.int32),
        pending_dates=np.zeros(length, np.int16),
    )


def _below(book: MarketBook, stored: Codes, score: ScoreColumn, ladder: Ladder, rows: Rows) -> Flags:
    """Whose stored tier is lost beyond doubt: a gate known to fail, or the whole range of the score below the
    exit margin. The tier's `or_when` does not hold: otherwise nothing would ask them to fall."""
    below = np.zeros(len(rows), np.bool_)
    for index, tier in enumerate(book.tiers[:-1]):
        mine = stored == index
        at = rows[mine]
        limit = (tier.at_least or 0) - book.stability.exit_margin
        too_low = score.known[at] & (score.high[at] < limit)
        below[mine] = ~ladder.gates[index][at] | too_low
    return below


@dataclass(frozen=True, slots=True)
class _Mover:
    """Carries out, or holds, the moves asked for; writes into `kept`."""

    rules: Stability
    states: States
    moment: Moment
    asked: Asked
    kept: Kept

    def down(self, rows: Rows) -> None:
        """Customers who are certain to fall: after grace and dwell, one tier or all the way."""
        stored = self.states.tier[rows]
        target = stored + np.int16(1) if self.rules.down == "one_step" else self.asked.computed[rows]
        self._pend(PENDING_DOWN, rows, target)
        grace = self.kept.pending_since[rows] + np.int32(self.rules.grace_days)
        dwell = self.states.since[rows] + np.int32(self.rules.min_dwell_days)
        cause = np.where(grace >= dwell, _HOLD[HoldCause.GRACE], _HOLD[HoldCause.MIN_DWELL])
        self._wait_or_move(rows, np.maximum(grace, dwell), cause)

    def up(self, rows: Rows) -> None:
        """Customers who are certain to rise: at once, or one tier at a time after the dwell."""
        due, target = np.full(len(rows), NO_DAY, np.int32), self.asked.computed[rows]
        if self.rules.up == "one_step":
            target = self.states.tier[rows] - np.int16(1)
            due = self.states.since[rows] + np.int32(self.rules.min_dwell_days)
        self._pend(PENDING_UP, rows, target)
        self._wait_or_move(rows, due, np.full(len(rows), _HOLD[HoldCause.MIN_DWELL]))

    def _pend(self, direction: int, rows: Rows, target: Codes) -> None:
        """Begin or carry on the pending move; a second decision of one local date is no further date."""
        today, states = self.moment.day, self.states
        running = states.pending[rows] == direction
        dates = states.pending_dates[rows] + (today > states.pending_last[rows])
        self.kept.pending[rows] = direction
        self.kept.pending_to[rows] = target
        self.kept.pending_since[rows] = np.where(running, states.pending_since[rows], today)
        self.kept.pending_last[rows] = today
        self.kept.pending_dates[rows] = np.where(running, dates, 1)

    def _wait_or_move(self, rows: Rows, due: Days, cause: NDArray[np.integer]) -> None:
        """Hold until the due day and until enough dates agree; then move, which ends the pending move."""
        kept, early = self.kept, self.moment.day < due
        kept.held_by[rows[early]] = cause[early]
        kept.until[rows[early]] = due[early]
        unconfirmed = ~early & (self.rules.confirm > 1) & (kept.pending_dates[rows] < self.rules.confirm)
        kept.held_by[rows[unconfirmed]] = _HOLD[HoldCause.CONFIRM]
        moves = rows[~early & ~unconfirmed]
        kept.tier[moves] = kept.pending_to[moves]
        kept.pending[moves] = PENDING_NONE
        kept.pending_to[moves] = NONE
        kept.pending_since[moves] = NO_DAY
        kept.pending_last[moves] = NO_DAY
        kept.pending_dates[moves] = 0
