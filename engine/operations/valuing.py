"""Value estimates: lifetime value, historic margin and acquisition cost of every customer, stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy.orm import Session

from engine.audit import Json
from engine.errors import InputError
from engine.operations.events import Horizon, read_costs, read_events
from engine.operations.events import as_of as model_instant
from engine.operations.fits import store_fit
from engine.operations.freshness import require_fresh_orders
from engine.operations.publishing import require_live_book
from engine.rulebook import Book
from engine.store import CustomersFrame, Database, append_entry, insert_rows
from engine.store.tables import ValueEstimateRow, to_microseconds
from engine.value import (
    AcquisitionCosts,
    AsOf,
    EventFrame,
    ValueColumns,
    ValueModel,
    allocate_costs,
    fit_value,
    historic_margin,
    predict_value,
    summarise,
)
from engine.vocabulary import EntryKind, Market, Text

ESTIMATES: Final = ("clv", "margin", "cac")


@dataclass(frozen=True, slots=True)
class _Estimated:
    """Estimates of one market, by name, before they are stored; `model`: the fit behind `clv`, None: no customers."""

    market: Market
    customers: CustomersFrame
    columns: dict[str, ValueColumns]
    model: ValueModel | None = None


def estimate_values(database: Database, when: datetime, horizon_days: int, actor: str, now: datetime) -> dict[str, Any]:
    """Fit lifetime value per market and store value, margin and acquisition cost as of an instant.

    Every market is valued by its customers' purchases (BG/NBD); the report and each estimate name the method. The fit
    is stored, and the ledger entry names its digest by market, so that an estimate can be followed to its parameters.

    Returns:
        `as_of`, `horizon_days`, by market and estimate the number of customers it is known for, and under
        `methods` how it was made.

    Raises:
        NotReadyError: No rule book is published (its currency and zone count).
        InputError: The horizon is longer than half the history (VALUE_HORIZON), there are no customers, or
            orders are too old for the instant.
    """
    with database.read() as session:
        book = require_live_book(session)
        require_fresh_orders(session, book, when, now)
        horizon = Horizon(to_microseconds(when), max(to_microseconds(now), to_microseconds(when)))
        found = [_of_market(session, book, market, horizon, horizon_days) for market in sorted(book.markets)]
    estimated = [one for one in found if len(one.customers)]
    if not estimated:
        raise InputError(
            Text("There are no customers to value.", "没有可估值的客户。"),
            Text("Import customers and orders first.", "请先导入客户和订单。"),
        )
    with database.write() as session:
        for one in estimated:
            for name, values in one.columns.items():
                days = horizon_days if name == "clv" else None
                _store(session, one.customers, name, days, values, when, now, book.currency)
        named = {f"{one.market.value}.{name}": values for one in estimated for name, values in one.columns.items()}
        methods = {name: values.method for name, values in named.items()}
        known = {name: int(values.known.sum()) for name, values in named.items()}
        fits = {one.market.value: store_fit(session, one.model, actor, now) for one in estimated if one.model}
        body: dict[str, Json] = {"estimated": dict(known), "methods": dict(methods), "horizon_days": horizon_days}
        body |= {"as_of": when.isoformat(), "fits": dict(fits)}
        append_entry(session, EntryKind.RECORD, actor, None, None, body, now)
    return {"as_of": when.isoformat(), "horizon_days": horizon_days, **known, "methods": methods}


def _of_market(session: Session, book: Book, market: Market, horizon: Horizon, horizon_days: int) -> _Estimated:
    customers, frame = read_events(session, book.currency, book.timezone, horizon, market)
    if not len(customers):
        return _Estimated(market, customers, {})
    known = Known(customers, frame, model_instant(horizon.until, book.timezone), horizon)
    model = fit_value(frame, known.instant, horizon_days, known_at=horizon.known)
    columns = {name: estimate(session, book, name, known, horizon_days) for name in ESTIMATES if name != "clv"}
    columns["clv"] = predict_value(model, frame, known_at=horizon.known)
    return _Estimated(market, customers, {name: columns[name] for name in ESTIMATES}, model)


@dataclass(frozen=True, slots=True)
class Known:
    """What an estimate is made from: customers of one market, their events, the instant and what counts as known."""

    customers: CustomersFrame
    frame: EventFrame
    instant: AsOf
    horizon: Horizon


def estimate(session: Session, book: Book, name: str, known: Known, horizon_days: int) -> ValueColumns:
    """One estimate for every customer: `clv` over a horizon, `margin` to date, or `cac`.

    Raises:
        InputError: The horizon is longer than half the history (VALUE_HORIZON).
    """
    if name == "clv":
        model = fit_value(known.frame, known.instant, horizon_days, known_at=known.horizon.known)
        return predict_value(model, known.frame, known_at=known.horizon.known)
    if name == "margin":
        return historic_margin(known.frame, known.instant, known_at=known.horizon.known)
    return _acquisition(session, book, known)


def _acquisition(session: Session, book: Book, known: Known) -> ValueColumns:
    """Acquisition costs booked on customers; those of a channel's month shared by whom it won."""
    customers, instant = known.customers, known.instant
    rows, days, amounts = read_costs(session, customers, book.currency, book.timezone, known.horizon, "acquisition")
    channel = np.full(len(customers.ids), -1, np.int16)
    history = summarise(known.frame, instant, known.horizon.known)
    costs = AcquisitionCosts(amounts, rows, np.full(len(rows), -1, np.int16), days)
    shares = allocate_costs(costs, customers.ids, channel, instant.day - history.age, history.bought)
    return ValueColumns(shares.amount, shares.amount, shares.amount, shares.known, "acquisition_costs")


def _store(
    session: Session,
    customers: CustomersFrame,
    name: str,
    horizon_days: int | None,
    values: ValueColumns,
    when: datetime,
    now: datetime,
    currency: str,
) -> None:
    amounts, lows, highs = (
        [number if known else None for number, known in zip(column.tolist(), values.known.tolist(), strict=True)]
        for column in (values.amount, values.low, values.high)
    )
    insert_rows(
        session,
        ValueEstimateRow,
        {
            "name": name,
            "customer_id": customers.ids,
            "horizon_days": horizon_days,
            "as_of": when,
            "recorded_at": now,
            "amount": amounts,
            "low": lows,
            "high": highs,
            "currency": currency,
            "method": values.method,
        },
    )
