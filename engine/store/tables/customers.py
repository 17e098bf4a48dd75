"""Customers, their identities and imported attributes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, LargeBinary
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import NEVER_REUSED, Instant, Key


class CustomerRow(SQLModel, table=True):
    """A company or person. `ref` is its first identity, `salt` the random bytes of its decision leaves."""

    __tablename__ = "customer"
    __table_args__ = (
        Index("ix_customer_market", "market", "id"),
        Index("ix_customer_updated", "updated_at", "id"),
        Index("ix_customer_owner", "owner", "id"),
        NEVER_REUSED,
    )

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    market: str
    ref: str = Field(unique=True)
    name: str | None = None
    owner: str | None = None
    parent_ref: str | None = None
    salt: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    version: int = 1
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    updated_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class IdentityRow(SQLModel, table=True):
    """A name of a customer outside: `source:key`."""

    __tablename__ = "identity"
    __table_args__ = (Index("ix_identity_customer", "customer_id"),)

    ref: str = Field(primary_key=True)
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class CustomerFieldRow(SQLModel, table=True):
    """A version of an imported attribute; in force from `recorded_at` until `superseded_at` (null: now).

    `number` holds every unit but texts (stored scale, see `engine.vocabulary.scale_of`).
    """

    __tablename__ = "customer_field"
    __table_args__ = (Index("ix_customer_field", "customer_id", "name"), Index("ix_customer_field_name", "name"))

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    name: str
    unit: str
    number: int | None = Field(default=None, sa_column=Column(BigInteger))
    text: str | None = None
    currency: str | None = None
    source: str
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    superseded_at: datetime | None = Field(default=None, sa_column=Column(Instant))
