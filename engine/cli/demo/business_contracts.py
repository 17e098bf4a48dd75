"""The contracts of the demo's companies: signed, dunned, renewed or left to lapse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from engine.cli.demo.business_calendar import DAY, DAYS, MONTH_ENDS, calendar_day, office
from engine.cli.demo.business_chance import Chance
from engine.cli.demo.business_company import Company
from engine.cli.demo.business_files import Row, Sheets, money

Invoice = tuple[int, int]
"""Day numbers on which it is due and was paid; an open one is paid after the end of the demo."""

_TERMS: Final = ((365, 6), (730, 3), (1095, 1))


def sign(company: Company, invoices: Sequence[Invoice], chance: Chance, sheets: Sheets) -> None:
    """Write down one contract after the other, the first being the one in force when the records begin."""
    term = chance.weighted(_TERMS)
    start: int | None = company.joined
    while start is not None and start + term < 0:
        start += term
    while start is not None and start < DAYS:
        end = start + term
        following = _following(company, end)
        values = {
            "annual_value": money(company.yearly * chance.whole(70, 95) // 10_000_000 * 100_000),
            "starts_on": calendar_day(start),
            "ends_on": calendar_day(end),
            "status": "active",
            "days_overdue": "0",
        }
        minute = office(start - 4, chance)
        key = sheets.record("contracts", company.key, minute, values, delay=90)
        renewed = following == end
        changes = list(_dunning(invoices, start, end if renewed else DAYS))
        if renewed:
            changes.append((office(end - chance.whole(3, 35), chance), {"status": "renewed"}))
            changes.append((end * DAY, {"days_overdue": "0"}))
        else:
            changes.append((office(end + 2, chance), {"status": "lapsed"}))
        for recorded, change in sorted(changes, key=lambda pair: pair[0]):
            values = values | change
            sheets.version("contracts", company.key, key, minute, values, recorded=recorded)
        start = following


def _following(company: Company, end: int) -> int | None:
    """Day number at which the next contract starts; None: there is none."""
    if company.leaves is None or end < company.leaves:
        return end
    if company.returns is None:
        return None
    return max(end, company.returns)


def _dunning(invoices: Sequence[Invoice], start: int, end: int) -> Iterator[tuple[int, Row]]:
    """At each month-end of the span: the longest overdue payment, where it has changed."""
    known = 0
    for day in MONTH_ENDS:
        overdue = max((day - due for due, paid in invoices if due < day <= paid), default=0)
        if start < day <= end and overdue != known:
            known = overdue
            yield day * DAY - 2 * 60, {"days_overdue": str(overdue)}
