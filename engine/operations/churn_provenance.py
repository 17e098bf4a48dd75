"""What a stored churn probability was made from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

import numpy as np
import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.churn import FEATURES, MODEL, Traced, family_of, feature_text, trace, unit_of
from engine.decisions.explanation.values import exact
from engine.metrics import FromModel
from engine.operations.events import Happened, purchases_of_one, read_events, signals_of_one
from engine.operations.provenance import (
    Behind,
    FamilyEffect,
    Input,
    Looked,
    Parameter,
    Provenance,
    digits,
    those,
)
from engine.store import read_predictions
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, ModelVersionRow, PredictionRow, to_microseconds
from engine.vocabulary import SHARE_SCALE, RecordKind, Text, Unit

_PREFIX: Final = "sha256:"
_TREES: Final = Text(
    "Gradient-boosted trees give trees_log_odds for the features; Platt's calibration makes the probability "
    "1 / (1 + e^−(intercept + slope · trees_log_odds)), rounded half to even at 0.000001. The contributions (SHAP, "
    "Lundberg et al. 2020, times slope) and base_log_odds sum to intercept + slope · trees_log_odds.",
    "梯度提升树由特征得出 trees_log_odds；经 Platt 校准得概率 1 / (1 + e^−(intercept + slope · trees_log_odds))，"
    "按 0.000001 四舍六入五成双。各项贡献（SHAP，Lundberg 等 2020，乘以 slope）与 base_log_odds 之和等于 "
    "intercept + slope · trees_log_odds。",
)
_LINES: Final = {
    "bg_nbd": Text(
        "1 / (1 + e^−(intercept + slope · ln(s ÷ (1 − s)))), s: silence_expected by BG/NBD.",
        "1 / (1 + e^−(intercept + slope · ln(s ÷ (1 − s))))，s 为 BG/NBD 的 silence_expected。",
    ),
    "recency": Text(
        "1 / (1 + e^−(intercept + slope · ln(1 + days_since_purchase))).",
        "1 / (1 + e^−(intercept + slope · ln(1 + days_since_purchase)))。",
    ),
    "base_rate": Text("The share that churned: base_rate.", "流失比例：base_rate。"),
    "logistic_regression": Text(
        "Logistic regression on the features; its weights are in the model's document.",
        "基于特征的逻辑回归；权重见模型文件。",
    ),
    MODEL: _TREES,
}


def churn_provenance(
    session: Session, origin: FromModel, customer: CustomerRow, zone: tuple[str, str], as_of: datetime, known: datetime
) -> Provenance | None:
    """What the prediction was made from that counts as of an instant, as known at another; None: there is none.

    Args:
        zone: The book's time zone and currency.

    Raises:
        DamagedError: The stored model cannot be used.
    """
    ids, instants = np.array([customer.id], np.int64), (to_microseconds(as_of), to_microseconds(known))
    number = int(read_predictions(session, origin.model, ids, *instants).ids[0])
    if number < 0:
        return None
    row = session.execute(select(PredictionRow).where(table_of(PredictionRow).c.id == number)).scalar_one()
    version = session.get(ModelVersionRow, row.model_version_id) if row.model_version_id is not None else None
    if version is None:
        return None
    looked = Looked(int(ids[0]), customer.market, zone[1], zone[0], row.as_of, row.recorded_at)
    _, frame = read_events(session, looked.currency, looked.zone, looked.horizon, only=looked.customer_id)
    made = trace(version.body, frame, looked.instant, version.digest.removeprefix(_PREFIX), looked.horizon.known)
    card = orjson.loads(version.card)
    return Provenance(
        method=made.answers,
        formula=_LINES[made.answers],
        as_of=row.as_of,
        recorded_at=row.recorded_at,
        stored=exact(row.probability, Unit.PROBABILITY, SHARE_SCALE),
        again=exact(made.probability, Unit.PROBABILITY, SHARE_SCALE),
        inputs=_inputs(session, looked, made),
        digest=version.digest,
        fitted_at=datetime.fromisoformat(card["trained_at"]),
        fitted_on=int(card["counts"]["rows"]),
        parameters=tuple(Parameter.of(name, value) for name, value in made.parameters.items()),
        contributions=_contributions(made),
    )


def _contributions(made: Traced) -> tuple[FamilyEffect, ...]:
    """Largest effect first."""
    ordered = sorted(made.effects.items(), key=lambda one: (-abs(one[1]), one[0]))
    members = {
        family: tuple(name for name in made.layout.names if family_of(name) == family) for family in made.effects
    }
    return tuple(FamilyEffect(family, members[family], digits(effect)) for family, effect in ordered)


def _inputs(session: Session, looked: Looked, made: Traced) -> tuple[Input, ...]:
    happened = {
        "purchases": purchases_of_one(session, looked.customer_id, looked.currency, looked.zone, looked.horizon),
        "tickets": _signals(session, looked, RecordKind.TICKET),
        "interactions": _signals(session, looked, RecordKind.INTERACTION),
    }
    found = []
    for name, value in zip(made.layout.names, made.values, strict=True):
        shown = _shown(name, value, made, looked)
        found.append(Input(name, feature_text(name), shown, unit_of(name), _behind(name, looked, happened)))
    return tuple(found)


def _signals(session: Session, looked: Looked, kind: RecordKind) -> list[Happened]:
    return signals_of_one(session, looked.customer_id, kind, looked.zone, looked.horizon)


def _shown(name: str, value: float, made: Traced, looked: Looked) -> str | None:
    """A value of the matrix with every digit; an attribute by its level."""
    if math.isnan(value):
        return None
    if name not in FEATURES:
        return next(one.levels for one in made.layout.categories if one.name == name)[int(value)]
    return looked.money(value) if unit_of(name) is Unit.MONEY else digits(value)


def _behind(name: str, looked: Looked, happened: Mapping[str, list[Happened]]) -> tuple[Behind, ...]:
    """The records a feature was computed from; none of the month, and of attributes."""
    if name not in FEATURES or name == "month":
        return ()
    chosen = list(happened[FEATURES[name].signal or "purchases"])
    money = FEATURES[name].family == "money" or name == "trend_money"
    if FEATURES[name].signal is None and not money:
        chosen = [one for one in chosen if one.net > 0]
    chosen = _CHOSEN.get(name, _everything)(chosen)
    window = _WINDOWS.get(name)
    if window is not None:
        chosen = [one for one in chosen if one.day >= looked.instant.day - window]
    return tuple(Behind(one.record_id, looked.money(one.net)) for one in chosen) if money else those(chosen)


def _everything(happened: Sequence[Happened]) -> list[Happened]:
    return list(happened)


def _first_day(happened: Sequence[Happened]) -> list[Happened]:
    return [one for one in happened if one.day == min(other.day for other in happened)]


def _last_day(happened: Sequence[Happened]) -> list[Happened]:
    return [one for one in happened if one.day == max(other.day for other in happened)]


_CHOSEN: Final[Mapping[str, Callable[[Sequence[Happened]], list[Happened]]]] = {
    "days_since_purchase": _last_day,
    "days_since_interaction": _last_day,
    "tenure": _first_day,
}
_WINDOWS: Final = {
    "purchase_days_30": 30,
    "purchase_days_90": 90,
    "purchase_days_365": 365,
    "trend_purchases": 180,
    "trend_money": 180,
    "money_90": 90,
    "tickets_30": 30,
    "tickets_180": 180,
    "interactions_30": 30,
    "interactions_180": 180,
}
