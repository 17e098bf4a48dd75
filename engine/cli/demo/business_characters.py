"""The customers that README and checks call by name: ordinary records, chosen fates.

Only what they are like, and what happened to them, is set here. What the rule books make of it comes
from their records, by the same path as everybody's.

==========  ==========================================================================================
B-0007      a key account in trouble: its largest project is lost in September 2026, payments stop, an
            interview is bad. It falls below its tier and is held there by the time a tier must last.
B-0042      a small young account with large open projects: potential, not yet value.
B-0190      is invoiced in USD, for which the books have no rate: its money is unknown.
P-0031      a good ordinary member with a steady rhythm.
P-0118      a member of high value who stopped in August 2026 after three complaints.
==========  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final, TypeVar

from engine.cli.demo.business_accounts import negotiate
from engine.cli.demo.business_calendar import DAYS, calendar_day, day_number, office
from engine.cli.demo.business_chance import Chance
from engine.cli.demo.business_company import Company
from engine.cli.demo.business_files import Sheets, money
from engine.cli.demo.business_people import Member

KEY_ACCOUNT: Final = "B-0007"
POTENTIAL: Final = "B-0042"
FOREIGN: Final = "B-0190"
ORDINARY: Final = "P-0031"
AT_RISK: Final = "P-0118"

COMPANY_CHARACTERS: Final[Mapping[str, Mapping[str, Any]]] = {
    KEY_ACCOUNT: {
        "size": "large", "kind": "contract", "joined": -180, "yearly": 125_000_000, "gap": 15.0, "margin": 31,
        "upkeep": 20, "content": 83, "late": -6, "region": "east", "owner": "key-accounts-1", "employees": 1450,
        "parent": "", "projects": 0.01, "troubles": 4.0, "care": 24, "leaves": None, "returns": None,
        "unpaid_from": day_number(date(2026, 8, 22)),
    },
    POTENTIAL: {
        "size": "medium", "kind": "contract", "joined": DAYS - 270, "yearly": 11_000_000, "gap": 24.0, "margin": 28,
        "upkeep": 46, "content": 62, "late": 9, "region": "south", "owner": "south-sales-1", "employees": 320,
        "parent": "", "projects": 0.01, "troubles": 3.0, "care": 26, "leaves": None, "returns": None,
        "unpaid_from": None,
    },
    FOREIGN: {"kind": "contract", "currency": "USD", "leaves": None, "returns": None, "unpaid_from": None},
}  # fmt: skip
MEMBER_CHARACTERS: Final[Mapping[str, Mapping[str, Any]]] = {
    ORDINARY: {
        "joined": -420, "habit": "regular", "gap": 42.0, "regularity": 9, "basket": 23_000, "margin": 42,
        "content": 82, "channel": "social", "region": "east", "leaves": 10 * DAYS,
    },
    AT_RISK: {
        "joined": -640, "habit": "keen", "gap": 24.0, "regularity": 9, "basket": 46_000, "margin": 46,
        "content": 84, "channel": "store", "region": "south", "leaves": day_number(date(2026, 8, 12)), "fades": 0,
        "burst": 3,
    },
}  # fmt: skip

_Customer = TypeVar("_Customer", Company, Member)


def as_cast(customer: _Customer) -> _Customer:
    """The customer with what its role asks for; most have none and stay as drawn."""
    role = COMPANY_CHARACTERS.get(customer.key) or MEMBER_CHARACTERS.get(customer.key)
    return replace(customer, **role) if role else customer


def play(key: str, chance: Chance, sheets: Sheets) -> None:
    """Add what happens to a character beyond its ordinary life."""
    scene = _SCENES.get(key)
    if scene is not None:
        scene(chance, sheets)


def _lose_the_project(chance: Chance, sheets: Sheets) -> None:
    start = day_number(date(2026, 4, 8))
    values = {
        "amount": money(78_000_000),
        "status": "open",
        "stage": "negotiation",
        "product": "line_extension",
        "win_probability": "0.70",
        "expected_on": calendar_day(start + 190),
    }
    minute = office(start, chance)
    key = sheets.record("opportunities", KEY_ACCOUNT, minute, values, delay=240)
    lost = day_number(date(2026, 9, 16))
    values |= {"status": "lost", "win_probability": "0", "closed_on": calendar_day(lost)}
    sheets.version("opportunities", KEY_ACCOUNT, key, minute, values, recorded=office(lost, chance) + 60)
    interview = {"score_0_100": "38", "instrument": "interview"}
    for month, day in ((9, 9), (9, 22), (10, 14)):
        sheets.record("surveys", KEY_ACCOUNT, office(day_number(date(2026, month, day)), chance), interview)


def _plan_to_grow(chance: Chance, sheets: Sheets) -> None:
    for first, amount, steps in ((date(2026, 5, 12), 62_000_000, 4), (date(2026, 6, 9), 40_000_000, 3)):
        negotiate(POTENTIAL, day_number(first), amount, chance, sheets, steps=steps)


_SCENES: Final[Mapping[str, Callable[[Chance, Sheets], None]]] = {
    KEY_ACCOUNT: _lose_the_project,
    POTENTIAL: _plan_to_grow,
}
