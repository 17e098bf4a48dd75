"""What a demo company is like."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Company:
    """What one company is like; amounts in fen, shares in percent, days as day numbers.

    Attributes:
        joined: Day number of the first business; negative: before the records begin.
        yearly: Usual spend of a year in fen.
        gap: Usual days between two orders.
        margin: Gross margin, percent.
        upkeep: What serving it costs, percent of the gross margin.
        late: Usual days between due date and payment; negative: early.
        unpaid_from: Day number after which it no longer pays; None: it pays.
        leaves: Day number after which its orders fade; None: it stays.
        returns: Day number at which it comes back; None: it does not.
        projects: Opportunities in a year.
        troubles: Service cases in a year.
        care: Usual days between two contacts by its owner.
    """

    key: str
    size: str
    kind: str
    joined: int
    yearly: int
    gap: float
    margin: int
    upkeep: int
    content: int
    late: int
    region: str
    industry: str
    owner: str
    employees: int
    parent: str
    projects: float
    troubles: float
    care: int
    unpaid_from: int | None = None
    leaves: int | None = None
    returns: int | None = None
    currency: str = "CNY"
