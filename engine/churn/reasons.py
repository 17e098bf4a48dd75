"""Why a probability is what it is: exact contributions in log-odds, summed by family of features."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.churn.attribution import Tables, attribute
from engine.churn.catalogue import FEATURES
from engine.churn.features import Layout, Matrix
from engine.vocabulary import SHARE_SCALE, Unit

MOST: Final = 4
LEAST_EFFECT: Final = 0.01
_SCALES: Final = {Unit.RATIO: SHARE_SCALE, Unit.PROBABILITY: SHARE_SCALE}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason.

    Attributes:
        feature: The feature that says most in its family; `feature_text` names it.
        value: Its stored value (scale of its unit), a level for an attribute; None: missing.
        effect: Of the whole family on the log-odds of churn, to 0.0001; above 0: more likely to leave.
    """

    feature: str
    value: int | str | None
    unit: Unit
    effect: float

    def as_list(self) -> list[Any]:
        """`[feature, value, effect]`, as predictions are stored."""
        return [self.feature, self.value, self.effect]


def family_of(name: str) -> str:
    """The family of a feature; an attribute is its own."""
    return FEATURES[name].family if name in FEATURES else name


def reasons_of(tables: Tables, matrix: Matrix, layout: Layout, slope: float) -> list[tuple[Reason, ...]]:
    """At most four reasons per row, largest effect first, ties by the order of families.

    Args:
        slope: Of the calibration: effects add up to the calibrated log-odds less their mean.
    """
    if not len(matrix):
        return []
    effects = attribute(tables, matrix) * slope
    names = layout.names
    families = tuple(dict.fromkeys(family_of(name) for name in names))
    members = [[i for i, name in enumerate(names) if family_of(name) == family] for family in families]
    sums = np.stack([effects[rows].sum(axis=0) for rows in members])
    leaders = np.stack([np.asarray(rows)[np.argmax(np.abs(effects[rows]), axis=0)] for rows in members])
    sums = np.rint(sums * 10_000) / 10_000
    order = np.argsort(-np.abs(sums), axis=0, kind="stable")[:MOST]
    row = np.arange(len(matrix))
    lead, effect = leaders[order, row], sums[order, row]
    values = matrix[row, lead]
    return [
        tuple(
            Reason(names[feature], stored_value(names[feature], value, layout), unit_of(names[feature]), size)
            for feature, value, size in zip(features, found, sizes, strict=True)
            if abs(size) >= LEAST_EFFECT
        )
        for features, found, sizes in zip(lead.T.tolist(), values.T.tolist(), effect.T.tolist(), strict=True)
    ]


def unit_of(name: str) -> Unit:
    """How to read a feature's value."""
    return FEATURES[name].unit if name in FEATURES else Unit.TEXT


def stored_value(name: str, value: float, layout: Layout) -> int | str | None:
    """A value of the matrix as a stored whole number, or the level of an attribute."""
    if math.isnan(value):
        return None
    if name not in FEATURES:
        levels = next(category.levels for category in layout.categories if category.name == name)
        return levels[int(value)]
    return round(value * _SCALES.get(FEATURES[name].unit, 1))
