"""Actors, their roles and their API tokens; the fields that hold personal data."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import NEVER_REUSED, Instant, Key


class ActorRow(SQLModel, table=True):
    """Somebody who was given roles once; `name` is what stands in the ledger, for OIDC the subject."""

    __tablename__ = "actor"
    __table_args__ = (NEVER_REUSED,)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    name: str = Field(unique=True)
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class RoleGrantRow(SQLModel, table=True):
    """A role an actor has now; the ledger knows the earlier ones."""

    __tablename__ = "role_grant"

    actor_id: int = Field(sa_column=Column(Key, primary_key=True, autoincrement=False))
    role: str = Field(primary_key=True)
    granted_by: str
    granted_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class ApiTokenRow(SQLModel, table=True):
    """An API token without its secret; `roles` are names between spaces, `secret_hash` SHA-256 in hexadecimal.

    It counts until `expires_at` and until `revoked_at`, which lies ahead while a replaced token has its day of grace.
    """

    __tablename__ = "api_token"
    __table_args__ = (Index("ix_api_token_actor", "actor_id", "id"), NEVER_REUSED)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    actor_id: int = Field(sa_column=Column(Key, nullable=False))
    handle: str = Field(unique=True)
    secret_hash: str
    label: str
    roles: str
    created_by: str
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    expires_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    last_used_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    revoked_at: datetime | None = Field(default=None, sa_column=Column(Instant))
    replaces_id: int | None = Field(default=None, sa_column=Column(Key))


class PersonalFieldRow(SQLModel, table=True):
    """A customer field that a mapping marked as personal: so it is in every source, for good."""

    __tablename__ = "personal_field"

    name: str = Field(primary_key=True)
    mapping: str
    declared_at: datetime = Field(sa_column=Column(Instant, nullable=False))
