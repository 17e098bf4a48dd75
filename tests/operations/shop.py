"""A small shop in a database: what tests of operations build on, with their own small rule book."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlmodel import SQLModel

from engine.audit import Json
from engine.operations.deciding import RunReport, decide
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, FieldGiven, RecordGiven, record_customer, record_records
from engine.operations.rule_folder import read_rule_folder
from engine.store import Database, append_entry, insert_rows, locate_all, read_customers
from engine.store.reading import decisions_by_ids, digests_of_decisions
from engine.store.tables import (
    IdempotencyRow,
    ModelAliasRow,
    ModelVersionRow,
    PredictionRow,
    to_microseconds,
)
from engine.vocabulary import EntryKind, Market, RecordKind

BOOK = Path(__file__).parent / "book"
ZONE = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 3, 1, tzinfo=ZONE).astimezone(UTC)


def day(number: float) -> datetime:
    """So many days after the first of March 2026, 00:00 in the book's zone."""
    return MIDNIGHT + timedelta(days=number)


def rules(**replaced: tuple[str, str]) -> dict[str, str]:
    """The rule files; `b2c=("at_least: 70", "at_least: 75")` replaces a text in a file."""
    files = {path: content.decode() for path, content in read_rule_folder(BOOK).items()}
    for name, (before, after) in replaced.items():
        path = f"{name}.yaml"
        assert before in files[path], before
        files[path] = files[path].replace(before, after)
    return files


def open_shop(database: Database, persons: int = 24, companies: int = 4, seed: int = 1) -> None:
    """Publish the rules; store customers with orders, answers, consents; all known before day 0."""
    publish(database, rules(), "crm-ops", "first rules", day(-2), None)
    chance = random.Random(seed)
    records = []
    for number in range(persons):
        ref = f"shop:P-{number:04}"
        add_customer(database, ref, Market.B2C, owner=f"team-{number % 3}")
        records += _past(ref, number, chance)
    for number in range(companies):
        ref = f"shop:B-{number:04}"
        fields = {"region": ("north", "south")[number % 2], "budget": f"{20_000 * (number + 1)}.00"}
        add_customer(database, ref, Market.B2B, owner="key-accounts", **fields)
        records.append(order(ref, -20 - number, 2_500 * (number + 1), number=number))
    record(database, records, day(-1))


READERS = [f"shop:R-{number:02}" for number in range(12)]
"""Persons of a crowd who would get news."""
SILENT = [f"shop:S-{number:02}" for number in range(8)]
"""Persons of a crowd whose owners, lead-a and lead-b in turn, ought to call; the last has no owner."""


def crowd(database: Database) -> None:
    """Add readers and silent customers to an open shop."""
    for number, ref in enumerate([*READERS, *SILENT]):
        owner = None if ref == SILENT[-1] else ("lead-a", "lead-b")[number % 2]
        add_customer(database, ref, Market.B2C, owner=owner)
    news = [one for ref in READERS for one in (order(ref, -3, 100), consent(ref, -3))]
    record(database, [*news, *(order(ref, -130, 100) for ref in SILENT)], day(-1))


def _past(ref: str, number: int, chance: random.Random) -> list[RecordGiven]:
    bought = [order(ref, -5 - 150 * chance.random(), 400 * chance.random(), number=n) for n in range(number % 4)]
    answers = [answer(ref, -30, chance.randrange(101))] if number % 3 else []
    return [*bought, *answers, *([consent(ref, -40)] if number % 5 else [])]


def add_customer(
    database: Database, ref: str, market: Market, owner: str | None = None, at: float = -1.5, **fields: str
) -> int:
    """Store a customer with attributes; money is CNY."""
    given = [FieldGiven(name, value, "CNY" if name == "budget" else None) for name, value in fields.items()]
    customer = CustomerGiven(ref=ref, market=market, name=f"Customer {ref[-4:]}", owner=owner, fields=given)
    return record_customer(database, customer, "crm-ops", day(at))


def record(database: Database, records: list[RecordGiven], now: datetime) -> None:
    """Store records."""
    record_records(database, records, "data-team", now)


def order(
    ref: str,
    on: float,
    net: float,
    *,
    number: int = 0,
    status: str = "paid",
    currency: str = "CNY",
    corrects: bool = False,
) -> RecordGiven:
    """An order; `number` tells orders of one customer apart."""
    fields = [FieldGiven("net", f"{net:.2f}", currency), FieldGiven("status", status)]
    return RecordGiven(ref, RecordKind.ORDER, f"O-{ref}-{number}", day(on), fields, corrects)


def answer(ref: str, on: float, points: int, number: int = 0) -> RecordGiven:
    """A survey response."""
    fields = [FieldGiven("score_0_100", str(points))]
    return RecordGiven(ref, RecordKind.SURVEY_RESPONSE, f"S-{ref}-{number}", day(on), fields)


def consent(ref: str, on: float, state: str = "granted", number: int = 0) -> RecordGiven:
    """A consent to text messages, or its withdrawal."""
    fields = [FieldGiven("purpose", "marketing_sms"), FieldGiven("state", state)]
    return RecordGiven(ref, RecordKind.CONSENT, f"E-{ref}-{number}", day(on), fields)


def ticket(ref: str, on: float, number: int) -> RecordGiven:
    """A ticket."""
    return RecordGiven(ref, RecordKind.TICKET, f"T-{ref}-{number}", day(on), [FieldGiven("status", "open")])


def forge(database: Database, revision: str, before: str, after: str) -> None:
    """Put another text behind a stored revision, as somebody could who can write the database."""
    with database.write() as session:
        given = {"revision": revision}
        files = session.execute(text("select files from revision where hash = :revision"), given).scalar_one()
        assert before in files
        given["files"] = files.replace(before, after)
        session.execute(text("update revision set files = :files where hash = :revision"), given)


def decide_at(database: Database, number: float, refs: Iterable[str] | None = None) -> RunReport:
    """Decide as of a day, on that day."""
    return decide(database, None if refs is None else list(refs), day(number), "schedule", day(number))


def model_version(database: Database, name: str, at: float, *, live: bool = True) -> int:
    """A stored model version; nothing here opens its body, which is its name."""
    digest = model_digest(name)
    with database.write() as session:
        row = ModelVersionRow(
            name="churn",
            digest=digest,
            body=name,
            card="{}",
            actor="analyst",
            reason="test",
            created_at=day(at),
        )
        session.add(row)
        session.flush()
        assert row.id is not None
        body: dict[str, Json] = {"model": row.id, "digest": digest}
        append_entry(session, EntryKind.MODEL_TRAINED, "analyst", "test", f"model_version:{row.id}", body, day(at))
        if live:
            session.merge(ModelAliasRow(name="churn", alias="live", model_version_id=row.id))
            append_entry(session, EntryKind.MODEL_PROMOTED, "analyst", "test", None, body | {"alias": "live"}, day(at))
        return row.id


def model_digest(name: str) -> str:
    """Digest of a model version of this name."""
    return f"sha256:{hashlib.sha256(name.encode()).hexdigest()}"


def predict_by(database: Database, version: int, on: float, share: float = 0.2) -> None:
    """Store the same churn probability for everybody."""
    with database.write() as session:
        columns: dict[str, Any] = {
            "name": "churn",
            "customer_id": read_customers(session).ids,
            "as_of": day(on),
            "recorded_at": day(on),
            "status": "MODEL",
            "probability": int(share * 1_000_000),
            "model_version_id": version,
        }
        insert_rows(session, PredictionRow, columns)


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, idempotency keys aside."""
    with database.read() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in SQLModel.metadata.tables.items()
            if name != IdempotencyRow.__tablename__
        }


def count(database: Database, table: str, where: str = "1 = 1") -> int:
    """How many rows a table has."""
    with database.read() as session:
        return int(session.execute(text(f"select count(*) from {table} where {where}")).scalar_one())


def standings(database: Database) -> Mapping[str, Any]:
    """Standings by customer ref."""
    query = "select c.ref, s.* from standing s join customer c on c.id = s.customer_id"
    with database.read() as session:
        return {row.ref: row for row in session.execute(text(query))}


def decisions(database: Database, *names: str) -> dict[tuple[str, datetime], tuple[Any, ...]]:
    """Columns of decisions by customer ref and instant; without names the digest alone."""
    with database.read() as session:
        refs_by_id = dict(tuple(row) for row in session.execute(text("select id, ref from customer")))
        found = [number for rows in locate_all(session, list(refs_by_id)).values() for number, _ in rows]
        views = decisions_by_ids(session, found)
        digests = digests_of_decisions(session, found)
    return {
        (refs_by_id[view.customer_id], view.as_of): tuple(
            digests[number] if name == "digest" else getattr(view, name) for name in names or ("digest",)
        )
        for number, view in views.items()
    }


def decision_of(database: Database, ref: str, at: float | None = None) -> int:
    """Number of a customer's decision as of a day; None: of the latest."""
    with database.read() as session:
        customer = session.execute(text("select id from customer where ref = :ref"), {"ref": ref}).scalar_one()
        found = locate_all(session, [customer])[customer]
    return found[0][0] if at is None else {as_of: number for number, as_of in found}[to_microseconds(day(at))]


def tier_of(database: Database, ref: str) -> tuple[str | None, str | None]:
    """Computed and effective tier of a customer now."""
    row = standings(database)[ref]
    return row.computed, row.effective


def refs(persons: int = 24, companies: int = 4) -> list[str]:
    """Refs of everybody in the shop."""
    return [f"shop:P-{n:04}" for n in range(persons)] + [f"shop:B-{n:04}" for n in range(companies)]
