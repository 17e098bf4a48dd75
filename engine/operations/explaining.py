"""Explaining a stored decision: from its chunk, with churn, change and narration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.decisions import explain_row, narrate
from engine.decisions.record import Explained
from engine.errors import DamagedError
from engine.operations.changes import ScoreChange, change_before
from engine.operations.churn_views import ChurnView, churns_of
from engine.operations.evidence import NO_EVIDENCE, Evidence, evidence_between
from engine.operations.inputs import Decided, stored_decision
from engine.store.rows import table_of
from engine.store.tables import CustomerRow
from engine.vocabulary import Locale, Text

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
        run_id=run.id,
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
