"""A tier set by hand told in full: what it is, who set it and why, and why it waits for a second person."""

from __future__ import annotations

from datetime import datetime
from json import loads
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine.cli import terminal
from engine.cli.place import database
from engine.vocabulary import Locale, Text

if TYPE_CHECKING:
    from engine.operations.overriding import Listed

STATES = {
    "PENDING": Text("waits for a second person", "待第二人批准"),
    "ACTIVE": Text("in force", "生效中"),
    "EXPIRED": Text("expired", "已到期"),
    "ENDED": Text("ended", "已结束"),
    "REFUSED": Text("refused", "已驳回"),
}


def read_override(number: int) -> tuple[Listed, list[str]]:
    """One tier set by hand, and why somebody else had to agree.

    Raises:
        NotFoundError: There is none.
    """
    from engine.operations.overriding import override_told, why_pending

    with database().read() as session:
        return override_told(session, number, terminal.now()), why_pending(session, number)


def in_full(one: Listed, why: list[str]) -> dict[str, object]:
    """As `--json` gives one alone."""
    return {
        **as_dict(one),
        "computed_when_set": one.row.computed,
        "evidence": loads(one.row.evidence),
        "pending_because": why,
    }


def say_in_full(one: Listed, why: list[str], locale: Locale) -> None:
    """Print it, line by line."""
    from engine.operations.overriding import why_text

    row, zh = one.row, locale is Locale.ZH
    lines = (
        ("customer", "客户", one.ref),
        ("by hand", "人工等级", f"{row.tier} → {day_of(row.expires_at, live_zone())}"),
        ("computed", "计算等级", one.computed),
        ("computed when set", "设定时的计算等级", row.computed),
        ("state", "状态", STATES[one.standing].within(locale)),
        ("reason", "原因", row.reason),
        ("note", "备注", row.note),
        *(("evidence", "依据", text) for text in loads(row.evidence)),
        ("by", "操作人", row.actor),
        ("for", "代表", row.on_behalf_of),
        ("second person", "第二人", row.approver),
        ("why a second person", "须第二人的原因", ("；" if zh else "; ").join(why_text(w).within(locale) for w in why)),
    )
    for en, chinese, told in lines:
        if told:
            terminal.say(f"{chinese}：{told}" if zh else f"{en}: {told}")


def as_dict(one: Listed) -> dict[str, object]:
    """As `--json` gives one of a list."""
    names = ("id", "tier", "reason", "note", "actor", "on_behalf_of", "approver", "from_at", "expires_at", "version")
    told = {name: getattr(one.row, name) for name in names}
    return {"customer": one.ref, "computed": one.computed, "state": one.standing.value, **told}


def live_zone() -> ZoneInfo:
    """The zone of the live book; UTC where there is none."""
    from engine.operations.publishing import live_book

    with database().read() as session:
        book = live_book(session)
    return ZoneInfo(book.timezone if book is not None else "UTC")


def day_of(instant: datetime, zone: ZoneInfo) -> str:
    """An instant's day."""
    return f"{instant.astimezone(zone):%Y-%m-%d}"
