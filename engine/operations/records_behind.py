"""Which records began or ceased to count between two decisions of a customer, by what was swapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy.orm import Session

from engine.metrics import (
    FromRecords,
    Instant,
    Metric,
    RecordFrame,
    contributions,
    fields_needed,
    local_days,
    selected,
)
from engine.operations.facts import LIVING, instant_of, metrics_read
from engine.operations.frames import joined, occurred_before, on_the_eve
from engine.operations.freshness import is_stale
from engine.operations.inputs import Decided
from engine.operations.learning import Spans, ids_learned, learned
from engine.store import read_records, read_watermarks
from engine.store.tables import to_microseconds

MOST_RECORDS: Final = 100
WITH_RECORDS: Final = ("BEHAVIOUR", "DATA_CORRECTION", "TIME")
"""Causes that records can stand behind."""

Moved = Iterator[tuple[str, set[int]]]


def ids_behind(session: Session, earlier: Decided, later: Decided) -> dict[str, tuple[int, ...]]:
    """Row numbers of the records behind each cause, newest first, at most `MOST_RECORDS`; a cause of none is not there.

    BEHAVIOUR: what occurred between the two instants, and later versions of contracts, opportunities and tickets,
    which tell what happened next. DATA_CORRECTION: what was recorded later about the time before the earlier
    instant, with the versions it took the place of; of a source that was too old, all that was recorded since. TIME:
    what entered or left a window. All of them only if a metric counts them that score or tiers read; BEHAVIOUR also has
    what estimates and predictions learned from.
    """
    if earlier.inputs.market is not later.inputs.market:
        return {}
    old, new = _Side.of(session, earlier), _Side.of(session, later)
    spans = learned(session, new.metrics, earlier, later)
    found: dict[str, set[int]] = {cause: set() for cause in WITH_RECORDS}
    occurred: dict[int, int] = {}
    for source in sorted({*old.sources(), *new.sources(), *spans}):
        then, now = _frames(session, source, old, new, spans)
        occurred.update(zip(then.ids.tolist(), then.occurred.tolist(), strict=True))
        occurred.update(zip(now.ids.tolist(), now.occurred.tolist(), strict=True))
        found["BEHAVIOUR"] |= ids_learned(now, spans)
        for cause, ids in _moved_in(then, now, old, new):
            found[cause] |= ids
    newest = {
        cause: sorted(ids, key=lambda one: (occurred[one], one), reverse=True) for cause, ids in found.items() if ids
    }
    return {cause: tuple(ids[:MOST_RECORDS]) for cause, ids in newest.items()}


@dataclass(frozen=True, slots=True)
class _Side:
    """One of two decisions.

    Attributes:
        metrics: What score and tiers read.
        known: What was known, microseconds.
        watermarks: How far sources were complete, as was known.
    """

    decided: Decided
    metrics: list[Metric]
    instant: Instant
    known: int
    watermarks: Mapping[str, int]

    @staticmethod
    def of(session: Session, decided: Decided) -> _Side:
        """One decision with what it could know."""
        book, known = decided.inputs.book, to_microseconds(decided.run.as_known_at)
        names = metrics_read(book, decided.inputs.market, aftermath=False)
        instant = instant_of(book, decided.run.as_of)
        return _Side(decided, [book.metrics[name] for name in names], instant, known, read_watermarks(session, known))

    def sources(self) -> set[str]:
        """Sources its metrics take from."""
        return {metric.origin.source for metric in self.metrics if isinstance(metric.origin, FromRecords)}

    def taken_from(self, source: str) -> list[Metric]:
        """Its metrics taken from one source."""
        return [one for one in self.metrics if isinstance(one.origin, FromRecords) and one.origin.source == source]

    def believes(self, source: str, watermarks: Mapping[str, int]) -> bool:
        """Whether its rules believe a source on its day; one that is too old has no records that count."""
        return not is_stale(self.decided.inputs.book, source, watermarks.get(source), self.instant.day)


def _frames(session: Session, source: str, old: _Side, new: _Side, spans: Spans) -> tuple[RecordFrame, RecordFrame]:
    """The customer's records of one source as either decision knew them."""
    fields = set().union(*(fields_needed(metric) for side in (old, new) for metric in side.taken_from(source)))
    if source == "orders" and source in spans:
        fields.add("status")
    ids = new.decided.inputs.customers
    then, now = (
        read_records(session, source, ids, side.instant.as_of, side.known, fields, side.instant.zone)
        for side in (old, new)
    )
    return then, now


@dataclass(frozen=True, slots=True)
class _Seen:
    """Records as one step of a change sees them, as of an instant."""

    frame: RecordFrame
    instant: Instant

    def counted(self, metric: Metric) -> set[int]:
        """Ids of the records a metric is computed from."""
        return {one.record_id for one in contributions(metric, self.frame, self.instant, 0)}

    def eligible(self, metric: Metric) -> set[int]:
        """Ids of those in its window that fulfil its condition; `latest` takes but one of them."""
        assert isinstance(metric.origin, FromRecords)
        return set(self.frame.ids[selected(metric.origin, self.frame, self.instant)].tolist())


def _moved_in(then: RecordFrame, now: RecordFrame, old: _Side, new: _Side) -> Moved:
    """By cause the records of one source that began or ceased to count; the steps are those of `changes`."""
    source = then.source
    by_old, by_new = old.taken_from(source), new.taken_from(source)
    corrected = _before_the_clock(now, old.instant)
    done = corrected
    if source not in LIVING:
        done = joined(then, on_the_eve(now, old.instant.as_of, old.instant.zone))
    first, second, third = (_Seen(frame, old.instant) for frame in (then, done, corrected))
    believed = old.believes(source, old.watermarks)
    if believed:
        yield "BEHAVIOUR", _moved(by_old, first, second)
    if old.believes(source, new.watermarks):  # of a source that was too old everything new counts by being up to date
        yield "DATA_CORRECTION", _moved(by_old, second if believed else first, third)
    if new.believes(source, new.watermarks):
        waiting = replace(old.instant, zone=new.instant.zone)
        yield "TIME", _moved(by_new, _Seen(_before_the_clock(now, waiting), waiting), _Seen(now, new.instant))


def _before_the_clock(now: RecordFrame, instant: Instant) -> RecordFrame:
    """All that is known now as of an earlier instant: what came after it as if done on its eve."""
    past = occurred_before(now, instant.as_of)
    past = replace(past, day=local_days(past.occurred, instant.zone))
    return joined(past, on_the_eve(now, instant.as_of, instant.zone))


def _moved(metrics: list[Metric], before: _Seen, after: _Seen) -> set[int]:
    """Ids of records that began or ceased to count for some metric; not of those that merely gave way to another."""
    ids: set[int] = set()
    if before.instant.as_of == after.instant.as_of and set(before.frame.ids.tolist()) == set(after.frame.ids.tolist()):
        return ids  # a version never changes, so the same ones at the same instant count alike
    for metric in metrics:
        counted, counts = before.counted(metric), after.counted(metric)
        ids |= counts - counted
        if gone := counted - counts:
            ids |= gone - after.eligible(metric)
    return ids
