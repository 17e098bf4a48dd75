"""`rulebook.yaml`: what holds for the whole book."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from engine.metrics.sources import SOURCES
from engine.rulebook.blank import Blank, demand
from engine.rulebook.by_hand import OverrideRules, ReviewQueue
from engine.rulebook.currencies import CURRENCIES
from engine.rulebook.desk import Desk
from engine.rulebook.keys import Keys
from engine.rulebook.parts.by_hand import read_overrides, read_review_queue
from engine.rulebook.strict import Node, Scalar
from engine.vocabulary import Text

FILE = "rulebook.yaml"
_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+\-/]{1,60}", re.ASCII)
USUAL_APPROVAL_DAYS = 7
"""So long after its preview a proposal may be approved and published, if the book does not say."""
_OWNER = Text("the rule book", "规则总表")
_CURRENCY_WORDS = {
    **dict.fromkeys(("RMB", "YUAN", "CNH", "元", "人民币", "¥", "￥"), "CNY"),
    **dict.fromkeys(("$", "US$", "DOLLAR", "美元"), "USD"),
    **dict.fromkeys(("€", "EURO", "欧元"), "EUR"),
    **dict.fromkeys(("YEN", "日元", "円"), "JPY"),
}


@dataclass(frozen=True, slots=True)
class Header:
    """What `rulebook.yaml` says; see `engine.rulebook.book.Book`."""

    name: str
    title: Text
    owner: str
    currency: str
    timezone: str
    review_by: date | None
    fresh_within_days: Mapping[str, int]
    approvers: int
    approval_days: int
    guardrails: Mapping[str, object]
    overrides: OverrideRules | None
    review_queue: ReviewQueue | None


def read_currency(node: Node, desk: Desk) -> None:
    """Find the currency before anything else: the amounts of all files are read by it."""
    entry = getattr(node, "entries", {}).get("currency")
    if entry and isinstance(entry.value, Scalar) and entry.value.text in CURRENCIES:
        desk.currency = entry.value.text


def read_header(node: Node, desk: Desk) -> Header | None:
    """Read the whole file; None when a key that must be there is not right."""
    values = desk.values
    keys = desk.keys(node, _OWNER)
    keys.need("touchstone", lambda written: _version(written, desk))
    name = keys.need("name", values.name)
    title = keys.seek("title", desk.title)
    owner = keys.need("owner", values.text)
    currency = keys.need("currency", lambda written: _currency(written, desk))
    timezone = keys.need("timezone", lambda written: _timezone(written, desk))
    review_by = keys.seek("review_by", values.date)
    sources = keys.node("sources")
    fresh = _freshness(sources, desk) if sources else {}
    approval = keys.node("approval")
    approvers, approval_days = _approval(approval, desk) if approval else (1, USUAL_APPROVAL_DAYS)
    guarded = keys.node("guardrails")
    guardrails = _guardrails(guarded, desk) if guarded else {}
    by_hand, queue = keys.node("overrides"), keys.node("review_queue")
    overrides = read_overrides(by_hand, desk) if by_hand else None
    review_queue = read_review_queue(queue, desk) if queue else None
    keys.done()
    if name is None or owner is None or currency is None or timezone is None:
        return None
    return Header(
        name, title or Text(name), owner, currency, timezone, review_by, fresh, approvers, approval_days, guardrails,
        overrides, review_queue,
    )  # fmt: skip


def _version(node: Node, desk: Desk) -> int | None:
    number = desk.values.number(node)
    demand(node, const=1)
    if number is not None and number != 1:
        desk.findings.add("version", node.place, text=number)
    return 1 if number == 1 else None


def _currency(node: Node, desk: Desk) -> str | None:
    if isinstance(node, Blank):
        return node.note({"names": "currency", "enum": sorted(CURRENCIES)})
    text = desk.values.text(node)
    if text is None or text in CURRENCIES:
        return text
    meant = _CURRENCY_WORDS.get(text.upper())
    if meant is not None:
        hint = Text(f"Did you mean `{meant}`?", f"是不是想写 `{meant}`？")
    elif len(text) == 3 and text.isalpha():
        hint = desk.findings.suggestion(text, CURRENCIES)
    else:
        hint = Text("Write three letters such as CNY, USD or EUR.", "请写三个字母，如 CNY、USD、EUR。")
    desk.findings.add("unknown_name", node.place, kind=Text("currency", "货币"), name=text, hint=hint)
    return None


def _timezone(node: Node, desk: Desk) -> str | None:
    text = desk.values.text(node)
    demand(node, pattern=f"^(?:{_ZONE.pattern})$")
    if text is None:
        return None
    try:
        if _ZONE.fullmatch(text):
            ZoneInfo(text)
            return text
    except (ValueError, OSError, KeyError):
        pass  # reported below, with every other name that is no zone
    hint = Text("Write for example Asia/Shanghai.", "例如 Asia/Shanghai。")
    desk.findings.add("unknown_name", node.place, kind=Text("time zone", "时区"), name=text, hint=hint)
    return None


def _freshness(node: Node, desk: Desk) -> dict[str, int]:
    """Days by source name."""
    found: dict[str, int] = {}
    known = desk.values.known(Text("source", "数据来源"), SOURCES)
    for entry in desk.values.entries(node, Text("sources", "数据来源")).values():
        name = known(entry.key)
        keys = desk.keys(entry.value, Text("a source", "数据来源"))
        days = keys.need("fresh_within", desk.values.days)
        keys.done()
        if name is not None and days is not None:
            found[name] = days
    return found


def _approval(node: Node, desk: Desk) -> tuple[int, int]:
    """How many must approve (0: nobody has to), and for how many days a preview carries their approval."""
    keys = desk.keys(node, Text("approval", "审批"))
    approvers = keys.want("approvers", desk.values.whole(0, 9), 1)
    days = keys.want("valid_for", lambda written: _some_days(written, desk), USUAL_APPROVAL_DAYS)
    keys.done()
    return approvers, days


def _some_days(node: Node, desk: Desk) -> int | None:
    """At least a day: a book that voids every approval at once could never be changed again."""
    days = desk.values.days(node)
    return None if days is None else desk.values.within(days, 1, 366, node.place)


def _guardrails(node: Node, desk: Desk) -> dict[str, object]:
    """Shares in 0.000001: `max_moved`, and `max_moved_down_from` by tier key."""
    keys = desk.keys(node, Text("guardrails", "护栏"))
    found: dict[str, object] = {}
    moved = keys.seek("max_moved", desk.values.share)
    if moved is not None:
        found["max_moved"] = moved
    down = keys.node("max_moved_down_from")
    if down is not None:
        found["max_moved_down_from"] = _down_from(down, keys, desk)
    keys.done()
    return found


def _down_from(node: Node, keys: Keys, desk: Desk) -> dict[str, int]:
    shares: dict[str, int] = {}
    known = desk.values.known(Text("tier", "等级"), desk.tiers)
    for tier, entry in desk.values.entries(node, keys.owner).items():
        known(entry.key)
        share = desk.values.share(entry.value)
        if share is not None:
            shares[tier] = share
    return shares
