"""The demo's companies: who they are, and their years as customers: orders, payments, contracts."""

from __future__ import annotations

from typing import Final

from engine.cli.demo.business_calendar import DAY, DAYS, calendar_day, office
from engine.cli.demo.business_chance import Chance
from engine.cli.demo.business_company import Company
from engine.cli.demo.business_contracts import sign
from engine.cli.demo.business_files import Sheets, money

COMPANIES: Final = 240
OLD_COMPANIES: Final = 168
"""So many were customers before the records begin."""

_SIZES: Final = (("small", 44), ("medium", 36), ("large", 20))
_EMPLOYEES: Final = {"small": (8, 60), "medium": (60, 400), "large": (400, 6000)}
_YEARLY: Final = {"small": 7_000_000, "medium": 26_000_000, "large": 110_000_000}
"""Usual yearly spend by size, in fen."""
_KINDS: Final = (("contract", 72), ("spot", 18), ("prospect", 10))
_INDUSTRIES: Final = (("machinery", 22), ("electronics", 18), ("food", 13), ("chemicals", 11), ("logistics", 10),
                      ("medical", 9), ("construction", 9), ("energy", 8))  # fmt: skip
_REGIONS: Final = (("east", 42), ("south", 26), ("north", 20), ("west", 12))
_PARTS: Final = (("bearings", 26), ("drives", 20), ("sensors", 20), ("seals", 14), ("service", 12), ("tools", 8))


def draw_company(number: int, chance: Chance) -> Company:
    """Make up a company."""
    size, kind = chance.weighted(_SIZES), chance.weighted(_KINDS)
    old = number <= OLD_COMPANIES
    kind = "contract" if old and kind == "prospect" else kind
    region = chance.weighted(_REGIONS)
    large = size == "large"
    leaves = chance.whole(60, DAYS) if kind != "prospect" and chance.happens(0.3) else None
    unpaid_from = chance.whole(DAYS - 330, DAYS - 60) if chance.happens(0.06) else None
    leaves = unpaid_from + 40 if leaves is None and unpaid_from is not None else leaves
    low, high = (12, 38) if kind == "contract" else (35, 85)
    return Company(
        key=f"B-{number:04d}",
        size=size,
        kind=kind,
        joined=-chance.whole(40, 2600) if old else chance.whole(5, DAYS - 20),
        yearly=int(min(300_000_000.0, max(2_000_000.0, _YEARLY[size] * chance.factor(0.62)))),
        gap=chance.between(low, high),
        margin=chance.whole(19, 39),
        upkeep=int(min(95.0, 13 * chance.factor(0.75))),
        content=int(min(96.0, max(25.0, 75 + 13 * chance.bell()))),
        late=chance.weighted(((-6, 3), (0, 4), (9, 3), (24, 2), (50, 1))),
        region=region,
        industry=chance.weighted(_INDUSTRIES),
        owner=f"key-accounts-{chance.whole(1, 2)}" if large else f"{region}-sales-{chance.whole(1, 3)}",
        employees=chance.whole(*_EMPLOYEES[size]),
        parent=f"B-{chance.whole(1, 24):04d}" if number > 60 and not large and chance.happens(0.22) else "",
        projects=1.6 * chance.factor(0.5),
        troubles=(5.0 if large else 2.5) * chance.factor(0.6),
        care=chance.whole(20, 60) if large else chance.whole(35, 130),
        unpaid_from=unpaid_from,
        leaves=leaves,
        returns=leaves + chance.whole(200, 300) if leaves is not None and chance.happens(0.2) else None,
    )


def trade(company: Company, chance: Chance, sheets: Sheets) -> None:
    """Write down the company, its orders with their payments, and its contracts."""
    values = {
        "market": "B2B",
        "name": f"Company {company.key[2:]}",
        "owner": company.owner,
        "parent": company.parent,
        "employees": str(company.employees),
        "industry": company.industry,
        "region": company.region,
        "fraud_confirmed": "false",
        "first_seen": calendar_day(company.joined),
    }
    sheets.customer(company.key, office(company.joined, chance), values)
    if company.kind == "prospect":
        return
    if chance.happens(0.9):
        cost = {"amount": money(company.yearly // chance.whole(18, 60)), "type": "acquisition"}
        sheets.record("costs", company.key, office(company.joined, chance), cost, delay=3 * DAY)
    invoices = _buy(company, chance, sheets)
    if company.kind == "contract":
        sign(company, invoices, chance, sheets)


def _buy(company: Company, chance: Chance, sheets: Sheets) -> list[tuple[int, int]]:
    """Orders over the whole time; gives (due, paid) day numbers of every invoice, paid after the end if open."""
    invoices = []
    day = company.joined + 3.0 if company.joined >= 0 else chance.share() * company.gap
    fading = 0
    while day < DAYS:
        gone = company.leaves is not None and day >= company.leaves
        back = gone and company.returns is not None and day >= company.returns
        fading = fading + 1 if gone and not back else 0
        if fading > 3:
            if company.returns is None:
                break
            day, fading = float(company.returns), 0
            continue
        invoices.append(_order(company, day, fading, chance, sheets))
        day += chance.rhythm(company.gap, 4) * (1.0 + 0.7 * fading) + 1.0
    return invoices


def _order(company: Company, day: float, fading: int, chance: Chance, sheets: Sheets) -> tuple[int, int]:
    """An order and its invoice; that it is overdue is told by the contract, month by month."""
    minute = office(day, chance)
    net = int(company.yearly * company.gap / 365 * chance.factor(0.35) * (1.0 - 0.22 * fading))
    net = max(80_000, net - net % 1000)
    due = int(day) + chance.weighted(((30, 5), (45, 3), (60, 2)))
    defaulted = company.unpaid_from is not None and due >= company.unpaid_from
    paid = DAYS + 400 if defaulted else due + company.late + chance.whole(-5, 8)
    order = {
        "currency": company.currency,
        "net": money(net),
        "gross": money(net * 100 // (100 - chance.weighted(((0, 5), (3, 3), (8, 2))))),
        "cost": money(net * (100 - company.margin) // 100),
        "quantity": str(chance.whole(20, 900)),
        "status": chance.weighted((("paid", 97), ("returned", 2), ("cancelled", 1))),
        "channel": chance.weighted((("sales", 6), ("portal", 3), ("phone", 1))),
        "category": chance.weighted(_PARTS),
        "due_on": calendar_day(due),
    }
    sheets.record("orders", company.key, minute, order, delay=chance.whole(30, 3 * DAY))
    return due, max(paid, int(day) + 1)
