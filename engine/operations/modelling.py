"""The churn model's life: trained, stored with its digest, made live, applied, evaluated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.audit import digest as digest_of
from engine.churn import ChurnSettings
from engine.churn import evaluate as evaluate_churn
from engine.churn import predict as predict_churn
from engine.churn import train as train_churn
from engine.operations.events import Horizon, read_events
from engine.operations.events import as_of as model_instant
from engine.operations.freshness import require_fresh_orders, require_orders_after
from engine.operations.models import CHURN, LIVE, live_version, require_live_version
from engine.operations.publishing import require_live_book
from engine.store import Database, append_entry, insert_rows
from engine.store.reading import Kind, subject_of
from engine.store.tables import ModelAliasRow, ModelVersionRow, PredictionRow, to_microseconds
from engine.vocabulary import EntryKind

PREFIX = "sha256:"
REASONS_FROM = 0.1
"""Reasons are stored for customers at least this likely to leave; nobody asks why somebody stays."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A stored model version."""

    version_id: int
    digest: str
    baseline_won: str | None
    card: dict[str, Any]


def train(database: Database, when: datetime, horizon_days: int, actor: str, reason: str, now: datetime) -> Trained:
    """Train the churn model on what was known at an instant, store it and make it live.

    Raises:
        NotReadyError: No rule book is published (its currency and zone count).
        InputError: The history is too short, nobody was active, or orders are too old for the instant.
    """
    with database.read() as session:
        book = require_live_book(session)
        require_fresh_orders(session, book, when, now)
        until = to_microseconds(when)
        _, frame = read_events(session, book.currency, book.timezone, Horizon(until, until))
    settings = ChurnSettings(horizon_days=horizon_days)
    model = train_churn(frame, model_instant(until, book.timezone), book.timezone, settings)
    with database.write() as session:
        digest = f"{PREFIX}{model.digest}"
        version = _stored(session, model.document, digest, {**model.card, "digest": digest}, actor, reason, now)
        body: dict[str, Json] = {"model": version, "digest": digest, "as_of": when.isoformat()}
        body["card"] = digest_of(_card_of(session, version))
        append_entry(
            session, EntryKind.MODEL_TRAINED, actor, reason, subject_of(Kind.MODEL_VERSION, version), body, now
        )
        _promote(session, version, digest, actor, reason, now)
    return Trained(version, digest, model.card["baseline_won"], {**model.card, "digest": digest})


def _card_of(session: Session, version: int) -> bytes:
    """The stored card: of bytes that were stored before the one they were stored with."""
    row = session.get(ModelVersionRow, version)
    assert row is not None
    return row.card.encode()


def _promote(session: Session, version: int, digest: str, actor: str, reason: str, now: datetime) -> None:
    """Let `live` point at a version, with an entry of its own if it did not yet.

    Training and going live are told apart: a later promotion or rollback will leave the same kind of entry.
    """
    before = live_version(session)
    if before is not None and before.id == version:
        return
    session.merge(ModelAliasRow(name=CHURN, alias=LIVE, model_version_id=version))
    body: dict[str, Json] = {
        "model": version,
        "digest": digest,
        "alias": LIVE,
        "before": None if before is None else before.digest,
    }
    append_entry(session, EntryKind.MODEL_PROMOTED, actor, reason, subject_of(Kind.MODEL_VERSION, version), body, now)


def _stored(
    session: Session, document: str, digest: str, card: dict[str, Any], actor: str, reason: str, now: datetime
) -> int:
    """The version with this digest; the same bytes are stored once."""
    known: int | None = session.execute(
        select(ModelVersionRow.id).where(ModelVersionRow.digest == digest)  # type: ignore[call-overload]
    ).scalar_one_or_none()
    if known is not None:
        return known
    row = ModelVersionRow(
        name=CHURN,
        digest=digest,
        body=document,
        card=orjson.dumps(card).decode(),
        actor=actor,
        reason=reason,
        created_at=now,
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def predict(database: Database, when: datetime, actor: str, now: datetime) -> dict[str, int]:
    """Store a churn probability with status and reasons for every customer; gives counts by status.

    Predictions are records like any other to the rules that read them, and entered into the ledger as such.

    Raises:
        NotReadyError: No model was trained, or no rule book is published.
        InputError: Orders are too old for the instant.
        DamagedError: The stored model does not fit its digest.
    """
    with database.read() as session:
        book = require_live_book(session)
        version = require_live_version(session)
        require_fresh_orders(session, book, when, now)
        until = to_microseconds(when)
        known = max(until, to_microseconds(now))
        customers, frame = read_events(session, book.currency, book.timezone, Horizon(until, known))
    made = predict_churn(
        version.body,
        frame,
        model_instant(until, book.timezone),
        digest=version.digest.removeprefix(PREFIX),
        known_at=known,
        reasons_from=REASONS_FROM,
    )
    statuses = [status.value for status in made.statuses()]
    counts = dict(sorted(Counter(statuses).items()))
    with database.write() as session:
        insert_rows(
            session,
            PredictionRow,
            {
                "name": CHURN,
                "customer_id": customers.ids,
                "as_of": when,
                "recorded_at": now,
                "status": statuses,
                "probability": [p if k else None for p, k in zip(made.probability.tolist(), made.known, strict=True)],
                "reasons": [orjson.dumps([reason.as_list() for reason in rs]).decode() for rs in made.reasons],
                "model_version_id": version.id,
            },
        )
        body: dict[str, Json] = {"predicted": dict(counts), "digest": version.digest, "as_of": when.isoformat()}
        subject = subject_of(Kind.MODEL_VERSION, version.id or 0)
        append_entry(session, EntryKind.RECORD, actor, None, subject, body, now)
    return counts


def evaluate(database: Database, instants: Sequence[datetime], now: datetime) -> list[dict[str, Any]]:
    """The live model at instants, beside its baselines; without instants those of its card.

    Raises:
        NotReadyError: No model was trained, or no rule book is published.
        InputError: An instant lies before the training, or its horizon is not over or not imported.
    """
    with database.read() as session:
        book = require_live_book(session)
        version = require_live_version(session)
        card = orjson.loads(version.card)
        for instant in instants:
            require_orders_after(session, book, instant, card["horizon_days"], now)
        known = to_microseconds(now)
        _, frame = read_events(session, book.currency, book.timezone, Horizon(known, known))
    if not instants:
        shots: list[dict[str, Any]] = card["evaluation"]
        return shots
    snapshots = [model_instant(to_microseconds(instant), book.timezone) for instant in instants]
    found = evaluate_churn(version.body, frame, snapshots, known, digest=version.digest.removeprefix(PREFIX))
    return [snapshot.as_dict() for snapshot in found]


def card_of_live(session: Session) -> dict[str, Any]:
    """The live model's card with the share of the latest predictions by status.

    Raises:
        NotReadyError: No model was trained.
    """
    version = require_live_version(session)
    card: dict[str, Any] = orjson.loads(version.card)
    counts = predictions_by_status(session, [version.id or 0])[version.id or 0]
    total = sum(counts.values())
    card["predictions"] = {
        status: {"customers": n, "share": str(np.round(n / total, 6))} for status, n in counts.items()
    }
    return {**card, "created_at": version.created_at.isoformat(), "created_by": version.actor}


def predictions_by_status(session: Session, versions: Sequence[int]) -> dict[int, dict[str, int]]:
    """Customers by status of each version's latest stored predictions."""
    found: dict[int, dict[str, int]] = {version: {} for version in versions}
    for version in versions:
        mine = PredictionRow.model_version_id == version
        latest = select(func.max(PredictionRow.as_of)).where(mine).scalar_subquery()  # type: ignore[arg-type]
        query = (
            select(PredictionRow.status, func.count())  # type: ignore[call-overload]
            .where(mine, PredictionRow.as_of == latest)
            .group_by(PredictionRow.status)
            .order_by(PredictionRow.status)
        )
        found[version] = {status: int(count) for status, count in session.execute(query)}
    return found


def versions(session: Session) -> list[dict[str, Any]]:
    """Versions of the churn model, newest first."""
    aliases: dict[int, list[str]] = {}
    for row in session.execute(select(ModelAliasRow)).scalars():
        aliases.setdefault(row.model_version_id, []).append(row.alias)
    query = (
        select(ModelVersionRow)
        .where(ModelVersionRow.name == CHURN)  # type: ignore[arg-type]
        .order_by(ModelVersionRow.id.desc())  # type: ignore[union-attr]
    )
    return [
        {
            "digest": row.digest,
            "at": row.created_at.isoformat(),
            "by": row.actor,
            "reason": row.reason,
            "aliases": aliases.get(row.id or 0, []),
        }
        for row in session.execute(query).scalars()
    ]
