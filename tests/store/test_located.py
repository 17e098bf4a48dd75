"""Customers' decisions are found among chunks, newest first, as a plain search through all of them finds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import Session

from engine.store import (
    NO_INSTANT,
    Database,
    Window,
    decision_number,
    insert_rows,
    locate_all,
    locate_latest,
    pack_numbers,
    place_of_decision,
)
from engine.store.tables import ChunkRow, RunRow, StandingRow

CUSTOMERS = 12
ALL = np.arange(1, CUSTOMERS + 1)

RUNS = st.lists(st.sets(st.integers(1, CUSTOMERS), min_size=1).map(sorted), max_size=6)
"""Who is decided by one run after another."""


def fill(database: Database, runs: Sequence[Sequence[int]], size: int) -> dict[int, list[tuple[int, int]]]:
    """Store runs as of 10, 20, … each in chunks of some size; gives (as_of, number) by customer, oldest first."""
    found: dict[int, list[tuple[int, int]]] = {number: [] for number in ALL.tolist()}
    with database.write() as session:
        for table in ("chunk", "run", "standing"):
            session.execute(text(f"delete from {table}"))
        for index, members in enumerate(runs, 1):
            at = 10 * index
            times = {"as_of": [at], "as_known_at": at, "started_at": at + 2, "finished_at": at + 2}
            run = insert_rows(
                session, RunRow, {**times, "state": "DONE", "revision": "r", "engine_version": "1", "actor": "a"}
            )
            for ordinal, start in enumerate(range(0, len(members), size)):
                part = np.array(members[start : start + size])
                ids = {"run_id": run, "market": "B2C", "ordinal": ordinal, "rows": len(part), "hash": "", "body": b""}
                ends = {"first_customer": int(part.min()), "last_customer": int(part.max())}
                chunk = insert_rows(session, ChunkRow, {**ids, **ends, "members": pack_numbers(part)}).item()
                for row, customer in enumerate(part.tolist()):
                    found[customer].append((at, decision_number(chunk, row)))
        stands = {customer: rows[-1] for customer, rows in found.items() if rows}
        if stands:
            given_ = {"customer_id": list(stands), "decision_id": [number for _, number in stands.values()]}
            fixed = {"as_of": 10, "market": "B2C", "stage": "ACTIVE", "phase": "RETAIN", "changed_at": 10}
            insert_rows(session, StandingRow, {**given_, **fixed})
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    RUNS,
    st.integers(1, 5),
    st.integers(0, 70),
    st.integers(0, 70),
    st.permutations(ALL.tolist()),
    st.integers(0, CUSTOMERS),
)
def test_decisions_are_found(database: Database, runs, size: int, until: int, known: int, order, count: int) -> None:
    stored = fill(database, runs, size)
    asked = order[:count]
    for window, counts in (
        (Window(), lambda at: True),
        (Window(until=until), lambda at: at <= until),
        (Window(known_at=known), lambda at: at + 2 <= known),
        (Window(until, known), lambda at: at <= until and at + 2 <= known),
    ):
        expected = {customer: [one for one in stored[customer] if counts(one[0])] for customer in asked}
        with database.read() as session:
            latest = locate_latest(session, np.array(asked, np.int64), window)
            every = locate_all(session, asked, window)
        assert every == {customer: [(number, at) for at, number in reversed(expected[customer])] for customer in asked}
        last = [expected[customer][-1] if expected[customer] else (NO_INSTANT, -1) for customer in asked]
        assert list(zip(latest.as_of.tolist(), latest.numbers.tolist(), strict=True)) == last
        places = [place_of_decision(number) if number >= 0 else (-1, -1) for _, number in last]
        assert list(zip(latest.chunks.tolist(), latest.rows.tolist(), strict=True)) == places


def test_who_was_never_decided_spares_the_older_chunks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """New customers beside a long history: what has no standing is not looked for in old chunks."""
    fill(database, [[1, 2, 3, 4, 5, 6, 7, 8]] * 40, 4)
    opened: list[int] = []
    from engine.store import located

    unpack = located._members
    monkeypatch.setattr(located, "_members", lambda *index: (opened.append(1), unpack(*index))[1])
    with database.read() as session:
        found = locate_latest(session, ALL)
    assert found.decided.tolist() == [True] * 8 + [False] * 4
    assert len(opened) <= 4


def test_older_chunks_are_not_even_fetched(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the history: a driver may hold all that a statement finds in memory."""
    fill(database, [[1, 2, 3, 4, 5, 6, 7, 8]] * 120, 4)
    from engine.store import located

    sent: list[int] = []
    ask = located.rows_of

    def counted(session: Session, query: Select[Any]) -> Any:
        sent.append(session.execute(select(func.count()).select_from(query.subquery())).scalar_one())
        return ask(session, query)

    monkeypatch.setattr(located, "rows_of", counted)
    with database.read() as session:
        assert session.execute(text("select count(*) from chunk")).scalar_one() == 240
        assert locate_latest(session, ALL[:8]).decided.all()
        assert sent == [100]
        sent.clear()
        every = locate_all(session, [1, 5])
    assert [len(found) for found in every.values()] == [120, 120]
    assert sent == [100, 100, 40]


def test_instants_are_those_of_runs(database: Database) -> None:
    fill(database, [[3]], 1)
    with database.read() as session:
        stored = session.execute(text("select as_of from run")).scalar_one()
    assert stored == 10 == int(datetime(1970, 1, 1, 0, 0, 0, 10, tzinfo=UTC).timestamp() * 1_000_000)
