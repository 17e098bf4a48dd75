"""The state a decision starts from: standings, overrides, consents, contact history, holdouts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.campaigns import consent_names, holdout_flags
from engine.decisions import NO_DAY, Moment, States, StoredStates, states_from_stored
from engine.expressions import CAUSE_CODE, Column
from engine.operations.facts import Clocks
from engine.operations.left_out import LeftOut
from engine.rulebook import MarketBook
from engine.store import (
    EVER,
    NO_INSTANT,
    ContactsFrame,
    CustomersFrame,
    StandingsFrame,
    Unread,
    Window,
    read_consents,
    read_contacts,
    read_overrides,
    read_standings,
    try_standings,
    with_shadow,
)
from engine.store.tables import to_microseconds
from engine.vocabulary import UnknownCause

Integers = NDArray[np.int64]

_OF_A_LADDER = ("computed", "since", "provisional", "pending", "forced", "effective", "effective_since")
"""What a standing says in the terms of one market's tiers and forces."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where the latest decisions left customers.

    Attributes:
        as_of: (customers,) microseconds, or NO_INSTANT: never decided.
        columns: What the decisions tell by name, see `StandingsFrame.columns`.
        told: (customers,) whether they tell it; where a chunk is damaged it is not known how the customer stands.
        located: (customers,) the chunk that holds each one's latest decision, −1: never decided.
        unread: The chunks that could not be read, by id.
    """

    as_of: Integers
    columns: Mapping[str, Column]
    told: NDArray[np.bool_]
    located: Integers
    unread: Mapping[int, Unread] = field(default_factory=dict)

    @property
    def decided(self) -> NDArray[np.bool_]:
        """(customers,) decided before."""
        return np.asarray(self.as_of != NO_INSTANT, np.bool_)

    def take(self, rows: NDArray[np.intp]) -> Found:
        """Those of some of the customers."""
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return Found(self.as_of[rows], columns, self.told[rows], self.located[rows], self.unread)

    def left_out(self, rows: NDArray[np.bool_]) -> tuple[LeftOut, ...]:
        """How many of some of the customers each damaged chunk keeps from being decided; a chunk of none is not there.

        Args:
            rows: (customers,) whom to count.
        """
        counts = ((unread, int((rows & (self.located == number)).sum())) for number, unread in self.unread.items())
        return tuple(LeftOut(unread.name, count) for unread, count in counts if count)


def read_states(
    session: Session, rules: MarketBook, customers: CustomersFrame, clocks: Clocks, moment: Moment
) -> tuple[States, Found]:
    """States of customers for a book of any revision, and the standings they come from.

    Raises:
        DamagedError: A chunk does not fit its hash.
    """
    reader = StateReader(session, customers, clocks)
    return reader.states(rules, moment), reader.found


def try_states(
    session: Session, rules: MarketBook, customers: CustomersFrame, clocks: Clocks, moment: Moment
) -> tuple[States, Found]:
    """As `read_states`; whose latest decision is in a damaged chunk is told apart by `Found.told`, and has no state."""
    reader = StateReader(session, customers, clocks, lenient=True)
    return reader.states(rules, moment), reader.found


def strictly_before(instant: datetime, known_at: datetime | None = None) -> Window:
    """The decisions a state at an instant may come from; `known_at`: only those that were made by then."""
    return Window(to_microseconds(instant) - 1, None if known_at is None else to_microseconds(known_at))


class StateReader:
    """States of the same customers for one book after another; what books share is read once.

    Args:
        window: Which decisions, with the contacts they made, count as earlier ones; for an instant before somebody's
            latest decision `strictly_before` it.
        lenient: Give everybody a state; whoever asks leaves out those that `found.told` says no state is known of. Else
            a damaged chunk is raised as DamagedError.
        shadow: Stand as this shadow left them, who it has decided.

    Attributes:
        session: Read from as states are asked for.
    """

    def __init__(
        self,
        session: Session,
        customers: CustomersFrame,
        clocks: Clocks,
        window: Window = EVER,
        *,
        lenient: bool = False,
        shadow: int | None = None,
    ) -> None:
        self._shadow = shadow
        self.session, self._customers, self._window, self._lenient = session, customers, window, lenient
        self._as_of, self._known = to_microseconds(clocks.as_of), to_microseconds(clocks.as_known_at)
        self._contacts: dict[int, ContactsFrame] = {}
        self._made: dict[object, States] = {}

    @cached_property
    def _standings(self) -> StandingsFrame:
        found = self._decided()
        return found if self._shadow is None else with_shadow(self.session, self._shadow, self._customers.ids, found)

    def _decided(self) -> StandingsFrame:
        read = try_standings if self._lenient else read_standings
        return read(self.session, self._customers.ids, window=self._window)

    @cached_property
    def _overrides(self) -> Column:
        return read_overrides(self.session, self._customers.ids, self._as_of, self._known).tiers

    @cached_property
    def _consents(self) -> Mapping[str, Column]:
        return read_consents(self.session, self._customers.ids, self._as_of, self._known)

    @cached_property
    def found(self) -> Found:
        """The standings the states come from."""
        found = self._standings
        return Found(found.as_of, found.columns, found.told, found.located.chunks, found.unread)

    @property
    def decided_as_of(self) -> Integers:
        """(customers,) microseconds of each one's latest decision, or NO_INSTANT."""
        return self._standings.as_of

    def states(self, rules: MarketBook, moment: Moment) -> States:
        """The states for one book; of books that name tiers, force rules and contacts alike they are the same."""
        cap, triggers = rules.campaigns.cap, rules.campaigns.triggers
        since = moment.day - (cap.per_days if cap is not None else 0)
        ladder = tuple(tier.key for tier in rules.tiers), tuple(force.name for force in rules.force)
        contacts = tuple((one.name, one.holdout, one.channel.consent) for one in triggers)
        names = (rules.market, since, ladder, contacts, tuple(consent_names(rules.campaigns)))
        if names not in self._made:
            self._made[names] = self._make(rules, since)
        return self._made[names]

    def _make(self, rules: MarketBook, since: int) -> States:
        ids = self._customers.ids
        if since not in self._contacts:
            self._contacts[since] = read_contacts(self.session, ids, self._as_of, since, self._window.known_at)
        contacts = self._contacts[since]
        never = np.full(len(ids), NO_DAY, np.int32)
        last = [contacts.last_day.get(trigger.name, never) for trigger in rules.campaigns.triggers]
        return replace(
            states_from_stored(rules, _stored(_of_market(self._standings, rules)), self._overrides),
            consents=_granted(rules, self._consents, len(ids)),
            last_contact=np.stack(last, axis=1) if last else np.zeros((len(ids), 0), np.int32),
            contacts=contacts.marketing,
            holdout=holdout_flags(rules.campaigns, self._customers.refs),
        )


def _granted(rules: MarketBook, states: Mapping[str, Column], length: int) -> NDArray[np.uint32]:
    """Granted consents as bits, in the order of the book's consent names."""
    bits = np.zeros(length, np.uint32)
    for index, name in enumerate(consent_names(rules.campaigns)):
        column = states.get(name)
        if column is not None and "granted" in column.texts:
            granted = (column.causes == 0) & (column.values == column.texts.index("granted"))
            bits |= granted.astype(np.uint32) << np.uint32(index)
    return bits


def _of_market(standings: StandingsFrame, rules: MarketBook) -> Mapping[str, Column]:
    """The stored columns; what belongs to another market's ladder is missing, as if there were no tier yet."""
    columns, market = standings.columns, standings.columns["market"]
    here = market.texts.index(rules.market) if rules.market in market.texts else -1
    moved = (market.causes == 0) & (market.values != here)
    if not moved.any():
        return columns
    missing = np.uint8(CAUSE_CODE[UnknownCause.MISSING])
    without = {
        name: replace(
            columns[name],
            values=np.where(moved, 0, columns[name].values),
            causes=np.where(moved, missing, columns[name].causes),
        )
        for name in _OF_A_LADDER
    }
    return {**columns, **without}


def _stored(columns: Mapping[str, Column]) -> StoredStates:
    return StoredStates(
        tier=columns["computed"],
        since=columns["since"],
        provisional=columns["provisional"].values != 0,
        pending=[None if text is None else _move(text) for text in columns["pending"].listed()],
        forced=columns["forced"],
        stage=columns["stage"],
        effective=columns["effective"],
        effective_since=columns["effective_since"],
    )


def _move(text: str) -> dict[str, Any]:
    move: dict[str, Any] = orjson.loads(text)
    return move
