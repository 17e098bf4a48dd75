"""What the document of a decision is written from: everything is read here, once, by the decision's own clocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy.orm import Session

from engine.decisions.explanation.values import points
from engine.decisions.record import MetricValue
from engine.metrics import FromExpression, FromRecords, Take
from engine.operations.explaining import ExplainedDecision, explain_decision
from engine.operations.facts import metrics_read
from engine.operations.metric_values import Contributed, records_of_metrics
from engine.operations.overriding import overrides_of
from engine.operations.publishing import book_of
from engine.operations.stale_sources import StaleSource, stale_for_run
from engine.rulebook import Book
from engine.store.reading import (
    EntryView,
    Kind,
    RecordView,
    RuleChangeView,
    RunView,
    change_behind,
    entries_of_subjects,
    records_by_ids,
    reviews_of_changes,
    runs_of_decisions,
    subject_of,
)
from engine.vocabulary import Text, Unit

MOST_RECORDS: Final = 6
"""Records shown of one metric; the others are counted."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """A record behind a metric; `value` as text by `unit`, None where the metric has no parts."""

    record: RecordView
    value: str | None
    unit: Unit


@dataclass(frozen=True, slots=True)
class Behind:
    """The records behind one metric.

    Attributes:
        told: The metric as the decision saw it; None: no rule read it itself, only an expression did.
        count: All of them; `shown` are the newest, newest first, after the one that gave a smallest or largest value.
        stale: Their source was too old to be believed, so none counted.
    """

    title: Text
    name: str
    told: MetricValue | None
    count: int
    shown: tuple[Contribution, ...]
    stale: bool


@dataclass(frozen=True, slots=True)
class HandMade:
    """A tier set by hand that was in force: by whom and why."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Documented:
    """Everything a document shows.

    Attributes:
        number: The decision's.
        entry: The ledger entry of the run.
        change: The one by which the revision was live when the run started; None: it never was.
        approved_by: Whose approvals that change went live with.
        thresholds: Score each tier starts at by the book, best first; the last tier has none and is left out.
        behind: Metrics that score and tier read and that are taken from records.
        without: Titles of the metrics that are not: attributes, estimates, predictions.
        contact: To whom an objection goes; empty: nobody was named.
    """

    number: int
    answer: ExplainedDecision
    run: RunView
    entry: EntryView | None
    change: RuleChangeView | None
    approved_by: tuple[str, ...]
    book_title: Text
    book_owner: str
    currency: str
    thresholds: tuple[tuple[str, Decimal], ...]
    override: HandMade | None
    behind: tuple[Behind, ...]
    without: tuple[Text, ...]
    stale: tuple[StaleSource, ...]
    contact: str


def documented(session: Session, decision_id: int, contact: str = "") -> Documented:
    """Read everything the document of a stored decision shows.

    Raises:
        NotFoundError: There is no such decision.
        DamagedError: A chunk does not fit its hash, or its outcome does not follow from its inputs.
    """
    answer = explain_decision(session, decision_id)
    told = answer.explained
    book = book_of(session, told.revision)
    run = runs_of_decisions(session, [decision_id])[decision_id]
    subject = subject_of(Kind.RUN, run.id)
    stale = stale_for_run(session, run.id, told.market)
    change = change_behind(session, told.revision, run.started_at)
    names = metrics_read(book, told.market, aftermath=False)
    origins = {name: book.metrics[name].origin for name in names}
    bare = [name for name, origin in origins.items() if not isinstance(origin, (FromRecords, FromExpression))]
    return Documented(
        number=decision_id,
        answer=answer,
        run=run,
        entry=entries_of_subjects(session, [subject]).get(subject),
        change=change,
        approved_by=_approvers(session, change),
        book_title=book.title,
        book_owner=book.owner,
        currency=book.currency,
        thresholds=tuple(
            (tier.key, points(tier.at_least)) for tier in book.markets[told.market].tiers if tier.at_least is not None
        ),
        override=_override(session, answer, run),
        behind=tuple(_behind(session, answer, run, book, names, {one.source for one in stale})),
        without=tuple(book.metrics[name].title for name in bare),
        stale=stale,
        contact=contact.strip(),
    )


def _approvers(session: Session, change: RuleChangeView | None) -> tuple[str, ...]:
    if change is None:
        return ()
    reviews = reviews_of_changes(session, [change.id])[change.id]
    return tuple(review.actor for review in reviews if review.approved and review.round == change.round)


def _override(session: Session, answer: ExplainedDecision, run: RunView) -> HandMade | None:
    """The override the decision was made with; one made or ended only after the run was not, or still, in force."""
    known = min(run.as_of, run.started_at)
    for row in overrides_of(session, answer.customer_id):
        if row.needs_approval and not row.approved:
            continue
        ended = row.ended_at is not None and row.ended_at <= known
        in_force = row.from_at <= known and row.expires_at > run.as_of and not ended
        if in_force and row.tier == answer.explained.tier.effective:
            return HandMade(row.actor, row.reason)
    return None


def _behind(
    session: Session, answer: ExplainedDecision, run: RunView, book: Book, names: tuple[str, ...], stale: set[str]
) -> Iterator[Behind]:
    """Metrics with the records they were computed from, as that run knew them."""
    known = {metric.name: metric for metric in answer.explained.metrics}
    behind = records_of_metrics(session, answer.customer_id, names, run.as_of, run.as_known_at, book)
    for name in names:
        metric = book.metrics[name]
        if not isinstance(metric.origin, FromRecords):
            continue
        found = behind[name]
        newest = _told_first(metric.origin.take, found)[:MOST_RECORDS]
        views = records_by_ids(session, [one.record_id for one in newest])
        shown = tuple(Contribution(views[one.record_id], one.value, one.unit) for one in newest)
        yield Behind(metric.title, name, known.get(name), len(found), shown, metric.origin.source in stale)


def _told_first(take: Take, found: Sequence[Contributed]) -> list[Contributed]:
    """Records newest first; of a smallest or largest value the record that gave it before all others."""
    newest = list(found[::-1])
    pick = {"min": min, "max": max}.get(take.inner or take.function)
    known = [one for one in newest if one.value is not None]
    if pick is None or not known:
        return newest
    decisive = pick(known, key=_size)
    return [decisive, *(one for one in newest if one is not decisive)]


def _size(one: Contributed) -> Decimal:
    """What is compared: dates by their days, everything else as a number."""
    value = one.value or ""
    return Decimal(date.fromisoformat(value).toordinal()) if one.unit is Unit.DATE else Decimal(value)
