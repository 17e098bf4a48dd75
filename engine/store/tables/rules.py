"""Revisions of rule books and the changes that brought them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Text, text
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import Instant, Key


class RevisionRow(SQLModel, table=True):
    """A rule book by its content hash; `files` is canonical JSON `[[path, text], …]`."""

    __tablename__ = "revision"

    hash: str = Field(primary_key=True)
    name: str
    files: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class RuleChangeRow(SQLModel, table=True):
    """A change of the live rule book; at most one is LIVE."""

    __tablename__ = "rule_change"
    __table_args__ = (
        Index(
            "ux_rule_change_live",
            "state",
            unique=True,
            sqlite_where=text("state = 'LIVE'"),
            postgresql_where=text("state = 'LIVE'"),
        ),
        Index("ix_rule_change_live_from", "live_from"),
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    state: str
    revision: str
    base_revision: str | None = None
    bootstrap: bool = False
    restores_id: int | None = Field(default=None, sa_column=Column(Key))
    actor: str
    reason: str
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    live_from: datetime | None = Field(default=None, sa_column=Column(Instant))
    live_until: datetime | None = Field(default=None, sa_column=Column(Instant))
    published_by: str | None = None
    version: int = 1
