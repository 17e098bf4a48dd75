"""Recording a customer: a new one, or an edit of one."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import UserProblemsError, closest
from engine.metrics import FromField
from engine.operations.customers import find_customer
from engine.operations.idempotency import recall, remember
from engine.operations.publishing import live_book
from engine.operations.recording.given import Complaints, CustomerGiven
from engine.store import Database, append_entry
from engine.store.rows import table_of
from engine.store.tables import CustomerFieldRow, CustomerRow, IdentityRow
from engine.vocabulary import EntryKind, Text, Unit

_OPERATION = "recordCustomer"
SOURCE = "api"
"""Source of attributes that were given by hand."""


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: str
    unit: Unit
    value: int | str | None
    currency: str | None


def record_customer(
    database: Database, given: CustomerGiven, actor: str, now: datetime, idempotency_key: str | None = None
) -> int:
    """Make a customer, or edit one whose version the caller has read. Gives the customer's row number.

    Raises:
        UserProblemsError: Every mistake in the input; CONFLICT where the version is another, the customer is
            there already, or a ref belongs to somebody else. Nothing is written then.
        ConflictError: The idempotency key was used with other input.
    """
    key = _key(given, actor)
    with database.write() as session:
        known = recall(session, actor, idempotency_key, _OPERATION, key, now)
        if known is not None:
            return int(known["customer"])
        complaints = Complaints()
        customer = _customer(session, given, complaints)
        fresh = _fresh_identities(session, given, customer, complaints)
        attributes = _attributes(session, given, complaints)
        if complaints.problems:
            raise UserProblemsError(complaints.problems)
        created = customer is None
        customer = customer or _make(session, given, now)
        assert customer.id is not None
        edited = _edit(customer, given)
        for ref in fresh:
            session.add(IdentityRow(ref=ref, customer_id=customer.id, recorded_at=now))
        changed: list[Json] = [item.name for item in attributes if _put(session, customer.id, item, now)]
        if not created and (edited or fresh or changed):
            customer.version += 1
            customer.updated_at = now
        session.flush()
        body: dict[str, Json] = {"customer": customer.id, "created": created, "edited": edited,
                                 "fields": changed, "identities": len(fresh)}  # fmt: skip
        append_entry(session, EntryKind.RECORD, actor, None, f"customer:{customer.id}", body, now)
        remember(session, actor, idempotency_key, _OPERATION, key, {"customer": customer.id}, now)
        return customer.id


def _key(given: CustomerGiven, actor: str) -> list[object]:
    fields = [[item.name, item.value, item.currency] for item in given.fields]
    return [given.ref, given.market.value, given.name, given.owner, list(given.identities), fields,
            given.expected_version, actor]  # fmt: skip


def _customer(session: Session, given: CustomerGiven, complaints: Complaints) -> CustomerRow | None:
    """The customer to edit; None: it is to be made."""
    complaints.ref(given.ref, ("ref",))
    for name, text in (("name", given.name), ("owner", given.owner)):
        if text is not None and (not 0 < len(text) <= 200 or not text.isprintable()):
            message = Text("Give 1 to 200 printable characters.", "请给出 1 到 200 个可打印字符。")
            complaints.add("INVALID", (name,), message)
    customer = find_customer(session, given.ref)
    if customer is None and given.expected_version is not None:
        message = Text(f"There is no customer {given.ref}.", f"没有客户 {given.ref}。")
        complaints.add("NOT_FOUND", ("ref",), message, Text("Leave `expectedVersion` out to make one.",
                                                            "要新建请不要填 `expectedVersion`。"))  # fmt: skip
    elif customer is not None and given.expected_version != customer.version:
        message = Text(
            f"The customer is there already, at version {customer.version}.",
            f"该客户已存在，版本为 {customer.version}。",
        )
        hint = Text(f"Read it again and send expectedVersion {customer.version}.",
                    f"请重新读取并发送 expectedVersion {customer.version}。")  # fmt: skip
        complaints.add("CONFLICT", ("expectedVersion",), message, hint)
    return customer


def _fresh_identities(
    session: Session, given: CustomerGiven, customer: CustomerRow | None, complaints: Complaints
) -> list[str]:
    """Further refs the customer does not have yet."""
    fresh: list[str] = []
    for place, ref in enumerate(dict.fromkeys(given.identities)):
        path = ("identities", str(place))
        complaints.ref(ref, path)
        owner = find_customer(session, ref)
        if owner is None and ref != given.ref:
            fresh.append(ref)
        elif owner is not None and (customer is None or owner.id != customer.id):
            complaints.add("CONFLICT", path, Text(f"{ref} belongs to another customer.", f"{ref} 属于另一个客户。"))
    return fresh


def _attributes(session: Session, given: CustomerGiven, complaints: Complaints) -> list[_Attribute]:
    units = declared_fields(session) if given.fields else {}
    read: list[_Attribute] = []
    for place, item in enumerate(given.fields):
        path = ("fields", str(place))
        if item.name not in units:
            near = closest(item.name, units)
            complaints.add(
                "INVALID",
                (*path, "name"),
                Text(f"No rule book declares a field {item.name!r}.", f"规则文件没有声明字段 {item.name!r}。"),
                Text(f"Did you mean {near!r}?", f"是否指 {near!r}？")
                if near
                else Text("Declare it in metrics.yaml as `{field: …, type: …}`.", "请在 metrics.yaml 中声明。"),
            )
            continue
        unit, allowed = units[item.name]
        value = complaints.value(item, unit, allowed, path)
        read.append(_Attribute(item.name, unit, value, item.currency if unit is Unit.MONEY else None))
    return read


def declared_fields(session: Session) -> Mapping[str, tuple[Unit, tuple[str, ...]]]:
    """Types of customer attributes: as the live rule book declares them, else as they were imported."""
    table = table_of(CustomerFieldRow)
    rows = session.execute(select(table.c.name, table.c.unit).distinct().order_by(table.c.name, table.c.unit))
    found: dict[str, tuple[Unit, tuple[str, ...]]] = {name: (Unit(unit), ()) for name, unit in rows}
    book = live_book(session)
    for metric in book.metrics.values() if book is not None else ():
        if isinstance(metric.origin, FromField):
            found[metric.origin.field] = (metric.unit, metric.values)
    return found


def _make(session: Session, given: CustomerGiven, now: datetime) -> CustomerRow:
    customer = CustomerRow(
        market=given.market.value, ref=given.ref, salt=secrets.token_bytes(16), created_at=now, updated_at=now
    )
    session.add(customer)
    session.flush()
    assert customer.id is not None
    session.add(IdentityRow(ref=given.ref, customer_id=customer.id, recorded_at=now))
    return customer


def _edit(customer: CustomerRow, given: CustomerGiven) -> list[Json]:
    """Set what is given; gives the names of what was another."""
    wanted: dict[str, Any] = {"market": given.market.value, "name": given.name, "owner": given.owner}
    edits = {name: value for name, value in wanted.items() if value not in (None, getattr(customer, name))}
    for name, value in edits.items():
        setattr(customer, name, value)
    return list(edits)


def _put(session: Session, customer_id: int, item: _Attribute, now: datetime) -> bool:
    """Put a new version of an attribute in force; false when it is as it was."""
    table = table_of(CustomerFieldRow)
    query = select(CustomerFieldRow).where(
        table.c.customer_id == customer_id, table.c.name == item.name, table.c.superseded_at.is_(None)
    )
    before = session.execute(query).scalars().first()
    number = item.value if isinstance(item.value, int) else None
    text = item.value if isinstance(item.value, str) else None
    if before is None and item.value is None:
        return False
    if before is not None:
        if (before.number, before.text, before.currency) == (number, text, item.currency):
            return False
        before.superseded_at = max(now, before.recorded_at)
    if item.value is not None:
        session.add(
            CustomerFieldRow(
                customer_id=customer_id,
                name=item.name,
                unit=item.unit.value,
                number=number,
                text=text,
                currency=item.currency,
                source=SOURCE,
                recorded_at=now,
            )
        )
    return True
