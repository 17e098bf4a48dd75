"""Revisions of rule books and the changes that brought them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index, Integer, String, Text, text
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
    """A change of the live rule book; at most one is LIVE. Triggers guard who brings it and what it brings.

    `actor` is its author; `author_key` and `on_behalf_key` are names as they are compared (empty: nobody). `round`
    rises with every edit and new preview, and reviews are of a round. `preview` is canonical JSON, `preview_digest`
    its hash; after `valid_until` it carries no approval any more.
    `activate_at` is when it is to go live by itself (kept once it is live), `activate_zone` the zone it was said in;
    `attention_en` and `attention_zh` say why that was stopped.
    """

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
    author_key: str = Field(default="", sa_column=Column(String, nullable=False, server_default="-"))
    on_behalf_of: str | None = None
    on_behalf_key: str = Field(default="", sa_column=Column(String, nullable=False, server_default="-"))
    round: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    approvers_needed: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    preview: str | None = Field(default=None, sa_column=Column(Text))
    preview_digest: str | None = None
    snapshot: str | None = None
    previewed_as_of: datetime | None = Field(default=None, sa_column=Column(Instant))
    previewed_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    valid_until: datetime | None = Field(default=None, sa_column=Column(Instant))
    activate_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    activate_zone: str | None = None
    scheduled_by: str | None = None
    schedule_reason: str | None = None
    attention_en: str | None = None
    attention_zh: str | None = None


class ReviewRow(SQLModel, table=True):
    """A verdict on exactly one content, preview and base of a change; never changed, never by its author."""

    __tablename__ = "review"
    __table_args__ = (Index("ux_review_actor", "change_id", "round", "actor_key", unique=True),)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    change_id: int = Field(sa_column=Column(Key, nullable=False))
    round: int
    actor: str
    actor_key: str
    on_behalf_of: str | None = None
    on_behalf_key: str = ""
    approved: bool
    note: str | None = None
    at: datetime = Field(sa_column=Column(Instant, nullable=False))
    revision: str
    base_revision: str | None = None
    preview_digest: str
    snapshot: str
