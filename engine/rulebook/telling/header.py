"""`rulebook.yaml` in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.expressions.amounts import plain
from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book
from engine.rulebook.telling.by_hand import tell_by_hand
from engine.rulebook.telling.names import SOURCE_TEXTS
from engine.rulebook.telling.phrases import Line, days, say
from engine.vocabulary import SHARE_SCALE, Text


def tell_header(book: Book, places: Addresses) -> Iterator[Line]:
    """Who answers for the book, in which currency and days it counts, and what guards its changes."""
    yield Line(say("The rule book “{title}”", "规则库“{title}”", title=book.title), None, 0)
    yield _line(places, "owner", say("{who} answers for these rules.", "规则负责人：{who}。", who=book.owner))
    money = say("Money is in {what}.", "金额单位为 {what}。", what=book.currency)
    yield _line(places, "currency", money)
    clock = say("Days begin and end by the clock of {zone}.", "按 {zone} 的时间划分每一天。", zone=book.timezone)
    yield _line(places, "timezone", clock)
    if book.review_by is not None:
        review = say("The rules must be looked at again by {day}.", "须在 {day} 之前复审规则。", day=book.review_by)
        yield _line(places, "review_by", review)
    for source, fresh in book.fresh_within_days.items():
        yield Line(_fresh(source, fresh), places.place("rulebook", "sources", source), 1)
    yield _line(places, "approval", _approval(book))
    yield from _guardrails(book, places)
    yield from tell_by_hand(book, places)


def share(stored: object) -> str:
    """A stored share in percent.

    >>> share(125_000)
    '12.5 %'
    """
    return f"{plain(Decimal(str(stored)) * 100 / SHARE_SCALE)} %"


def _line(places: Addresses, key: str, text: Text) -> Line:
    return Line(text, places.place("rulebook", key), 1)


def _fresh(source: str, fresh: int) -> Text:
    return say(
        "When {source} are older than {days}, everything taken from them is unknown, and moves nobody.",
        "{source} 数据超过 {days}未更新时，由其得出的指标一律视为未知，不会引起任何变动。",
        source=SOURCE_TEXTS[source],
        days=days(fresh),
    )


def _approval(book: Book) -> Text:
    if not book.approvers:
        return (
            say(
                "Nobody has to approve a change; guardrails then stop nothing.",
                "变更无须审批；此时护栏不会阻止任何变更。",
            )
            if book.guardrails
            else say("Nobody has to approve a change.", "变更无须审批。")
        )
    return say(
        "A change must be approved by {n} other than its author, within {days} of its preview.",
        "变更须在预览后 {days}内经作者以外的 {n} 人批准。",
        n=Text("somebody" if book.approvers == 1 else f"{book.approvers} people", str(book.approvers)),
        days=days(book.approval_days),
    )


def _guardrails(book: Book, places: Addresses) -> Iterator[Line]:
    most = book.guardrails.get("max_moved")
    if most is not None:
        text = say(
            "A change that moves more than {share} of all customers needs a second approver.",
            "若变更使超过 {share} 的客户改变等级，须有第二人批准。",
            share=share(most),
        )
        yield Line(text, places.place("rulebook", "guardrails", "max_moved"), 1)
    down = book.guardrails.get("max_moved_down_from")
    for tier, limit in down.items() if isinstance(down, Mapping) else ():
        text = say(
            "So does one that moves more than {share} of tier {tier} down.",
            "若使等级 {tier} 中超过 {share} 的客户降级，同样须有第二人批准。",
            share=share(limit),
            tier=tier,
        )
        yield Line(text, places.place("rulebook", "guardrails", "max_moved_down_from", tier), 1)
