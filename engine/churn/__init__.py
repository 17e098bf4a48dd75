"""Churn: labels, features, training, evaluation and prediction; the only door to XGBoost."""

from engine.churn.card import label_text, model_card
from engine.churn.catalogue import FEATURES, Feature, feature_text
from engine.churn.document import Document, digest_of, read_document
from engine.churn.evaluation import Snapshot, evaluate
from engine.churn.labels import Labels, active_at, label
from engine.churn.measures import Measures, measure
from engine.churn.opening import OpenModel, open_model
from engine.churn.plan import Plan, plan_days
from engine.churn.prediction import STATUSES, Predictions, predict
from engine.churn.reasons import Reason, family_of, unit_of
from engine.churn.settings import BASELINES, MODEL, ChurnSettings
from engine.churn.tracing import Traced, trace
from engine.churn.training import TrainedModel, train

__all__ = [
    "BASELINES",
    "FEATURES",
    "MODEL",
    "STATUSES",
    "ChurnSettings",
    "Document",
    "Feature",
    "Labels",
    "Measures",
    "OpenModel",
    "Plan",
    "Predictions",
    "Reason",
    "Snapshot",
    "Traced",
    "TrainedModel",
    "active_at",
    "digest_of",
    "evaluate",
    "family_of",
    "feature_text",
    "label",
    "label_text",
    "measure",
    "model_card",
    "open_model",
    "plan_days",
    "predict",
    "read_document",
    "trace",
    "train",
    "unit_of",
]
