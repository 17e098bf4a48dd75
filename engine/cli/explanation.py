"""An explanation as one JSON document; the keys are a contract."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from engine.cli.told_change import change_as_json
from engine.decisions import loss_of_tier
from engine.errors import Place
from engine.store.reading import Kind, global_id
from engine.vocabulary import UNRATED, Locale, Text

if TYPE_CHECKING:
    from engine.decisions.record import Explained, TimeAlone
    from engine.operations.explaining import ExplainedDecision


def as_json(answer: ExplainedDecision) -> dict[str, Any]:
    """The `--json` shape of `touchstone explain` but for `time_alone`; exact numbers are decimal strings."""
    told = answer.explained
    return {
        "customer": answer.ref,
        "market": told.market.value,
        "decision": None if answer.decision_id is None else global_id(Kind.DECISION, answer.decision_id),
        "run": None if answer.run_id is None else global_id(Kind.RUN, answer.run_id),
        "as_of": told.as_of.isoformat(),
        "as_known_at": answer.as_known_at.isoformat(),
        "revision": told.revision,
        "model": answer.model_digest,
        "engine": answer.engine_version,
        "digest": answer.digest,
        **told_as_json(told),
        "loss_of_tier": _plain(None if told.case is None else loss_of_tier(told.case)),
        "churn": _plain(answer.churn),
        "change": change_as_json(answer),
        **({} if answer.unread_before is None else {"change_unread": _plain(answer.unread_before)}),
        "narration": {locale.value: answer.narration(locale) for locale in Locale},
    }


def waiting_as_json(waiting: TimeAlone | None) -> dict[str, Any]:
    """`time_alone` of one decision; null: nothing changes by waiting."""
    return {"time_alone": _plain(waiting)}


def told_as_json(told: Explained) -> dict[str, Any]:
    """What one book says of one customer, stored or not."""
    return {
        "score": _plain(told.score),
        "bounds": _plain(told.bounds),
        "coverage": _plain(told.coverage),
        "tier": {
            "computed": told.tier.computed or UNRATED,
            "effective": told.tier.effective or UNRATED,
            "previous": told.tier.previous,
            "since": told.tier.since.isoformat(),
            "provisional": told.tier.provisional,
        },
        "criteria": _plain(told.criteria),
        "tiers": _plain(told.tiers),
        "forced": _plain(told.forced),
        "held_by": _plain(told.held_by),
        "reasons": _plain(told.reasons),
        "stage": told.stage.value,
        "phase": told.phase.value,
        "risk": _plain(told.risk),
        "tags": [tag.name for tag in told.tags],
        "campaigns": _plain(told.campaigns),
        "metrics": _plain(told.metrics),
        "next_tier": _plain(told.next_tier),
    }


def _plain(value: object) -> Any:
    """Dataclasses as objects, texts in both languages, decimals and instants as strings."""
    if isinstance(value, Text):
        return {"en": value.en, "zh": value.zh or value.en}
    if isinstance(value, Place):
        return {"file": value.file, "line": value.line, "column": value.column}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return value
