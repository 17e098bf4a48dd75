"""When a candidate could not decide beside the live book, as the entries of the runs tell it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations.entry_shapes import body_of
from engine.store.reading import ShadowView
from engine.store.rows import table_of
from engine.store.tables import LedgerRow
from engine.vocabulary import EntryKind, Text


@dataclass(frozen=True, slots=True)
class Trouble:
    """A run in which a candidate decided nobody; `at`: when that run was."""

    run: int
    at: datetime
    why: Text


def last_trouble(session: Session, shadow: ShadowView) -> Trouble | None:
    """The last run in which a shadow could not decide, and why; None: it always could."""
    entry = table_of(LedgerRow).c
    query = (
        select(entry.position, entry.at, entry.body)
        .where(entry.kind == EntryKind.RUN.value, entry.at >= shadow.from_at, entry.body.like('%"problem"%'))
        .order_by(entry.position.desc())
    )
    for position, at, text in session.execute(query):
        body = body_of(position, text) or {}
        for said in body.get("shadows", ()):
            if said["shadow"] == shadow.id and "problem" in said:
                return Trouble(body["run"], at, Text(*said["problem"]))
    return None
