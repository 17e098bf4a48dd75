"""Databases with many customers: stored, decided from made-up facts first, then from the facts stored then."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.decisions import stored_fact
from engine.expressions import Column
from engine.operations import computing
from engine.operations.deciding import decide
from engine.operations.facts import Assembled, Clocks, instant_of
from engine.operations.publishing import publish
from engine.operations.rule_folder import read_rule_folder
from engine.rulebook import Book
from engine.store import Database, insert_rows, open_database, read_chunk, read_customers, upgrade_database
from engine.store.tables import ChunkRow, CustomerRow
from engine.vocabulary import Market
from tests.bench.synthetic import ROOT, shipped_book, synthetic_columns

Integers = NDArray[np.int64]

AS_OF = datetime(2026, 10, 31, 16, tzinfo=UTC)
BEFORE = AS_OF - timedelta(hours=2)
MONTH = timedelta(days=30)
_BLOCK = 100_000
"""Customers stored by one statement."""


@contextmanager
def opened() -> Iterator[Database]:
    """A new database with the shipped rule book."""
    shipped_book()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'bench.db'}"
        upgrade_database(url)
        with open_database(url) as database:
            publish(database, read_rule_folder(ROOT / "rules"), "bench", "measuring", BEFORE)
            yield database


@contextmanager
def decided(customers: int, runs: int = 1) -> Iterator[Database]:
    """A database in which so many customers were decided so many times, a month between."""
    with opened() as database:
        with database.write() as session:
            fill_customers(session, customers)
        for number in range(runs):
            with patch.object(computing, "assemble", stored_facts if number else made_up_facts):
                run_of(database, AS_OF + number * MONTH, customers)
        yield database


def megabytes(database: Database) -> int:
    """Size of the database with its log, in millions of bytes."""
    folder = Path(database.where).parent
    return round(sum(file.stat().st_size for file in folder.iterdir()) / 1e6)


def fill_customers(session: Session, customers: int) -> Integers:
    """Store so many persons; gives their ids."""
    chance = np.random.default_rng(1)
    found = [_persons(session, start, min(_BLOCK, customers - start), chance) for start in range(0, customers, _BLOCK)]
    return np.concatenate(found)


def _persons(session: Session, start: int, count: int, chance: np.random.Generator) -> Integers:
    names = [f"bench:P-{number:07d}" for number in range(start + 1, start + count + 1)]
    salts = [chance.bytes(16) for _ in names]
    times = {"created_at": BEFORE, "updated_at": BEFORE}
    return insert_rows(
        session, CustomerRow, {"market": Market.B2C, "ref": names, "name": names, "salt": salts, **times}
    )


def run_of(database: Database, as_of: datetime, customers: int) -> float:
    """Seconds of one run of all customers, who must be so many."""
    started = time.perf_counter()
    report = decide(database, None, as_of, "bench", as_of + timedelta(hours=1))
    seconds = time.perf_counter() - started
    if report.decided != customers:
        raise AssertionError(f"{report.decided} customers were decided, not {customers}")
    return seconds


def made_up_facts(session: Session, book: Book, market: Market, clocks: Clocks, ids: Integers) -> Assembled:
    """Facts nobody stored, instead of `assemble`."""
    customers = read_customers(session, market, ids)
    columns = synthetic_columns(book, len(customers), seed=int(ids[0]))
    return Assembled(customers, columns, instant_of(book, clocks.as_of))


def stored_facts(session: Session, book: Book, market: Market, clocks: Clocks, ids: Integers) -> Assembled:
    """The facts of the first run of the database, instead of `assemble`."""
    customers = read_customers(session, market, ids)
    of_first = (ChunkRow.run_id == 1, ChunkRow.market == market.value)
    around = (ChunkRow.last_customer >= int(ids[0]), ChunkRow.first_customer <= int(ids[-1]))
    query = select(ChunkRow.id).where(*of_first, *around).order_by(ChunkRow.ordinal)
    chunks = [read_chunk(session, number) for number in session.execute(query).scalars()]
    names = chunks[0].header["facts"] if chunks else {}
    columns = {name: _joined([stored_fact(chunk.header, chunk, name) for chunk in chunks]) for name in names}
    members = np.concatenate([chunk["customer"] for chunk in chunks])
    if len(members) > len(ids):
        rows = np.searchsorted(members, ids)
        columns = {name: column.take(rows) for name, column in columns.items()}
    return Assembled(customers, columns, instant_of(book, clocks.as_of))


def _joined(parts: list[Column]) -> Column:
    values, causes = (np.concatenate([getattr(part, name) for part in parts]) for name in ("values", "causes"))
    return Column(values, causes, parts[0].unit, parts[0].texts)
