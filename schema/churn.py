"""Stored churn predictions with their reasons."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

import strawberry

from engine.churn import feature_text, unit_of
from engine.metrics import FromModel
from engine.rulebook import Book
from engine.store.reading import CustomerView, PredictionView, latest_predictions, model_versions_by_ids
from engine.vocabulary import SHARE_SCALE, ChurnStatus, Market, Text, Unit
from schema.clocks import AsKnownAt, AsOf
from schema.context import Info
from schema.describing import answered, described, spoken, told
from schema.models import ModelVersion
from schema.scalars import Value
from schema.values import value_text


@dataclass(frozen=True, slots=True)
class ReasonSource:
    """Source of a churn reason."""

    feature: str
    text: Text
    value: Value | None
    unit: Unit
    effect: float


@dataclass(frozen=True, slots=True)
class ChurnSource:
    """Source of `Churn`."""

    status: ChurnStatus
    probability: Decimal | None
    reasons: tuple[ReasonSource, ...] = ()
    as_of: datetime | None = None
    model_version_id: int | None = None


@described
class ChurnReason:
    """What pushed the churn probability up or down."""

    feature: str = told("Name of the feature.")
    text: str = spoken("text", "The feature in words.")
    value: Value | None = told("Null: missing.")
    unit: Unit = told("How to read `value`.")
    effect: float = told("In log-odds; positive: more likely to leave. A statistic, not exact.")


def _reasons(
    root: ChurnSource, first: Annotated[int | None, strawberry.argument(description="At most so many; null: all.")] = 5
) -> Sequence[ReasonSource]:
    """Largest effect first."""
    return root.reasons if first is None else root.reasons[: max(0, first)]


async def _model(root: ChurnSource, info: Info) -> object | None:
    """Null for fallbacks and UNAVAILABLE."""
    if root.status is not ChurnStatus.MODEL or root.model_version_id is None:
        return None
    return await info.context.load(model_versions_by_ids, root.model_version_id)


@described
class Churn:
    """Stored churn prediction."""

    status: ChurnStatus = told("Where the probability comes from.")
    probability: Decimal | None = told(
        "Of leaving within the model's horizon; calibrated, steps of 0.000001; null iff UNAVAILABLE."
    )
    reasons: list[ChurnReason] = answered(_reasons)
    as_of: datetime | None = told("Instant of the facts it was made from.")
    model: ModelVersion | None = answered(_model)


async def churn_of_customer(
    root: CustomerView, info: Info, as_of: AsOf = None, as_known_at: AsKnownAt = None
) -> ChurnSource | None:
    """Latest stored churn prediction made at or before `asOf` and recorded by `asKnownAt`; null: none was."""
    context = info.context
    book = await context.live_book()
    clocks = await context.instant_or_none(as_of), await context.instant_or_none(as_known_at)
    found = await context.load(latest_predictions, root.id, churn_model(book, root.market), *clocks)
    return None if found is None else churn_source(found, book)


def churn_model(book: Book | None, market: str) -> str:
    """Name of the model whose probability the risk bands read."""
    rules = book.markets.get(Market(market)) if book is not None else None
    if book is not None and rules is not None and rules.risk is not None:
        origin = book.metrics[rules.risk.metric].origin
        if isinstance(origin, FromModel):
            return origin.model
    return "churn"


def churn_source(stored: PredictionView, book: Book | None) -> ChurnSource:
    """A stored prediction with its reasons in words."""
    exact = None if stored.probability is None else Decimal(stored.probability) / SHARE_SCALE
    currency = book.currency if book is not None else None
    return ChurnSource(
        status=ChurnStatus(stored.status),
        probability=None if exact is None else exact.quantize(Decimal("0.000001")),
        reasons=tuple(_reason(entry, currency) for entry in json.loads(stored.reasons)),
        as_of=stored.as_of,
        model_version_id=stored.model_version_id,
    )


def _reason(entry: Sequence[object], currency: str | None) -> ReasonSource:
    feature, value, effect = entry
    unit = unit_of(str(feature))
    number, text = (value, None) if isinstance(value, int) else (None, None if value is None else str(value))
    shown = value_text(unit, number, text, currency)
    return ReasonSource(str(feature), feature_text(str(feature)), shown, unit, float(str(effect)))
