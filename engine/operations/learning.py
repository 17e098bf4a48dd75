"""What estimates and predictions learned between two decisions of a customer: spans of time, by source of records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from engine.metrics import FromModel, FromValue, Metric, RecordFrame
from engine.operations.inputs import Decided
from engine.operations.purchases import BOUGHT
from engine.store import read_estimates, read_predictions
from engine.store.tables import to_microseconds

Spans = dict[str, list[tuple[int, int]]]
"""By source: from which instant until before which one, microseconds."""

_BY_MODELS: Final = ("orders", "tickets", "interactions")
_FOR_VALUES: Final = {"clv": ("orders",), "margin": ("orders",), "cac": ("costs",)}
_PURCHASES: Final = (*BOUGHT, "returned")


def learned(session: Session, metrics: Iterable[Metric], earlier: Decided, later: Decided) -> Spans:
    """What the estimates and predictions among some metrics learned, where their values differ.

    An estimate as of an instant was made from what had occurred before it: the later one learned what lies between
    the instants of the two. What another model says is not learning.

    Args:
        metrics: Of the later book.
    """
    spans: Spans = {}
    same_model = earlier.run.model_digest == later.run.model_digest
    old, new = earlier.inputs.columns, later.inputs.columns
    for metric in metrics:
        sources = _sources(metric, same_model)
        if sources and metric.name in old and old[metric.name].fact(0) != new[metric.name].fact(0):
            begin, end = (_made_at(session, metric, decided) for decided in (earlier, later))
            for source in sources:
                spans.setdefault(source, []).append((begin, end))
    return spans


def ids_learned(frame: RecordFrame, spans: Spans) -> set[int]:
    """Ids of the records of a frame that lie in such spans; of orders those that were purchases."""
    inside = np.zeros(len(frame), np.bool_)
    for begin, end in spans.get(frame.source, ()):
        inside |= (frame.occurred >= begin) & (frame.occurred < end)
    if frame.source == "orders" and len(frame):
        status = frame.columns["status"]
        bought = np.array([text in _PURCHASES for text in status.texts] or [False])
        inside &= bought[status.values] & (status.causes == 0)
    return set(frame.ids[inside].tolist())


def _sources(metric: Metric, same_model: bool) -> tuple[str, ...]:
    origin = metric.origin
    if isinstance(origin, FromValue):
        return _FOR_VALUES.get(origin.value, ())
    return _BY_MODELS if isinstance(origin, FromModel) and same_model else ()


def _made_at(session: Session, metric: Metric, decided: Decided) -> int:
    """The instant of the estimate a decision read, microseconds; 0: there was none."""
    as_of, known = to_microseconds(decided.run.as_of), to_microseconds(decided.run.as_known_at)
    ids, origin = decided.inputs.customers, metric.origin
    if isinstance(origin, FromValue):
        found = read_estimates(session, origin.value, origin.horizon_days, ids, as_of, known).amount
    else:
        assert isinstance(origin, FromModel)
        found = read_predictions(session, origin.model, ids, as_of, known).probability
    return int(found.instants[0])
