"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Dialect, Integer
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}
# Named constraints are the only ones a migration can change on both engines. Every module of tables imports
# this one first, so the convention stands before the first table.

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

Key = BigInteger().with_variant(Integer(), "sqlite")
"""Row number; rises with creation (SQLite numbers rows only in a plain INTEGER column)."""

NEVER_REUSED: Final = {"sqlite_autoincrement": True}
"""Table option: SQLite does not give a deleted row's number to another one (PostgreSQL never does)."""


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970 UTC, as instants are stored and as frames carry them.

    Raises:
        ValueError: The instant has no offset.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without offset cannot be stored")
    return (instant - _EPOCH) // _MICROSECOND


def from_microseconds(stored: int) -> datetime:
    """The aware UTC instant of a stored number."""
    return _EPOCH + timedelta(microseconds=stored)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, stored as whole microseconds since 1970 so that both engines keep it exactly."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Microseconds for the driver."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The aware instant."""
        return None if value is None else from_microseconds(value)
