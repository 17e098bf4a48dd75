"""Estimates and predictions for a past instant at which none was stored, from what was known then alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from engine.churn import ChurnSettings, Predictions
from engine.churn import predict as predict_churn
from engine.churn import train as train_churn
from engine.errors import InputError
from engine.expressions import CAUSE_CODE, Column
from engine.metrics import FromModel, FromValue, Metric
from engine.operations.events import Horizon, read_events
from engine.operations.events import as_of as model_instant
from engine.operations.facts import Clocks, assemble, metrics_read
from engine.operations.models import CHURN, live_version
from engine.operations.valuing import Known, estimate
from engine.rulebook import Book
from engine.store import CustomersFrame
from engine.store.tables import to_microseconds
from engine.vocabulary import Market, Text, Unit, UnknownCause

Integers = NDArray[np.int64]


class Origin(StrEnum):
    """Where the values of a metric came from at a past instant."""

    STORED = "stored"
    ESTIMATED = "estimated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class MetricOrigin:
    """Where one estimate or prediction came from; `why` it is unknown."""

    metric: str
    title: Text
    origin: Origin
    why: Text | None = None


@dataclass(frozen=True)
class Then:
    """A past instant: whatever is made here knows only the records of then."""

    session: Session
    book: Book
    when: datetime

    @cached_property
    def _horizon(self) -> Horizon:
        until = to_microseconds(self.when)
        return Horizon(until, until)

    @cached_property
    def _churn(self) -> tuple[CustomersFrame, Predictions] | Text:
        """A model trained then, applied then; the sentence why there is none otherwise.

        How many days ahead it looks is the one thing not of then: as many as the model that is live today, whose
        probabilities the rules were written for; the default while none is live.
        """
        live = live_version(self.session)
        days = orjson.loads(live.card)["horizon_days"] if live is not None else ChurnSettings().horizon_days
        customers, frame = read_events(self.session, self.book.currency, self.book.timezone, self._horizon)
        instant = model_instant(self._horizon.until, self.book.timezone)
        try:
            model = train_churn(frame, instant, self.book.timezone, ChurnSettings(horizon_days=days))
        except InputError as error:
            return error.message
        return customers, predict_churn(model.document, frame, instant, digest=model.digest, reasons_from=2)

    def column(self, market: Market, metric: Metric, ids: Integers) -> Column | Text:
        """A metric's values for some customers, (customers,); the sentence why there are none otherwise."""
        if isinstance(metric.origin, FromModel):
            return self._predicted(metric.origin.model, ids)
        assert isinstance(metric.origin, FromValue)
        customers, frame = read_events(self.session, self.book.currency, self.book.timezone, self._horizon, market)
        known = Known(customers, frame, model_instant(self._horizon.until, self.book.timezone), self._horizon)
        try:
            found = estimate(self.session, self.book, metric.origin.value, known, metric.origin.horizon_days or 0)
        except InputError as error:
            return error.message
        return _spread(customers, found.amount, found.known, ids, Unit.MONEY)

    def _predicted(self, model: str, ids: Integers) -> Column | Text:
        if model != CHURN:
            return Text(f"There is no model {model}.", f"没有模型 {model}。")
        made = self._churn
        if isinstance(made, Text):
            return made
        customers, predictions = made
        return _spread(customers, predictions.probability, predictions.known, ids, Unit.PROBABILITY)


def estimates_as_of(
    then: Then, market: Market, clocks: Clocks, ids: Sequence[int] | Integers
) -> tuple[Mapping[str, Column], tuple[MetricOrigin, ...]]:
    """Columns for the estimates and predictions a market's tiers read of which none was stored by then.

    A metric of which somebody has a stored value that was known by then, and not too old, is left to the store.

    Args:
        clocks: Both at the past instant.
        ids: (customers,) those known at it.

    Returns:
        Columns by metric for `assemble(instead=…)`, and where every such metric comes from.
    """
    metrics = [then.book.metrics[name] for name in metrics_read(then.book, market, aftermath=False)]
    metrics = [metric for metric in metrics if isinstance(metric.origin, FromModel | FromValue)]
    names = [metric.name for metric in metrics]
    stored = assemble(then.session, then.book, market, clocks, ids, names)
    instead: dict[str, Column] = {}
    origins = []
    for metric in metrics:
        if (stored.columns[metric.name].causes == 0).any():
            origins.append(MetricOrigin(metric.name, metric.title, Origin.STORED))
            continue
        found = then.column(market, metric, stored.customers.ids)
        if isinstance(found, Text):
            origins.append(MetricOrigin(metric.name, metric.title, Origin.UNKNOWN, found))
        elif not (found.causes == 0).any():
            why = Text("Nobody's could be told from the records of then.", "根据当时的记录无法估计。")
            origins.append(MetricOrigin(metric.name, metric.title, Origin.UNKNOWN, why))
        else:
            instead[metric.name] = found
            origins.append(MetricOrigin(metric.name, metric.title, Origin.ESTIMATED))
    return instead, tuple(origins)


def _spread(customers: CustomersFrame, values: Integers, known: NDArray[np.bool_], ids: Integers, unit: Unit) -> Column:
    """Values of a frame's customers as a column of some of them; who has none is unknown (missing)."""
    rows = np.searchsorted(customers.ids, ids)
    causes = np.where(known[rows], 0, CAUSE_CODE[UnknownCause.MISSING]).astype(np.uint8)
    return Column(np.where(known[rows], values[rows], 0).astype(np.int64), causes, unit)
