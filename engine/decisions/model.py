"""What goes into a decision and what comes out, as columns over many customers of one market.

Codes are positions in the market's book: a tier is its index in `MarketBook.tiers` (best is 0), a force
rule its index in `force`, a stage its index in `STAGES`; −1 is none. Days are local days since 1970-01-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.campaigns import model as campaigns_model
from engine.vocabulary import HoldCause, Risk, Stage

Codes = NDArray[np.int16]
Days = NDArray[np.int32]
Flags = NDArray[np.bool_]

STAGES: Final = tuple(Stage)
RISKS: Final = tuple(Risk)
HOLDS: Final = tuple(HoldCause)
SUPPRESSIONS: Final = campaigns_model.SUPPRESSIONS
NONE: Final = -1
NO_DAY: Final = -(2**31)
"""Stands for "never" in columns of days."""

PENDING_NONE: Final = 0
PENDING_DOWN: Final = 1
PENDING_UP: Final = 2

CAMPAIGN_QUIET: Final = campaigns_model.CAMPAIGN_QUIET
CAMPAIGN_DISPATCH: Final = campaigns_model.CAMPAIGN_DISPATCH


@dataclass(frozen=True, slots=True)
class Moment:
    """The instant of a decision.

    Attributes:
        as_of: Aware UTC.
        day: Local day of `as_of` in the book's zone.
    """

    as_of: datetime
    day: int


@dataclass(frozen=True, slots=True)
class States:
    """What the latest decision strictly earlier left, (customers,) unless said otherwise.

    Attributes:
        tier: The stored tier; `since` its local day, `provisional` its mark.
        pending: PENDING_NONE, _DOWN or _UP; with `pending_to`, `pending_since`, `pending_last` and
            `pending_dates` (deciding dates so far).
        forced: Force rule in force.
        stage: Stored stage.
        effective: Effective tier of that decision; `effective_since` its local day.
        override: Tier by hand in force at `as_of`; expired ones are not here.
        consents: Bit i: the i-th of `consent_names(campaigns)` is granted.
        last_contact: (customers, triggers) local day of the last dispatch of that trigger, or NO_DAY.
        contacts: Marketing contacts within the cap's window.
        holdout: (customers, triggers) the customer is in that trigger's holdout.
        full: (customers, triggers) that trigger's capacity is used up (outcome of the capacity step).
    """

    tier: Codes
    since: Days
    provisional: Flags
    pending: NDArray[np.int8]
    pending_to: Codes
    pending_since: Days
    pending_last: Days
    pending_dates: Codes
    forced: Codes
    stage: Codes
    effective: Codes
    effective_since: Days
    override: Codes
    consents: NDArray[np.uint32]
    last_contact: Days
    contacts: Codes
    holdout: Flags
    full: Flags

    @staticmethod
    def first(customers: int, triggers: int) -> States:
        """The state of customers that were never decided."""
        none, day = np.full(customers, NONE, np.int16), np.full(customers, NO_DAY, np.int32)
        return States(
            tier=none,
            since=day,
            provisional=np.zeros(customers, np.bool_),
            pending=np.zeros(customers, np.int8),
            pending_to=none,
            pending_since=day,
            pending_last=day,
            pending_dates=np.zeros(customers, np.int16),
            forced=none,
            stage=none,
            effective=none,
            effective_since=day,
            override=none,
            consents=np.zeros(customers, np.uint32),
            last_contact=np.full((customers, triggers), NO_DAY, np.int32),
            contacts=np.zeros(customers, np.int16),
            holdout=np.zeros((customers, triggers), np.bool_),
            full=np.zeros((customers, triggers), np.bool_),
        )


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What was decided, (customers,) unless said otherwise.

    Attributes:
        points: (customers, criteria) in 0.0001, −1: left out.
        point_states: (customers, criteria) 0 known, 1 assumed, 2 unknown.
        score: In 0.0001; −1: unknown. `low`, `high`: its bounds, always there.
        known_weight: Sum of the weights of known criteria.
        worst, best: The ladder decided at the worst and the best of what is unknown.
        computed: What the ladder asks for after bounds and stored tier; UNRATED is −1.
        tier, since, provisional: The stored tier after this decision.
        forced: Force rule that decided, −1: none.
        held_by: Index in HOLDS, −1: nothing; `until` the local day it ends, or NO_DAY.
        pending …: The pending move after this decision.
        effective, effective_since: After the override.
        risk: Index in RISKS, −1: unknown.
        stage: Index in STAGES; `stage_rule` the lifecycle line that gave it (for a held stage the line
            that was unknown); `stage_held`: the stored stage was kept; `stage_open`: a line above was unknown, or
            the stage rests on a provisional tier.
        tags: (customers, tags) true.
        campaigns: (customers, triggers) CAMPAIGN_QUIET, CAMPAIGN_DISPATCH or 2 + index in SUPPRESSIONS.
    """

    points: NDArray[np.int32]
    point_states: NDArray[np.uint8]
    score: NDArray[np.int32]
    low: NDArray[np.int32]
    high: NDArray[np.int32]
    known_weight: NDArray[np.int64]
    worst: Codes
    best: Codes
    computed: Codes
    tier: Codes
    since: Days
    provisional: Flags
    forced: Codes
    held_by: NDArray[np.int8]
    until: Days
    pending: NDArray[np.int8]
    pending_to: Codes
    pending_since: Days
    pending_last: Days
    pending_dates: Codes
    effective: Codes
    effective_since: Days
    risk: NDArray[np.int8]
    stage: Codes
    stage_rule: Codes
    stage_held: Flags
    stage_open: Flags
    tags: Flags
    campaigns: NDArray[np.uint8]
