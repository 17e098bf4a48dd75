"""Imported fields of a customer with their provenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.access import is_personal, mask
from engine.store.reading import CustomerView, FieldView, fields_by_customers
from engine.vocabulary import Unit
from schema.clocks import AsKnownAt
from schema.context import Info
from schema.describing import described, told
from schema.metrics import NamesArgument
from schema.personal import Purpose, declared_fields, shown_plainly, unmasked
from schema.scalars import Value
from schema.values import value_text


@dataclass(frozen=True, slots=True)
class FieldSource:
    """Source of `CustomerField`."""

    name: str
    value: Value | None
    unit: Unit
    masked: bool
    source: str
    recorded_at: datetime


@described
class CustomerField:
    """An imported field with its provenance."""

    name: str = told("As mappings call it.")
    value: Value | None = told("Null: not there, or hidden.")
    unit: Unit = told("How to read `value`.")
    masked: bool = told("The value shown is masked or hidden.")
    source: str = told("The system it came from.")
    recorded_at: datetime = told("When it became known here.")


async def fields_of_customer(
    root: CustomerView,
    info: Info,
    names: NamesArgument = None,
    as_known_at: AsKnownAt = None,
    purpose: Purpose = None,
) -> list[FieldSource]:
    """Imported fields by name (null: all), as they were known; personal ones are masked without the right and a
    `purpose`, which is logged."""
    known_at = await info.context.instant_or_none(as_known_at)
    fields = await info.context.load(fields_by_customers, root.id, known_at) or ()
    chosen = [field for field in fields if names is None or field.name in names]
    if not chosen or shown_plainly(info.context, purpose):
        return [_shown(field, False) for field in chosen]
    declared = await declared_fields(info)
    personal = [field.name for field in chosen if is_personal(field.name, declared)]
    hidden = bool(personal) and not await unmasked(info.context, root.id, personal, purpose)
    return [_shown(field, hidden and field.name in personal) for field in chosen]


def _shown(field: FieldView, hidden: bool) -> FieldSource:
    """A field; of a hidden one the beginning of its text, of a number nothing."""
    unit = Unit(field.unit)
    if not hidden:
        value = value_text(unit, field.number, field.text, field.currency)
    else:
        value = Value(mask(field.text)) if unit is Unit.TEXT and field.text else None
    return FieldSource(field.name, value, unit, hidden, field.source, field.recorded_at)
