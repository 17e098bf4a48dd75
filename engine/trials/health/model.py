"""How one rule does on a base of customers."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import Place
from engine.vocabulary import Text


@dataclass(frozen=True, slots=True)
class RuleHealth:
    """One rule on one market's customers.

    Attributes:
        item: Address as edits have it, e.g. `b2b.tiers.A.gates.contract`.
        customers: Those the rule was asked about.
        fired: For how many it did something: a criterion gave points above 0, a gate or `or_when` or tag or
            campaign held, a force rule or stage line was the one that decided, a tier was the computed one.
        unknown: For how many it could not be told.
        overridden: Of those it fired for, customers whose tier is set by hand to another than the computed one.
        correlates_with: Item of the criterion that ranks customers most alike, if nearly so; `correlation`: how.
        finding: What somebody should look at; None: nothing.
    """

    item: str
    title: Text
    place: Place
    customers: int
    fired: int
    unknown: int
    overridden: int
    finding: Text | None = None
    correlates_with: str | None = None
    correlation: float | None = None
