"""`overrides` and `review_queue` in words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.expressions.amounts import plain
from engine.rulebook.addresses import Addresses
from engine.rulebook.book import Book
from engine.rulebook.by_hand import ReviewQueue, SecondApprover
from engine.rulebook.telling.phrases import COMMA, OR, Line, join, say
from engine.vocabulary import POINTS_SCALE, SHARE_SCALE, Text, Unit, scale_of


def tell_by_hand(book: Book, places: Addresses) -> Iterator[Line]:
    """How tiers are set by hand, and which decisions a person should look at."""
    if book.overrides is not None:
        if book.overrides.reasons:
            why = join(COMMA, book.overrides.reasons.values())
            text = say(
                "A tier is set by hand for one of these reasons: {why}.", "人工评级须注明以下原因之一：{why}。", why=why
            )
            yield Line(text, places.place("rulebook", "overrides"), 1)
        if book.overrides.second_approver is not None:
            text = _second(book, book.overrides.second_approver)
            yield Line(text, places.place("rulebook", "overrides", "second_approver"), 1)
    if book.review_queue is not None:
        yield Line(_queue(book.review_queue), places.place("rulebook", "review_queue"), 1)


def _second(book: Book, rule: SecondApprover) -> Text:
    asked = [say("it lies {n} tiers or more from the computed one", "与计算等级相差 {n} 级或以上", n=rule.tiers_apart)]
    if rule.best_tier:
        asked.append(say("lifts somebody into the best tier", "升入最高等级"))
    if rule.value_above is not None:
        amount = plain(Decimal(rule.value_above) / scale_of(Unit.MONEY, book.currency))
        asked.append(
            say(
                "the customer is worth more than {v} {c}, or an unknown amount",
                "客户价值超过 {v} {c} 或未知",
                v=amount,
                c=book.currency,
            )
        )
    return say("Somebody else has to agree where {when}.", "遇以下情形须经另一人同意：{when}。", when=join(OR, asked))


def _queue(queue: ReviewQueue) -> Text:
    kinds = []
    if queue.missing_data:
        kinds.append(say("tiers that missing data keep", "因数据缺失而保持的等级"))
    near = queue.near_threshold
    if near is not None:
        kinds.append(
            say(
                "scores within {m} points of a tier's start among the most valuable {s} %",
                "价值最高的 {s}% 客户中得分距等级起点 {m} 分以内者",
                m=plain(Decimal(near.margin) / POINTS_SCALE),
                s=plain(Decimal(near.top_share) * 100 / SHARE_SCALE),
            )
        )
    if queue.guardrail:
        kinds.append(say("moves of a run that crosses a guardrail", "越过护栏的运行中的变动"))
    if not kinds:
        return say("No decision is put before a person.", "没有决定须经人工复核。")
    return say(
        "A person looks at {what}; at most {n} of one run.",
        "以下决定须经人工复核：{what}；每次运行至多 {n} 件。",
        what=join(COMMA, kinds),
        n=queue.per_run,
    )
