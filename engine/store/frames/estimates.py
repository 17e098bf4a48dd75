"""Stored values and predictions as columns: for each customer the latest one that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from engine.expressions.columns import Column
from engine.store.frames.customers import StoredColumn
from engine.store.frames.fetching import Integers, Raw, among, matched
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, PredictionRow, ValueEstimateRow, from_microseconds
from engine.vocabulary import Unit


@dataclass(frozen=True, slots=True)
class EstimatesFrame:
    """The latest estimate of a value for each customer asked for, (customers,).

    Attributes:
        amount: `MONEY` with what it is as of and its currency; unknown where the estimate itself is.
        low, high: Its band.
        methods: `TEXT`, how it was made.
        ids: Row ids of the estimates, -1: none.
    """

    amount: StoredColumn
    low: Column
    high: Column
    methods: Column
    ids: Integers


@dataclass(frozen=True, slots=True)
class PredictionsFrame:
    """The latest prediction for each customer asked for, (customers,).

    Attributes:
        probability: `PROBABILITY` with what it is as of (no currency).
        statuses: `TEXT`, keys of `ChurnStatus`.
        versions: Ids of the model versions, -1: none.
        ids: Row ids of the predictions, -1: none.
    """

    probability: StoredColumn
    statuses: Column
    versions: Integers
    ids: Integers


def read_estimates(  # noqa: PLR0917  (what is asked for, then the two clocks)
    session: Session, name: str, horizon_days: int | None, ids: Integers, as_of: int, as_known_at: int
) -> EstimatesFrame:
    """For each customer the estimate with the latest instant at or before `as_of`, known by `as_known_at`.

    Of several as of the same instant, the one recorded last counts. An estimate made in a back-dated run is recorded
    as of the instant it was made for.

    Args:
        name: `clv`, `cac`, `margin`.
        horizon_days: Horizon wanted exactly; None: estimates without one.
        ids: (customers,) ids, each once.
        as_of, as_known_at: Microseconds since 1970.
    """
    table = table_of(ValueEstimateRow)
    horizon = table.c.horizon_days
    query = _latest(
        table, ("id", "as_of", "amount", "low", "high", "currency", "method"), name, as_of, as_known_at,
        horizon.is_(None) if horizon_days is None else horizon == horizon_days,
    )  # fmt: skip
    rows, columns = _of(session, query, ids, 7)
    id_, instant, amount, low, high, currency, method = columns
    length = len(ids)
    return EstimatesFrame(
        amount=StoredColumn(
            amount.spread(length, rows, Unit.MONEY),
            _spread(instant, length, rows, 0),
            currency.spread(length, rows, Unit.TEXT),
        ),
        low=low.spread(length, rows, Unit.MONEY),
        high=high.spread(length, rows, Unit.MONEY),
        methods=method.spread(length, rows, Unit.TEXT),
        ids=_spread(id_, length, rows, -1),
    )


def read_predictions(session: Session, name: str, ids: Integers, as_of: int, as_known_at: int) -> PredictionsFrame:
    """For each customer the prediction with the latest instant at or before `as_of`, known by `as_known_at`.

    Of several as of the same instant, the one recorded last counts. A prediction made in a back-dated run is recorded
    as of the instant it was made for.

    Args:
        name: Name of the model, e.g. `churn`.
        ids: (customers,) ids, each once.
        as_of, as_known_at: Microseconds since 1970.
    """
    table = table_of(PredictionRow)
    wanted = ("id", "as_of", "probability", "status", "model_version_id")
    rows, columns = _of(session, _latest(table, wanted, name, as_of, as_known_at), ids, len(wanted))
    id_, instant, probability, status, version = columns
    length = len(ids)
    known_versions = Raw(np.where(version.null, -1, version.values), version.null, None)
    return PredictionsFrame(
        probability=StoredColumn(
            probability.spread(length, rows, Unit.PROBABILITY),
            _spread(instant, length, rows, 0),
            Raw(np.zeros(0, np.int64), np.zeros(0, np.bool_), ()).spread(length, np.zeros(0, np.int64), Unit.TEXT),
        ),
        statuses=status.spread(length, rows, Unit.TEXT),
        versions=_spread(known_versions, length, rows, -1),
        ids=_spread(id_, length, rows, -1),
    )


def _latest(
    table: Table, wanted: tuple[str, ...], name: str, as_of: int, as_known_at: int, *conditions: Any
) -> Select[Any]:
    """Customers with their latest row; one seek in (name, customer_id, as_of) for each customer."""
    customer = table_of(CustomerRow)
    one = table.alias("one")
    latest = (
        select(table.c.id)
        .where(
            table.c.name == name,
            table.c.customer_id == customer.c.id,
            table.c.as_of <= from_microseconds(as_of),
            table.c.recorded_at <= from_microseconds(as_known_at),
            *conditions,
        )
        .order_by(table.c.as_of.desc(), table.c.recorded_at.desc(), table.c.id.desc())
        .limit(1)
        .correlate(customer)
        .scalar_subquery()
    )
    return select(customer.c.id, *(one.c[column] for column in wanted)).join_from(customer, one, one.c.id == latest)


def _of(session: Session, query: Select[Any], ids: Integers, width: int) -> tuple[Integers, list[Raw]]:
    customer = table_of(CustomerRow)
    rows, columns = matched(session, [query.where(one) for one in among(customer.c.id, ids)], ids)
    return rows, columns or [Raw(np.zeros(0, np.int64), np.zeros(0, np.bool_), ())] * width


def _spread(raw: Raw, length: int, rows: Integers, absent: int) -> Integers:
    values = np.full(length, absent, np.int64)
    values[rows] = raw.values
    return values
