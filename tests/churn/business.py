"""A small generated business: people buy at their own pace and some of them stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.value import AsOf, Attribute, EventFrame, Purchases, Signals, canonical

ZONE = "Asia/Shanghai"
FIRST_DAY = 19_000
LENGTH = 500
LAST_DAY = FIRST_DAY + LENGTH
AS_OF = AsOf.midnight(LAST_DAY - 95, ZONE)
MICROSECONDS = 86_400_000_000


def business(customers: int = 1_500, seed: int = 7, delay_days: int = 0) -> EventFrame:
    """Purchases by the BG/NBD story, tickets more often before leaving, companies that buy more."""
    chance = np.random.default_rng(seed)
    rows: list[tuple[int, float, int]] = []
    tickets: list[tuple[int, float]] = []
    market = (chance.random(customers) < 0.2).astype(np.int16)
    for customer in range(customers):
        rate = chance.gamma(2.0, 1 / 40) * (2.0 if market[customer] else 1.0)
        leaves = chance.beta(1.0, 7.0)
        size = chance.gamma(4.0, 5_000.0) * (10 if market[customer] else 1)
        day = FIRST_DAY + float(chance.integers(0, LENGTH - 60))
        while day < LAST_DAY:
            rows.append((customer, day, max(1, int(chance.gamma(3.0, size / 3)))))
            if chance.random() < leaves:
                if chance.random() < 0.6:
                    tickets.append((customer, day + 3))
                break
            if chance.random() < 0.1:
                tickets.append((customer, day + 2))
            day += chance.exponential(1 / max(rate, 0.005))
    keys = chance.permutation(customers).astype(np.int64) * 17 + 1_000
    purchases = _purchases(rows, delay_days)
    signals = {"tickets": _signals(tickets)}
    return EventFrame(keys, purchases, signals, {"market": Attribute(market, ("B2C", "B2B"))})


def shuffled(frame: EventFrame, seed: int = 3) -> EventFrame:
    """The same business with customers and events in another order, and levels numbered otherwise."""
    chance = np.random.default_rng(seed)
    order = chance.permutation(frame.customers)
    place = np.argsort(order).astype(np.int32)
    mixed = chance.permutation(len(frame.purchases))
    purchases = replace(frame.purchases, customer=place[frame.purchases.customer]).take(mixed)
    signals = {
        name: replace(signal, customer=place[signal.customer]).take(chance.permutation(len(signal.customer)))
        for name, signal in frame.signals.items()
    }
    market = frame.attributes["market"]
    swapped = Attribute((1 - market.codes[order]).astype(np.int16), market.levels[::-1])
    return EventFrame(frame.keys[order], purchases, signals, {"market": swapped})


def poisoned(frame: EventFrame, as_of: AsOf, seed: int = 5) -> EventFrame:
    """The same business with nonsense in everything that happened or was recorded after an instant."""
    chance = np.random.default_rng(seed)
    events = frame.purchases
    later = (events.occurred >= as_of.at) | (events.recorded > as_of.at)
    net = np.where(later, chance.integers(-(10**9), 10**12, len(events)), events.net)
    owner = np.where(later, chance.integers(0, frame.customers, len(events)), events.customer).astype(np.int32)
    purchases = replace(events, net=net, customer=owner)
    backdated = _purchases([(int(row), as_of.day - 5, 10**10) for row in range(0, frame.customers, 3)], 0)
    backdated = replace(backdated, recorded=np.full(len(backdated), as_of.at + 1, np.int64))
    signals = {}
    for name, signal in frame.signals.items():
        rows = np.where(signal.occurred >= as_of.at, 0, signal.customer).astype(np.int32)
        signals[name] = replace(signal, customer=rows)
    return replace(frame, purchases=_joined(purchases, backdated), signals=signals)


def one_row(frame: EventFrame, row: int) -> EventFrame:
    """A single customer as a frame of its own."""
    signals = {
        name: replace(kept, customer=np.zeros(len(kept.customer), np.int32))
        for name, signal in frame.signals.items()
        for kept in [signal.take(signal.customer == row)]
    }
    kept = frame.purchases.take(frame.purchases.customer == row)
    attributes = {
        name: replace(attribute, codes=attribute.codes[row : row + 1]) for name, attribute in frame.attributes.items()
    }
    return EventFrame(
        frame.keys[row : row + 1],
        replace(kept, customer=np.zeros(len(kept), np.int32)),
        signals,
        attributes,
    )


def same(left: EventFrame, right: EventFrame) -> bool:
    """Whether two frames are equal after sorting."""
    a, b = canonical(left).purchases, canonical(right).purchases
    return np.array_equal(a.net, b.net) and np.array_equal(a.customer, b.customer)


def _joined(left: Purchases, right: Purchases) -> Purchases:
    return Purchases(
        np.concatenate([left.customer, right.customer]),
        np.concatenate([left.occurred, right.occurred]),
        np.concatenate([left.day, right.day]),
        np.concatenate([left.net, right.net]),
        np.concatenate([left.recorded, right.recorded]),
    )


def _purchases(rows: list[tuple[int, float, int]], delay_days: int) -> Purchases:
    customer = np.array([row[0] for row in rows], np.int32)
    day = np.array([int(row[1]) for row in rows], np.int32)
    occurred = day.astype(np.int64) * MICROSECONDS + 3 * 3_600_000_000
    net = np.array([row[2] for row in rows], np.int64)
    return Purchases(customer, occurred, day, net, occurred + delay_days * MICROSECONDS)


def _signals(rows: list[tuple[int, float]]) -> Signals:
    customer = np.array([row[0] for row in rows], np.int32)
    day = np.array([int(row[1]) for row in rows], np.int32)
    occurred = day.astype(np.int64) * MICROSECONDS
    return Signals(customer, occurred, day, occurred)
