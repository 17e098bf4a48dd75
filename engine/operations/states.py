"""The state a decision starts from: standings, overrides, consents, contact history, holdouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.campaigns import consent_names, holdout_flags
from engine.decisions import Moment, States, StoredStates, states_from_stored
from engine.operations.facts import Clocks
from engine.rulebook import MarketBook
from engine.store import (
    CustomersFrame,
    Standings,
    read_consents,
    read_contacts,
    read_overrides,
    read_standings,
    to_microseconds,
)

Integers = NDArray[np.int64]
NEVER = -(2**63)
"""Stands for "no decision yet" in columns of microseconds."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the latest decisions were, by name, each (customers,).

    Attributes:
        as_of: Microseconds, or NEVER.
    """

    decided: list[bool]
    as_of: Integers
    effective: list[str | None]
    stage: list[str | None]
    risk: list[str | None]
    changed_at: list[datetime | None]

    def take(self, rows: NDArray[np.intp]) -> Found:
        """Those of some of the customers."""
        index = rows.tolist()
        return Found(
            [self.decided[row] for row in index],
            self.as_of[rows],
            [self.effective[row] for row in index],
            [self.stage[row] for row in index],
            [self.risk[row] for row in index],
            [self.changed_at[row] for row in index],
        )


def read_states(
    session: Session, rules: MarketBook, customers: CustomersFrame, clocks: Clocks, moment: Moment
) -> tuple[States, Found]:
    """States of customers for a book of any revision, and the standings they come from."""
    standings = read_standings(session, customers.ids)
    overrides = read_overrides(session, customers.ids, to_microseconds(clocks.as_of))
    states = states_from_stored(rules, _stored(standings), overrides)
    granted = read_consents(
        session,
        customers.ids,
        to_microseconds(clocks.as_of),
        to_microseconds(clocks.as_known_at),
        consent_names(rules.campaigns),
    )
    cap = rules.campaigns.cap
    names = tuple(trigger.name for trigger in rules.campaigns.triggers)
    since = moment.day - (cap.per_days if cap is not None else 0)
    last, contacts = read_contacts(session, customers.ids, names, since)
    states = replace(
        states,
        consents=granted,
        last_contact=last,
        contacts=contacts,
        holdout=holdout_flags(rules.campaigns, customers.refs),
    )
    return states, _found(standings)


def _stored(standings: Standings) -> StoredStates:
    return StoredStates(
        tier=standings.computed,
        since=standings.since,
        provisional=standings.provisional,
        pending=[None if text is None else _move(text) for text in standings.pending],
        forced=standings.forced,
        stage=standings.stage,
        effective=standings.effective,
        effective_since=standings.effective_since,
    )


def _move(text: str) -> dict[str, Any]:
    move: dict[str, Any] = orjson.loads(text)
    return move


def _found(standings: Standings) -> Found:
    decided: Sequence[bool] = [number is not None for number in standings.as_of]
    as_of = np.fromiter((NEVER if at is None else at for at in standings.as_of), np.int64, len(standings.as_of))
    return Found(
        decided=list(decided),
        as_of=as_of,
        effective=list(standings.effective),
        stage=list(standings.stage),
        risk=list(standings.risk),
        changed_at=list(standings.changed_at),
    )
