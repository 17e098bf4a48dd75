"""Records: stored facts, in versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import strawberry

from engine.metrics import SOURCE_OF_KIND
from engine.store.reading import Kind, RecordView, records_by_ids
from engine.vocabulary import RecordKind, Unit
from schema.context import Info
from schema.describing import answered, backed_by, described, identified, told
from schema.lookups import customer_of
from schema.pointers import CustomerLater
from schema.relay import Node
from schema.scalars import Value
from schema.values import value_text


@dataclass(frozen=True, slots=True)
class NamedSource:
    """Source of a named value."""

    name: str
    value: Value | None
    unit: Unit
    currency: str | None


@described
class NamedValue:
    """A named value of a record, or of a witness customer."""

    name: str = told("As rule files and mappings call it.")
    value: Value | None = told("Null: not there.")
    unit: Unit = told("How to read `value`.")
    currency: str | None = told("ISO 4217, iff MONEY.")


def _fields(root: RecordView) -> list[NamedSource]:
    """The fields of its kind as stored."""
    source = SOURCE_OF_KIND[RecordKind(root.kind)]
    named = []
    for name, field in source.fields.items():
        if not field.column:
            continue
        stored = getattr(root, field.column)
        number, text = (None, stored) if field.unit is Unit.TEXT else (stored, None)
        currency = root.currency if field.unit is Unit.MONEY else None
        named.append(NamedSource(name, value_text(field.unit, number, text, currency), field.unit, currency))
    return named


async def _corrects(root: RecordView, info: Info) -> RecordView | None:
    """The version this one corrects; null: none."""
    return None if root.corrects_id is None else await info.context.load(records_by_ids, root.corrects_id)


@described
class Record(Node):
    """A stored fact. A correction is a new version of it; old versions are kept."""

    is_type_of = backed_by(RecordView)

    id: strawberry.ID = identified(Kind.RECORD)
    customer: CustomerLater = answered(customer_of)
    kind: RecordKind = told("What kind of fact it is.")
    key: str = told("Key in the source system.")
    source: str = told("The system it came from.")
    occurred_at: datetime = told("When it happened.")
    recorded_at: datetime = told("When it became known here.")
    recorded_at_assumed: bool = told("`recordedAt` was derived by the mapping, not observed.")
    fields: list[NamedValue] = answered(_fields)
    corrects: Record | None = answered(_corrects)
