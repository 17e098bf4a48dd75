"""Recording one by one on both engines: idempotency, versions, every mistake at once, nothing written then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from engine.errors import ConflictError, UserProblemsError
from engine.operations.recording import (
    CustomerGiven,
    FieldGiven,
    OrderGiven,
    RecordGiven,
    record_customer,
    record_order,
    record_records,
)
from engine.store import Database, insert_rows, read_watermarks, verify_ledger
from engine.store.rows import table_of
from engine.store.tables import (
    CustomerFieldRow,
    CustomerRow,
    IdentityRow,
    LedgerRow,
    RecordRow,
    to_microseconds,
)
from engine.vocabulary import Locale, Market, RecordKind

NOW = datetime(2026, 11, 15, 2, 0, tzinfo=UTC)
AT = datetime(2026, 11, 14, 2, 0, tzinfo=UTC)
MEMBER = CustomerGiven("shop:M-0031", Market.B2C, name="Member 0031", owner="crm-ops")
ORDER = OrderGiven("shop:M-0031", AT, "120.50", "CNY", "paid", key="O-1", fields=(FieldGiven("quantity", "3"),))
TABLES = (CustomerRow, IdentityRow, CustomerFieldRow, RecordRow, LedgerRow)


def counts(database: Database) -> list[int]:
    with database.read() as session:
        return [session.execute(select(func.count()).select_from(table_of(row))).scalar_one() for row in TABLES]


def row(database: Database, kind: type[Any], id_: int) -> Any:
    with database.read() as session:
        return session.get(kind, id_)


def refused(call: Any) -> list[tuple[str, tuple[str, ...]]]:
    with pytest.raises(UserProblemsError) as error:
        call()
    assert all(problem.message.within(Locale.ZH) for problem in error.value.problems)
    return [(problem.code, problem.path) for problem in error.value.problems]


def test_a_customer_is_made_once_and_edited_by_version(database: Database) -> None:
    first = record_customer(database, MEMBER, "crm-ops", NOW, "key-1")
    made = row(database, CustomerRow, first)
    assert (made.ref, made.market, made.name, made.version, len(made.salt)) == (
        "shop:M-0031", "B2C", "Member 0031", 1, 16
    )  # fmt: skip
    assert record_customer(database, MEMBER, "crm-ops", NOW, "key-1") == first
    with pytest.raises(ConflictError) as mismatch:
        record_customer(database, replace(MEMBER, owner="sales"), "crm-ops", NOW, "key-1")
    assert mismatch.value.code == "IDEMPOTENCY_MISMATCH"
    again = refused(lambda: record_customer(database, MEMBER, "crm-ops", NOW))
    assert again == [("CONFLICT", ("expectedVersion",))]
    edit = CustomerGiven(MEMBER.ref, Market.B2C, owner="sales", identities=("crm:77",), expected_version=1)
    assert record_customer(database, edit, "crm-ops", NOW) == first
    edited = row(database, CustomerRow, first)
    assert (edited.name, edited.owner, edited.version) == ("Member 0031", "sales", 2)
    stale = refused(lambda: record_customer(database, replace(edit, owner="x"), "crm-ops", NOW))
    assert stale == [("CONFLICT", ("expectedVersion",))]
    assert counts(database) == [1, 2, 0, 0, 2]
    with database.read() as session:
        assert verify_ledger(session).ok


def test_attributes_have_the_declared_type_and_versions(database: Database) -> None:
    id_ = record_customer(database, MEMBER, "crm-ops", NOW)
    columns = {"customer_id": [id_], "name": ["employees"], "unit": ["count"], "number": [5], "source": ["shop"],
               "recorded_at": [NOW]}  # fmt: skip
    with database.write() as session:
        insert_rows(session, CustomerFieldRow, columns)
    later = NOW + timedelta(hours=1)
    fields = (FieldGiven("employees", "seven"), FieldGiven("employes", "7"))
    edit = replace(MEMBER, fields=fields, expected_version=1)
    wrong = refused(lambda: record_customer(database, edit, "crm-ops", later))
    assert wrong == [("INVALID", ("fields", "0", "value")), ("INVALID", ("fields", "1", "name"))]
    record_customer(database, replace(edit, fields=(FieldGiven("employees", "7"),)), "crm-ops", later)
    removed = replace(edit, fields=(FieldGiven("employees", None),), expected_version=2)
    record_customer(database, removed, "crm-ops", later + timedelta(hours=1))
    attribute = table_of(CustomerFieldRow)
    with database.read() as session:
        versions = list(session.execute(select(CustomerFieldRow).order_by(attribute.c.id)).scalars())
    assert [(version.number, version.superseded_at) for version in versions] == [
        (5, later), (7, later + timedelta(hours=1))
    ]  # fmt: skip


def test_a_ref_of_somebody_else_is_refused(database: Database) -> None:
    record_customer(database, MEMBER, "crm-ops", NOW)
    other = CustomerGiven("no ref", Market.B2C, identities=("shop:M-0031",))
    assert refused(lambda: record_customer(database, other, "crm-ops", NOW)) == [
        ("INVALID", ("ref",)), ("CONFLICT", ("identities", "0"))
    ]  # fmt: skip
    missing = CustomerGiven("shop:M-9", Market.B2C, expected_version=3)
    assert refused(lambda: record_customer(database, missing, "crm-ops", NOW)) == [("NOT_FOUND", ("ref",))]
    assert counts(database) == [1, 1, 0, 0, 1]


def test_an_order_is_stored_once(database: Database) -> None:
    record_customer(database, MEMBER, "crm-ops", NOW)
    id_ = record_order(database, ORDER, "shop", NOW, "key-2")
    stored = row(database, RecordRow, id_)
    assert (stored.kind, stored.source, stored.key, stored.net, stored.currency, stored.quantity, stored.status) == (
        "ORDER", "shop", "O-1", 12050, "CNY", 3, "paid"
    )  # fmt: skip
    assert (stored.occurred_at, stored.recorded_at, stored.recorded_at_assumed) == (AT, NOW, False)
    before = counts(database)
    assert record_order(database, ORDER, "shop", NOW, "key-2") == id_
    assert counts(database) == before
    with pytest.raises(ConflictError):
        record_order(database, replace(ORDER, net="1"), "shop", NOW, "key-2")
    assert record_order(database, ORDER, "shop", NOW, "key-3") == id_
    with database.read() as session:
        assert read_watermarks(session, to_microseconds(NOW)) == {"orders": to_microseconds(AT)}


def test_the_idempotency_key_stands_in_for_a_missing_order_key(database: Database) -> None:
    record_customer(database, MEMBER, "crm-ops", NOW)
    id_ = record_order(database, replace(ORDER, key=None), "shop", NOW, "key-7")
    assert row(database, RecordRow, id_).key == "key-7"
    assert refused(lambda: record_order(database, replace(ORDER, key=None), "shop", NOW)) == [("REQUIRED", ("key",))]


def test_every_mistake_of_an_order_is_told_with_the_way_to_it(database: Database) -> None:
    record_customer(database, MEMBER, "crm-ops", NOW)
    before = counts(database)
    fields = (FieldGiven("quantity", "many"), FieldGiven("margin", "1", "CNY"), FieldGiven("cost", "1", "EUR"))
    order = OrderGiven("shop:M-0000", AT, "1.005", "CNY", "payed", key="", fields=fields)
    told = refused(lambda: record_order(database, order, "shop", NOW, "key-9"))
    assert told == [
        ("NOT_FOUND", ("customer",)),
        ("INVALID", ("net", "amount")),
        ("INVALID", ("status",)),
        ("INVALID", ("fields", "0", "value")),
        ("INVALID", ("fields", "1", "name")),
        ("CURRENCY", ("fields",)),
    ]
    assert refused(lambda: record_order(database, replace(ORDER, currency="XYZ"), "shop", NOW)) == [
        ("CURRENCY", ("net", "currency"))
    ]
    assert counts(database) == before


def survey(key: str, score: str, **options: Any) -> RecordGiven:
    fields = (FieldGiven("score_0_100", score), FieldGiven("instrument", "csat"))
    return RecordGiven("shop:M-0031", RecordKind.SURVEY_RESPONSE, key, AT, fields, **options)


def test_records_are_linked_corrected_or_refused(database: Database) -> None:
    record_customer(database, MEMBER, "crm-ops", NOW)
    first = record_records(database, [survey("S-1", "80"), survey("S-2", "70")], "crm-ops", NOW)
    assert first.linked == 0
    again = record_records(database, [survey("S-2", "70.0"), survey("S-1", "80")], "crm-ops", NOW)
    assert again.linked == 2
    assert again.record_ids == first.record_ids[::-1]
    before = counts(database)
    wrong = [survey("S-1", "10"), survey("S-9", "1", corrects=True), survey("S-3", "1"), survey("S-3", "1")]
    assert refused(lambda: record_records(database, wrong, "crm-ops", NOW)) == [
        ("DUPLICATE", ("records", "0", "key")),
        ("NOT_FOUND", ("records", "1", "key")),
        ("DUPLICATE", ("records", "3", "key")),
    ]
    assert counts(database) == before
    later = NOW + timedelta(hours=1)
    corrected = record_records(database, [survey("S-1", "10", corrects=True)], "crm-ops", later)
    new, old = row(database, RecordRow, corrected.record_ids[0]), row(database, RecordRow, first.record_ids[0])
    assert (new.version, new.corrects_id, new.score) == (2, old.id, 100_000)
    assert old.superseded_at == new.recorded_at == later


def test_what_is_needed_is_asked_for(database: Database) -> None:
    record_customer(database, MEMBER, "crm-ops", NOW)
    bare = RecordGiven("shop:M-0031", RecordKind.COST, "C-1", AT)
    assert refused(lambda: record_records(database, [bare], "crm-ops", NOW)) == [
        ("REQUIRED", ("records", "0", "fields")), ("REQUIRED", ("records", "0", "fields"))
    ]  # fmt: skip
    naive = replace(survey("S-1", "1"), occurred_at=AT.replace(tzinfo=None))
    assert refused(lambda: record_records(database, [naive], "crm-ops", NOW)) == [
        ("INVALID", ("records", "0", "occurredAt"))
    ]
    many = [survey(f"S-{number}", "1") for number in range(1001)]
    assert refused(lambda: record_records(database, many, "crm-ops", NOW)) == [("TOO_MANY", ("records",))]
    assert refused(lambda: record_records(database, [], "crm-ops", NOW)) == [("TOO_MANY", ("records",))]
