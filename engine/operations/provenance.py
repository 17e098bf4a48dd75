"""Provenance: what stored estimates and predictions were made from, so that each can be computed again by hand.

An estimate or a prediction is stored as one number. What it was made from is not stored beside it but found again:
the records as they were known when it was recorded, and the fit or model by its digest. `again` is what comes out of
these now; `identical` says whether that is the stored number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engine.metrics import local_day
from engine.operations.events import Happened, Horizon
from engine.store.tables import to_microseconds
from engine.value import AsOf
from engine.vocabulary import Text, Unit, scale_of


@dataclass(frozen=True, slots=True)
class Behind:
    """A record behind an input; `part`: what it brought in, as text by the input's unit, None: that it is there."""

    record_id: int
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """One number that went in; `value` as text by `unit` with every digit, None: missing."""

    name: str
    title: Text
    value: str | None
    unit: Unit
    records: tuple[Behind, ...] = ()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the fit or the model; `value` has all digits of the double."""

    name: str
    value: str

    @staticmethod
    def of(name: str, value: float) -> Parameter:
        """A parameter with every digit."""
        return Parameter(name, digits(value))


@dataclass(frozen=True, slots=True)
class FamilyEffect:
    """What a family of features adds to the log-odds; `features` are those in it."""

    family: str
    features: tuple[str, ...]
    effect: str


@dataclass(frozen=True, slots=True)
class Provenance:
    """What one stored number was made from.

    Attributes:
        method: How it was made, as stored with it.
        formula: The same in words, with its sources.
        as_of: The instant it is for.
        recorded_at: When it was stored; what became known later did not count.
        digest: Of the fit or model; None: there is none, or it was made before fits were stored.
        fitted_at: The instant the fit looks from.
        fitted_on: How many customers (of a churn model: rows) it was fitted on.
        stored, again: The number as stored and as it comes out now, as text by the metric's unit; None: unknown.
    """

    method: str
    formula: Text
    as_of: datetime
    recorded_at: datetime
    stored: str | None
    again: str | None
    inputs: tuple[Input, ...]
    digest: str | None = None
    fitted_at: datetime | None = None
    fitted_on: int | None = None
    parameters: tuple[Parameter, ...] = ()
    contributions: tuple[FamilyEffect, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether the same number comes out again."""
        return self.stored == self.again


@dataclass(frozen=True, slots=True)
class Looked:
    """From where a stored number was looked at: its customer, currency and zone, and both clocks."""

    customer_id: int
    market: str
    currency: str
    zone: str
    as_of: datetime
    recorded_at: datetime

    @property
    def horizon(self) -> Horizon:
        """What could be read when it was made."""
        until = to_microseconds(self.as_of)
        return Horizon(until, max(until, to_microseconds(self.recorded_at)))

    @property
    def instant(self) -> AsOf:
        """The instant as the models take it."""
        until = to_microseconds(self.as_of)
        return AsOf(until, local_day(until, self.zone))

    def money(self, minor: float) -> str:
        """An amount in minor units as text in major ones, with every digit."""
        return scaled(minor, scale_of(Unit.MONEY, self.currency))


def digits(value: float) -> str:
    """A double as the shortest decimal text that reads back to it, without an exponent.

    >>> digits(0.1), digits(1e-7), digits(3.0)
    ('0.1', '0.0000001', '3')
    """
    text = format(Decimal(repr(float(value))), "f")
    return text.removesuffix(".0") if text.endswith(".0") else text


def scaled(value: float, scale: int) -> str:
    """A number of stored units as decimal text of whole ones, with every digit.

    >>> scaled(12345.0, 100), scaled(0.5, 100)
    ('123.45', '0.005')
    """
    return format((Decimal(repr(float(value))) / scale).normalize(), "f")


def those(happened: list[Happened]) -> tuple[Behind, ...]:
    """Records of which only that and when they happened counts."""
    return tuple(Behind(one.record_id) for one in happened)
