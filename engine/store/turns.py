"""Turns of writing on a SQLite file: one writer at a time, over all threads and processes.

SQLite before 3.44.6, 3.50.7 and 3.51.3 can corrupt a database when one connection resets the write-ahead log
while another writes or checkpoints (https://sqlite.org/wal.html, "WAL-reset bug"). Whoever writes or closes a
connection (which may checkpoint) therefore holds this lock. It also queues writers more evenly than SQLite's
own waiting, so it is taken on every version.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary


class FileTurn:
    """A lock on `<database>.lock`, shared by the threads of this object and by other processes.

    Waiting has no limit: the kernel frees the lock of a process that died. Within the thread that holds
    it, entering again is free (closing a connection while writing).
    """

    def __init__(self, database: Path) -> None:
        self._path = f"{database}.lock"
        self._threads = threading.RLock()
        self._depth = 0
        self._descriptor: int | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn and keep it inside the block."""
        with self._threads:
            if self._depth == 0:
                self._lock()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0 and self._descriptor is not None:
                    fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the lock file's descriptor back; the next turn opens it again."""
        with self._threads:
            if self._descriptor is not None and self._depth == 0:
                os.close(self._descriptor)
                self._descriptor = None

    def _lock(self) -> None:
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)


_TURNS: WeakValueDictionary[str, FileTurn] = WeakValueDictionary()
_TURNS_LOCK = threading.Lock()


def turn_of(database: Path) -> FileTurn:
    """The turn of a database file, one per file in this process.

    A forgotten database takes its turn when it is cleared away, which may happen in the thread that is just
    writing to the same file through another object: with a turn of its own it would wait for itself.
    """
    name = str(database.resolve())
    with _TURNS_LOCK:
        turn = _TURNS.get(name)
        if turn is None:
            turn = _TURNS[name] = FileTurn(database)
        return turn


def has_wal_reset_bug(version: tuple[int, int, int]) -> bool:
    """Whether a SQLite version has the WAL-reset bug.

    >>> has_wal_reset_bug((3, 40, 1)), has_wal_reset_bug((3, 44, 6)), has_wal_reset_bug((3, 51, 3))
    (True, False, False)
    """
    repaired = {(3, 44): 6, (3, 50): 7}
    patch = repaired.get(version[:2])
    return version[2] < patch if patch is not None else (3, 7, 0) <= version < (3, 51, 3)
