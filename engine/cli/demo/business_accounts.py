"""What happens around the orders of the demo's companies: visits, projects, service cases, surveys, upkeep."""

from __future__ import annotations

from typing import Final

from engine.cli.demo.business_calendar import DAY, DAYS, MONTH_ENDS, calendar_day, office
from engine.cli.demo.business_chance import Chance
from engine.cli.demo.business_company import Company
from engine.cli.demo.business_files import Sheets, money

_STEPS: Final = (("lead", "0.10"), ("qualified", "0.25"), ("proposal", "0.45"), ("negotiation", "0.70"))
_PRODUCTS: Final = (("line_extension", 5), ("retrofit", 4), ("frame_supply", 3), ("service_plan", 4), ("new_plant", 1))


def look_after(company: Company, chance: Chance, sheets: Sheets) -> None:
    """Write down everything but the trade itself."""
    first = max(company.joined, 0)
    _visit(company, first, chance, sheets)
    day = first + chance.waiting() * 365 / company.projects
    while day < DAYS and not _gone(company, day):
        negotiate(company.key, day, _amount(company, chance), chance, sheets)
        day += chance.waiting() * 365 / company.projects
    if company.kind == "prospect":
        return
    day = first + chance.waiting() * 365 / company.troubles
    while day < DAYS and not _gone(company, day - 60):
        case(company, day, chance, sheets)
        day += chance.waiting() * 365 / company.troubles
    if company.leaves is not None and company.leaves > 0:
        for _ in range(chance.whole(0, 5)):
            case(company, company.leaves + chance.between(-12, 20), chance, sheets)
    _ask(company, first, chance, sheets)
    _keep_up(company, first, chance, sheets)


def negotiate(key: str, day: float, amount: int, chance: Chance, sheets: Sheets, *, steps: int | None = None) -> None:
    """A project from the first talk to won or lost; `steps` leaves it open after so many stages."""
    expected = calendar_day(int(day) + 150)
    values = {
        "amount": money(amount),
        "status": "open",
        "stage": _STEPS[0][0],
        "product": chance.weighted(_PRODUCTS),
        "win_probability": _STEPS[0][1],
        "expected_on": expected,
    }
    minute = office(day, chance)
    opportunity = sheets.record("opportunities", key, minute, values, delay=240)
    for stage, probability in _STEPS[1 : steps or 4]:
        day += chance.whole(14, 48)
        if steps is None and chance.happens(0.2):
            break
        values = values | {"stage": stage, "win_probability": probability}
        sheets.version("opportunities", key, opportunity, minute, values, recorded=office(day, chance) + 60)
    if steps is None:
        day += chance.whole(10, 60)
        won = values["stage"] == "negotiation" and chance.happens(0.62)
        closing = {"status": "won" if won else "lost", "win_probability": "1" if won else "0"}
        values = values | closing | {"closed_on": calendar_day(int(day))}
        sheets.version("opportunities", key, opportunity, minute, values, recorded=office(day, chance) + 60)


def case(company: Company, day: float, chance: Chance, sheets: Sheets, *, priority: str | None = None) -> None:
    """A service case, opened and some days later closed."""
    minute, minutes = office(day, chance), chance.whole(25, 420)
    values = {
        "priority": priority or chance.weighted((("p1", 1), ("p2", 3), ("p3", 4), ("p4", 2))),
        "status": "open",
        "minutes": str(minutes),
        "cost": money(minutes * 250),
    }
    key = sheets.record("tickets", company.key, minute, values)
    solved = minute + chance.whole(3 * 60, 12 * DAY)
    values |= {"status": "closed", "resolved_on": calendar_day(solved // DAY)}
    sheets.version("tickets", company.key, key, minute, values, recorded=solved)


def _amount(company: Company, chance: Chance) -> int:
    large = chance.happens(0.15)
    amount = int(company.yearly * (chance.between(1.0, 2.5) if large else chance.between(0.12, 0.7)))
    return max(3_000_000, amount - amount % 500_000)


def _gone(company: Company, day: float) -> bool:
    """True while the company has left and not come back."""
    return company.leaves is not None and company.leaves <= day < (company.returns or DAYS)


def _visit(company: Company, first: int, chance: Chance, sheets: Sheets) -> None:
    day = first + chance.share() * company.care
    while day < DAYS:
        way, kind = chance.weighted(
            ((("phone", "call"), 5), (("visit", "meeting"), 3), (("email", "message"), 4), (("event", "meeting"), 1))
        )
        values = {"channel": way, "type": kind, "direction": chance.weighted((("out", 2), ("in", 1)))}
        sheets.record("interactions", company.key, office(day, chance), values, delay=chance.whole(10, 2 * DAY))
        day += 1.0 + chance.rhythm(company.care * (2 if _gone(company, day) else 1), 2)


def _ask(company: Company, first: int, chance: Chance, sheets: Sheets) -> None:
    """A survey or an interview twice a year; half answer."""
    for day in range(first + chance.whole(20, 200), DAYS, 182):
        if _gone(company, day) or not chance.happens(0.55):
            continue
        sinks = 22 if company.leaves is not None and company.leaves - 120 < day else 0
        score = int(min(100.0, max(0.0, company.content - sinks + 7 * chance.bell())))
        values = {"score_0_100": str(score), "instrument": chance.weighted((("csat", 3), ("interview", 2)))}
        sheets.record("surveys", company.key, office(day, chance), values, delay=5 * DAY)


def _keep_up(company: Company, first: int, chance: Chance, sheets: Sheets) -> None:
    """What account managers and service cost, booked every month."""
    for day in MONTH_ENDS:
        if day <= first or _gone(company, day):
            continue
        monthly = company.yearly * company.margin * company.upkeep // (12 * 100 * 100)
        amount = {"amount": money(int(monthly * chance.factor(0.25))), "type": "service"}
        sheets.record("costs", company.key, day * DAY - 90, amount)
