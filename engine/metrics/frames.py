"""What metrics are computed from: records of one source, and the instant asked about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.expressions.columns import Column
from engine.metrics.calendar import day_start, local_day

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Instant:
    """The instant asked about, in the book's zone and currency.

    Attributes:
        as_of: Microseconds since 1970 UTC; records at or after it never count.
        day: Local day of `as_of`, days since 1970-01-01.
        zone: IANA name of the book's time zone.
        currency: The book's currency (ISO 4217).
    """

    as_of: int
    day: int
    zone: str
    currency: str

    @staticmethod
    def at(moment: datetime, zone: str, currency: str) -> Instant:
        """The instant of an aware `datetime`.

        Raises:
            ValueError: The `datetime` has no offset.

        >>> Instant.at(datetime(1970, 1, 1, 16, tzinfo=UTC), "Asia/Shanghai", "CNY").day
        1
        """
        if moment.tzinfo is None:
            raise ValueError("an instant needs an offset")
        as_of = (moment - _EPOCH) // timedelta(microseconds=1)
        return Instant(as_of, local_day(as_of, zone), zone, currency)

    @staticmethod
    def of_day(day: int, zone: str, currency: str) -> Instant:
        """The first instant of a local day."""
        return Instant(day_start(day, zone), day, zone, currency)


@dataclass(frozen=True, slots=True)
class RecordFrame:
    """Records of one source as columns, sorted by (customer, occurred, id).

    Attributes:
        source: Key of `engine.metrics.sources.SOURCES`.
        ids: (records,) stored ids.
        customer: (records,) row of the record's customer among the customers asked for.
        occurred: (records,) microseconds since 1970 UTC.
        day: (records,) local day in the book's zone.
        columns: Stored fields by name, each (records,); money in minor units of the record's currency.
        currencies: (records,) `TEXT`; a record without money may have none.
    """

    source: str
    ids: NDArray[np.int64]
    customer: NDArray[np.int64]
    occurred: NDArray[np.int64]
    day: NDArray[np.int32]
    columns: Mapping[str, Column]
    currencies: Column

    def __len__(self) -> int:
        return len(self.ids)
