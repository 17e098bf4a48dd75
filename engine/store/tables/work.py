"""The outbox, owner tasks, the ledger and idempotency keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import NEVER_REUSED, Instant, Key


class DispatchRow(SQLModel, table=True):
    """One contact, made or suppressed; PENDING rows are the outbox, claimed by lease.

    `market`, `as_of` and `revision` are those of the decision that made it.
    """

    __tablename__ = "dispatch"
    __table_args__ = (
        Index("ix_dispatch_customer", "customer_id", "created_at"),
        Index("ix_dispatch_state", "state", "not_before"),
        Index("ux_dispatch_decision", "decision_id", "campaign", unique=True),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    decision_id: int = Field(sa_column=Column(Key, nullable=False))
    market: str
    as_of: datetime = Field(sa_column=Column(Instant, nullable=False))
    revision: str
    campaign: str
    channel: str
    template: str
    marketing: bool
    state: str
    suppressed_by: str | None = None
    as_of_day: int
    unit_cost: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    not_before: datetime | None = Field(default=None, sa_column=Column(Instant))
    due_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    sent_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    lease_until: datetime | None = Field(default=None, sa_column=Column(Instant))
    fence: int = 0
    attempts: int = 0


_STANDING = "review_reason IS NOT NULL AND gone_at IS NULL"


class TaskRow(SQLModel, table=True):
    """Something a person has to do: an owner task of a campaign, or a decision to review.

    A customer has one review of a reason and `tier` (the one at stake) until a later decision no longer has the
    reason (`gone_at`), also after somebody has closed it.
    """

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_due", "state", "due_at", "id"),
        Index("ix_task_assignee", "assignee", "state"),
        Index(
            "ux_task_review",
            "customer_id",
            "review_reason",
            "tier",
            unique=True,
            sqlite_where=text(_STANDING),
            postgresql_where=text(_STANDING),
        ),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    kind: str
    state: str
    title_en: str
    title_zh: str
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    decision_id: int = Field(sa_column=Column(Key, nullable=False))
    dispatch_id: int | None = Field(default=None, sa_column=Column(Key))
    review_reason: str | None = None
    tier: str | None = None
    gone_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    assignee: str | None = None
    due_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    outcome: str | None = None
    completed_by: str | None = None
    completed_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    version: int = 1


class LedgerRow(SQLModel, table=True):
    """One link of the hash chain; `body` holds the exact canonical bytes, `hash` is over them."""

    __tablename__ = "ledger_entry"
    __table_args__ = (Index("ix_ledger_kind", "kind", "position"), Index("ix_ledger_subject", "subject"))

    position: int = Field(sa_column=Column(Key, primary_key=True, autoincrement=False))
    kind: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    actor: str
    reason: str | None = None
    subject: str | None = None
    body: str = Field(sa_column=Column(Text, nullable=False))
    hash: str
    previous_hash: str | None = None


class CheckpointRow(SQLModel, table=True):
    """A signed head of the ledger's Merkle tree; `nodes` are the roots of its full subtrees, so that it can go on."""

    __tablename__ = "checkpoint"

    entries: int = Field(sa_column=Column(Key, primary_key=True, autoincrement=False))
    root: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    nodes: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    note: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))


class IdempotencyRow(SQLModel, table=True):
    """The first answer to an idempotency key: ids to look the answer up by, as JSON."""

    __tablename__ = "idempotency"

    key: str = Field(primary_key=True)
    operation: str
    input_hash: str
    answer: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
