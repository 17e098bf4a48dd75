"""Model versions, predictions and value estimates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Column, Index, Text
from sqlmodel import Field, SQLModel

from engine.store.tables.columns import Instant, Key


class ModelVersionRow(SQLModel, table=True):
    """A trained model: `body` is its JSON (digest is over these bytes), `card` JSON says how it was made."""

    __tablename__ = "model_version"

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    name: str
    digest: str = Field(unique=True)
    body: str = Field(sa_column=Column(Text, nullable=False))
    card: str = Field(sa_column=Column(Text, nullable=False))
    actor: str
    reason: str
    created_at: datetime = Field(sa_column=Column(Instant, nullable=False))


class ModelAliasRow(SQLModel, table=True):
    """A name that points at a model version, e.g. `live`."""

    __tablename__ = "model_alias"

    name: str = Field(primary_key=True)
    alias: str = Field(primary_key=True)
    model_version_id: int = Field(sa_column=Column(Key, nullable=False))


class PredictionRow(SQLModel, table=True):
    """A stored prediction; `probability` in 0.000001, `reasons` JSON `[[feature, value, effect], …]`."""

    __tablename__ = "prediction"
    __table_args__ = (Index("ix_prediction", "name", "customer_id", "as_of"),)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    name: str
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    as_of: datetime = Field(sa_column=Column(Instant, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    status: str
    probability: int | None = Field(default=None, sa_column=Column(BigInteger))
    reasons: str = Field(default="[]", sa_column=Column(Text, nullable=False))
    model_version_id: int | None = Field(default=None, sa_column=Column(Key))


class ValueEstimateRow(SQLModel, table=True):
    """A stored value (`clv`, `cac`, `margin`) in minor units with its band; null amount: unknown."""

    __tablename__ = "value_estimate"
    __table_args__ = (Index("ix_value_estimate", "name", "customer_id", "as_of"),)

    id: int | None = Field(default=None, sa_column=Column(Key, primary_key=True))
    name: str
    customer_id: int = Field(sa_column=Column(Key, nullable=False))
    horizon_days: int | None = None
    as_of: datetime = Field(sa_column=Column(Instant, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(Instant, nullable=False))
    amount: int | None = Field(default=None, sa_column=Column(BigInteger))
    low: int | None = Field(default=None, sa_column=Column(BigInteger))
    high: int | None = Field(default=None, sa_column=Column(BigInteger))
    currency: str
    method: str
