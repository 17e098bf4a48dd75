"""The lives of the demo's members: they join, buy in a rhythm of their own, recommend, complain, fade, come back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from engine.cli.demo.business_calendar import DAY, DAYS, calendar_day, evening, office, sale_uplift, shopping_day
from engine.cli.demo.business_chance import Chance
from engine.cli.demo.business_files import Sheets, money

MEMBERS: Final = 3000
OLD_MEMBERS: Final = 1350
"""So many had joined before the records begin."""

_HABITS: Final = (("prospect", 5), ("once", 18), ("occasional", 25), ("regular", 43), ("keen", 9))
_GAPS: Final = {"prospect": (0, 0), "once": (60, 120), "occasional": (75, 150), "regular": (32, 76), "keen": (22, 36)}
_LOYALTY: Final = {"prospect": 0.0, "once": 0.0, "occasional": 0.93, "regular": 0.945, "keen": 0.965}
_CHANNELS: Final = (("search", 24), ("social", 22), ("store", 20), ("marketplace", 18), ("referral", 13), ("event", 6))
_CAC: Final = {"search": (80, 145), "social": (90, 150), "store": (50, 105), "marketplace": (75, 140),
               "referral": (40, 80), "event": (95, 150)}  # fmt: skip
_REGIONS: Final = (("east", 40), ("south", 27), ("north", 20), ("west", 13))
_CATEGORIES: Final = (("personal_care", 30), ("home", 24), ("kitchen", 16), ("bedding", 10), ("baby", 11), ("pets", 9))
_SHOPS: Final = (("app", 46), ("store", 24), ("web", 18), ("wecom", 12))
_PURPOSES: Final = (("marketing_sms", 0.62), ("marketing_wecom", 0.7), ("marketing_email", 0.55))


@dataclass(frozen=True, slots=True)
class Member:
    """What one member is like.

    Attributes:
        joined: Day number; negative: before the records begin.
        gap: Usual days between two purchases; `regularity` how closely that is kept.
        basket: Usual value of an order in fen.
        margin: Gross margin of an order, percent.
        loyalty: Probability after each order of going on as before.
        content: How satisfied, 0 to 100.
        leaves: Day number after which the purchases fade, not before; None: left to chance.
        fades: Purchases after the first fading one; None: left to chance.
        burst: Complaints after each fading purchase; None: left to chance.
    """

    key: str
    joined: int
    habit: str
    gap: float
    regularity: int
    basket: int
    margin: int
    loyalty: float
    content: int
    channel: str
    region: str
    leaves: int | None = None
    fades: int | None = None
    burst: int | None = None


def draw_member(number: int, chance: Chance) -> Member:
    """Make up a member."""
    habit = chance.weighted(_HABITS)
    if number <= OLD_MEMBERS:
        joined = -chance.whole(5, 1400)
        habit = "regular" if habit in ("prospect", "once") else habit
    else:
        joined = int(chance.between(0, DAYS - 6))
    low, high = _GAPS[habit]
    content = int(min(97.0, max(30.0, 76 + 14 * chance.bell())))
    return Member(
        key=f"P-{number:04d}",
        joined=joined,
        habit=habit,
        gap=chance.between(low, high),
        regularity=chance.whole(3, 9),
        basket=int(min(140_000.0, 19_000 * chance.factor(0.55))),
        margin=chance.whole(22, 40),
        loyalty=_LOYALTY[habit] - (0.05 if content < 58 else 0.0),
        content=content,
        channel=chance.weighted(_CHANNELS),
        region=chance.weighted(_REGIONS),
    )


def live(member: Member, chance: Chance, sheets: Sheets) -> None:
    """Write down everything the member leaves in the firm's systems."""
    _join(member, chance, sheets)
    if member.habit == "prospect":
        for day in range(member.joined, DAYS, max(1, chance.whole(9, 70))):
            _visit(member, day, chance, sheets)
        return
    first = member.joined + chance.share() * 3 if member.joined >= 0 else chance.share() * member.gap
    stopped = _buy(member, first, chance, sheets)
    if stopped < DAYS and member.habit != "once" and member.leaves is None and chance.happens(0.16):
        back = replace(member, loyalty=0.9, content=min(90, member.content + 10))
        _buy(back, stopped + chance.between(185, 330), chance, sheets)


def _buy(member: Member, day: float, chance: Chance, sheets: Sheets) -> float:
    """Purchases from that day on until the member has faded away or the demo ends; gives the last gap's end."""
    fading = 0
    steps = chance.weighted(((1, 3), (2, 4), (3, 3))) if member.fades is None else member.fades
    while day < DAYS:
        day = shopping_day(day, chance)
        _order(member, day, fading, chance, sheets)
        stays = member.leaves is None or day < member.leaves
        if fading or not (stays and (member.leaves is not None or chance.happens(member.loyalty))):
            fading += 1
            _complain(member, day, chance, sheets)
        if fading > steps or (fading and member.habit == "once"):
            return day + member.gap
        day += chance.rhythm(member.gap, member.regularity) * (1.0 + 0.55 * fading) + 1.0
    return day


def _join(member: Member, chance: Chance, sheets: Sheets) -> None:
    minute = evening(member.joined, chance)
    fraud = chance.happens(0.004) and member.joined > 0
    attributes = {
        "market": "B2C",
        "name": f"Member {member.key[2:]}",
        "region": member.region,
        "acquisition_channel": member.channel,
        "first_seen": calendar_day(member.joined),
        "fraud_confirmed": "false",
    }
    sheets.customer(member.key, minute, attributes)
    if fraud:
        sheets.customer(member.key, minute + 200 * DAY, attributes | {"fraud_confirmed": "true"})
    if chance.happens(0.96):
        low, high = _CAC[member.channel]
        cost = {"amount": money(chance.whole(low * 100, high * 100)), "type": "acquisition"}
        sheets.record("costs", member.key, minute, cost, delay=2 * DAY)
    for purpose, share in _PURPOSES:
        state = chance.weighted((("granted", int(share * 100)), ("denied", 28), ("", 10)))
        if state:
            sheets.record("consents", member.key, minute, {"purpose": purpose, "state": state})
        if state == "granted" and chance.happens(0.08):
            later = minute + chance.whole(60, 600) * DAY
            sheets.record("consents", member.key, later, {"purpose": purpose, "state": "withdrawn"})


def _order(member: Member, day: float, fading: int, chance: Chance, sheets: Sheets) -> None:
    minute = evening(day, chance)
    for _ in range(chance.weighted(((0, 5), (1, 4), (2, 2))) if not fading else chance.whole(0, 1)):
        _visit(member, day - chance.between(0, 6), chance, sheets)
    net = int(member.basket * chance.factor(0.3) * sale_uplift(day) * (0.85 if fading else 1.0))
    net = max(3_900, net - net % 10)
    discount = chance.weighted(((0, 6), (5, 2), (10, 2), (20, 1)))
    status = chance.weighted((("paid", 95), ("returned", 3), ("cancelled", 2)))
    order = {
        "net": money(net),
        "gross": money(net * 100 // (100 - discount)),
        "cost": money(net * (100 - member.margin) // 100),
        "quantity": str(chance.whole(1, 5)),
        "status": status,
        "channel": chance.weighted(_SHOPS),
        "category": chance.weighted(_CATEGORIES),
        "paid_on": calendar_day(int(day)) if status != "cancelled" else "",
    }
    sheets.record("orders", member.key, minute, order, delay=chance.whole(1, 90))
    if status == "returned":
        sheets.record("costs", member.key, minute + 6 * DAY, {"amount": money(1500), "type": "service"})
    if chance.happens(0.05):
        _ticket(member, day + chance.between(1, 9), chance, sheets)
    if chance.happens(0.07):
        _answer(member, day + chance.between(2, 8), member.content - 18 * min(1, fading), chance, sheets)


def _complain(member: Member, day: float, chance: Chance, sheets: Sheets) -> None:
    """Trouble before leaving: after every fading purchase half complain, some several times within a month."""
    count = chance.weighted(((0, 6), (1, 3), (2, 3), (3, 1), (4, 1)))
    count = count if member.burst is None else member.burst
    for _ in range(count):
        _ticket(member, day + chance.between(1, 24), chance, sheets)
    if count > 1 and chance.happens(0.4):
        _answer(member, day + chance.between(5, 28), 35, chance, sheets)


def _visit(member: Member, day: float, chance: Chance, sheets: Sheets) -> None:
    way = chance.weighted((("app", 6), ("web", 3), ("store", 1), ("wecom", 2)))
    kind = "message" if way == "wecom" else chance.weighted((("view", 6), ("search", 2)))
    if day >= 0:
        values = {"channel": way, "type": kind, "direction": "in"}
        sheets.record("interactions", member.key, evening(day, chance), values)


def _ticket(member: Member, day: float, chance: Chance, sheets: Sheets) -> None:
    minute, minutes = evening(day, chance), chance.whole(6, 55)
    values = {
        "priority": chance.weighted((("p2", 2), ("p3", 5), ("p4", 3))),
        "status": "open",
        "minutes": str(minutes),
        "cost": money(minutes * 90),
    }
    key = sheets.record("tickets", member.key, minute, values)
    solved = minute + chance.whole(2 * 60, 6 * DAY)
    values |= {"status": "resolved", "resolved_on": calendar_day(solved // DAY)}
    sheets.version("tickets", member.key, key, minute, values, recorded=solved)


def _answer(member: Member, day: float, mood: int, chance: Chance, sheets: Sheets) -> None:
    instrument, step = chance.weighted(((("nps", 10), 3), (("csat", 25), 4)))
    score = min(100, max(0, int(mood + 10 * chance.bell() + step / 2) // step * step))
    values = {"score_0_100": str(score), "instrument": instrument}
    sheets.record("surveys", member.key, office(day, chance), values)
