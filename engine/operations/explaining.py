"""Explaining a stored decision: from its chunk, with churn, change and narration; and metrics with their records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.decisions import explain_row, narrate
from engine.decisions.explanation.values import exact
from engine.decisions.record import Explained, MetricValue
from engine.errors import DamagedError, NotFoundError, closest
from engine.expressions import Fact
from engine.metrics import SOURCES, FromExpression, FromModel, FromRecords, FromValue, contributions
from engine.metrics.derived import OCCURRED_AT
from engine.operations.changes import ScoreChange, change_before
from engine.operations.churn_provenance import churn_provenance
from engine.operations.churn_views import ChurnView, churns_of
from engine.operations.evidence import NO_EVIDENCE, Evidence, evidence_between
from engine.operations.facts import Assembled, Clocks, assemble, believed_frame, instant_of
from engine.operations.inputs import Decided, stored_decision
from engine.operations.provenance import Provenance
from engine.operations.publishing import require_live_book
from engine.operations.value_provenance import value_provenance
from engine.rulebook import Book
from engine.store import read_watermarks
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, to_microseconds
from engine.vocabulary import Locale, Market, MetricState, Text, Unit, scale_of

_customer_columns = table_of(CustomerRow).c
_NAMED: Final = select(_customer_columns.ref, _customer_columns.name).where(
    _customer_columns.id == bindparam("customer")
)


@dataclass(frozen=True, slots=True)
class ExplainedDecision:
    """Everything behind one decision, stored or tried.

    Attributes:
        decision_id, run_id: None: a what-if, nothing is stored.
        as_known_at: Only what was recorded by then counted.
        digested: Makes the digest of inputs and outcome, for whoever asks.
        change: None: the first decision, a what-if, or `unread_before`.
        unread_before: What is wrong with the chunk of the decision before, so that no change can be told.
    """

    decision_id: int | None
    customer_id: int
    run_id: int | None
    ref: str
    name: str | None
    as_known_at: datetime
    digested: Callable[[], bytes] = field(repr=False, compare=False)
    engine_version: str
    model_digest: str | None
    explained: Explained
    churn: ChurnView
    change: ScoreChange | None
    evidence: Evidence = NO_EVIDENCE
    unread_before: Text | None = None

    @property
    def digest(self) -> str:
        """Of inputs and outcome; of a what-if the one a stored decision would have."""
        return f"sha256:{self.digested().hex()}"

    def with_change(self, change: ScoreChange | None) -> ExplainedDecision:
        """The same, with what changed since the decision before."""
        parts = () if change is None else change.parts
        return replace(
            self, change=change, explained=replace(self.explained, change=parts) if parts else self.explained
        )

    def narration(self, locale: Locale) -> list[str]:
        """Under a dozen lines for a person."""
        return narrate(self.explained, locale, self.ref, self.churn.text())


@dataclass(frozen=True, slots=True)
class Contributed:
    """A record behind a metric; `value` as text by `unit`, that of what was taken of it (of days since: a date).

    None where the take has no parts.
    """

    record_id: int
    value: str | None
    unit: Unit


def explain_decision(session: Session, decision_id: int) -> ExplainedDecision:
    """Explain a stored decision, with what changed since the one before and what stands behind it.

    It stands by itself: where the chunk of the one before is damaged, that is told in place of the change.

    Raises:
        NotFoundError: There is none.
        OtherEngineError: It was made by an engine version that this one does not replay.
        RevisionUnreadableError: It was made by rules that this version cannot read any more.
        DamagedError: Its chunk does not fit its hash, or its outcome does not follow from its inputs.
    """
    decision = stored_decision(session, decision_id)
    explained = _explained(session, decision)
    try:
        change, earlier = change_before(session, decision)
    except DamagedError as error:
        return replace(explained, unread_before=error.message)
    told = change is not None and earlier is not None and change.parts
    evidence = evidence_between(session, earlier, decision) if told and earlier is not None else NO_EVIDENCE
    return replace(explained.with_change(change), evidence=evidence)


def change_since_before(session: Session, decision_id: int) -> ScoreChange | None:
    """What changed between a customer's decision before and this one; None: this is the first.

    Raises:
        NotFoundError: There is none.
        DamagedError: A chunk of the two does not fit its hash.
    """
    return change_before(session, stored_decision(session, decision_id))[0]


def explain_by_itself(session: Session, decision_id: int) -> ExplainedDecision:
    """Explain a stored decision without a look at the one before; `change` is None.

    Raises:
        NotFoundError: There is none.
        OtherEngineError: It was made by an engine version that this one does not replay.
        RevisionUnreadableError: It was made by rules that this version cannot read any more.
        DamagedError: Its chunk does not fit its hash, or its outcome does not follow from its inputs.
    """
    return _explained(session, stored_decision(session, decision_id))


def _explained(session: Session, decision: Decided) -> ExplainedDecision:
    inputs, run = decision.inputs, decision.run
    explained = explain_row(
        inputs.book, inputs.market, inputs.columns, inputs.states, inputs.outcomes, row=0, moment=inputs.moment
    )
    ref, name = session.execute(_NAMED, {"customer": decision.customer_id}).one()
    return ExplainedDecision(
        decision_id=decision.number,
        customer_id=decision.customer_id,
        run_id=run.id or 0,
        ref=ref,
        name=name,
        as_known_at=run.as_known_at,
        digested=lambda: decision.digest,
        engine_version=run.engine_version,
        model_digest=run.model_digest,
        explained=explained,
        churn=churn_of(session, decision),
        change=None,
    )


def churn_of(session: Session, decision: Decided) -> ChurnView:
    """The prediction a decision could read: the latest as of its instant that was known by then."""
    number, run = decision.customer_id, decision.run
    return churns_of(session, [number], run.as_of, run.as_known_at)[number]


def metrics_of(
    session: Session,
    customer_id: int,
    names: Sequence[str] | None,
    as_of: datetime,
    as_known_at: datetime,
) -> list[MetricValue]:
    """Metrics of the live rule book for one customer, by both clocks; None: every metric.

    Raises:
        NotReadyError: No rule book is published.
        NotFoundError: No such customer or metric.
    """
    book = require_live_book(session)
    wanted = list(book.metrics) if names is None else _known_names(book, names)
    found = _assembled(session, book, customer_id, Clocks(as_of, as_known_at), wanted)
    return [metric_value(book, name, found.columns[name].fact(0)) for name in wanted]


def metric_value(book: Book, name: str, fact: Fact) -> MetricValue:
    """A fact as people and programs see it."""
    metric = book.metrics[name]
    return MetricValue(
        name=name,
        title=metric.title,
        value=exact(fact.value, metric.unit, metric.scale),
        unit=metric.unit,
        currency=book.currency if metric.unit is Unit.MONEY else None,
        state=MetricState.UNKNOWN if fact.value is None else MetricState.KNOWN,
        cause=fact.cause,
        place=metric.place,
    )


def metric_records(
    session: Session, customer_id: int, name: str, as_of: datetime, as_known_at: datetime, book: Book | None = None
) -> list[Contributed]:
    """The records one metric was computed from, in the order they occurred; they recompute to its value.

    Empty for attributes, predictions and expressions, and where the source is too old to be believed.

    Raises:
        NotReadyError: No rule book is published.
        NotFoundError: No such customer or metric.
    """
    book = book or require_live_book(session)
    metric = book.metrics[_known_names(book, [name])[0]]
    if not isinstance(metric.origin, FromRecords):
        return []
    clocks = Clocks(as_of, as_known_at)
    customers = _assembled(session, book, customer_id, clocks, []).customers
    watermarks = read_watermarks(session, to_microseconds(as_known_at))
    frame = believed_frame(session, metric.origin.source, [metric], customers, clocks, book, watermarks)
    found = [] if frame is None else contributions(metric, frame, instant_of(book, as_of), 0)
    unit = _unit_taken(metric.origin)
    scale = scale_of(unit, book.currency)
    return [Contributed(one.record_id, exact(one.value, unit, scale), unit) for one in found]


def _unit_taken(origin: FromRecords) -> Unit:
    """How to read what a take found in one record."""
    take = origin.take
    if take.field is None or (take.inner or take.function) == "count_distinct":
        return Unit.COUNT
    return Unit.DATE if take.field == OCCURRED_AT else SOURCES[origin.source].fields[take.field].unit


def metric_provenance(
    session: Session, customer_id: int, name: str, as_of: datetime, as_known_at: datetime, book: Book
) -> Provenance | None:
    """What a stored estimate or prediction was made from, that counts by both clocks.

    None: the metric is none of these, or nothing was stored by then.

    Raises:
        NotFoundError: No such customer or metric.
        DamagedError: The fit or model does not fit its digest.
    """
    origin, customer = book.metrics[_known_names(book, [name])[0]].origin, _customer(session, customer_id)
    if isinstance(origin, FromValue):
        return value_provenance(session, origin, customer, book.timezone, as_of, as_known_at)
    if isinstance(origin, FromModel):
        return churn_provenance(session, origin, customer, (book.timezone, book.currency), as_of, as_known_at)
    return None


def metric_inputs(book: Book, name: str) -> list[str]:
    """Names of the metrics an expression reads; empty for every other metric."""
    origin = book.metrics[name].origin
    return list(origin.expression.names) if isinstance(origin, FromExpression) else []


def _assembled(session: Session, book: Book, customer_id: int, clocks: Clocks, names: Sequence[str]) -> Assembled:
    customer = _customer(session, customer_id)
    return assemble(session, book, Market(customer.market), clocks, [customer_id], names)


def _customer(session: Session, customer_id: int) -> CustomerRow:
    customer = session.get(CustomerRow, customer_id)
    if customer is None:
        raise NotFoundError(
            Text("There is no such customer.", "没有该客户。"),
            Text("Ask for it by ref, e.g. demo:B-0007.", "请用标识查询，例如 demo:B-0007。"),
        )
    return customer


def _known_names(book: Book, names: Sequence[str]) -> list[str]:
    for name in names:
        if name not in book.metrics:
            meant = closest(name, book.metrics)
            raise NotFoundError(
                Text(f"The rule book has no metric {name}.", f"规则库没有指标 {name}。"),
                Text(f"Did you mean {meant}?", f"是否指 {meant}？") if meant else None,
            )
    return list(names)
