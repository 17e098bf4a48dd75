"""Rows as readers see them: frozen values with the names of the stored columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


@dataclass(frozen=True, slots=True)
class FieldView:
    """An imported attribute in force; `number` in the unit's stored scale."""

    customer_id: int
    name: str
    unit: str
    number: int | None
    text: str | None
    currency: str | None
    source: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StandingView:
    """Where a customer stands; tier keys None: UNRATED, `effective_since` a local day.

    `decision_id`, `as_of` and `previous` are those of the decision that wrote it; later ones came to the same. No chunk
    was stored beyond `newest_chunk` when it was read: latest decisions up to there, read later, fit it.
    """

    customer_id: int
    decision_id: int
    as_of: datetime
    market: str
    computed: str | None
    effective: str | None
    previous: str | None
    effective_since: int | None
    provisional: bool
    stage: str
    phase: str
    risk: str | None
    score: int | None
    tags: str
    newest_chunk: int

    def after(self, latest: LatestView) -> StandingView:
        """The same as of the latest decision: if it changed nothing, the tier before is the tier."""
        previous = self.previous if latest.decision_id == self.decision_id else self.effective
        return replace(self, decision_id=latest.decision_id, as_of=latest.as_of, previous=previous)


@dataclass(frozen=True, slots=True)
class LatestView:
    """A customer's latest decision: its number, its instant, and the revision that decided."""

    decision_id: int
    as_of: datetime
    revision: str


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer; `standing` None: it was never decided."""

    id: int
    market: str
    ref: str
    name: str | None
    owner: str | None
    version: int
    updated_at: datetime
    standing: StandingView | None


@dataclass(frozen=True, slots=True)
class DecisionView:
    """One decision; tier keys None: UNRATED, `effective_since` a local day, score in 0.0001; last what its run says.

    `id` is its number, see `engine.store.decision_number`.
    """

    id: int
    customer_id: int
    as_of: datetime
    as_known_at: datetime
    recorded_at: datetime
    run_id: int
    market: str
    computed: str | None
    effective: str | None
    previous: str | None
    effective_since: int
    provisional: bool
    score: int | None
    stage: str
    phase: str
    risk: str | None
    revision: str
    model_digest: str | None
    engine_version: str


@dataclass(frozen=True, slots=True)
class RunView:
    """A run."""

    id: int
    state: str
    as_of: datetime
    as_known_at: datetime
    revision: str
    model_digest: str | None
    engine_version: str
    total: int
    decided: int
    changed: int
    root: str | None
    problem_en: str | None
    problem_zh: str | None
    actor: str
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordView:
    """A version of a stored fact; value columns as in `engine.metrics.sources.COLUMNS`."""

    id: int
    customer_id: int
    kind: str
    source: str
    key: str
    corrects_id: int | None
    occurred_at: datetime
    recorded_at: datetime
    recorded_at_assumed: bool
    currency: str | None
    net: int | None
    gross: int | None
    cost: int | None
    quantity: int | None
    days: int | None
    score: int | None
    share: int | None
    status: str | None
    category: str | None
    channel: str | None
    reference: str | None
    starts_on: int | None
    ends_on: int | None
    due_on: int | None
    done_on: int | None


@dataclass(frozen=True, slots=True)
class IssueView:
    """Something wrong with imported data."""

    id: int
    check_name: str
    severity: str
    message_en: str
    message_zh: str
    source: str
    file: str | None
    row: int | None
    field: str | None
    quarantined: bool
    customer_id: int | None
    found_at: datetime
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class DispatchView:
    """One contact, made or suppressed."""

    id: int
    customer_id: int
    decision_id: int
    revision: str
    campaign: str
    channel: str
    template: str
    state: str
    suppressed_by: str | None
    not_before: datetime | None
    due_at: datetime | None
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class TaskView:
    """Something a person has to do."""

    id: int
    kind: str
    state: str
    title_en: str
    title_zh: str
    customer_id: int
    decision_id: int
    dispatch_id: int | None
    review_reason: str | None
    assignee: str | None
    due_at: datetime | None
    outcome: str | None
    completed_by: str | None
    completed_at: datetime | None
    version: int


@dataclass(frozen=True, slots=True)
class OverrideView:
    """A tier set by hand; `evidence` is a JSON list."""

    id: int
    customer_id: int
    tier: str
    reason: str
    note: str | None
    evidence: str
    actor: str
    from_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    version: int
    on_behalf_of: str | None
    computed: str | None
    needs_approval: bool
    approved: bool | None
    approver: str | None
    approved_at: datetime | None
    approval_note: str | None


@dataclass(frozen=True, slots=True)
class EntryView:
    """One link of the ledger's chain."""

    position: int
    kind: str
    at: datetime
    actor: str
    reason: str | None
    subject: str | None
    body: str
    hash: str
    previous_hash: str | None


@dataclass(frozen=True, slots=True)
class ModelVersionView:
    """A model version without its body; `card` is JSON."""

    id: int
    name: str
    digest: str
    card: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PredictionView:
    """A stored prediction; `probability` in 0.000001, `reasons` JSON."""

    customer_id: int
    as_of: datetime
    status: str
    probability: int | None
    reasons: str
    model_version_id: int | None
