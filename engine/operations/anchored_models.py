"""Churn models, which one is live, and fits of value models, beside what the ledger says of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import digest as digest_of
from engine.operations.fits import VALUE
from engine.operations.misfit import Misfit, compared, entries_of
from engine.operations.models import CHURN
from engine.store.tables import ModelAliasRow, ModelVersionRow
from engine.vocabulary import EntryKind

Said = dict[str, Any]
_Told = dict[Any, tuple[int, Said]]
"""By what names a thing, the entry about it and what its row has to hold."""


def model_misfits(session: Session) -> Iterator[Misfit]:
    """Churn models, fits of value models and names of versions, bytes included, that are not as the ledger says."""
    trained: _Told = {}
    fitted: _Told = {}
    named: _Told = {}
    for position, entry in entries_of(session, EntryKind.MODEL_TRAINED, EntryKind.MODEL_PROMOTED):
        body = entry["body"]
        if entry["kind"] == EntryKind.MODEL_PROMOTED:
            named[CHURN, body["alias"]] = (position, {"model": body["model"]})
        else:  # the same bytes are stored once, by whoever was first
            trained.setdefault(body["model"], (position, _trained(entry)))
    for position, entry in entries_of(session, EntryKind.RECORD, holding='"fits"'):
        for digest in entry["body"].get("fits", {}).values():
            fitted.setdefault(digest, (position, _made(entry, digest)))
    rows = session.execute(select(ModelVersionRow)).scalars().all()
    fits = {row.digest: _version(row) for row in rows if row.name == VALUE}
    yield from compared(trained, {row.id: _version(row) for row in rows if row.name != VALUE}, _model)
    yield from compared(fitted, fits, _fit)
    aliases = session.execute(select(ModelAliasRow)).scalars()
    yield from compared(named, {(row.name, row.alias): {"model": row.model_version_id} for row in aliases}, _alias)


def _trained(entry: Mapping[str, Any]) -> Said:
    """What the first entry about a churn model says; older ones say nothing of its card."""
    body = entry["body"]
    said = {**_made(entry, body["digest"]), "name": CHURN, "reason": entry["reason"]}
    return {**said, "card": body["card"]} if "card" in body else said


def _made(entry: Mapping[str, Any], digest: str) -> Said:
    return {"digest": (digest, digest), "by": entry["actor"], "at": datetime.fromisoformat(entry["at"])}


def _version(row: ModelVersionRow) -> Said:
    """A row under the names entries use; the digest beside that of its bytes."""
    digest = digest_of(row.body.encode())
    return {
        "name": row.name,
        "digest": (row.digest, digest),
        "card": digest_of(row.card.encode()),
        "by": row.actor,
        "reason": row.reason,
        "at": row.created_at,
    }


def _model(number: int) -> tuple[str, str]:
    return f"model version {number}", f"模型版本 {number}"


def _fit(digest: str) -> tuple[str, str]:
    return f"the value model {digest}", f"价值模型 {digest}"


def _alias(names: tuple[str, str]) -> tuple[str, str]:
    model, alias = names
    whose = "" if model == CHURN else f" of {model}"
    return f"the model version called {alias}{whose}", f"名为 {alias} 的模型版本{whose and f'（{model}）'}"
