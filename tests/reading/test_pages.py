"""Keyset pages against the list sorted in Python, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from engine.errors import InputError
from engine.store import Database
from engine.store.reading import (
    CustomerFilter,
    Slice,
    count_customers,
    count_records,
    customers_page,
    record_pages,
    slice_of,
)
from engine.store.reading.records import RecordFilter
from engine.store.tables import CustomerRow, RecordRow, StandingRow

START = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS = 40


@pytest.fixture
def business(database: Database) -> Database:
    """Customers with few distinct scores, some unknown, some never decided; records at few distinct instants."""
    chance = Random(7)
    with database.write() as session:
        for number in range(1, CUSTOMERS + 1):
            at = START + timedelta(days=chance.randrange(5))
            session.add(
                CustomerRow(
                    id=number, market="B2C", ref=f"a:{number}", name=f"Member {number}", salt=b"s",
                    created_at=at, updated_at=at,
                )
            )  # fmt: skip
            if number % 7:
                score = None if number % 5 == 0 else 10_000 * chance.randrange(4)
                session.add(
                    StandingRow(
                        customer_id=number, decision_id=number, as_of=at, market="B2C", effective="A",
                        stage="ACTIVE", phase="RETAIN", score=score, changed_at=at,
                    )
                )  # fmt: skip
            for order in range(number % 6):
                when = START + timedelta(days=chance.randrange(3))
                session.add(
                    RecordRow(
                        customer_id=number, kind="ORDER", source="a", key=f"{number}-{order}",
                        occurred_at=when, recorded_at=when, net=order, status="paid", currency="CNY",
                    )
                )  # fmt: skip
    return database


@pytest.mark.parametrize("order", ["SCORE", "UPDATED"])
@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("size", [1, 6, 100])
@pytest.mark.parametrize("backward", [False, True])
def test_pages_put_together_are_the_list(
    business: Database, order: str, descending: bool, size: int, backward: bool
) -> None:
    with business.read() as session:
        whole = customers_page(session, CustomerFilter(), order, descending, Slice(100)).rows
        seen: list[int] = []
        cursor = None
        while True:
            page = customers_page(session, CustomerFilter(), order, descending, Slice(size, cursor, backward))
            ids = [row.id for row in page.rows]
            seen = ids + seen if backward else seen + ids
            if not (page.has_previous if backward else page.has_next):
                break
            cursor = page.cursors[0 if backward else -1]
        assert seen == [row.id for row in whole]
        assert sorted(seen) == list(range(1, CUSTOMERS + 1))
        assert count_customers(session, CustomerFilter()) == CUSTOMERS


def test_unknown_comes_last_both_ways_and_ties_go_by_id(business: Database) -> None:
    with business.read() as session:
        scores = {row.customer_id: row.score for row in session.query(StandingRow)}
        for descending in (True, False):
            page = customers_page(session, CustomerFilter(), "SCORE", descending, Slice(100))
            keys = [(scores.get(row.id), row.id) for row in page.rows]
            known = [key for key in keys if key[0] is not None]
            unknown = [key[1] for key in keys if key[0] is None]
            assert keys[len(known) :] == [(None, number) for number in unknown]
            assert known == sorted(known, reverse=descending)
            assert unknown == sorted(unknown, reverse=descending)


@pytest.mark.parametrize("size", [1, 2, 100])
@pytest.mark.parametrize("backward", [False, True])
def test_the_lists_of_many_owners_in_one_statement_are_their_own_lists(
    business: Database, size: int, backward: bool
) -> None:
    owners = list(range(1, CUSTOMERS + 1))
    with business.read() as session:
        together = record_pages(session, owners, RecordFilter(), Slice(size, None, backward))
        counts = count_records(session, owners, RecordFilter())
        for owner in owners:
            whole = record_pages(session, [owner], RecordFilter(), Slice(100))[owner]
            times = [(row.occurred_at, row.id) for row in whole.rows]
            assert times == sorted(times, reverse=True)
            part = whole.rows[-size:] if backward else whole.rows[:size]
            assert together[owner].rows == part
            assert counts[owner] == len(whole.rows) == owner % 6
            more = len(whole.rows) > size
            assert (together[owner].has_previous if backward else together[owner].has_next) == more


def test_a_cursor_of_an_owner_goes_on_in_its_list(business: Database) -> None:
    with business.read() as session:
        whole = record_pages(session, [5], RecordFilter(), Slice(100))[5].rows
        seen, cursor = [], None
        while True:
            page = record_pages(session, [5], RecordFilter(), Slice(2, cursor))[5]
            seen += page.rows
            if not page.has_next:
                break
            cursor = page.cursors[-1]
        assert tuple(seen) == whole
        assert len(whole) == 5


@pytest.mark.parametrize(
    "cursor", ["", "!", "bnVsbA", "WzFd", "WzEsMiwzXQ", "WyIxIiwxXQ", "Wzk5OTk5OTk5OTk5OTk5OTk5OTksMV0", "[" * 5000]
)
def test_a_cursor_of_nowhere_is_refused(business: Database, cursor: str) -> None:
    with business.read() as session, pytest.raises(InputError) as refused:
        customers_page(session, CustomerFilter(), "UPDATED", True, Slice(5, cursor))
    assert refused.value.code == "BAD_CURSOR"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((None, None, None, None), Slice(20)),
        ((3, "x", None, None), Slice(3, "x")),
        ((None, None, 4, "y"), Slice(4, "y", backward=True)),
        ((None, None, None, "y"), Slice(20, "y", backward=True)),
        ((0, None, None, None), Slice(0)),
        ((100, None, None, None), Slice(100)),
    ],
)
def test_relay_arguments_become_a_slice(
    given: tuple[int | None, str | None, int | None, str | None], expected: Slice
) -> None:
    assert slice_of(*given) == expected


@pytest.mark.parametrize(
    "given",
    [(101, None, None, None), (-1, None, None, None), (1, None, 1, None), (1, None, None, "y"), (None, "x", 1, None)],
)
def test_relay_arguments_that_contradict_are_refused(
    given: tuple[int | None, str | None, int | None, str | None],
) -> None:
    with pytest.raises(InputError) as refused:
        slice_of(*given)
    assert refused.value.code == "BAD_USER_INPUT"
