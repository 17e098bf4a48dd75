"""Facts and state of an inline test as a frame of one customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from engine.campaigns import consent_names
from engine.decisions import Moment, States, StoredState, StoredStates, states_from_stored
from engine.expressions.columns import Column, Fact
from engine.metrics import second_pass
from engine.metrics.calendar import day_start
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.checks import PendingState, StateGiven

_EPOCH = date(1970, 1, 1)


def day_of(day: date) -> int:
    """Days since 1970-01-01.

    >>> day_of(date(1970, 1, 2))
    1
    """
    return (day - _EPOCH).days


def moment_of(day: date, zone: str) -> Moment:
    """00:00 of a local day, as a bare date means."""
    local = day_of(day)
    return Moment(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=day_start(local, zone)), local)


def given_columns(book: Book, given: Mapping[str, int | str], day: int) -> dict[str, Column]:
    """One customer's metrics: those given, and those calculated from them; everything else is missing."""
    columns = {name: Column.of([Fact(value)], book.metrics[name].unit) for name, value in given.items()}
    calculated = second_pass([m for m in book.metrics.values() if m.name not in given], columns, 1, day)
    return {**columns, **calculated}


def given_states(rules: MarketBook, state: StateGiven) -> States:
    """One customer's state; consents that are not told of are granted, and nobody was ever contacted."""
    since = None if state.since is None else day_of(state.since)
    stored = StoredState(
        tier=state.tier,
        since=since,
        provisional=state.provisional,
        pending=None if state.pending is None else _pending(state.pending),
        forced=state.forced,
        stage=state.stage,
        effective=state.tier,
        effective_since=since,
    )
    states = states_from_stored(rules, StoredStates.of([stored]), [state.override])
    names = consent_names(rules.campaigns)
    granted = names if state.consents is None else state.consents
    bits = sum(1 << index for index, name in enumerate(names) if name in granted)
    last = states.last_contact.copy()
    for index, trigger in enumerate(rules.campaigns.triggers):
        if state.last_contact and trigger.name in state.last_contact:
            last[0, index] = day_of(state.last_contact[trigger.name])
    return replace(
        states,
        consents=np.array([bits], np.uint32),
        last_contact=last,
        contacts=np.array([state.contacts], np.int16),
    )


def _pending(move: PendingState) -> dict[str, object]:
    """A pending move as states keep it."""
    return {
        "direction": move.direction,
        "to": move.to,
        "since": day_of(move.since),
        "last": day_of(move.last),
        "dates": move.dates,
    }
