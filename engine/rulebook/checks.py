"""What a book says about itself: inline tests and invariants, kept for `engine.trials`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.errors import Place
from engine.expressions.tree import Expression
from engine.vocabulary import Market


@dataclass(frozen=True, slots=True)
class Score:
    """A score asked for: exactly, or by a comparison.

    Attributes:
        operator: `==`, `<`, `<=`, `>`, `>=` or `!=`.
        points: In 0.0001.
    """

    operator: str
    points: int


@dataclass(frozen=True, slots=True)
class PendingState:
    """A pending move: `down` or `up`, where to, since when, its last deciding date and their number."""

    direction: str
    to: str
    since: date
    last: date
    dates: int


@dataclass(frozen=True, slots=True)
class StateGiven:
    """What the latest earlier decision left, as far as a test says it.

    Attributes:
        override: Effective tier set by hand.
        consents: Granted purposes; None: all of them.
        last_contact: Local day of the last dispatch, by trigger.
        contacts: Marketing contacts within the cap's window.
    """

    tier: str | None = None
    since: date | None = None
    provisional: bool = False
    stage: str | None = None
    forced: str | None = None
    override: str | None = None
    pending: PendingState | None = None
    consents: tuple[str, ...] | None = None
    last_contact: Mapping[str, date] | None = None
    contacts: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What a test asks of the decision; a key that is not in `keys` is not asked.

    Attributes:
        keys: Keys written, in order.
        tier: Effective tier, `UNRATED` for none.
        reasons: Codes that must be among the reasons.
        campaigns: Exactly the campaigns dispatched.
        tags: Exactly the tags.
        held_by: What held the customer; None: nothing.
    """

    keys: tuple[str, ...]
    tier: str | None = None
    computed: str | None = None
    score: Score | None = None
    stage: str | None = None
    phase: str | None = None
    risk: str | None = None
    reasons: tuple[str, ...] = ()
    campaigns: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    held_by: str | None = None
    forced: str | None = None
    provisional: bool | None = None


@dataclass(frozen=True, slots=True)
class InlineTest:
    """One test of a market file.

    Attributes:
        given: Stored value (text for texts) by metric; a metric that is not here is unknown (missing).
    """

    name: str
    market: Market
    as_of: date
    given: Mapping[str, int | str]
    state: StateGiven
    expect: Expected
    place: Place


@dataclass(frozen=True, slots=True)
class NeverLowers:
    """More of X (or less of it) never lowers the tier, or the score: of one decision from one state.

    Attributes:
        more: More of it; otherwise less.
        score: It is about the score instead of the tier.
    """

    market: Market
    metric: str
    more: bool
    text: str
    place: Place
    score: bool = False


@dataclass(frozen=True, slots=True)
class ShareBetween:
    """The share of some tiers among the rated customers of a base lies between bounds in 0.000001."""

    market: Market
    tiers: tuple[str, ...]
    low: int
    high: int
    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class NobodyIs:
    """For nobody is a condition known to be `holds` while the rules ask for one of the tiers (`inside`), or for
    another one (not `inside`).

    The tier is the one the rules ask for, before stability and overrides; customers without one are passed over.
    """

    market: Market
    condition: Expression
    holds: bool
    tiers: tuple[str, ...]
    inside: bool
    text: str
    place: Place


Invariant = NeverLowers | ShareBetween | NobodyIs
