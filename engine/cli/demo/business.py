"""The seeded business of the demo: a member shop and a supplier of parts under one roof, in CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.cli.demo.business_accounts import look_after
from engine.cli.demo.business_calendar import DAYS, evening
from engine.cli.demo.business_chance import Chance
from engine.cli.demo.business_characters import COMPANY_CHARACTERS, MEMBER_CHARACTERS, as_cast, play
from engine.cli.demo.business_companies import COMPANIES, draw_company, trade
from engine.cli.demo.business_dirt import spoil
from engine.cli.demo.business_files import Sheets
from engine.cli.demo.business_people import MEMBERS, Member, draw_member, live

_MEMBER, _COMPANY, _REFERRAL = 1, 2, 3


def generate(folder: Path, seed: int) -> None:
    """Write the CSV files of the demo business: 3,000 members and 240 companies over 26 months.

    The same seed gives the same bytes everywhere. The last records are of 2026-10-31; times are those
    of Asia/Shanghai. `engine.cli.demo.business_files.HEADERS` lists the files and their columns.

    Args:
        folder: Where to write; made when absent, files of the same names are replaced.
        seed: Any whole number from 0.
    """
    sheets = Sheets()
    for number in range(1, COMPANIES + 1):
        chance = Chance(seed, _COMPANY, number)
        company = as_cast(draw_company(number, chance))
        trade(company, chance, sheets)
        look_after(company, chance, sheets)
        play(company.key, chance, sheets)
    members = []
    for number in range(1, MEMBERS + 1):
        chance = Chance(seed, _MEMBER, number)
        members.append(as_cast(draw_member(number, chance)))
        live(members[-1], chance, sheets)
    _recommend(members, Chance(seed, _REFERRAL), sheets)
    spoil(sheets, seed, {*COMPANY_CHARACTERS, *MEMBER_CHARACTERS})
    sheets.write(folder)


def _recommend(members: Sequence[Member], chance: Chance, sheets: Sheets) -> None:
    """Contented members bring others: every member who came by referral was sent by one who joined before."""
    fans = [member for member in members if member.content >= 78 and member.habit in ("regular", "keen")]
    for member in members:
        if member.joined < 5:
            continue
        sender = chance.pick(fans)
        if sender.joined >= member.joined:
            continue
        if member.channel == "referral":
            status = "signed_up" if member.habit == "prospect" else "converted"
            values = {"status": status, "referred": member.key}
            sheets.record("referrals", sender.key, evening(member.joined, chance), values, delay=2 * 1440)
        elif chance.happens(0.05):
            day = chance.whole(member.joined, DAYS)
            sheets.record("referrals", sender.key, evening(day, chance), {"status": "sent"})
