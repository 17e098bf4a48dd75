"""Model versions with their cards, and stored churn predictions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import strawberry

from engine.store.reading import (
    Kind,
    ModelVersionView,
    aliases_by_versions,
    model_versions_page,
    prediction_statuses,
    slice_of,
)
from engine.vocabulary import ChurnStatus, Locale
from schema.basics import Actor, ActorSource, share_of
from schema.context import Info, LocaleArgument
from schema.describing import answered, backed_by, described, identified, told
from schema.relay import After, Before, First, Last, Node, Paged, UncountedConnection, listed
from schema.scalars import Hash


@described
class BaselineScore:
    """base_rate, recency, logistic_regression or bg_nbd."""

    name: str = told("Which baseline.")
    auc: float | None = told("Area under the ROC curve; null: cannot be computed.")
    log_loss: float | None = told("Mean log loss; null: cannot be computed.")
    brier: float | None = told("Brier score; null: cannot be computed.")


@described
class ModelSnapshot:
    """Evaluation at one instant; null: cannot be computed there (one class only)."""

    as_of: datetime = told("The instant.")
    customers: int = told("Customers evaluated.")
    churned: int = told("How many of them left.")
    auc: float | None = told("Area under the ROC curve.")
    log_loss: float | None = told("Mean log loss.")
    brier: float | None = told("Brier score.")
    ece: float | None = told("Expected calibration error.")
    ece_null: float | None = told("What `ece` would be by chance for a perfectly calibrated model.")
    baselines: list[BaselineScore] = told("The same measures of simple rankings.")


@described
class StatusShare:
    """Predictions of one status."""

    status: ChurnStatus = told("Where the probabilities come from.")
    customers: int = told("How many.")
    share: Decimal = told("Of the predictions, 0 to 1.")


@dataclass(frozen=True, slots=True)
class ShareOfStatus:
    """Source of `StatusShare`."""

    status: str
    customers: int
    share: Decimal


@dataclass(frozen=True, slots=True)
class BaselineSource:
    """Source of `BaselineScore`."""

    name: str
    auc: float | None
    log_loss: float | None
    brier: float | None


@dataclass(frozen=True, slots=True)
class SnapshotSource:
    """Source of `ModelSnapshot`."""

    as_of: datetime
    customers: int
    churned: int
    auc: float | None
    log_loss: float | None
    brier: float | None
    ece: float | None
    ece_null: float | None
    baselines: list[BaselineSource]


def _card(root: ModelVersionView) -> dict[str, Any]:
    card: dict[str, Any] = json.loads(root.card)
    return card


async def _aliases(root: ModelVersionView, info: Info) -> tuple[str, ...]:
    """Names that point at it, e.g. `live`."""
    return await info.context.load(aliases_by_versions, root.id) or ()


def _label(root: ModelVersionView, info: Info, locale: LocaleArgument = None) -> str:
    """What the model predicts, in words."""
    label = _card(root).get("label", root.name)
    if isinstance(label, Mapping):
        chinese = info.context.in_locale(locale) is Locale.ZH
        return str((label.get("zh") if chinese else None) or label.get("en") or root.name)
    return str(label)


def _horizon(root: ModelVersionView) -> int:
    """How far ahead it predicts."""
    return int(_card(root).get("horizon_days", 0))


def _cut_offs(root: ModelVersionView) -> list[datetime]:
    """Snapshots it learned from."""
    return [datetime.fromisoformat(text) for text in _card(root).get("cut_offs", ())]


def _features(root: ModelVersionView) -> list[str]:
    """What it looks at."""
    return [str(name) for name in _card(root).get("features", ())]


def _baseline_won(root: ModelVersionView) -> str | None:
    """A baseline did better or there were too few events; it answers instead. Null: the model answers."""
    won = _card(root).get("baseline_won")
    return None if won is None else str(won)


def _evaluation(root: ModelVersionView) -> list[SnapshotSource]:
    """Newest snapshot first; snapshots lie after every cut-off."""
    snapshots = [_snapshot(given) for given in _card(root).get("evaluation", ())]
    return sorted(snapshots, key=lambda snapshot: snapshot.as_of, reverse=True)


def _snapshot(given: Mapping[str, Any]) -> SnapshotSource:
    baselines = given.get("baselines", {})
    named = (
        [{**measures, "name": name} for name, measures in baselines.items()]
        if isinstance(baselines, Mapping)
        else list(baselines)
    )
    measures = {name: given.get(name) for name in ("auc", "log_loss", "brier", "ece", "ece_null")}
    return SnapshotSource(
        as_of=datetime.fromisoformat(given["as_of"]),
        customers=int(given.get("customers", 0)),
        churned=int(given.get("churned", 0)),
        baselines=[
            BaselineSource(entry["name"], entry.get("auc"), entry.get("log_loss"), entry.get("brier"))
            for entry in named
        ],
        **measures,
    )


async def _predictions(root: ModelVersionView, info: Info) -> list[ShareOfStatus]:
    """Of its latest stored predictions."""
    counted = await info.context.load(prediction_statuses, root.id) or ()
    total = sum(customers for _, customers in counted)
    return [ShareOfStatus(status, customers, share_of(customers, total)) for status, customers in counted]


def _created_by(root: ModelVersionView) -> ActorSource:
    """Who trained it."""
    return ActorSource(root.actor)


@described
class ModelVersion(Node):
    """A trained model with its card. Statistics are floats, not exact."""

    is_type_of = backed_by(ModelVersionView)

    id: strawberry.ID = identified(Kind.MODEL_VERSION)
    name: str = told("Of the model, e.g. `churn`.")
    digest: Hash = told("Of the stored model file.")
    aliases: list[str] = answered(_aliases)
    label: str = answered(_label)
    horizon_days: int = answered(_horizon)
    cut_offs: list[datetime] = answered(_cut_offs)
    features: list[str] = answered(_features)
    baseline_won: str | None = answered(_baseline_won)
    evaluation: list[ModelSnapshot] = answered(_evaluation)
    predictions: list[StatusShare] = answered(_predictions)
    created_at: datetime = told("When it was trained.")
    created_by: Actor = answered(_created_by)


async def _model_versions(
    info: Info, *, first: First = None, after: After = None, last: Last = None, before: Before = None
) -> Paged:
    """Trained models, newest first."""
    return await listed(info, partial(model_versions_page, slice_=slice_of(first, after, last, before)))


@described
class ModelQueries:
    """Questions about models."""

    model_versions: UncountedConnection[ModelVersion] | None = answered(_model_versions)
