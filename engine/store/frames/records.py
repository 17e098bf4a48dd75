"""Records of one source as a frame, by both clocks."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from engine.metrics import SOURCES, RecordFrame, local_days
from engine.store.frames.fetching import Integers, Raw, among, matched, rows_of
from engine.store.rows import table_of
from engine.store.tables import RecordRow, from_microseconds
from engine.vocabulary import RecordKind, Unit


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
    stored = {name: declared.fields[name] for name in sorted(fields) if name != "occurred_at"}
    stored = {name: field for name, field in stored.items() if field.column}
    table = table_of(RecordRow)
    known_at = from_microseconds(as_known_at)
    query = select(
        table.c.customer_id, table.c.id, table.c.occurred_at, table.c.currency,
        *(table.c[field.column].label(f"field_{name}") for name, field in stored.items()),
    ).where(
        table.c.kind == declared.kind.value,
        table.c.occurred_at < from_microseconds(as_of),
        table.c.recorded_at <= known_at,
        or_(table.c.superseded_at.is_(None), table.c.superseded_at > known_at),
    )  # fmt: skip
    chosen = among(table.c.customer_id, customer_ids)
    if len(chosen) == 1 and _is_a_third(session, declared.kind, chosen[0]):
        query = query.with_hint(table, "NOT INDEXED", "sqlite")
    rows, columns = matched(session, [query.where(one) for one in chosen], customer_ids)
    if not columns:
        empty = Raw(np.zeros(0, np.int64), np.zeros(0, np.bool_), ())
        columns = [empty] * (3 + len(stored))
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


def _is_a_third(session: Session, kind: RecordKind, chosen: ColumnElement[bool]) -> bool:
    """Whether so many of all records are wanted that on SQLite reading through the table beats the index."""
    if session.get_bind().dialect.name != "sqlite":
        return False
    table = table_of(RecordRow)
    wanted = select(func.count()).select_from(table).where(table.c.kind == kind.value, chosen)
    (count,) = rows_of(session, wanted).fetchone()
    (last,) = rows_of(session, select(func.max(table.c.id))).fetchone()
    return bool(count * 3 > (last or 0))
