"""The only door to XGBoost: train trees, read their margins. Always one thread, always sorted rows.

Chen, T. & Guestrin, C. (2016). XGBoost: a scalable tree boosting system. KDD '16, 785–794.
"""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.churn.features import Layout, Matrix
from engine.value.frame import Flags, Floats

PARAMETERS: Final[dict[str, Any]] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "max_depth": 3,
    "eta": 0.03,
    "min_child_weight": 30,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "lambda": 8.0,
    "seed": 20260101,
    "verbosity": 0,
}


def train_trees(matrix: Matrix, churned: Flags, layout: Layout, trees: int, threads: int = 1) -> dict[str, Any]:
    """Train boosted trees; their XGBoost JSON as a tree of Python values."""
    import xgboost

    parameters = PARAMETERS | {"monotone_constraints": tuple(layout.monotone), "nthread": threads}
    data = _data(matrix, layout, churned.astype(np.float32), threads)
    booster = xgboost.train(parameters, data, trees)
    body: dict[str, Any] = json.loads(bytes(booster.save_raw("json")))
    return body


def load_trees(body: dict[str, Any]) -> Any:
    """A booster from its JSON; only call with JSON that `engine.churn.structure` has checked."""
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(bytearray(json.dumps(body).encode()))
    booster.set_param({"nthread": 1, "verbosity": 0})
    return booster


def margins(booster: Any, matrix: Matrix, layout: Layout) -> Floats:
    """Log-odds before calibration, (rows,); a row's value does not depend on the rows beside it."""
    if not len(matrix):
        return np.empty(0)
    out = booster.predict(_data(matrix, layout, None, 1), output_margin=True)
    return np.asarray(out, np.float64)


def contributions(booster: Any, matrix: Matrix, layout: Layout) -> Floats:
    """XGBoost's own exact SHAP values, (rows, features + 1); slow, `attribution` gives the same faster."""
    out = booster.predict(_data(matrix, layout, None, 1), pred_contribs=True)
    return np.asarray(out, np.float64)


def _data(matrix: Matrix, layout: Layout, label: NDArray[np.float32] | None, threads: int) -> Any:
    import xgboost

    kinds = ["float"] * len(layout.numbers) + ["c"] * len(layout.categories)
    return xgboost.DMatrix(
        matrix, label, feature_names=list(layout.names), feature_types=kinds, enable_categorical=True, nthread=threads
    )
