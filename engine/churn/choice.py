"""Who answers: the trees, or a baseline that did better, or one that is all so few events allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.churn.baselines import Baselines
from engine.churn.measures import log_losses
from engine.churn.settings import (
    BASE_RATE,
    BASELINES,
    BG_NBD,
    FEW_CHURNERS,
    FEW_ROWS,
    LOGISTIC,
    MIN_CHURNERS,
    MODEL,
    RECENCY,
)
from engine.value.frame import Flags, Floats
from engine.vocabulary import Text

FEW_FOR_RECENCY: Final = 20


@dataclass(frozen=True, slots=True)
class Choice:
    """Who answers, and why it is not the trees; no reason when it is."""

    answers: str
    why: Text | None = None


def too_few(churners: int, stayers: int) -> bool:
    """Whether there are too few customers of either kind for any trees."""
    return min(churners, stayers) < MIN_CHURNERS


def choose_without_trees(baselines: Baselines, churners: int, stayers: int) -> Choice:
    """The best founded baseline where no trees were trained."""
    why = Text(
        f"{churners} customers churned and {stayers} stayed; a model needs {MIN_CHURNERS} of each.",
        f"流失 {churners} 位、留存 {stayers} 位；训练模型各需至少 {MIN_CHURNERS} 位。",
    )
    if baselines.bg_nbd is not None:
        return Choice(BG_NBD, why)
    return Choice(RECENCY if min(churners, stayers) >= FEW_FOR_RECENCY else BASE_RATE, why)


def is_small(churners: int, rows: int) -> bool:
    """Whether a baseline may be as good simply because there is little to learn from."""
    return churners < FEW_CHURNERS or rows < FEW_ROWS


def choose_by_folds(out_of_fold: Mapping[str, Floats], churned: Flags) -> Choice:
    """The answer with the lowest out-of-fold log loss, for few events and for no later snapshot."""
    losses = {name: float(log_losses(p, churned).mean()) for name, p in out_of_fold.items()}
    best = min((LOGISTIC, BG_NBD, MODEL), key=lambda name: losses.get(name, np.inf))
    if best == MODEL:
        return Choice(MODEL)
    return Choice(best, Text(
        f"With few events `{best}` did better in cross-validation (log loss {losses[best]:.4f} "
        f"against {losses[MODEL]:.4f}).",
        f"事件较少，交叉验证中 `{best}` 更好（对数损失 {losses[best]:.4f}，模型为 {losses[MODEL]:.4f}）。",
    ))  # fmt: skip


def choose_by_snapshots(answers: Sequence[tuple[Mapping[str, Floats], Flags]]) -> Choice:
    """The trees, unless a baseline's log loss at the later snapshots is lower by over twice its standard error."""
    churned = np.concatenate([happened for _, happened in answers])
    if not len(churned):
        return Choice(MODEL)
    loss = {
        name: log_losses(np.concatenate([by[name] for by, _ in answers]), churned)
        for name in (MODEL, *BASELINES)
        if all(name in by for by, _ in answers)
    }
    best = min((name for name in loss if name != MODEL), key=lambda name: float(loss[name].mean()))
    difference = loss[MODEL] - loss[best]
    error = float(difference.std()) / np.sqrt(len(difference))
    if float(difference.mean()) <= 2 * error:
        return Choice(MODEL)
    return Choice(best, Text(
        f"`{best}` did better at the later snapshots (log loss {loss[best].mean():.4f} "
        f"against {loss[MODEL].mean():.4f}).",
        f"在其后的快照上 `{best}` 更好（对数损失 {loss[best].mean():.4f}，模型为 {loss[MODEL].mean():.4f}）。",
    ))  # fmt: skip
