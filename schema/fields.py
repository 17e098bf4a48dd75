"""Imported fields of a customer with their provenance."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from engine.store.reading import CustomerView, FieldView, fields_by_customers
from engine.vocabulary import Unit
from schema.context import Info
from schema.describing import answered, described, told
from schema.metrics import NamesArgument
from schema.scalars import Value
from schema.values import value_text

Purpose = Annotated[
    str | None, strawberry.argument(description="Why personal data are looked at; used once rights exist (D).")
]


def _value(root: FieldView) -> Value | None:
    """Null: not there, or hidden."""
    return value_text(Unit(root.unit), root.number, root.text, root.currency)


def _masked(root: FieldView) -> bool:
    """The value shown is masked or hidden."""
    return False


@described
class CustomerField:
    """An imported field with its provenance."""

    name: str = told("As mappings call it.")
    value: Value | None = answered(_value)
    unit: Unit = told("How to read `value`.")
    masked: bool = answered(_masked)
    source: str = told("The system it came from.")
    recorded_at: datetime = told("When it became known here.")


async def fields_of_customer(
    root: CustomerView, info: Info, names: NamesArgument = None, purpose: Purpose = None
) -> list[FieldView]:
    """Imported fields by name (null: all)."""
    fields = await info.context.load(fields_by_customers, root.id) or ()
    return [field for field in fields if names is None or field.name in names]
