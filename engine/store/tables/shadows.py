"""Candidates that decide beside the live book, and what they decided; nothing else reads these tables."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import NEVER_REUSED, Instant, Key


class ShadowRow(SQLModel, table=True):
    """A candidate revision that every run decides by as well from `from_at` until `until_at` or `ended_at`."""

    __tablename__ = "shadow"
    __table_args__ = (Index("ix_shadow_change", "change_id"),)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    change_id: int = Field(sa_column=Column(Key, nullable=False))
    revision: str
    actor: str
    from_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    until_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    ended_by: str | None = None


class ShadowChunkRow(SQLModel, table=True):
    """As `ChunkRow`, of what a candidate decided in a run beside the live book; never acted on."""

    __tablename__ = "shadow_chunk"
    __table_args__ = (
        Index("ix_shadow_chunk_run", "run_id", "shadow_id", "market", "ordinal", unique=True),
        Index("ix_shadow_chunk_shadow", "shadow_id"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    shadow_id: int = Field(sa_column=Column(Key, nullable=False))
    run_id: int = Field(sa_column=Column(Key, nullable=False))
    market: str
    ordinal: int
    rows: int
    first_customer: int = Field(sa_column=Column(Key, nullable=False))
    last_customer: int = Field(sa_column=Column(Key, nullable=False))
    hash: str
    members: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
