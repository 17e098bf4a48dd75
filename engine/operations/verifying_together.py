"""A long ledger verified by several processes, each by sections of its own; this one works along from the other end."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from engine.audit import Verification
from engine.audit.sealed import Watch
from engine.audit.sections import SECTION, Section, check_section, verify_sections
from engine.errors import TouchstoneError
from engine.store import Database, hashes_at, ledger_links, open_database
from engine.store.reading import head_position

WORTH_IT: Final = 40 * SECTION
"""From so many entries on others are started: they need about a second to begin."""
_MOST: Final = 4
_AHEAD: Final = 2
"""Spans that each of the others has before it."""

_opened: list[Database] = []


@dataclass(frozen=True, slots=True)
class _Task:
    """A section to check.

    Attributes:
        first, last: Positions; `first` 1 stands for everything up to `last`.
        before: Hash that the store has of the entry before; None: it has none.
        sizes: As for `check_section`, of the whole ledger.
    """

    first: int
    last: int
    before: str | None
    sizes: Sequence[int]


def verify_together(
    session: Session, url: str, notes: Iterable[str], processes: int | None = None
) -> Verification | None:
    """Verify a ledger as `verify_sealed` does, if it is long and all of it fits.

    Args:
        session: Reads what is committed.
        url: Of the same database, for the others to open.
        notes: Checkpoints from wherever they are kept, in any order.
        processes: So many, this one included; None: as this machine has processors, up to four.

    Returns:
        None: it is short, this machine cannot do more than one thing at a time, or something does not fit.
    """
    entries, kept = head_position(session), list(notes)
    count = min(_MOST, _processors()) if processes is None else processes
    if count < 2 or entries < WORTH_IT:
        return None
    tasks = _tasks(session, entries, Watch(kept).sizes)
    pool = ProcessPoolExecutor(count - 1, multiprocessing.get_context("spawn"), _open, (url,))
    try:
        return verify_sections(_from_both_ends(session, pool, tasks, count - 1), kept)
    except (BrokenProcessPool, OSError):
        return None  # no further process can be had: this one checks the ledger alone
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _processors() -> int:
    """How many this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _tasks(session: Session, entries: int, sizes: Sequence[int]) -> list[_Task]:
    firsts = range(1, entries + 1, SECTION)
    before = hashes_at(session, [first - 1 for first in firsts])
    return [_Task(first, min(first + SECTION - 1, entries), before.get(first - 1), sizes) for first in firsts]


def _from_both_ends(
    session: Session, pool: ProcessPoolExecutor, tasks: Sequence[_Task], others: int
) -> list[Section | None]:
    """The others take sections from the beginning on, this process those at the end, until they meet."""
    given: list[Future[Section | None]] = []
    mine: list[Section | None] = []
    while len(given) + len(mine) < len(tasks):
        if sum(not one.done() for one in given) < _AHEAD * others:
            given.append(pool.submit(_checked_by_another, tasks[len(given)]))
        else:
            mine.append(_checked(session, tasks[-1 - len(mine)]))
    return [*(one.result() for one in given), *reversed(mine)]


def _open(url: str) -> None:
    """What another process does first."""
    try:
        _opened.append(open_database(url))
    except TouchstoneError:
        return  # it finds nothing, and whoever asked checks the ledger alone


def _checked_by_another(task: _Task) -> Section | None:
    try:
        with _opened[-1].read() as session:
            return _checked(session, task)
    except (TouchstoneError, IndexError):
        return None  # whoever checks the ledger alone meets it again, and says so


def _checked(session: Session, task: _Task) -> Section | None:
    pieces = ledger_links(session, after=task.first - 1 if task.first > 1 else None, until=task.last)
    return check_section(pieces, task.first, task.before, task.sizes)
