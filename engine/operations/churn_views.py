"""Stored churn predictions as people and programs see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.churn import feature_text, unit_of
from engine.decisions.explanation.values import exact
from engine.store.tables import ModelVersionRow, PredictionRow
from engine.vocabulary import SHARE_SCALE, ChurnStatus, Locale, Text, Unit, scale_of


@dataclass(frozen=True, slots=True)
class ChurnReasonView:
    """What pushed the churn probability; `value` as text by `unit`, None: missing; `effect` in log-odds."""

    feature: str
    text: Text
    value: str | None
    unit: Unit
    effect: float

    def shown(self) -> Text:
        """The value for people, with at most two digits after the point."""
        if self.value is None:
            return Text("unknown", "未知")
        return Text(f"{Decimal(self.value):.2f}" if "." in self.value else self.value)


@dataclass(frozen=True, slots=True)
class ChurnView:
    """A stored churn prediction; `probability` None iff UNAVAILABLE."""

    status: ChurnStatus
    probability: Decimal | None
    reasons: tuple[ChurnReasonView, ...]
    as_of: datetime | None
    model: str | None
    model_version_id: int | None

    def text(self) -> Text | None:
        """The probability with its two largest reasons to leave, in words; None: there is none."""
        if self.probability is None:
            return None
        share = f"{self.probability * 100:.1f} %"
        leaving = [reason for reason in self.reasons if reason.effect > 0][:2]
        if not leaving:
            return Text(share)
        en = "; ".join(f"{reason.text.en}: {reason.shown().en}" for reason in leaving)
        zh = "；".join(f"{reason.text.zh}：{reason.shown().within(Locale.ZH)}" for reason in leaving)
        return Text(f"{share} ({en})", f"{share}（{zh}）")


def churns_of(
    session: Session, customer_ids: Sequence[int], as_of: datetime, as_known_at: datetime
) -> dict[int, ChurnView]:
    """Of each customer the latest prediction as of an instant that was known by another."""
    query = (
        select(PredictionRow)
        .where(
            PredictionRow.customer_id.in_(customer_ids),  # type: ignore[attr-defined]
            PredictionRow.name == "churn",  # type: ignore[arg-type]
            PredictionRow.as_of <= as_of,  # type: ignore[arg-type]
            PredictionRow.recorded_at <= as_known_at,  # type: ignore[arg-type]
        )
        .order_by(PredictionRow.as_of, PredictionRow.recorded_at, PredictionRow.id)  # type: ignore[arg-type]
    )
    latest = {row.customer_id: row for row in session.execute(query).scalars()}
    return {number: churn_view(session, latest.get(number)) for number in customer_ids}


def churn_view(session: Session, row: PredictionRow | None) -> ChurnView:
    """A stored prediction as people and programs see it."""
    if row is None or row.probability is None:
        return ChurnView(ChurnStatus.UNAVAILABLE, None, (), None if row is None else row.as_of, None, None)
    version = session.get(ModelVersionRow, row.model_version_id) if row.model_version_id is not None else None
    from_model = row.status == ChurnStatus.MODEL.value
    return ChurnView(
        status=ChurnStatus(row.status),
        probability=Decimal(row.probability).scaleb(-6),
        reasons=tuple(_reason(*reason) for reason in orjson.loads(row.reasons)),
        as_of=row.as_of,
        model=version.digest if version is not None and from_model else None,
        model_version_id=row.model_version_id if from_model else None,
    )


def _reason(feature: str, value: int | str | None, effect: float) -> ChurnReasonView:
    unit = unit_of(feature)
    scale = SHARE_SCALE if unit in (Unit.RATIO, Unit.PROBABILITY) else scale_of(unit, "CNY")
    return ChurnReasonView(feature, feature_text(feature), exact(value, unit, scale), unit, effect)
