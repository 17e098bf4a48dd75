"""Rows by columns come back as they went in, numbered without gaps, on both engines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from engine.store import Database, insert_rows, update_rows, upsert_rows
from engine.store.tables import CustomerRow, LedgerRow, RecordRow, StandingRow
from engine.vocabulary import Market, RecordKind

AT = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=timezone(timedelta(hours=8)))


def customers(session, count: int, first: int = 0):
    refs = [f"demo:B-{number:04}" for number in range(first, first + count)]
    return insert_rows(
        session,
        CustomerRow,
        {"market": Market.B2B, "ref": refs, "salt": [bytes([7, 0, 255])] * count, "created_at": AT, "updated_at": AT},
    )


def test_values_of_every_type_come_back(database: Database) -> None:
    with database.write() as session:
        ids = insert_rows(
            session,
            RecordRow,
            {
                "customer_id": np.array([5, 6, 7]),
                "kind": [RecordKind.ORDER] * 3,
                "source": "crm",
                "key": ["o\t1", "订单\n2", "\\N"],
                "occurred_at": np.array([0, -1, 2**52]),
                "recorded_at": [AT, AT.astimezone(UTC), 1],
                "recorded_at_assumed": np.array([True, False, True]),
                "currency": ["CNY", None, ""],
                "net": [2**62, None, -(2**62)],
            },
        )
    assert ids.tolist() == [1, 2, 3]
    with database.read() as session:
        rows = list(session.execute(select(RecordRow).order_by(RecordRow.id)).scalars())
    assert [row.key for row in rows] == ["o\t1", "订单\n2", "\\N"]
    assert [row.net for row in rows] == [2**62, None, -(2**62)]
    assert [row.currency for row in rows] == ["CNY", None, ""]
    assert [row.recorded_at_assumed for row in rows] == [True, False, True]
    assert rows[0].recorded_at == rows[1].recorded_at == AT
    assert rows[0].recorded_at.utcoffset() == timedelta(0)
    assert rows[1].occurred_at == datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert {row.kind for row in rows} == {"ORDER"}
    assert [row.version for row in rows] == [1, 1, 1], "a column left out takes its default"


def test_ids_go_on_after_rows_made_one_by_one_and_are_never_given_twice(database: Database) -> None:
    with database.write() as session:
        assert customers(session, 3).tolist() == [1, 2, 3]
        one = CustomerRow(market="B2C", ref="demo:P-1", salt=b"", created_at=AT, updated_at=AT)
        session.add(one)
        session.flush()
        assert one.id == 4
        assert customers(session, 2, first=10).tolist() == [5, 6]
        session.execute(CustomerRow.__table__.delete().where(CustomerRow.__table__.c.id >= 5))
    with database.write() as session:
        assert customers(session, 2, first=20).tolist() == [7, 8], "erased customers' numbers are not given again"


def test_updating_changes_the_named_rows_only(database: Database) -> None:
    with database.write() as session:
        ids = customers(session, 4)
        update_rows(session, CustomerRow, {"id": ids[1:3], "owner": ["ann-role", None], "version": [2, 3]})
        update_rows(session, CustomerRow, {"id": [999], "owner": ["nobody"]})
        update_rows(session, CustomerRow, {"ref": ["demo:B-0000"], "name": "Company 0000"}, key="ref")
        rows = session.execute(
            select(CustomerRow.owner, CustomerRow.version, CustomerRow.name).order_by(CustomerRow.id)
        )
        assert [tuple(row) for row in rows] == [
            (None, 1, "Company 0000"), ("ann-role", 2, None), (None, 3, None), (None, 1, None),
        ]  # fmt: skip


def test_upsert_inserts_what_is_new_and_replaces_the_rest(database: Database) -> None:
    columns = {"decision_id": 1, "as_of": AT, "market": "B2B", "stage": "ACTIVE", "phase": "RETAIN", "changed_at": AT}
    with database.write() as session:
        upsert_rows(session, StandingRow, {**columns, "customer_id": [1, 2], "computed": ["A", None], "score": [7, 8]})
        upsert_rows(session, StandingRow, {**columns, "customer_id": np.array([2, 3]), "computed": ["B", "C"]})
        rows = session.execute(
            select(StandingRow.customer_id, StandingRow.computed, StandingRow.score).order_by(StandingRow.customer_id)
        )
        assert [tuple(row) for row in rows] == [(1, "A", 7), (2, "B", None), (3, "C", None)]


def test_nothing_is_written_for_no_rows(database: Database) -> None:
    with database.write() as session:
        assert len(insert_rows(session, CustomerRow, {"market": "B2B", "ref": [], "salt": []})) == 0
        update_rows(session, CustomerRow, {"id": [], "owner": []})
        upsert_rows(session, StandingRow, {"customer_id": []})
        assert session.execute(select(CustomerRow)).all() == []


def test_more_rows_than_bind_parameters(database: Database) -> None:
    with database.write() as session:
        assert customers(session, 20_000)[-1] == 20_000
        update_rows(session, CustomerRow, {"id": np.arange(1, 20_001), "version": np.arange(20_000)})
        last = session.execute(select(CustomerRow.version).where(CustomerRow.id == 20_000)).scalar_one()
    assert last == 19_999


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"wieght": [1]}, "no column wieght"),
        ({"market": ["B2B"], "ref": ["a", "b"]}, "differ in length"),
        ({"market": ["B2B"], "ref": ["a\0b"]}, "NUL"),
        ({"market": ["B2B"], "ref": ["a"]}, "needs a value for `salt`"),
        ({"market": ["B2B"], "created_at": [datetime(2026, 1, 1)]}, "without offset"),
    ],
)
def test_columns_that_do_not_fit_are_refused_alike(database: Database, columns, message: str) -> None:
    with database.write() as session, pytest.raises(ValueError, match=message):
        insert_rows(session, CustomerRow, columns)


def test_an_error_undoes_the_whole_block(database: Database) -> None:
    def operation() -> None:
        with database.write() as session:
            customers(session, 3)
            session.add(LedgerRow(position=1, kind="RUN", at=AT, actor="crm-ops", body="{}", hash="x"))
            session.flush()
            session.add(CustomerRow(market="B2C", ref="demo:B-0000", salt=b"", created_at=AT, updated_at=AT))

    with pytest.raises(IntegrityError):
        operation()
    with database.read() as session:
        assert session.execute(select(CustomerRow.id)).all() == []
        assert session.execute(select(LedgerRow.position)).all() == []
