"""Predicting: calibrated probabilities with their status and reasons, for one customer or for many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.churn.answering import every_answer, quantised
from engine.churn.features import build_matrix, unseen_levels
from engine.churn.labels import active_at
from engine.churn.opening import OpenModel, open_model
from engine.churn.reasons import Reason, reasons_of
from engine.churn.settings import BG_NBD, MODEL, RECENCY
from engine.value import AsOf, EventFrame, as_known
from engine.value.frame import Flags, Integers
from engine.vocabulary import SHARE_SCALE, ChurnStatus

STATUSES: Final = tuple(ChurnStatus)
CHUNK: Final = 32_768


@dataclass(frozen=True, slots=True)
class Predictions:
    """Churn of every customer of a frame, in its order.

    Attributes:
        probability: (customers,) in 0.000001; 0 where not `known`.
        known: (customers,); false exactly where the status is UNAVAILABLE.
        status: (customers,) index into `STATUSES`.
        reasons: Per customer, largest effect first, at most four; empty unless the status is MODEL.
        unseen: Levels of attributes the model has never met; it read them as missing.
    """

    probability: Integers
    known: Flags
    status: NDArray[np.int8]
    reasons: list[tuple[Reason, ...]]
    unseen: dict[str, tuple[str, ...]]

    def statuses(self) -> list[ChurnStatus]:
        """The status of every customer."""
        return [STATUSES[code] for code in self.status.tolist()]


def predict(
    document: str, frame: EventFrame, as_of: AsOf, *,
    digest: str | None = None, known_at: int | None = None, reasons_from: float = 0.0,
) -> Predictions:  # fmt: skip
    """Predict every customer's churn as of an instant.

    Active customers get the model's answer (or the baseline's that won). Who bought before but not in the
    active window is outside what the model learned: BG/NBD, or the rate of that recency, answers. Who
    never bought gets none.

    Args:
        digest: What the document must hash to.
        known_at: Microseconds; what was recorded later is not used. None: `as_of.at`.
        reasons_from: Reasons are only given for probabilities of at least this.

    Raises:
        DamagedError: The document cannot be used.
    """
    model = open_model(document, digest)
    known = as_known(frame, as_of, known_at)
    settings, layout = model.document.settings, model.document.layout
    bought = np.bincount(known.purchases.customer[known.purchases.net > 0], minlength=frame.customers) > 0
    active = active_at(known, as_of, settings.active_days)
    matrix = build_matrix(known, as_of, model.document.base, layout, settings.horizon_days)
    probability = np.zeros(frame.customers, np.int64)
    status = np.full(frame.customers, STATUSES.index(ChurnStatus.UNAVAILABLE), np.int8)
    reasons: list[tuple[Reason, ...]] = [()] * frame.customers
    for start in range(0, frame.customers, CHUNK):
        rows = np.arange(start, min(start + CHUNK, frame.customers))
        rows = rows[bought[rows]]
        answers = every_answer(model, matrix[rows])
        lapsed = BG_NBD if BG_NBD in answers else RECENCY
        for name, chosen in ((model.document.answers, active[rows]), (lapsed, ~active[rows])):
            probability[rows[chosen]] = quantised(answers[name][chosen])
            status[rows[chosen]] = STATUSES.index(status_of(name))
        explained = rows[active[rows] & (probability[rows] >= reasons_from * SHARE_SCALE)]
        for row, found in zip(explained.tolist(), _reasons(model, matrix[explained]), strict=True):
            reasons[row] = found
    return Predictions(probability, bought, status, reasons, unseen_levels(frame, layout))


def status_of(answers: str) -> ChurnStatus:
    """The status of predictions made by the trees or by a baseline."""
    if answers == MODEL:
        return ChurnStatus.MODEL
    return ChurnStatus.FALLBACK_BGNBD if answers == BG_NBD else ChurnStatus.FALLBACK_SEGMENT


def _reasons(model: OpenModel, matrix: NDArray[np.float32]) -> list[tuple[Reason, ...]]:
    trees = model.document.trees
    if model.document.answers != MODEL or model.tables is None or trees is None:
        return [()] * len(matrix)
    return reasons_of(model.tables, matrix, model.document.layout, trees.calibration.slope)
