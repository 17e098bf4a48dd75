"""How good probabilities are: ranking (AUC), log loss, Brier score, calibration error with its null."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.value.frame import Flags, Floats

BINS: Final = 10
NULL_DRAWS: Final = 200
SMALLEST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Measures:
    """None where it cannot be computed (AUC with one class only, anything without rows)."""

    auc: float | None
    log_loss: float | None
    brier: float | None
    ece: float | None
    ece_null: float | None


def measure(probability: Floats, churned: Flags) -> Measures:
    """Every measure of probabilities against what happened, (rows,) each."""
    if not len(probability):
        return Measures(None, None, None, None, None)
    return Measures(
        auc=area_under_curve(probability, churned),
        log_loss=float(log_losses(probability, churned).mean()),
        brier=float(((probability - churned) ** 2).mean()),
        ece=calibration_error(probability, churned.astype(np.float64)),
        ece_null=calibration_error_by_chance(probability),
    )


def area_under_curve(score: Floats, churned: Flags) -> float | None:
    """Chance that who churned scores above who stayed; ties count half. None with one class only.

    >>> area_under_curve(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
    0.875
    """
    from scipy.stats import rankdata

    positive = int(churned.sum())
    negative = len(churned) - positive
    if positive == 0 or negative == 0:
        return None
    ranks = float(rankdata(score)[churned].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


def log_losses(probability: Floats, churned: Flags) -> Floats:
    """−ln of the probability given to what happened, (rows,); bounded at one in a million."""
    bounded = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return -np.log(np.where(churned, bounded, 1 - bounded))


def calibration_error(probability: Floats, happened: NDArray[np.float64]) -> float:
    """Expected calibration error: mean |predicted − happened| over ten equally large groups."""
    order = np.argsort(probability, kind="stable")
    groups = [group for group in np.array_split(order, BINS) if len(group)]
    gaps = [abs(float(probability[g].mean()) - float(happened[g].mean())) * len(g) for g in groups]
    return sum(gaps) / len(probability)


def calibration_error_by_chance(probability: Floats, seed: int = 1) -> float:
    """What `calibration_error` is by chance when every probability is true: the mean of 200 drawings."""
    order = np.argsort(probability, kind="stable")
    groups = [probability[group] for group in np.array_split(order, BINS) if len(group)]
    chance = np.random.Generator(np.random.PCG64(seed))
    total = 0.0
    for group in groups:
        drawn = chance.random((NULL_DRAWS, len(group))) < group
        total += float(np.abs(drawn.mean(axis=1) - group.mean()).mean()) * len(group)
    return total / len(probability)
