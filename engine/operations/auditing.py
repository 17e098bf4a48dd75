"""Reading the ledger."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.store.tables import LedgerRow


def newest_entries(
    session: Session, limit: int, kind: str | None = None, subject: str | None = None
) -> list[LedgerRow]:
    """The newest entries, newest first; of one kind, or about one thing, if given."""
    query = select(LedgerRow).order_by(LedgerRow.position.desc()).limit(limit)  # type: ignore[attr-defined]
    if kind is not None:
        query = query.where(LedgerRow.kind == kind.upper())  # type: ignore[arg-type]
    if subject is not None:
        query = query.where(LedgerRow.subject == subject)  # type: ignore[arg-type]
    return list(session.execute(query).scalars())
