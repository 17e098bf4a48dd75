"""Fits of value models: stored by digest beside the churn models, and found again by the estimates made with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.operations.entry_shapes import body_of
from engine.store.rows import table_of
from engine.store.tables import LedgerRow, ModelVersionRow
from engine.value import ValueModel, read_value_document, value_document
from engine.vocabulary import EntryKind

VALUE: Final = "value"
"""The name of these model versions; nothing is ever live, each estimate was made with the fit of its run."""

_PREFIX: Final = "sha256:"


@dataclass(frozen=True, slots=True)
class Fit:
    """A stored fit of a value model."""

    digest: str
    model: ValueModel


def store_fit(session: Session, model: ValueModel, actor: str, now: datetime) -> str:
    """Store a fit inside the caller's write transaction, the same bytes once; gives its digest."""
    text, hexadecimal = value_document(model)
    digest = _PREFIX + hexadecimal
    table = table_of(ModelVersionRow)
    if session.execute(select(table.c.id).where(table.c.digest == digest)).first() is None:
        card = {"method": model.method, "horizon_days": model.horizon_days, "history_days": model.history_days}
        session.add(
            ModelVersionRow(
                name=VALUE,
                digest=digest,
                body=text,
                card=orjson.dumps(card).decode(),
                actor=actor,
                reason="value fit",
                created_at=now,
            )
        )
        session.flush()
    return digest


def fit_of(session: Session, market: str, as_of: datetime, recorded_at: datetime) -> Fit | None:
    """The fit that a market's estimates of an instant were made with, by the ledger entry they were recorded with.

    None: they were made before fits were stored.

    Raises:
        DamagedError: The stored fit does not fit its digest.
    """
    entry = table_of(LedgerRow)
    query = select(entry.c.position, entry.c.body).where(
        entry.c.kind == EntryKind.RECORD.value, entry.c.at == recorded_at
    )
    for position, text in session.execute(query):
        body = body_of(position, text)
        if body is None:
            continue
        digest = body.get("fits", {}).get(market)
        if digest is not None and "as_of" in body and datetime.fromisoformat(body["as_of"]) == as_of:
            version = table_of(ModelVersionRow)
            found = session.execute(select(version.c.body).where(version.c.digest == digest)).scalar_one_or_none()
            return Fit(digest, read_value_document(found or "", digest.removeprefix(_PREFIX)))
    return None
