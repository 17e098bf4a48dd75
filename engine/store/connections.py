"""Connections to both engines, set up so that a commit that was acknowledged stays.

SQLite: the driver opens no transaction of its own (`isolation_level=None`); writing begins with BEGIN IMMEDIATE,
because a transaction that starts by reading and then writes meets "database is locked" without waiting.
PostgreSQL: reading sees one snapshot; writers take turns by an advisory lock, so that row numbers rise in the
order of commits and the ledger has no gaps, exactly as on SQLite.
"""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event

from engine.store.location import is_sqlite
from engine.store.turns import FileTurn

WAIT_SECONDS: Final = 60
"""How long a writer waits for another one before it gives up (the file's turn comes on top)."""

_PATIENCE_SECONDS: Final = 5
"""How long emptying the log waits for readers of an older snapshot."""

WRITING: Final = "touchstone_writing"
"""Execution option of connections that may change something."""

_ADVISORY_LOCK: Final = 7_108_236_045
"""Number of the PostgreSQL advisory lock that writers and upgrades hold."""

_SQLITE_SETTINGS: Final = (
    "PRAGMA synchronous = FULL",
    f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",  # or INSERT OR REPLACE would delete without the delete trigger
    "PRAGMA trusted_schema = OFF",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",
)


def connect(location: URL, turn: FileTurn | None) -> Engine:
    """An engine whose connections are set up for reading and writing.

    Args:
        location: As `engine.store.location.database_location` gives it.
        turn: The turn of the SQLite file; None on PostgreSQL.
    """
    return _sqlite(location, turn) if is_sqlite(location) and turn is not None else _postgres(location)


def _sqlite(location: URL, turn: FileTurn) -> Engine:
    class TurnedConnection(sqlite3.Connection):
        """Closing may checkpoint, so it takes the turn."""

        def close(self) -> None:
            with turn.taken():
                super().close()

    engine = create_engine(
        location,
        connect_args={"isolation_level": None, "factory": TurnedConnection, "timeout": WAIT_SECONDS},
        pool_size=64,  # none above it: an overflowing connection would close, and wait for a turn, after each use
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        for setting in _SQLITE_SETTINGS:
            connection.execute(setting).fetchall()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = bool(connection.get_execution_options().get(WRITING))
        connection.exec_driver_sql(f"PRAGMA query_only = {0 if writing else 1}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def keep_write_ahead_log(engine: Engine, turn: FileTurn) -> None:
    """Make a SQLite file of ours work with a write-ahead log; the file remembers it.

    Not done on connecting: a file that turns out to be somebody else's is left as it was.
    """
    with turn.taken(), engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA journal_mode = WAL").fetchall()


def overwrite_deleted(engine: Engine, turn: FileTurn) -> bool:
    """Write a SQLite file anew without its free pages, and empty its log: nothing deleted stays in either.

    Returns:
        Whether that is so; not while somebody reads an older snapshot or writes, or when the disk has no room for a
        second copy.
    """
    with turn.taken(), engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA query_only = 0")
        driver.execute("PRAGMA temp_store = FILE")  # the copy may be larger than memory
        driver.execute(f"PRAGMA busy_timeout = {_PATIENCE_SECONDS * 1000}").fetchall()
        try:
            driver.execute("VACUUM")
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:  # what was to be deleted is deleted: this is not worth a fault
            busy = True
        finally:
            driver.execute(f"PRAGMA busy_timeout = {WAIT_SECONDS * 1000}").fetchall()
            driver.execute("PRAGMA temp_store = MEMORY")
    return not busy


def _postgres(location: URL) -> Engine:
    engine = create_engine(location, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args=_NO_HANGING)

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        connection.autocommit = True
        connection.execute(f"SET lock_timeout = '{WAIT_SECONDS}s'")
        connection.execute("SET timezone = 'UTC'")
        connection.autocommit = False

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITING):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")

    return engine


_NO_HANGING: Final = {"connect_timeout": 10}


def options(location: URL, *, writing: bool) -> dict[str, Any]:
    """Execution options of a connection for reading (one snapshot, no change) or for writing."""
    if writing:
        return {WRITING: True}
    return {} if is_sqlite(location) else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
