"""What time alone does to a tier: nothing is recorded any more, and the customer is decided every day.

Metrics from records are computed as of later days from the records that were known to the decision. Attributes,
estimates and predictions stay as they are until they are too old (`max_age`). Sources are taken to stay fresh: without
that, every one with `fresh_within` would be stale after a few days and nothing would move any more. A source that was
stale already stays so. An override in force ends when it is to end. The customer stays in the market of the decision:
what is recorded later, another market too, changes nothing of what is told of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from engine.decisions import NONE, Day, Moment, Passed, States, decide, next_states, pass_time
from engine.decisions.explanation.case import Case
from engine.decisions.record import TimeAlone
from engine.expressions import CAUSE_CODE, Column
from engine.metrics import (
    FromExpression,
    FromField,
    FromModel,
    FromRecords,
    FromValue,
    Metric,
    RecordFrame,
    asks_the_day,
    compute_daily,
    day_start,
    local_day,
    second_pass,
)
from engine.operations.explaining import ExplainedDecision
from engine.operations.facts import Clocks, metrics_read, record_frame
from engine.operations.stale_sources import limited_sources
from engine.store import CustomersFrame, read_customers, read_estimates, read_fields, read_predictions
from engine.store.reading import runs_by_ids
from engine.store.rows import table_of
from engine.store.tables import OverrideRow, from_microseconds, to_microseconds
from engine.vocabulary import UNRATED, UNRATED_TEXT, Text, UnknownCause

HORIZON_DAYS: Final = 730
_EPOCH: Final = date(1970, 1, 1)
_STALE: Final = CAUSE_CODE[UnknownCause.STALE]


def time_alone(session: Session, case: Case, customer_id: int, as_known_at: datetime) -> TimeAlone | None:
    """The first day within two years on which nothing happening makes another tier effective; None: there is none.

    The day and the day before are decided once more by the other evaluator, from facts computed for those days alone.

    Args:
        case: The decision to start from, stored or tried.
        as_known_at: Only records that were known then count.
    """
    customers = read_customers(session, ids=np.array([customer_id], np.int64))
    if not len(customers):
        return None
    waiting = _Waiting(session, case, customers, Clocks(case.moment.as_of, as_known_at))
    states = next_states(case.outcomes, case.states, case.rules, case.moment)
    days = waiting.days
    found = pass_time(
        case.rules, states, days, lambda start, stop: waiting.facts(days[start:stop]), not waiting.asks_the_day
    )
    if found is None:
        return None
    waiting.check(found)
    return _told(case, found, days[found.index].moment.day)


def time_alone_after(session: Session, answer: ExplainedDecision) -> TimeAlone | None:
    """`time_alone` after a stored decision that was explained."""
    case, number = answer.explained.case, answer.run_id
    if case is None or number is None:
        return None
    return time_alone(session, case, answer.customer_id, runs_by_ids(session, [number])[number].as_known_at)


@dataclass(frozen=True)
class _Waiting:
    """One customer's facts on later days."""

    session: Session
    case: Case
    customers: CustomersFrame
    clocks: Clocks

    @cached_property
    def days(self) -> list[Day]:
        """The days after the decision, each at its beginning."""
        starts = _later_days(self.case.moment.day, self.case.book.timezone)
        return [Day(moment, self._override(at)) for at, moment in starts]

    @cached_property
    def _overrides(self) -> list[tuple[int, int]]:
        """Overrides in force at the decision: when each ends and the tier's position; the one made last is last.

        An end that the decision did not know of yet is none: what is told of it stays the same for ever.
        """
        table, at, known_at = table_of(OverrideRow), self.clocks.as_of, self.clocks.as_known_at
        known = min(at, known_at)
        query = (
            select(table.c.tier, table.c.expires_at, table.c.ended_at)
            .where(
                table.c.customer_id == int(self.customers.ids[0]),
                table.c.from_at <= known,
                table.c.expires_at > at,
                or_(table.c.ended_at.is_(None), table.c.ended_at > known),
                or_(table.c.needs_approval.is_(False), table.c.approved.is_(True)),
            )
            .order_by(table.c.id)
        )
        keys = [tier.key for tier in self.case.rules.tiers]
        found = []
        for tier, expires, ended in self.session.execute(query):
            until = expires if ended is None or ended > known_at else min(expires, ended)
            found.append((to_microseconds(until), keys.index(tier) if tier in keys else NONE))
        return found

    def _override(self, at: int) -> int:
        return next((tier for until, tier in reversed(self._overrides) if until > at), NONE)

    @cached_property
    def metrics(self) -> list[Metric]:
        """The metrics that tiers depend on, inputs first."""
        names = set(metrics_read(self.case.book, self.case.market, aftermath=False))
        return [metric for metric in self.case.book.metrics.values() if metric.name in names]

    @cached_property
    def asks_the_day(self) -> bool:
        """Whether some rule or calculated metric asks which day it is."""
        rules = self.case.rules
        conditions = [force.when for force in rules.force]
        for tier in rules.tiers:
            conditions += [gate.when for gate in (*tier.gates, *((tier.or_when,) if tier.or_when else ()))]
        origins = (metric.origin for metric in self.metrics)
        conditions += [origin.expression for origin in origins if isinstance(origin, FromExpression)]
        return any(asks_the_day(condition) for condition in conditions)

    @cached_property
    def _frames(self) -> Mapping[str, RecordFrame]:
        """The records of every source some metric is taken from."""
        by_source: dict[str, list[Metric]] = {}
        for metric in self.metrics:
            if isinstance(metric.origin, FromRecords):
                by_source.setdefault(metric.origin.source, []).append(metric)
        return {
            source: record_frame(self.session, source, metrics, self.customers, self.clocks, self.case.book)
            for source, metrics in by_source.items()
        }

    @cached_property
    def _last_days(self) -> Mapping[str, int]:
        """The last day on which attributes, estimates and predictions with `max_age` are believed, by metric."""
        ids, known = self.customers.ids, to_microseconds(self.clocks.as_known_at)
        as_of, found = to_microseconds(self.clocks.as_of), {}
        for metric in self.metrics:
            origin = metric.origin
            if not isinstance(origin, (FromField, FromValue, FromModel)) or origin.max_age_days is None:
                continue
            if isinstance(origin, FromField):
                stored = read_fields(self.session, [origin.field], ids, known, metric.unit).get(origin.field)
            elif isinstance(origin, FromValue):
                stored = read_estimates(self.session, origin.value, origin.horizon_days, ids, as_of, known).amount
            else:
                stored = read_predictions(self.session, origin.model, ids, as_of, known).probability
            if stored is not None and stored.column.causes[0] == 0:
                made = local_day(int(stored.instants[0]), self.case.book.timezone)
                found[metric.name] = made + origin.max_age_days
        return found

    def facts(self, days: Sequence[Day]) -> dict[str, Column]:
        """What tiers depend on, on some days, one row a day."""
        numbers = [day.moment.day for day in days]
        columns = {metric.name: self._column(metric, numbers) for metric in self.metrics}
        return {**columns, **second_pass(self.metrics, columns, len(days), numbers[0])}

    def _column(self, metric: Metric, days: list[int]) -> Column:
        now, book = self.case.columns[metric.name], self.case.book
        if isinstance(metric.origin, FromRecords) and now.causes[0] != _STALE:
            return compute_daily(metric, self._frames[metric.origin.source], days, book.timezone, book.currency)
        held, last = now.repeated(len(days)), self._last_days.get(metric.name)
        if last is None or now.causes[0] != 0:
            return held
        old = np.array(days) > last
        causes = np.where(old, np.uint8(_STALE), held.causes).astype(np.uint8)
        return replace(held, values=np.where(old, 0, held.values), causes=causes)

    def check(self, found: Passed) -> None:
        """Decide the day and the day before by the traced evaluator.

        Raises:
            RuntimeError: They do not come out as found; that would be a mistake in this program.
        """
        before = int(self.case.outcomes.effective[0])
        if found.before is not None and self._effective(found.index - 1, found.before) != before:
            raise RuntimeError("the tier changes on an earlier day than was found")
        if self._effective(found.index, found.states) != found.tier:
            raise RuntimeError("the tier does not change on the day that was found")

    def _effective(self, index: int, states: States) -> int:
        day = self.days[index]
        given = replace(states, override=np.full(1, day.override, np.int16))
        facts = {**self.case.columns, **self.facts([day])}
        return int(decide(self.case.rules, facts, given, day.moment, "traced").effective[0])


@lru_cache(maxsize=64)  # a run decides on one day, and every day's zone costs as much as a criterion
def _later_days(day: int, zone: str) -> tuple[tuple[int, Moment], ...]:
    """The days after a day, as microseconds since 1970 and as moments."""
    starts = ((later, day_start(later, zone)) for later in range(day + 1, day + 1 + HORIZON_DAYS))
    return tuple((at, Moment(from_microseconds(at), later)) for later, at in starts)


def _told(case: Case, found: Passed, day: int) -> TimeAlone:
    tier = case.rules.tiers[found.tier] if found.tier >= 0 else None
    title = tier.title if tier is not None else UNRATED_TEXT
    key, at = tier.key if tier is not None else UNRATED, _EPOCH + timedelta(days=day)
    fresh = next(limited_sources(case.book, [case.market]), None) is not None
    en, zh = f"If nothing happens, the tier becomes {key} on {at}", f"若无任何变化，等级将于 {at} 变为 {key}"
    if fresh:
        en, zh = f"{en}, provided that the data stay up to date", f"{zh}（前提是数据保持最新）"
    return TimeAlone(at, None if tier is None else key, title, Text(f"{en}.", f"{zh}。"))
