"""How a churn model is trained; every number is part of the stored model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.errors import InputError
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class ChurnSettings:
    """What churn is, and how to learn it.

    Attributes:
        horizon_days: Churned: no purchase in the days `[c, c + horizon)` after a cut-off c.
        active_days: Only customers with a purchase in `[c − active, c)` are learned from.
        step_days: Between two cut-offs.
        gap_days: Purge gap between the end of a label and the next thing that may know of it; at least as
            long as records usually take to arrive.
        max_cut_offs: At most so many cut-offs, the latest ones.
        snapshots: So many cut-offs are kept for evaluation, fewer where the history is short.
        min_history_days: Of records before the earliest cut-off.
        max_rows: Beyond, customers are drawn by a hash of their keys.
        folds: Of the cross-validation that calibrates, grouped by customer.
        trees: Boosting rounds.
    """

    horizon_days: int = 90
    active_days: int = 180
    step_days: int = 30
    gap_days: int = 1
    max_cut_offs: int = 12
    snapshots: int = 2
    min_history_days: int = 30
    max_rows: int = 200_000
    folds: int = 5
    trees: int = 300

    def __post_init__(self) -> None:
        positive = (
            self.horizon_days, self.active_days, self.step_days, self.max_cut_offs, self.snapshots, self.max_rows,
            self.trees,
        )  # fmt: skip
        if min(positive) < 1 or min(self.gap_days, self.min_history_days) < 0 or self.folds < 2:
            raise InputError(
                Text(
                    "Horizon, active window, step and counts must be at least 1, folds at least 2.",
                    "期限、活跃窗口、步长与数量至少为 1，折数至少为 2。",
                ),
                Text("Correct the settings of `touchstone model train`.", "请修正 `touchstone model train` 的设置。"),
                "CHURN_SETTINGS",
            )


MIN_CHURNERS: Final = 100
"""With fewer customers who churned (or stayed) no boosted trees are trained."""

FEW_CHURNERS: Final = 250
FEW_ROWS: Final = 1_000
"""Below either, the answer that did best in cross-validation wins, whatever it is."""

MODEL: Final = "xgboost"
BASE_RATE: Final = "base_rate"
RECENCY: Final = "recency"
LOGISTIC: Final = "logistic_regression"
BG_NBD: Final = "bg_nbd"
BASELINES: Final = (BASE_RATE, RECENCY, LOGISTIC, BG_NBD)
