"""One prediction taken apart: feature values, who answered, its log-odds by family, and the probability again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.churn.answering import every_answer, quantised
from engine.churn.attribution import attribute
from engine.churn.boosting import margins
from engine.churn.features import Layout, Matrix, build_matrix
from engine.churn.labels import active_at
from engine.churn.opening import OpenModel, open_model
from engine.churn.prediction import status_of
from engine.churn.reasons import family_of
from engine.churn.settings import BASE_RATE, BG_NBD, MODEL, RECENCY
from engine.value import AsOf, EventFrame, as_known
from engine.vocabulary import ChurnStatus


@dataclass(frozen=True, slots=True)
class Traced:
    """One customer's prediction.

    Attributes:
        values: Of every feature in the order of `layout.names`; NaN: missing, of an attribute the index of its level.
        answers: Who answered: the trees or a baseline.
        probability: In 0.000001; None: the customer never bought.
        parameters: What the answer needs beside the features, by name. Of the trees `trees_log_odds` is what they
            give for these values; probability = 1 / (1 + e^−(intercept + slope · trees_log_odds)).
        effects: By family what it adds to the log-odds; with `base_log_odds` they sum to those of the answer. Empty
            for baselines.
    """

    layout: Layout
    values: tuple[float, ...]
    answers: str
    status: ChurnStatus
    probability: int | None
    parameters: dict[str, float]
    effects: dict[str, float]


def trace(document: str, frame: EventFrame, as_of: AsOf, digest: str, known_at: int) -> Traced:
    """Make the prediction of the one customer of a frame again and take it apart.

    Args:
        frame: Of one customer.
        known_at: Microseconds; what was recorded later is not used.

    Raises:
        DamagedError: The document cannot be used.
    """
    model = open_model(document, digest)
    made = model.document
    known = as_known(frame, as_of, known_at)
    matrix = build_matrix(known, as_of, made.base, made.layout, made.settings.horizon_days)
    values = tuple(matrix[0].astype(np.float64).tolist())
    answers = every_answer(model, matrix)
    active = bool(active_at(known, as_of, made.settings.active_days)[0])
    name = made.answers if active else (BG_NBD if BG_NBD in answers else RECENCY)
    if not (known.purchases.net > 0).any():
        return Traced(made.layout, values, name, ChurnStatus.UNAVAILABLE, None, {}, {})
    parameters, effects = _taken_apart(model, matrix, name)
    probability = int(quantised(answers[name])[0])
    return Traced(made.layout, values, name, status_of(name), probability, parameters, effects)


def _taken_apart(model: OpenModel, matrix: Matrix, name: str) -> tuple[dict[str, float], dict[str, float]]:
    baselines, trees = model.document.baselines, model.document.trees
    if name == BASE_RATE:
        return {"base_rate": baselines.base_rate}, {}
    line = {RECENCY: baselines.recency, BG_NBD: baselines.bg_nbd}.get(name)
    if line is not None:
        return {"intercept": line.intercept, "slope": line.slope}, {}
    if name != MODEL or trees is None or model.tables is None:
        return {}, {}
    slope, intercept = trees.calibration.slope, trees.calibration.intercept
    margin = float(margins(model.booster, matrix, model.document.layout)[0])
    effects: dict[str, float] = {}
    for feature, effect in zip(model.document.layout.names, attribute(model.tables, matrix)[:, 0] * slope, strict=True):
        effects[family_of(feature)] = effects.get(family_of(feature), 0.0) + float(effect)
    base = intercept + slope * margin - sum(effects.values())
    parameters = {"trees_log_odds": margin, "slope": slope, "intercept": intercept, "base_log_odds": base}
    return parameters, effects
