"""Records of one source as a frame, by both clocks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session

from engine.metrics import SOURCES, RecordFrame, local_days
from engine.store.frames.fetching import Integers, Raw, among, matched, rows_of
from engine.store.rows import table_of
from engine.store.tables import RecordRow, from_microseconds
from engine.vocabulary import RecordKind, Unit

_FEW: Final = 1_000
"""For fewer customers than this the index is always right."""


def read_records(  # noqa: PLR0917  (what is asked for, then the two clocks)
    session: Session,
    source: str,
    customer_ids: Integers,
    as_of: int,
    as_known_at: int,
    fields: Collection[str],
    zone: str,
) -> RecordFrame:
    """Records of customers that happened before an instant, as they were known at another.

    Args:
        source: Key of `engine.metrics.SOURCES`.
        customer_ids: (customers,) ids, each once; the frame's `customer` is an index into them.
        as_of: Microseconds since 1970; records that occurred at or after it are left out.
        as_known_at: Microseconds since 1970; versions recorded later, or superseded by then, are left out.
        fields: Fields wanted; derived ones (and `occurred_at`) need not be read and are passed over.
        zone: IANA name of the book's time zone, for local days.

    Raises:
        KeyError: No such source or field.
    """
    declared = SOURCES[source]
    wanted = {name: declared.fields[name] for name in sorted(fields) if name != "occurred_at"}
    stored = {name: field for name, field in wanted.items() if field.column}
    table = table_of(RecordRow)
    known_at = from_microseconds(as_known_at)
    query = select(
        table.c.customer_id, table.c.id, table.c.occurred_at, table.c.currency,
        *(table.c[field.column].label(f"field_{name}") for name, field in stored.items()),
    ).where(
        table.c.occurred_at < from_microseconds(as_of),
        table.c.recorded_at <= known_at,
        or_(table.c.superseded_at.is_(None), table.c.superseded_at > known_at),
    )  # fmt: skip
    chosen = _conditions(session, declared.kind, customer_ids)
    rows, columns = matched(session, [query.where(one) for one in chosen], customer_ids)
    if not columns:
        columns = [Raw(np.zeros(0, np.int64), np.zeros(0, np.bool_), ())] * (3 + len(stored))
    ids, occurred, currency, *values = columns
    order = np.lexsort((ids.values, occurred.values, rows))
    instants = occurred.values[order]
    return RecordFrame(
        source=source,
        ids=ids.values[order],
        customer=rows[order],
        occurred=instants,
        day=local_days(instants, zone),
        columns={
            name: raw.take(order).column(field.unit) for (name, field), raw in zip(stored.items(), values, strict=True)
        },
        currencies=currency.take(order).column(Unit.TEXT),
    )


def _conditions(session: Session, kind: RecordKind, ids: Integers) -> list[ColumnElement[bool]]:
    """Conditions that together select one kind of some customers' records.

    When more than a third of all records are wanted, reading through the table takes SQLite half the time of
    following an index; the plus signs keep it from the index.
    """
    table = table_of(RecordRow)
    chosen = [and_(table.c.kind == kind.value, one) for one in among(table.c.customer_id, ids)]
    if session.get_bind().dialect.name != "sqlite" or len(chosen) != 1 or len(ids) < _FEW:
        return chosen
    (wanted,) = rows_of(session, select(func.count()).select_from(table).where(*chosen)).fetchone()
    (last,) = rows_of(session, select(func.max(table.c.id))).fetchone()
    if wanted * 3 <= (last or 0):
        return chosen
    free: ColumnElement[int] = literal_column("+record.customer_id", table.c.customer_id.type)
    return [and_(literal_column("+record.kind") == kind.value, one) for one in among(free, ids)]
