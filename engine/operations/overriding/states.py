"""The state of a tier set by hand at an instant."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Standing(StrEnum):
    """What has become of a tier set by hand."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    EXPIRED = "EXPIRED"
    ENDED = "ENDED"
    REFUSED = "REFUSED"


class SetByHand(Protocol):
    """What its state follows from, as a row or as a view."""

    @property
    def needs_approval(self) -> bool:
        """It waits for somebody else."""

    @property
    def approved(self) -> bool | None:
        """What somebody else said; None: nothing yet."""

    @property
    def ended_at(self) -> datetime | None:
        """Ended before its time."""

    @property
    def expires_at(self) -> datetime:
        """In force until here, not included."""


def standing_of(one: SetByHand, now: datetime) -> Standing:
    """Its state now."""
    if one.approved is False:
        return Standing.REFUSED
    if one.ended_at is not None:
        return Standing.ENDED
    if one.expires_at <= now:
        return Standing.EXPIRED
    return Standing.PENDING if one.needs_approval and one.approved is None else Standing.ACTIVE
