"""Records with both clocks, imports, what did not fit, and how far each source is complete."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import NEVER_REUSED, Instant, Key


class RecordRow(SQLModel, table=True):
    """A version of a stored fact. Value columns mean what `engine.metrics.sources.SOURCES` says for the kind.

    A correction is a further version of the same (source, kind, key): the old one gets
    `superseded_at` and is otherwise never touched.
    """

    __tablename__ = "record"
    __table_args__ = (
        Index("ix_record_key", "source", "kind", "key", "version", unique=True),
        Index("ix_record_customer", "customer_id", "kind", "occurred_at"),
        Index("ix_record_kind", "kind", "customer_id"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    kind: str
    source: str
    key: str
    version: int = 1
    corrects_id: int | None = Field(default=None, sa_column=Column(Key))
    import_id: int | None = Field(default=None, sa_column=Column(Key))
    occurred_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    recorded_at_assumed: bool = False
    superseded_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    currency: str | None = None
    net: int | None = Field(default=None, sa_column=Column(BigInteger))
    gross: int | None = Field(default=None, sa_column=Column(BigInteger))
    cost: int | None = Field(default=None, sa_column=Column(BigInteger))
    quantity: int | None = Field(default=None, sa_column=Column(BigInteger))
    days: int | None = Field(default=None, sa_column=Column(BigInteger))
    score: int | None = Field(default=None, sa_column=Column(BigInteger))
    share: int | None = Field(default=None, sa_column=Column(BigInteger))
    status: str | None = None
    category: str | None = None
    channel: str | None = None
    reference: str | None = None
    starts_on: int | None = Field(default=None, sa_column=Column(BigInteger))
    ends_on: int | None = Field(default=None, sa_column=Column(BigInteger))
    due_on: int | None = Field(default=None, sa_column=Column(BigInteger))
    done_on: int | None = Field(default=None, sa_column=Column(BigInteger))


class WatermarkRow(SQLModel, table=True):
    """Up to when a source (`orders` …) was complete, as was known at `recorded_at`."""

    __tablename__ = "watermark"
    __table_args__ = (Index("ix_watermark_source", "source", "recorded_at"),)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    source: str
    complete_until: datetime = Field(sa_column=Column(Instant, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class ImportRow(SQLModel, table=True):
    """One import: what was read and what became of it; `summary` is JSON of counts by reason."""

    __tablename__ = "import_batch"

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    mapping: str
    files: str
    file_hashes: str
    actor: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    rows: int
    added: int
    linked: int
    corrected: int
    quarantined: int
    summary: str


class IssueRow(SQLModel, table=True):
    """Something wrong with imported data; a quarantined row takes part in nothing."""

    __tablename__ = "data_quality_issue"
    __table_args__ = (
        Index("ix_issue_found", "found_at", "id"),
        Index("ix_issue_check", "source", "check_name"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    import_id: int | None = Field(default=None, sa_column=Column(Key))
    check_name: str
    severity: str
    message_en: str
    message_zh: str
    source: str
    file: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None
    quarantined: bool
    customer_id: int | None = Field(default=None, sa_column=Column(Key))
    found_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    resolved_at: datetime | None = Field(default=None, sa_column=Column(Instant))
