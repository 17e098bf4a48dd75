"""States and outcomes by name, as rows keep them, and back to codes of a book of any revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.campaigns import CAMPAIGN_DISPATCH
from engine.decisions.lifecycle import PHASES, phase_codes
from engine.decisions.model import (
    NO_DAY,
    NONE,
    PENDING_DOWN,
    PENDING_NONE,
    PENDING_UP,
    RISKS,
    STAGES,
    Codes,
    Days,
    Moment,
    Outcomes,
    States,
)
from engine.expressions.columns import Column
from engine.rulebook.book import MarketBook

_DIRECTIONS = {"down": PENDING_DOWN, "up": PENDING_UP}
_DIRECTION_NAMES = {code: name for name, code in _DIRECTIONS.items()}

Pending = Mapping[str, Any]
"""A pending move: `direction` (down, up), `to` (tier key), `since`, `last` (local days), `dates`."""


@dataclass(frozen=True, slots=True)
class StoredState:
    """What one customer's latest decision left, by name; days are local days since 1970-01-01.

    Attributes:
        tier: Key of the stored tier; None: UNRATED.
        since: None without a stored tier.
        forced: Name of the force rule in force.
        effective: None: UNRATED; `effective_since` None: never decided.
    """

    tier: str | None = None
    since: int | None = None
    provisional: bool = False
    pending: Pending | None = None
    forced: str | None = None
    stage: str | None = None
    effective: str | None = None
    effective_since: int | None = None


def one_by_one(values: Sequence[Any] | Column) -> Sequence[Any]:
    """Names or numbers given either way, one by one; None where unknown."""
    return values.listed() if isinstance(values, Column) else values


Names = Sequence[str | None] | Column
"""Names of many customers: one by one, or a `TEXT` column whose unknown values are None."""

Numbers = Sequence[int | None] | Column
"""Whole numbers of many customers, alike."""


@dataclass(frozen=True, slots=True)
class StoredStates:
    """`StoredState` of many customers, column by column, each (customers,)."""

    tier: Names
    since: Numbers
    provisional: Sequence[bool] | NDArray[np.bool_]
    pending: Sequence[Pending | None]
    forced: Names
    stage: Names
    effective: Names
    effective_since: Numbers

    def row(self, row: int) -> StoredState:
        """One customer's."""
        return StoredState(
            tier=one_by_one(self.tier)[row],
            since=one_by_one(self.since)[row],
            provisional=bool(self.provisional[row]),
            pending=self.pending[row],
            forced=one_by_one(self.forced)[row],
            stage=one_by_one(self.stage)[row],
            effective=one_by_one(self.effective)[row],
            effective_since=one_by_one(self.effective_since)[row],
        )

    @staticmethod
    def of(states: Sequence[StoredState]) -> StoredStates:
        """Columns of single states."""
        return StoredStates(
            tier=[state.tier for state in states],
            since=[state.since for state in states],
            provisional=[state.provisional for state in states],
            pending=[state.pending for state in states],
            forced=[state.forced for state in states],
            stage=[state.stage for state in states],
            effective=[state.effective for state in states],
            effective_since=[state.effective_since for state in states],
        )


def states_from_stored(book: MarketBook, stored: StoredStates, overrides: Names | None = None) -> States:
    """States for a book of any revision.

    A tier, force rule or stage the book does not have counts as none; with the tier go its day, its mark
    and its pending move. Consents, contact history, holdouts and capacity are left empty: fill them in with
    `dataclasses.replace`.

    Args:
        overrides: Key of the tier set by hand that is in force, by customer; None: nobody has one.
    """
    tiers = {tier.key: index for index, tier in enumerate(book.tiers)}
    forces = {force.name: index for index, force in enumerate(book.force)}
    stages = {stage.value: index for index, stage in enumerate(STAGES)}
    tier = _codes(stored.tier, tiers)
    gone = tier == NONE
    effective = _codes(stored.effective, tiers)
    lost = (effective == NONE) & _present(stored.effective)
    effective_since = _days(stored.effective_since)
    effective_since[lost] = NO_DAY
    since, provisional = _days(stored.since), np.array(stored.provisional, np.bool_)
    since[gone], provisional[gone] = NO_DAY, False
    states = replace(
        States.first(len(tier), len(book.campaigns.triggers)),
        tier=tier,
        since=since,
        provisional=provisional,
        forced=_codes(stored.forced, forces),
        stage=_codes(stored.stage, stages),
        effective=effective,
        effective_since=effective_since,
        override=_codes(overrides, tiers) if overrides is not None else np.full(len(tier), NONE, np.int16),
    )
    return _with_pending(states, stored.pending, tiers)


def _with_pending(states: States, pending: Sequence[Pending | None], tiers: Mapping[str, int]) -> States:
    """Add the pending moves; few customers have one, so these are taken one by one."""
    direction = states.pending.copy()
    to, dates = states.pending_to.copy(), states.pending_dates.copy()
    since, last = states.pending_since.copy(), states.pending_last.copy()
    for row, move in enumerate(pending):
        if move is not None and states.tier[row] >= 0 and move["to"] in tiers:
            direction[row], to[row] = _DIRECTIONS[move["direction"]], tiers[move["to"]]
            since[row], last[row], dates[row] = move["since"], move["last"], move["dates"]
    return replace(
        states, pending=direction, pending_to=to, pending_since=since, pending_last=last, pending_dates=dates
    )


def _codes(names: Names, codes: Mapping[str, int]) -> Codes:
    if isinstance(names, Column):
        known = np.array([*(codes.get(text, NONE) for text in names.texts), NONE], np.int16)
        return np.asarray(known[np.where(names.causes == 0, names.values, len(names.texts))], np.int16)
    return np.fromiter((NONE if name is None else codes.get(name, NONE) for name in names), np.int16, len(names))


def _present(names: Names) -> NDArray[np.bool_]:
    if isinstance(names, Column):
        return np.asarray(names.causes == 0, np.bool_)
    return np.array([name is not None for name in names], np.bool_)


def _days(days: Numbers) -> Days:
    if isinstance(days, Column):
        return np.where(days.causes == 0, days.values, NO_DAY).astype(np.int32)
    return np.fromiter((NO_DAY if day is None else day for day in days), np.int32, len(days))


def stored_from_outcomes(book: MarketBook, outcomes: Outcomes) -> StoredStates:
    """What the next decision starts from, by name."""
    keys = tier_keys(book)
    forces = (*(force.name for force in book.force), None)
    rows = np.flatnonzero(outcomes.pending != PENDING_NONE)
    pending: list[Pending | None] = [None] * len(outcomes.tier)
    for row in rows.tolist():
        parts = (outcomes.pending, outcomes.pending_to, outcomes.pending_since, outcomes.pending_last)
        pending[row] = pending_move(keys, [int(part[row]) for part in (*parts, outcomes.pending_dates)])
    return StoredStates(
        tier=named(keys, outcomes.tier),
        since=[None if day == NO_DAY else day for day in outcomes.since.tolist()],
        provisional=outcomes.provisional.tolist(),
        pending=pending,
        forced=named(forces, outcomes.forced),
        stage=named(STAGE_NAMES, outcomes.stage),
        effective=named(keys, outcomes.effective),
        effective_since=[None if day == NO_DAY else day for day in outcomes.effective_since.tolist()],
    )


def pending_move(keys: Sequence[str | None], parts: Sequence[int]) -> Pending:
    """A pending move by name.

    Args:
        keys: Of the tiers, by code.
        parts: `pending`, `pending_to`, `pending_since`, `pending_last` and `pending_dates` of `Outcomes`.
    """
    direction, to, since, last, dates = parts
    return {
        "direction": _DIRECTION_NAMES[direction],
        "to": keys[to],
        "since": since,
        "last": last,
        "dates": dates,
    }


def tier_keys(book: MarketBook) -> tuple[str | None, ...]:
    """Tier keys by code; the last is None, for UNRATED (code −1)."""
    return (*(tier.key for tier in book.tiers), None)


STAGE_NAMES: tuple[str | None, ...] = (*(stage.value for stage in STAGES), None)
"""Stages by code; the last is None, for no stage (code −1)."""

RISK_NAMES: tuple[str | None, ...] = (*(risk.value for risk in RISKS), None)
"""Risk bands by code; the last is None, for unknown (code −1)."""

PHASE_NAMES: tuple[str | None, ...] = (*(phase.value for phase in PHASES), None)
"""Phases by code; the last is None, for no phase (code −1)."""


def named(names: Sequence[str | None], codes: NDArray[np.integer]) -> list[str | None]:
    """Names of codes; −1 takes the last name."""
    return [names[code] for code in codes.tolist()]


def phases(book: MarketBook, outcomes: Outcomes) -> list[str | None]:
    """The phase of every customer's stage, by name."""
    return named(PHASE_NAMES, phase_codes(book, outcomes.stage, outcomes.stage_rule, outcomes.stage_held))


def next_states(outcomes: Outcomes, states: States, book: MarketBook, moment: Moment) -> States:
    """The states the next decision by the same book starts from, if nothing but this decision happens.

    Overrides, consents and holdouts stay; every dispatch counts as made on the decision's day; capacity is
    free again. The cap's window is not slid.
    """
    sent = outcomes.campaigns == CAMPAIGN_DISPATCH
    marketing = np.array([trigger.marketing for trigger in book.campaigns.triggers], np.bool_)
    return replace(
        states,
        tier=outcomes.tier,
        since=outcomes.since,
        provisional=outcomes.provisional,
        pending=outcomes.pending,
        pending_to=outcomes.pending_to,
        pending_since=outcomes.pending_since,
        pending_last=outcomes.pending_last,
        pending_dates=outcomes.pending_dates,
        forced=outcomes.forced,
        stage=outcomes.stage,
        effective=outcomes.effective,
        effective_since=outcomes.effective_since,
        last_contact=np.where(sent, np.int32(moment.day), states.last_contact),
        contacts=(states.contacts + (sent & marketing).sum(axis=1)).astype(np.int16),
        full=np.zeros_like(states.full),
    )
