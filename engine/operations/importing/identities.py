"""Finding customers by their names outside, and making those that are not there."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.store import insert_rows
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, IdentityRow
from engine.vocabulary import Market

_FEW = 400
_SALT_BYTES = 16


def known_customers(session: Session, refs: Sequence[str]) -> dict[str, int]:
    """Customer ids by ref, of those that are there."""
    table = table_of(IdentityRow)
    found: dict[str, int] = {}
    for start in range(0, len(refs), _FEW):
        query = select(table.c.ref, table.c.customer_id).where(table.c.ref.in_(refs[start : start + _FEW]))
        found.update((ref, customer) for ref, customer in session.execute(query))
    return found


def create_customers(session: Session, markets: Mapping[str, Market], now: datetime) -> dict[str, int]:
    """Make customers with these refs as their first identity; each gets a random salt.

    Returns:
        Their ids by ref.
    """
    refs = list(markets)
    if not refs:
        return {}
    ids = insert_rows(
        session,
        CustomerRow,
        {
            "market": [markets[ref].value for ref in refs],
            "ref": refs,
            "salt": [secrets.token_bytes(_SALT_BYTES) for _ in refs],
            "created_at": now,
            "updated_at": now,
        },
    ).tolist()
    insert_rows(session, IdentityRow, {"ref": refs, "customer_id": ids, "recorded_at": now})
    return dict(zip(refs, ids, strict=True))
