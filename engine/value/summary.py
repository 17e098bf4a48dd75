"""What value models know of a customer: purchase days, how long ago, and the money of a purchase day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.value.frame import NO_MARGIN, AsOf, Days, EventFrame, Flags, Floats, Purchases, Rows, as_known


@dataclass(frozen=True, slots=True)
class PurchaseDays:
    """Days on which customers bought, sorted by customer and day; several purchases a day count once."""

    customer: Rows
    day: Days


@dataclass(frozen=True, slots=True)
class Summary:
    """One row per customer of the frame.

    Attributes:
        bought: (customers,) there is at least one purchase.
        repeats: (customers,) x: purchase days after the first.
        last: (customers,) t_x: days from the first to the last purchase day.
        age: (customers,) T: days from the first purchase day to the instant.
        mean: (customers,) money per purchase day in minor units; what was given back is taken off.
        margin: `mean` is margin; otherwise it is net.
        assumed: Share of the purchases whose margin was taken from the margin rate of the others.
        rate: That margin rate; 0 where no margin is known.
    """

    bought: Flags
    repeats: Days
    last: Days
    age: Days
    mean: Floats
    margin: bool
    assumed: float
    rate: float = 0.0


def purchase_days(events: Purchases) -> PurchaseDays:
    """The purchase days of events sorted as `as_known` leaves them."""
    events = events.take(events.net > 0)
    new = np.ones(len(events), np.bool_)
    new[1:] = (np.diff(events.customer) != 0) | (np.diff(events.day) != 0)
    return PurchaseDays(events.customer[new], events.day[new])


def summarise(frame: EventFrame, as_of: AsOf, known_at: int | None = None, rate: float | None = None) -> Summary:
    """Summarise every customer's purchases as of an instant.

    Args:
        rate: The margin rate for purchases whose margin is unknown; None: that of the frame's others.
    """
    events = as_known(frame, as_of, known_at).purchases
    days = purchase_days(events)
    count = np.bincount(days.customer, minlength=frame.customers)
    bought = count > 0
    first, last = first_and_last(days, count)
    rate = margin_rate(events) if rate is None else rate
    money, assumed = amounts(events, rate)
    total = np.bincount(events.customer, money, minlength=frame.customers)
    mean = np.divide(total, count, out=np.zeros(frame.customers), where=bought)
    return Summary(
        bought=bought,
        repeats=np.maximum(count - 1, 0).astype(np.int32),
        last=(last - first).astype(np.int32),
        age=np.where(bought, np.maximum(as_of.day - first, last - first), 0).astype(np.int32),
        mean=mean,
        margin=events.margin is not None,
        assumed=assumed,
        rate=rate,
    )


def first_and_last(days: PurchaseDays, count: np.ndarray) -> tuple[Days, Days]:
    """First and last purchase day of every customer; 0 where there is none. `count`: days per customer."""
    ends = np.cumsum(count)
    bought = count > 0
    first, last = np.zeros(len(count), np.int32), np.zeros(len(count), np.int32)
    first[bought] = days.day[(ends - count)[bought]]
    last[bought] = days.day[ends[bought] - 1]
    return first, last


def margin_rate(events: Purchases) -> float:
    """Margin ÷ net of the purchases whose margin is known; 0 where none is."""
    if events.margin is None:
        return 0.0
    known = events.margin != NO_MARGIN
    total = float(events.net[known].astype(np.float64).sum())
    return float(events.margin[known].astype(np.float64).sum()) / total if total > 0 else 0.0


def amounts(events: Purchases, rate: float | None = None) -> tuple[Floats, float]:
    """Money of each purchase in minor units, and the share of them whose margin had to be assumed.

    Margins that are unknown are net × the margin rate of the purchases that have one; without any margin
    the amount is the net.

    Args:
        rate: That margin rate; None: see `margin_rate`.
    """
    net = events.net.astype(np.float64)
    if events.margin is None or not len(events):
        return net, 0.0
    known = events.margin != NO_MARGIN
    rate = margin_rate(events) if rate is None else rate
    return np.where(known, events.margin.astype(np.float64), net * rate), 1.0 - float(known.mean())
