"""The feature matrix of customers as of an instant, from nothing that lies after it on either clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.churn.catalogue import FEATURES
from engine.churn.rhythm import Rhythm, measure_rhythm, shrunken_gap, usual_gap_of_all, within
from engine.value import AsOf, Attribute, BgNbd, EventFrame, fit_bgnbd, probability_silent, purchase_days, summarise
from engine.value.bgnbd import DAYS_PER_WEEK, MIN_REPEATERS
from engine.value.frame import Floats

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Base:
    """What is known of all customers together: needed to read one of them.

    Attributes:
        usual_gap: Median of the customers' median days between purchases.
        purchases: Their BG/NBD; None: too few bought again.
    """

    usual_gap: float
    purchases: BgNbd | None


@dataclass(frozen=True, slots=True)
class Category:
    """A text attribute in the matrix: its value is the index in `levels`, missing where it is none of them."""

    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of the matrix in their pinned order: numbers by name, then categories."""

    numbers: tuple[str, ...]
    categories: tuple[Category, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns."""
        return self.numbers + tuple(category.name for category in self.categories)

    @property
    def monotone(self) -> tuple[int, ...]:
        """Direction of each column, as in `Feature.monotone`."""
        return tuple(FEATURES[name].monotone for name in self.numbers) + (0,) * len(self.categories)


def learn_base(known: EventFrame, as_of: AsOf) -> Base:
    """Learn what all customers have in common, from a frame as known at the instant."""
    rhythm = measure_rhythm(purchase_days(known.purchases), known.customers)
    summary = summarise(known, as_of)
    repeats = summary.repeats[summary.bought]
    if int((repeats > 0).sum()) < MIN_REPEATERS:
        return Base(usual_gap_of_all(rhythm), None)
    last, age = summary.last[summary.bought], summary.age[summary.bought]
    return Base(usual_gap_of_all(rhythm), fit_bgnbd(repeats, last / DAYS_PER_WEEK, age / DAYS_PER_WEEK))


def build_matrix(known: EventFrame, as_of: AsOf, base: Base, layout: Layout, horizon_days: int) -> Matrix:
    """(customers, features) as of an instant, NaN where missing.

    Args:
        known: The frame as known at the instant (`engine.value.as_known`).
    """
    columns = _purchase_columns(known, as_of, base, horizon_days)
    for source in ("tickets", "interactions"):
        if source in known.signals:
            columns |= _signal_columns(known, source, as_of)
    missing = np.full(known.customers, np.nan)
    values = [columns.get(name, missing) for name in layout.numbers]
    for category in layout.categories:
        attribute = known.attributes.get(category.name)
        values.append(missing if attribute is None else _codes(attribute, category.levels))
    return np.column_stack(values).astype(np.float32) if values else np.empty((known.customers, 0), np.float32)


def unseen_levels(frame: EventFrame, layout: Layout) -> dict[str, tuple[str, ...]]:
    """Levels of the frame's customers the model has never seen, by attribute; they are read as missing."""
    unseen: dict[str, tuple[str, ...]] = {}
    for category in layout.categories:
        attribute = frame.attributes.get(category.name)
        if attribute is not None:
            used = {attribute.levels[code] for code in np.unique(attribute.codes).tolist() if code >= 0}
            if rest := tuple(sorted(used - set(category.levels))):
                unseen[category.name] = rest
    return unseen


def _purchase_columns(known: EventFrame, as_of: AsOf, base: Base, horizon_days: int) -> dict[str, Floats]:
    summary, days = summarise(known, as_of), purchase_days(known.purchases)
    rhythm = measure_rhythm(days, known.customers)
    recency = (summary.age - summary.last).astype(np.float64)
    columns = {
        "days_since_purchase": recency,
        "overdue_ratio": recency / np.maximum(shrunken_gap(rhythm, base.usual_gap), 1.0),
        "silence_expected": _silence(base, summary.repeats, summary.last, summary.age, horizon_days),
        "usual_gap": rhythm.median,
        "gap_variation": rhythm.variation,
        "tenure": summary.age.astype(np.float64),
        "month": np.full(known.customers, float(_month(as_of.day))),
    }
    columns |= _frequency_columns(known, as_of, rhythm, summary.age)
    columns |= _money_columns(known, as_of)
    return columns


def _frequency_columns(known: EventFrame, as_of: AsOf, rhythm: Rhythm, age: NDArray[np.int32]) -> dict[str, Floats]:
    days, n = purchase_days(known.purchases), known.customers
    total = np.bincount(days.customer, minlength=n).astype(np.float64)
    recent = within(days.customer, days.day, as_of, window=90, customers=n)
    before = within(days.customer, days.day, as_of, window=90, customers=n, offset=90)
    return {
        "purchase_days": total,
        "purchase_days_30": within(days.customer, days.day, as_of, window=30, customers=n),
        "purchase_days_90": recent,
        "purchase_days_365": within(days.customer, days.day, as_of, window=365, customers=n),
        "purchase_rate": 30 * rhythm.gaps / np.maximum(age, 30),
        "trend_purchases": recent - before,
    }


def _money_columns(known: EventFrame, as_of: AsOf) -> dict[str, Floats]:
    events, n = known.purchases, known.customers
    net = events.net.astype(np.float64)
    total = np.bincount(events.customer, net, minlength=n)
    recent = within(events.customer, events.day, as_of, window=90, customers=n, weights=net)
    before = within(events.customer, events.day, as_of, window=90, customers=n, weights=net, offset=90)
    days = np.bincount(purchase_days(events).customer, minlength=n)
    both = np.maximum(recent, 0) + np.maximum(before, 0)
    return {
        "money_total": total,
        "money_per_purchase": np.divide(total, days, out=np.full(n, np.nan), where=days > 0),
        "money_90": recent,
        "trend_money": np.divide(np.maximum(recent, 0), both, out=np.full(n, np.nan), where=both > 0),
    }


def _signal_columns(known: EventFrame, source: str, as_of: AsOf) -> dict[str, Floats]:
    signal, n = known.signals[source], known.customers
    columns = {
        f"{source}_{window}": within(signal.customer, signal.day, as_of, window=window, customers=n)
        for window in (30, 180)
    }
    last = np.full(n, -(2**31), np.int32)
    np.maximum.at(last, signal.customer, signal.day)
    since = as_of.day - last.astype(np.float64)
    columns[f"days_since_{source[:-1]}"] = np.where(last > -(2**31), since, np.nan)
    return columns


def _silence(
    base: Base, repeats: NDArray[np.int32], last: NDArray[np.int32], age: NDArray[np.int32], horizon_days: int
) -> Floats:
    if base.purchases is None:
        return np.full(len(repeats), np.nan)
    weeks = last / DAYS_PER_WEEK, age / DAYS_PER_WEEK
    return probability_silent(base.purchases, repeats, *weeks, horizon_days / DAYS_PER_WEEK)


def _codes(attribute: Attribute, levels: Sequence[str]) -> Floats:
    place = {level: float(index) for index, level in enumerate(levels)}
    table = np.array([*(place.get(level, np.nan) for level in attribute.levels), np.nan])
    return np.asarray(table[attribute.codes], np.float64)  # −1 takes the NaN at the end


def _month(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64)) % 12 + 1
