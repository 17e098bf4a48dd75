"""Campaigns: triggers, channels, tags and the limits on contacting people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.errors import Place
from engine.expressions.tree import Expression
from engine.vocabulary import SuppressionCause, Text

SUPPRESSIONS: Final = tuple(SuppressionCause)

CAMPAIGN_QUIET: Final = 0
"""The trigger does not hold."""
CAMPAIGN_DISPATCH: Final = 1
"""It holds and the customer is to be contacted; 2 + index in `SUPPRESSIONS`: suppressed by that."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A way a dispatch leaves.

    Attributes:
        consent: Purpose that must be granted; None: none needed.
        to_owner: It reaches the customer's owner as a task, not the customer.
        capacity_per_owner: Dispatches an owner gets in one local day; None: no limit.
    """

    name: str
    consent: str | None
    to_owner: bool
    capacity_per_owner: int | None
    place: Place


@dataclass(frozen=True, slots=True)
class Holdout:
    """A share of triggered customers that is not contacted, to measure the effect."""

    percent: int
    salt: str


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local minutes of the day between which nothing is sent; may span midnight."""

    start_minute: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """A campaign with its trigger.

    Attributes:
        on_unknown: `hold` has no meaning here; `fail` (default) or `pass`.
        marketing: Counts against the cap (channels to owners and `purpose: service` do not).
        unit_cost: Minor units of the book's currency.
        due_days: Days until a person must have acted; an alert iff not None.
        per_day: At most so many dispatches of one local day; None: no limit.
    """

    name: str
    when: Expression
    on_unknown: str
    priority: int
    channel: Channel
    template: str
    purpose: str
    marketing: bool
    unit_cost: int
    cooldown_days: int
    quiet_hours: QuietHours | None
    holdout: Holdout | None
    per_day: int | None
    due_days: int | None
    title: Text
    place: Place


@dataclass(frozen=True, slots=True)
class Tag:
    """A label derived by rule."""

    name: str
    when: Expression
    on_unknown: str
    title: Text
    place: Place


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `maximum` marketing contacts of a customer in any `per_days` days."""

    maximum: int
    per_days: int


@dataclass(frozen=True, slots=True)
class Campaigns:
    """All campaigns of a book as they apply to one market; triggers by falling priority, then name."""

    triggers: tuple[Trigger, ...]
    tags: tuple[Tag, ...]
    cap: Cap | None
