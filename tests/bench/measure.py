"""One measurement: what came out, the limit, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """What one measurement found.

    Attributes:
        value: In `unit`; compared with `limit`.
        at_least: The limit is a lower one.
        detail: How it came about, for the reader.
    """

    what: str
    value: float
    unit: str
    limit: float
    at_least: bool
    detail: str

    @property
    def kept(self) -> bool:
        """Whether the value keeps to its limit."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


class CannotMeasureError(Exception):
    """Something the measurement needs is not there; the message says what."""
