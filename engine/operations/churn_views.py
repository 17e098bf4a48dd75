"""Stored churn predictions as people and programs see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import orjson
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from engine.churn import feature_text, unit_of
from engine.decisions.explanation.values import exact
from engine.store.reading import latest_predictions
from engine.store.rows import table_of
from engine.store.tables import ModelVersionRow, PredictionRow
from engine.vocabulary import SHARE_SCALE, ChurnStatus, Locale, Text, Unit, scale_of

_prediction, _version = table_of(PredictionRow).c, table_of(ModelVersionRow).c
# Written once: making a statement takes longer than running it.
_LATEST: Final = (
    select(
        *(_prediction.status, _prediction.probability, _prediction.reasons),
        *(_prediction.as_of, _prediction.model_version_id),
    )
    .where(
        _prediction.customer_id == bindparam("customer"),
        _prediction.name == "churn",
        _prediction.as_of <= bindparam("as_of"),
        _prediction.recorded_at <= bindparam("known"),
    )
    .order_by(_prediction.as_of.desc(), _prediction.recorded_at.desc(), _prediction.id.desc())
    .limit(1)
)
_DIGEST: Final = select(_version.digest).where(_version.id == bindparam("version"))


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
    """Of each customer the latest prediction as of an instant that was known by another; of one without a window."""
    rows: dict[int, Any]
    if len(customer_ids) == 1:
        (number,) = customer_ids
        clocks = {"as_of": as_of, "known": as_known_at}
        rows = {number: session.execute(_LATEST, {"customer": number, **clocks}).first()}
    else:
        rows = dict(latest_predictions(session, customer_ids, "churn", as_of, as_known_at))
    versions = {row.model_version_id for row in rows.values() if row is not None}
    # Not the models themselves, which are megabytes.
    digests = {one: session.execute(_DIGEST, {"version": one}).scalar_one_or_none() for one in versions - {None}}
    return {number: churn_view(rows.get(number), digests) for number in customer_ids}


def churn_view(row: Any, digests: Mapping[int, str | None]) -> ChurnView:
    """A stored prediction as people and programs see it; `row`: as `_LATEST` reads it, None: there is none."""
    if row is None or row.probability is None:
        return ChurnView(ChurnStatus.UNAVAILABLE, None, (), None if row is None else row.as_of, None, None)
    from_model = row.status == ChurnStatus.MODEL.value
    model = digests.get(row.model_version_id) if from_model else None
    return ChurnView(
        status=ChurnStatus(row.status),
        probability=Decimal(row.probability).scaleb(-6),
        reasons=tuple(_reason(*reason) for reason in orjson.loads(row.reasons)),
        as_of=row.as_of,
        model=model,
        model_version_id=row.model_version_id if from_model else None,
    )


def _reason(feature: str, value: int | str | None, effect: float) -> ChurnReasonView:
    unit = unit_of(feature)
    scale = SHARE_SCALE if unit in (Unit.RATIO, Unit.PROBABILITY) else scale_of(unit, "CNY")
    return ChurnReasonView(feature, feature_text(feature), exact(value, unit, scale), unit, effect)
