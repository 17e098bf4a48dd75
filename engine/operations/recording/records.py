"""Recording single records of any kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import UserProblem, UserProblemsError, closest
from engine.metrics import COLUMNS, SOURCE_OF_KIND, Source
from engine.operations.idempotency import recall, remember
from engine.operations.importing.identities import known_customers
from engine.operations.recording.given import (
    Complaints,
    FieldGiven,
    OrderGiven,
    RecordGiven,
    RecordsRecorded,
)
from engine.store import Database, append_entry, insert_rows, update_rows
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, RecordRow, WatermarkRow
from engine.vocabulary import EntryKind, RecordKind, Text, Unit

MOST: Final = 1_000
_OPERATION: Final = "recordRecords"
_FEW: Final = 300
_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Read:
    """A record with its values read: `values` by column of the record table."""

    place: int
    key: _Key
    customer: int
    occurred_at: datetime
    currency: str | None
    values: Mapping[str, int | str | None]
    corrects: bool

    def content(self) -> tuple[object, ...]:
        """What makes two records of one key the same."""
        return (self.customer, self.occurred_at, self.currency, *(self.values.get(name) for name in COLUMNS))


@dataclass(frozen=True, slots=True)
class _Current:
    """The version of a record in force."""

    id: int
    version: int
    content: tuple[object, ...]


def record_records(
    database: Database,
    records: Sequence[RecordGiven],
    actor: str,
    now: datetime,
    idempotency_key: str | None = None,
) -> RecordsRecorded:
    """Record 1 to 1,000 records of any kinds, known from `now` on.

    A record that is there already with the same content is linked; with other content it is a new version if
    it says `corrects`, else a mistake.

    Raises:
        UserProblemsError: Every mistake in the input, e.g. NOT_FOUND (no such customer), REQUIRED, INVALID,
            DUPLICATE, CURRENCY, with paths into `records`; nothing is written then.
        ConflictError: The idempotency key was used with other input.
    """
    key = [_plain(given) for given in records] + [actor]
    with database.write() as session:
        known = recall(session, actor, idempotency_key, _OPERATION, key, now)
        if known is not None:
            return RecordsRecorded(tuple(known["records"]), int(known["linked"]))
        complaints = Complaints()
        if not 0 < len(records) <= MOST:
            complaints.add("TOO_MANY", ("records",), Text(f"Give 1 to {MOST} records.", f"请给出 1 到 {MOST} 条记录。"))
            raise UserProblemsError(complaints.problems)
        read = _read(session, records, complaints)
        current = _current(session, [item.key for item in read])
        fresh, ids, linked = _sort_out(read, current, complaints)
        if complaints.problems:
            raise UserProblemsError(complaints.problems)
        ids |= _append(session, fresh, current, now)
        _watermarks(session, fresh, now)
        recorded = RecordsRecorded(tuple(ids[place] for place in range(len(records))), linked)
        body: dict[str, Json] = {"records": [*sorted({ids[item.place] for item in fresh})], "linked": linked}
        append_entry(session, EntryKind.RECORD, actor, None, None, body, now)
        answer = {"records": list(recorded.record_ids), "linked": linked}
        remember(session, actor, idempotency_key, _OPERATION, key, answer, now)
        return recorded


def record_order(
    database: Database, given: OrderGiven, actor: str, now: datetime, idempotency_key: str | None = None
) -> int:
    """Record one order; gives its row number.

    Raises:
        UserProblemsError: As `record_records`, with paths into the order.
        ConflictError: The idempotency key was used with other input.
    """
    key = given.key or idempotency_key
    if key is None:
        raise UserProblemsError([UserProblem("REQUIRED", Text("An order needs a key.", "订单需要主键。"), ("key",))])
    fields = (FieldGiven("net", given.net, given.currency), FieldGiven("status", given.status), *given.fields)
    record = RecordGiven(given.customer, RecordKind.ORDER, key, given.occurred_at, fields)
    try:
        return record_records(database, [record], actor, now, idempotency_key).record_ids[0]
    except UserProblemsError as error:
        own = [UserProblem(p.code, p.message, _order_path(p.path), p.hint) for p in error.problems]
        raise UserProblemsError(own) from error


def _order_path(path: tuple[str, ...]) -> tuple[str, ...]:
    """The way into the order for a way into `records`: net and status stand before the other fields."""
    if path[:1] != ("records",):
        return path
    inner = path[2:]
    if inner[:1] != ("fields",) or len(inner) < 2:
        return inner
    place = int(inner[1])
    if place >= 2:
        return ("fields", str(place - 2), *inner[2:])
    if place == 1:
        return ("status",)
    return ("net", "currency" if inner[-1] == "currency" else "amount")


def _plain(given: RecordGiven) -> list[object]:
    fields = [[item.name, item.value, item.currency] for item in given.fields]
    return [given.customer, given.kind.value, given.key, given.occurred_at.isoformat(), fields, given.corrects]


def _read(session: Session, records: Sequence[RecordGiven], complaints: Complaints) -> list[_Read]:
    customers = known_customers(session, list(dict.fromkeys(given.customer for given in records)))
    read: list[_Read] = []
    for place, given in enumerate(records):
        path = ("records", str(place))
        before = len(complaints.problems)
        customer = customers.get(given.customer)
        if customer is None:
            complaints.add(
                "NOT_FOUND",
                (*path, "customer"),
                Text(f"There is no customer {given.customer!r}.", f"没有客户 {given.customer!r}。"),
                Text("Record or import the customer first.", "请先登记或导入该客户。"),
            )
        if not 0 < len(given.key) <= 200 or not given.key.isprintable():
            message = Text("A key has 1 to 200 printable characters.", "主键须为 1 到 200 个可打印字符。")
            complaints.add("INVALID", (*path, "key"), message)
        if given.occurred_at.tzinfo is None:
            message = Text("The instant needs an offset.", "时间需要时区偏移。")
            complaints.add("INVALID", (*path, "occurredAt"), message)
        source = SOURCE_OF_KIND[given.kind]
        values, currency = _values(source, given.fields, complaints, path)
        if len(complaints.problems) == before and customer is not None:
            key = (given.customer.split(":", 1)[0], given.kind.value, given.key)
            at = given.occurred_at.astimezone(UTC)
            read.append(_Read(place, key, customer, at, currency, values, given.corrects))
    return read


def _values(
    source: Source, fields: Sequence[FieldGiven], complaints: Complaints, path: tuple[str, ...]
) -> tuple[dict[str, int | str | None], str | None]:
    """Values by column of the record table, and the one currency of its money."""
    stored = {name: field for name, field in source.fields.items() if field.column}
    values: dict[str, int | str | None] = {}
    currencies: dict[str, None] = {}
    for place, given in enumerate(fields):
        here = (*path, "fields", str(place))
        field = stored.get(given.name)
        if field is None:
            near = closest(given.name, stored)
            hint = Text(f"Did you mean {near!r}?", f"是否指 {near!r}？") if near else Text(
                f"There are: {', '.join(stored)}.", f"可用字段：{', '.join(stored)}。")  # fmt: skip
            message = Text(f"{source.name} have no field {given.name!r}.", f"{source.name} 没有字段 {given.name!r}。")
            complaints.add("INVALID", (*here, "name"), message, hint)
            continue
        values[field.column] = complaints.value(given, field.unit, field.values, here)
        if field.unit is Unit.MONEY and given.value is not None and given.currency:
            currencies[given.currency] = None
    given_names = {item.name for item in fields if item.value is not None}
    for name in [name for name, field in stored.items() if field.required and name not in given_names]:
        complaints.add(
            "REQUIRED", (*path, "fields"), Text(f"{source.name} need {name}.", f"{source.name} 必须有 {name}。")
        )
    if len(currencies) > 1:
        complaints.add("CURRENCY", (*path, "fields"), Text("A record has one currency.", "一条记录只能有一个币种。"))
    return values, next(iter(currencies), None)


def _current(session: Session, keys: Sequence[_Key]) -> dict[_Key, _Current]:
    """The version in force of every record with one of these keys."""
    table = table_of(RecordRow)
    names = ("source", "kind", "key", "id", "version", "customer_id", "occurred_at", "currency", *COLUMNS)
    query = select(*(table.c[name] for name in names)).where(table.c.superseded_at.is_(None))
    wanted = list(dict.fromkeys(keys))
    found: dict[_Key, _Current] = {}
    for start in range(0, len(wanted), _FEW):
        some = tuple_(table.c.source, table.c.kind, table.c.key).in_(wanted[start : start + _FEW])
        for row in session.execute(query.where(some)):
            found[row[0], row[1], row[2]] = _Current(row[3], row[4], tuple(row[5:]))
    return found


def _sort_out(
    read: Sequence[_Read], current: Mapping[_Key, _Current], complaints: Complaints
) -> tuple[list[_Read], dict[int, int], int]:
    """What is to be stored, the ids of what is there already, and how many of those there are."""
    fresh: dict[_Key, _Read] = {}
    ids: dict[int, int] = {}
    linked = 0
    for item in read:
        path, before, twin = ("records", str(item.place), "key"), current.get(item.key), fresh.get(item.key)
        if twin is not None:
            message = Text("The same key stands twice in this call.", "本次调用中主键重复。")
            complaints.add("DUPLICATE", path, message)
        elif before is None and item.corrects:
            message = Text("There is no record with this key to correct.", "没有可更正的同主键记录。")
            complaints.add("NOT_FOUND", path, message, Text("Leave `corrects` out.", "请不要填 `corrects`。"))
        elif before is None:
            fresh[item.key] = item
        elif before.content == item.content():
            ids[item.place] = before.id
            linked += 1
        elif item.corrects:
            fresh[item.key] = item
        else:
            message = Text("This key is there with other content.", "该主键已有不同内容。")
            hint = Text("Send `corrects: true` to make it a correction.", "如为更正，请填 `corrects: true`。")
            complaints.add("DUPLICATE", path, message, hint)
    return list(fresh.values()), ids, linked


def _append(
    session: Session, fresh: Sequence[_Read], current: Mapping[_Key, _Current], now: datetime
) -> dict[int, int]:
    """Store new records and versions; gives their ids by place."""
    if not fresh:
        return {}
    before = [current.get(item.key) for item in fresh]
    columns: dict[str, Any] = {name: [item.values.get(name) for item in fresh] for name in COLUMNS}
    columns |= {
        "source": [item.key[0] for item in fresh],
        "kind": [item.key[1] for item in fresh],
        "key": [item.key[2] for item in fresh],
        "customer_id": [item.customer for item in fresh],
        "occurred_at": [item.occurred_at for item in fresh],
        "currency": [item.currency for item in fresh],
        "version": [1 if old is None else old.version + 1 for old in before],
        "corrects_id": [None if old is None else old.id for old in before],
        "recorded_at": now,
    }
    superseded = [old.id for old in before if old is not None]
    if superseded:
        update_rows(session, RecordRow, {"id": superseded, "superseded_at": [now] * len(superseded)})
    ids = insert_rows(session, RecordRow, columns).tolist()
    customers = sorted({item.customer for item in fresh})
    update_rows(session, CustomerRow, {"id": customers, "updated_at": [now] * len(customers)})
    return {item.place: id_ for item, id_ in zip(fresh, ids, strict=True)}


def _watermarks(session: Session, fresh: Sequence[_Read], now: datetime) -> None:
    """A source is complete at least up to its latest record, never beyond `now`, and never less than before."""
    table = table_of(WatermarkRow)
    for kind in sorted({item.key[1] for item in fresh}):
        source = SOURCE_OF_KIND[RecordKind(kind)].name
        until = min(now, max(item.occurred_at for item in fresh if item.key[1] == kind))
        query = select(table.c.complete_until).where(table.c.source == source)
        stored = session.execute(query.order_by(table.c.recorded_at.desc(), table.c.id.desc()).limit(1)).scalar()
        if stored is None or stored < until:
            session.add(WatermarkRow(source=source, complete_until=until, recorded_at=now))
