"""Runs, their chunks with every decision, and where each customer stands now."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, String, Text, false
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import NEVER_REUSED, Instant, Key


class RunRow(SQLModel, table=True):
    """Deciding for many or for named customers, as of one instant by one revision.

    `tiers`: JSON, customers by market and effective tier.
    """

    __tablename__ = "run"

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    state: str
    as_of: datetime = Field(sa_column=Column(Instant, nullable=False))
    as_known_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    revision: str
    model_digest: str | None = None
    engine_version: str
    total: int = 0
    decided: int = 0
    changed: int = 0
    tiers: str = Field(default="{}", sa_column=Column(Text, nullable=False))
    root: str | None = None
    problem_en: str | None = None
    problem_zh: str | None = None
    actor: str
    started_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    finished_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class ChunkRow(SQLModel, table=True):
    """Up to 8,192 customers of one market of a run: facts, state and outcome as compressed columns.

    A decision is a row of a chunk; both make its number. `members` are the customers in the order of the rows, as
    the body has them too, so that a customer's decisions are found without it; an erased person's row has
    `engine.store.chunks.NOBODY`. `dropped_at`: since when the body has Merkle nodes alone, see `engine.store.emptied`.
    """

    __tablename__ = "chunk"
    __table_args__ = (
        Index("ix_chunk_run", "run_id", "market", "ordinal", unique=True),
        Index("ix_chunk_customers", "last_customer", "first_customer"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    run_id: int = Field(sa_column=Column(Key, nullable=False))
    market: str
    ordinal: int
    rows: int
    first_customer: int = Field(sa_column=Column(Key, nullable=False))
    last_customer: int = Field(sa_column=Column(Key, nullable=False))
    hash: str
    members: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    dropped_at: datetime | None = Field(default=None, sa_column=Column(Instant))


class StandingRow(SQLModel, table=True):
    """Where a customer stands, written when a decision changes it.

    `decision_id`, `as_of` and `previous` are those of the decision that wrote it; later ones came to the same.
    Days are local days since 1970-01-01. `pending` is JSON of the pending move or null.
    `changed_at`: when effective tier, stage or risk last changed.
    """

    __tablename__ = "standing"
    __table_args__ = (
        Index("ix_standing_tier", "market", "effective", "risk"),
        Index("ix_standing_score", "score", "customer_id"),
        Index("ix_standing_stage", "stage"),
    )

    customer_id: int = Field(sa_column=Column(Key, primary_key=True, autoincrement=False))
    decision_id: int = Field(sa_column=Column(Key, nullable=False))
    as_of: datetime = Field(sa_column=Column(Instant, nullable=False))
    market: str
    computed: str | None = None
    since: int | None = None
    provisional: bool = False
    pending: str | None = Field(default=None, sa_column=Column(Text))
    forced: str | None = None
    effective: str | None = None
    effective_since: int | None = None
    previous: str | None = None
    stage: str
    phase: str
    risk: str | None = None
    score: int | None = Field(default=None, sa_column=Column(BigInteger))
    clv: int | None = Field(default=None, sa_column=Column(BigInteger))
    churn: int | None = Field(default=None, sa_column=Column(BigInteger))
    tags: str = Field(default="", sa_column=Column(Text, nullable=False))
    changed_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class OverrideRow(SQLModel, table=True):
    """A tier set by hand; in force while `from_at ≤ as_of < expires_at` and not ended.

    One with `needs_approval` is in force only once somebody else has approved it: `approved` is null until then, and
    `from_at` becomes the instant of the approval. `…_key` are the names as compared (`engine.access.person_key`).
    `computed`: the tier computed when it was set, `decided_by` the rule it came from. `expiry_at`: when the ledger was
    told that its time is over.
    """

    __tablename__ = "tier_override"
    __table_args__ = (Index("ix_override_customer", "customer_id"), NEVER_REUSED)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    tier: str
    reason: str
    note: str | None = None
    evidence: str = "[]"
    actor: str
    from_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    version: int = 1
    author_key: str = Field(default="", sa_column=Column(String, nullable=False, server_default="-"))
    on_behalf_of: str | None = None
    on_behalf_key: str = Field(default="", sa_column=Column(String, nullable=False, server_default="-"))
    computed: str | None = None
    decided_by: str | None = None
    needs_approval: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=false()))
    approved: bool | None = None
    approver: str | None = None
    approver_key: str | None = None
    approver_for: str | None = None
    approver_for_key: str | None = None
    approved_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    approval_note: str | None = None
    expiry_at: datetime | None = Field(default=None, sa_column=Column(Instant))
