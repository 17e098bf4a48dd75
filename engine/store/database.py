"""The database: opened once, read in snapshots, written in turns."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session

from engine.store.connections import connect, keep_write_ahead_log, options, overwrite_deleted
from engine.store.faults import told
from engine.store.location import database_location, is_sqlite, shown, sqlite_file
from engine.store.turns import FileTurn, turn_of
from engine.store.versions import no_database, replaced_database, require_current, require_sqlite


class Database:
    """An open database; safe to share between threads, a context manager that closes it.

    Attributes:
        where: The database for messages, without a password.
        written: Write transactions committed through it.
    """

    def __init__(self, location: URL, engine: Engine, turn: FileTurn | None) -> None:
        self.where = shown(location)
        self.written = 0
        self._location = location
        self._engine = engine
        self._turn = turn
        self._writing = threading.local()
        self._file: tuple[int, int] | None = None
        weakref.finalize(self, engine.dispose)  # closing may checkpoint, so even a forgotten database takes its turn

    @property
    def is_sqlite(self) -> bool:
        """Whether this is a SQLite file (else PostgreSQL)."""
        return is_sqlite(self._location)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one snapshot and can change nothing; its objects stay usable afterwards."""
        with told(self.where), self._session(writing=False) as session:
            yield session

    @contextmanager
    def write(self, *, erasing: bool = False) -> Iterator[Session]:
        """A session in one write transaction: committed at the end of the block, undone on any error.

        One writer at a time over all threads and processes; another waits. Read again inside what a decision
        to write rests on.

        Args:
            erasing: On SQLite what is deleted is overwritten with zeros at once; `overwrite_deleted` does the rest.

        Raises:
            RuntimeError: This thread is writing already.
            ConflictError: Another program kept the database for longer than a minute.
        """
        if getattr(self._writing, "now", False):
            raise RuntimeError("write() inside write(): pass the session on instead")
        self._writing.now = True
        try:
            with told(self.where), self._turn_taken(), self._session(writing=True) as session:
                if erasing and self.is_sqlite:
                    session.connection().exec_driver_sql("PRAGMA secure_delete = ON")
                yield session
            self.written += 1
        finally:
            self._writing.now = False

    def keep_write_ahead_log(self) -> None:
        """On SQLite see to it that the file has a write-ahead log (a restored copy may have none)."""
        if self._turn is not None:
            with told(self.where):
                keep_write_ahead_log(self._engine, self._turn)

    def overwrite_deleted(self) -> bool:
        """On SQLite see to it that nothing deleted is left in the file and its log (PostgreSQL: VACUUM's business).

        Returns:
            Whether that is so; false while another program reads an older snapshot (the log then keeps it until the
            last program closes the database), or without room for a second copy.

        Raises:
            RuntimeError: This thread is writing.
        """
        if getattr(self._writing, "now", False):
            raise RuntimeError("overwrite_deleted() inside write(): the transaction has to end first")
        if self._turn is None:
            return True
        with told(self.where):
            return overwrite_deleted(self._engine, self._turn)

    def remember_file(self) -> None:
        """On SQLite note which file was opened; from now on reading and writing refuse another one in its place.

        A deleted file stays writable for who has it open, and what is written there is gone with the process.
        """
        self._file = self._file_now()

    def _file_now(self) -> tuple[int, int] | None:
        if self._turn is None:
            return None
        try:
            found = sqlite_file(self._location).stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def close(self) -> None:
        """Close every connection; on SQLite the last one empties the write-ahead log into the file."""
        self._engine.dispose()
        if self._turn is not None:
            self._turn.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _turn_taken(self) -> AbstractContextManager[None]:
        return self._turn.taken() if self._turn is not None else nullcontext()

    @contextmanager
    def _session(self, *, writing: bool) -> Iterator[Session]:
        if self._file is not None and self._file_now() != self._file:
            raise replaced_database(self.where)
        with (
            self._engine.connect().execution_options(**options(self._location, writing=writing)) as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            session.connection()  # begins now, so that the write lock is held before anything is read
            yield session


def open_database(url: str) -> Database:
    """Open a database that is there and fits this version of the software.

    Args:
        url: `sqlite:///file.db` or `postgresql://user@host/name`.

    Raises:
        InputError: The URL is none.
        NotReadyError: No database, not upgraded, or newer than this code; the hint says what to do.
        DamagedError: Not a database, or the ledger's guards are gone.
    """
    location = database_location(url)
    database = unchecked_database(location)
    try:
        with database.read() as session:
            require_current(session.connection(), database.where)
        database.keep_write_ahead_log()
        database.remember_file()
    except BaseException:
        database.close()
        raise
    return database


def unchecked_database(location: URL) -> Database:
    """A database whose schema nobody has looked at yet.

    Raises:
        NotReadyError: The SQLite file is not there (it is never made by opening), or the SQLite library is too old.
    """
    turn = None
    if is_sqlite(location):
        require_sqlite()
        if not sqlite_file(location).is_file():
            raise no_database(shown(location))
        turn = turn_of(sqlite_file(location))
    return Database(location, connect(location, turn), turn)
