"""Facts and states of inline tests as frames: the tests of one market and day are its customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from engine.campaigns import consent_names
from engine.decisions import Moment, Outcomes, States, StoredState, StoredStates, decide, states_from_stored
from engine.expressions.columns import Column, Fact
from engine.metrics import FromExpression, Metric, second_pass
from engine.metrics.calendar import day_start
from engine.rulebook.book import Book, MarketBook
from engine.rulebook.checks import InlineTest, PendingState, StateGiven
from engine.vocabulary import Market, UnknownCause

_EPOCH = date(1970, 1, 1)
_MISSING = Fact(None, UnknownCause.MISSING)


@dataclass(frozen=True, slots=True)
class TestFrame:
    """Inline tests of one market and day, each of them a customer.

    Attributes:
        given: Columns of the metrics that some test gives; unknown (missing) for the others.
        columns: These and those calculated from them.
    """

    tests: tuple[InlineTest, ...]
    market: Market
    given: Mapping[str, Column]
    columns: Mapping[str, Column]
    states: States
    moment: Moment

    def decided(self, rules: MarketBook) -> Outcomes:
        """What some rules, those of the book or a variant with the same names, make of the tests' customers."""
        return decide(rules, self.columns, self.states, self.moment)

    def with_metrics(self, metrics: Mapping[str, Metric]) -> TestFrame:
        """The same tests with metrics calculated in another way."""
        return replace(self, columns=_calculated(metrics, self.given, len(self.tests), self.moment.day))


def frames_of(book: Book) -> tuple[TestFrame, ...]:
    """All tests of a book, in as few frames as can be."""
    groups: dict[tuple[Market, date], list[InlineTest]] = {}
    for test in book.tests:
        groups.setdefault((test.market, test.as_of), []).append(test)
    return tuple(_frame(book, market, day, tests) for (market, day), tests in groups.items())


def _frame(book: Book, market: Market, day: date, tests: Sequence[InlineTest]) -> TestFrame:
    names = sorted({name for test in tests for name in test.given})
    given = {name: _column(book.metrics[name], tests) for name in names}
    moment = moment_of(day, book.timezone)
    states = given_states(book.markets[market], [test.state for test in tests])
    columns = _calculated(book.metrics, given, len(tests), moment.day)
    return TestFrame(tuple(tests), market, given, columns, states, moment)


def _column(metric: Metric, tests: Sequence[InlineTest]) -> Column:
    facts = [Fact(test.given[metric.name]) if metric.name in test.given else _MISSING for test in tests]
    return Column.of(facts, metric.unit)


def _calculated(metrics: Mapping[str, Metric], given: Mapping[str, Column], length: int, day: int) -> dict[str, Column]:
    """Given metrics and those calculated from them; what a test gives itself is not calculated for it.

    A metric of one test may be given and of another calculated, and others read it: hence one by one, in the
    order in which metrics follow what they read.
    """
    columns = dict(given)
    for metric in metrics.values():
        if not isinstance(metric.origin, FromExpression):
            continue
        found = second_pass([metric], columns, length, day)[metric.name]
        columns[metric.name] = _preferred(given[metric.name], found) if metric.name in given else found
    return columns


def _preferred(first: Column, second: Column) -> Column:
    """The first column, the second where that is unknown."""
    known = first.causes == 0
    if not first.texts and not second.texts:
        values = np.where(known, first.values, second.values)
        return Column(values, np.where(known, 0, second.causes).astype(np.uint8), first.unit)
    facts = [first.fact(row) if known[row] else second.fact(row) for row in range(len(first))]
    return Column.of(facts, first.unit)


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


def given_states(rules: MarketBook, states: Sequence[StateGiven]) -> States:
    """States by row; consents that are not told of are granted, and nobody was ever contacted."""
    stored = StoredStates.of([_stored(state) for state in states])
    found = states_from_stored(rules, stored, [state.override for state in states])
    last = found.last_contact.copy()
    for row, state in enumerate(states):
        for index, trigger in enumerate(rules.campaigns.triggers):
            if state.last_contact and trigger.name in state.last_contact:
                last[row, index] = day_of(state.last_contact[trigger.name])
    names = consent_names(rules.campaigns)
    return replace(
        found,
        consents=np.array([_bits(names, state) for state in states], np.uint32),
        last_contact=last,
        contacts=np.array([state.contacts for state in states], np.int16),
    )


def _bits(names: Sequence[str], state: StateGiven) -> int:
    granted = names if state.consents is None else state.consents
    return sum(1 << index for index, name in enumerate(names) if name in granted)


def _stored(state: StateGiven) -> StoredState:
    since = None if state.since is None else day_of(state.since)
    return StoredState(
        tier=state.tier,
        since=since,
        provisional=state.provisional,
        pending=None if state.pending is None else _pending(state.pending),
        forced=state.forced,
        stage=state.stage,
        effective=state.tier,
        effective_since=since,
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
