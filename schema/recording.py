"""Commands that store customers and records."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated

import strawberry

from engine.operations.recording import (
    CustomerGiven,
    FieldGiven,
    OrderGiven,
    RecordGiven,
    record_customer,
    record_order,
    record_records,
)
from engine.store.reading import customers_by_ids, records_by_ids
from engine.vocabulary import Market, RecordKind
from schema.basics import UserError
from schema.commands import Payload, Refused, attempt
from schema.context import Info
from schema.customers import Customer
from schema.describing import answered, described, given, given_or, told
from schema.records import Record
from schema.scalars import Ref, Value

_KEY = "The same key with the same input gives the first answer again; kept 24 hours."
_ERRORS = "What the caller can correct; empty: it was done."


@given
class MoneyInput:
    """Money in major units."""

    amount: Decimal = told("Exact amount.")
    currency: str = told("ISO 4217.")


@given
class FieldInput:
    """A field by name; its type is declared by the rule book or the record kind."""

    name: str = told("As rule files and mappings call it.")
    value: Value | None = given_or(None, "Null: removes it.")
    currency: str | None = given_or(None, "ISO 4217, iff money.")


@given
class RecordInput:
    """One record of any kind."""

    customer: Ref = told("Any of the customer's identities.")
    kind: RecordKind = told("What kind of fact it is.")
    key: str = told("Key in the source; the same key with other content is refused unless `corrects`.")
    occurred_at: datetime = told("When it happened.")
    fields: list[FieldInput] = told("Its fields.")
    corrects: bool = given_or(False, "A new version of the record with this key.")


@given
class RecordCustomerInput:
    """A new customer, or an edit of one."""

    idempotency_key: str = told(_KEY)
    ref: Ref = told("Name outside: `source:key`.")
    market: Market = told("Company or person.")
    name: str | None = given_or(None, "Name for people.")
    owner: str | None = given_or(None, "Who looks after the customer.")
    identities: list[Ref] = given_or([], "Other refs of the same customer.")
    fields: list[FieldInput] = given_or([], "Imported fields.")
    expected_version: int | None = given_or(None, "Null: must not exist yet.")


@given
class RecordOrderInput:
    """One order; `recordRecords` takes any record."""

    idempotency_key: str = told(_KEY)
    customer: Ref = told("Any of the customer's identities.")
    key: str | None = given_or(None, "Default: the idempotency key.")
    occurred_at: datetime = told("When it was ordered.")
    net: MoneyInput = told("Net amount.")
    status: str = told("placed, paid, fulfilled, cancelled or returned.")
    fields: list[FieldInput] = given_or([], "Further fields.")


@given
class RecordRecordsInput:
    """Records in bulk."""

    idempotency_key: str = told(_KEY)
    records: list[RecordInput] = told("At most 1,000.")


@described
class RecordCustomerPayload:
    """The thing, or why not."""

    customer: Customer | None = told("Null with user errors.")
    user_errors: list[UserError] = told(_ERRORS)


@described
class RecordPayload:
    """The thing, or why not."""

    record: Record | None = told("Null with user errors.")
    user_errors: list[UserError] = told(_ERRORS)


@described
class RecordsPayload:
    """The thing, or why not."""

    records: list[Record] | None = told("In the order given; null with user errors.")
    linked: int = told("Were there already, exactly so.")
    user_errors: list[UserError] = told(_ERRORS)


def _fields(fields: list[FieldInput]) -> tuple[FieldGiven, ...]:
    return tuple(FieldGiven(field.name, field.value, field.currency) for field in fields)


async def _record_customer(
    info: Info, input: Annotated[RecordCustomerInput, strawberry.argument(description="The customer.")]
) -> Payload:
    """Stores a new customer, or edits one."""
    context = info.context
    wanted = CustomerGiven(
        ref=input.ref,
        market=input.market,
        name=input.name,
        owner=input.owner,
        identities=tuple(input.identities),
        fields=_fields(input.fields),
        expected_version=input.expected_version,
    )
    database = context.services.database
    done = await attempt(
        info, partial(record_customer, database, wanted, context.actor, context.now, input.idempotency_key)
    )
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"customer": await context.load(customers_by_ids, done)})


async def _record_order(
    info: Info, input: Annotated[RecordOrderInput, strawberry.argument(description="The order.")]
) -> Payload:
    """Stores one order."""
    context = info.context
    order = OrderGiven(
        customer=input.customer,
        occurred_at=await context.instant(input.occurred_at),
        net=format(input.net.amount, "f"),
        currency=input.net.currency,
        status=input.status,
        key=input.key,
        fields=_fields(input.fields),
    )
    database = context.services.database
    done = await attempt(
        info, partial(record_order, database, order, context.actor, context.now, input.idempotency_key)
    )
    if isinstance(done, Refused):
        return Payload(done.errors)
    return Payload(things={"record": await context.load(records_by_ids, done)})


async def _record_records(
    info: Info, input: Annotated[RecordRecordsInput, strawberry.argument(description="The records.")]
) -> Payload:
    """At most 1,000; what does not fit is a user error and nothing of the call is stored."""
    context = info.context
    records = [
        RecordGiven(
            customer=record.customer,
            kind=record.kind,
            key=record.key,
            occurred_at=await context.instant(record.occurred_at),
            fields=_fields(record.fields),
            corrects=record.corrects,
        )
        for record in input.records
    ]
    database = context.services.database
    done = await attempt(
        info, partial(record_records, database, records, context.actor, context.now, input.idempotency_key)
    )
    if isinstance(done, Refused):
        return Payload(done.errors, {"linked": 0})
    stored = await asyncio.gather(*(context.load(records_by_ids, number) for number in done.record_ids))
    return Payload(things={"records": stored, "linked": done.linked})


@described
class RecordMutations:
    """Commands that store customers and records."""

    record_customer: RecordCustomerPayload | None = answered(_record_customer)
    record_order: RecordPayload | None = answered(_record_order)
    record_records: RecordsPayload | None = answered(_record_records)
