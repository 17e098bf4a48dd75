"""Probabilities of a model and its baselines for rows of a feature matrix."""

from __future__ import annotations

import numpy as np

from engine.churn.baselines import baseline_probabilities
from engine.churn.boosting import margins
from engine.churn.features import Matrix
from engine.churn.logistic import apply_line
from engine.churn.opening import OpenModel
from engine.churn.settings import MODEL
from engine.value.frame import Floats, Integers
from engine.vocabulary import SHARE_SCALE


def every_answer(model: OpenModel, matrix: Matrix) -> dict[str, Floats]:
    """Calibrated probability of churn by the model and by each baseline there is, (rows,) each."""
    document = model.document
    answers = baseline_probabilities(document.baselines, matrix, document.layout)
    if document.trees is not None:
        margin = margins(model.booster, matrix, document.layout)
        answers[MODEL] = apply_line(document.trees.calibration, margin)
    return answers


def quantised(probability: Floats) -> Integers:
    """Half to even at 0.000001."""
    return np.rint(probability * SHARE_SCALE).astype(np.int64)
