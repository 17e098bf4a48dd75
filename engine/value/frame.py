"""Events of many customers as columns, and the instant they are looked at from.

The one input of `engine.value` and `engine.churn`. Whoever builds it decides which records count as
purchases (paid, not cancelled); a row with a net of zero or less is money given back: it lowers sums but
is no purchase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.vocabulary import Text

Integers = NDArray[np.int64]
Days = NDArray[np.int32]
Rows = NDArray[np.int32]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

NO_MARGIN: Final = -(2**63)
"""In `Purchases.margin`: the margin of this purchase is unknown."""

NEVER: Final = 2**63 - 1
"""In `Purchases.superseded`: this version still holds."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, order=True)
class AsOf:
    """An instant to look from.

    Attributes:
        at: Microseconds since 1970-01-01 UTC; events with `occurred < at` lie before it.
        day: Its local day, days since 1970-01-01 in the book's zone.
    """

    at: int
    day: int

    @staticmethod
    def instant(moment: datetime, zone: str) -> AsOf:
        """An aware instant seen from a zone.

        >>> AsOf.instant(datetime(1970, 1, 2, 20, tzinfo=UTC), "Asia/Shanghai")
        AsOf(at=158400000000, day=2)
        """
        local = moment.astimezone(ZoneInfo(zone)).date()
        return AsOf((moment - _EPOCH) // _MICROSECOND, (local - _EPOCH.date()).days)

    @staticmethod
    def midnight(day: int, zone: str) -> AsOf:
        """The beginning of a local day.

        >>> AsOf.midnight(1, "Asia/Shanghai")
        AsOf(at=57600000000, day=1)
        """
        local: date = _EPOCH.date() + timedelta(days=day)
        start = datetime.combine(local, time(), ZoneInfo(zone)).astimezone(UTC)
        return AsOf((start - _EPOCH) // _MICROSECOND, day)

    def moment(self) -> datetime:
        """The instant as an aware datetime in UTC."""
        return _EPOCH + self.at * _MICROSECOND


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases of many customers, one row each, in any order.

    Attributes:
        customer: (events,) row of the customer in the frame.
        occurred, recorded: (events,) microseconds since 1970-01-01 UTC, the two clocks.
        day: (events,) local day of `occurred`.
        net: (events,) minor units of the book's currency.
        margin: (events,) minor units, `NO_MARGIN` where unknown; None: no margin is known at all.
        superseded: (events,) microseconds from which on another version of the purchase, or none, takes its
            place; `NEVER` where this one holds; None: all hold.
    """

    customer: Rows
    occurred: Integers
    day: Days
    net: Integers
    recorded: Integers
    margin: Integers | None = None
    superseded: Integers | None = None

    def __len__(self) -> int:
        return len(self.customer)

    def take(self, rows: NDArray[Any]) -> Purchases:
        """Some of the purchases, by mask or by position."""
        margin = None if self.margin is None else self.margin[rows]
        superseded = None if self.superseded is None else self.superseded[rows]
        net, recorded = self.net[rows], self.recorded[rows]
        return Purchases(self.customer[rows], self.occurred[rows], self.day[rows], net, recorded, margin, superseded)

    def known_at(self, limit: int) -> Flags:
        """Which of them were known at an instant (microseconds), and not another version instead, (events,)."""
        known = self.recorded <= limit
        return known if self.superseded is None else known & (self.superseded > limit)


@dataclass(frozen=True, slots=True)
class Signals:
    """Other events of customers (tickets, interactions): customer row, local day, both clocks."""

    customer: Rows
    occurred: Integers
    day: Days
    recorded: Integers

    def take(self, rows: NDArray[Any]) -> Signals:
        """Some of the events, by mask or by position."""
        return Signals(self.customer[rows], self.occurred[rows], self.day[rows], self.recorded[rows])


@dataclass(frozen=True, slots=True)
class Attribute:
    """A text attribute of customers, e.g. the market.

    Attributes:
        codes: (customers,) index into `levels`; −1 unknown.
        recorded: (customers,) when it became known; None: always known.
    """

    codes: NDArray[np.int16]
    levels: tuple[str, ...]
    recorded: Integers | None = None


@dataclass(frozen=True, slots=True)
class EventFrame:
    """Customers with their events and attributes.

    Attributes:
        keys: (customers,) a stable number per customer, all different; results never depend on the order
            customers or events are given in, only on these.
        signals: `tickets`, `interactions`; a source that is not there is unknown, not empty.
        attributes: At least `market` is expected by `engine.churn`.

    Raises:
        InputError: Columns of unequal length, rows of customers that are not there, or equal keys.
    """

    keys: Integers
    purchases: Purchases
    signals: Mapping[str, Signals] = field(default_factory=dict)
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    def __post_init__(self) -> None:
        events = self.purchases
        columns: list[NDArray[Any]] = [events.customer, events.occurred, events.day, events.net, events.recorded]
        columns += [column for column in (events.margin, events.superseded) if column is not None]
        _check_events(columns, len(self.keys))
        for signal in self.signals.values():
            _check_events([signal.customer, signal.occurred, signal.day, signal.recorded], len(self.keys))
        if len(np.unique(self.keys)) != len(self.keys):
            raise _broken("two customers have the same key", "两位客户的键相同")
        if any(len(attribute.codes) != len(self.keys) for attribute in self.attributes.values()):
            raise _broken("an attribute has another length than the customers", "属性与客户数量不一致")

    @property
    def customers(self) -> int:
        """How many customers there are."""
        return len(self.keys)


def as_known(frame: EventFrame, as_of: AsOf, known_at: int | None = None) -> EventFrame:
    """The frame without what had not happened, or was not recorded, at an instant.

    Args:
        known_at: Microseconds; what was recorded later is left out. None: `as_of.at`.
    """
    limit = as_of.at if known_at is None else known_at
    events = frame.purchases
    purchases = events.take((events.occurred < as_of.at) & events.known_at(limit))
    signals = {
        name: signal.take((signal.occurred < as_of.at) & (signal.recorded <= limit))
        for name, signal in frame.signals.items()
    }
    attributes = {name: _attribute_as_known(attribute, limit) for name, attribute in frame.attributes.items()}
    return replace(frame, purchases=_sorted_purchases(purchases), signals=signals, attributes=attributes)


def canonical(frame: EventFrame) -> EventFrame:
    """The same frame with customers in the order of their keys and events sorted."""
    order = np.argsort(frame.keys, kind="stable")
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    purchases = replace(frame.purchases, customer=place[frame.purchases.customer])
    signals = {name: replace(signal, customer=place[signal.customer]) for name, signal in frame.signals.items()}
    attributes = {
        name: Attribute(a.codes[order], a.levels, None if a.recorded is None else a.recorded[order])
        for name, a in frame.attributes.items()
    }
    return EventFrame(frame.keys[order], _sorted_purchases(purchases), signals, attributes)


def _sorted_purchases(events: Purchases) -> Purchases:
    """Sorted by customer, day and then everything else, so that ties cannot depend on the input's order."""
    step = np.diff(events.customer)
    if bool(np.all((step > 0) | ((step == 0) & (np.diff(events.occurred) > 0)))):
        return events
    margin = events.net if events.margin is None else events.margin
    return events.take(np.lexsort((events.recorded, margin, events.net, events.occurred, events.day, events.customer)))


def _attribute_as_known(attribute: Attribute, limit: int) -> Attribute:
    if attribute.recorded is None:
        return attribute
    codes = np.where(attribute.recorded <= limit, attribute.codes, -1).astype(np.int16)
    return replace(attribute, codes=codes)


def _check_events(columns: list[NDArray[Any]], customers: int) -> None:
    if len({len(column) for column in columns}) != 1:
        raise _broken("columns of events differ in length", "事件列长度不一致")
    rows = columns[0]
    if len(rows) and (int(rows.min()) < 0 or int(rows.max()) >= customers):
        raise _broken("an event belongs to a customer that is not there", "事件所属客户不存在")


def _broken(en: str, zh: str) -> InputError:
    return InputError(
        Text(f"The events do not fit together: {en}.", f"事件数据不一致：{zh}。"),
        Text("Build the frame again from the stored records.", "请从已存记录重新构建。"),
        "EVENT_FRAME",
    )
