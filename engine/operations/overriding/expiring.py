"""The end of a tier set by hand whose time is over: the ledger is told once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.store import Database, append_entry
from engine.store.ledger import instant_text
from engine.store.tables import OverrideRow
from engine.vocabulary import EntryKind


def expire_overrides(database: Database, actor: str, now: datetime) -> list[int]:
    """Tell the ledger of every override whose time is over; gives their row numbers."""
    with database.write() as session:
        return expire_passed(session, now, actor, now)


def expire_passed(session: Session, until: datetime, actor: str, now: datetime) -> list[int]:
    """Tell the ledger, inside the caller's write transaction, of every override that has expired by an instant.

    Those that waited for a second person are among them, those refused or ended are not.
    """
    query = (
        select(OverrideRow)
        .where(OverrideRow.expires_at <= until, OverrideRow.ended_at.is_(None))  # type: ignore[arg-type,union-attr]
        .where(OverrideRow.expiry_at.is_(None), OverrideRow.approved.is_not(False))  # type: ignore[union-attr]
        .order_by(OverrideRow.id)  # type: ignore[arg-type]
    )
    done = []
    for row in session.execute(query).scalars().all():
        assert row.id is not None
        row.expiry_at = now
        row.version += 1
        body: dict[str, Json] = {
            "override": row.id,
            "customer": row.customer_id,
            "tier": row.tier,
            "expired": True,
            "expires_at": instant_text(row.expires_at),
        }
        append_entry(session, EntryKind.OVERRIDE, actor, None, f"override:{row.id}", body, now)
        done.append(row.id)
    return done
