"""Whether a source was heard of recently enough to be believed, by `fresh_within` of the rule book."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from engine.errors import InputError
from engine.metrics import Instant, local_day
from engine.operations.local_time import local_words
from engine.rulebook import Book
from engine.store import read_watermarks
from engine.store.tables import RecordRow, to_microseconds
from engine.vocabulary import RecordKind, Text

ORDERS: Final = "orders"
"""The source the models learn from."""

_NOT_DONE: Final = (RecordKind.COST, RecordKind.CONSENT)
"""Records of what is spent on customers or asked of them, perhaps before they are any."""


def is_stale(book: Book, source: str, watermark: int | None, day: int) -> bool:
    """Whether a source's watermark lies more days before a local day than the book allows, or there is none.

    Args:
        watermark: Microseconds up to when the source is complete; None: nobody said.
        day: Local day since 1970 in the book's zone.
    """
    limit = book.fresh_within_days.get(source)
    if limit is None:
        return False
    return watermark is None or day - local_day(watermark, book.timezone) > limit


def require_fresh_orders(session: Session, book: Book, when: datetime, now: datetime) -> None:
    """Refuse to model at an instant for which orders are too old: silence would look like leaving.

    Raises:
        InputError: They are not complete until then, by the book's `fresh_within`.
    """
    watermark = read_watermarks(session, to_microseconds(max(now, when))).get(ORDERS)
    instant = Instant.at(when, book.timezone, book.currency)
    if is_stale(book, ORDERS, watermark, instant.day):
        raise _refused(watermark, when, book.timezone)


def require_orders_after(session: Session, book: Book, when: datetime, days: int, now: datetime) -> None:
    """Refuse to judge a prediction by days whose orders are not imported yet.

    Raises:
        InputError: Orders are not complete until so many days after the instant.
    """
    end = when + timedelta(days=days)
    watermark = read_watermarks(session, to_microseconds(max(now, when))).get(ORDERS)
    if watermark is None:
        return
    allowed = book.fresh_within_days.get(ORDERS, 0)
    last = Instant.at(end, book.timezone, book.currency).day
    if last - local_day(watermark, book.timezone) > allowed:
        raise _refused(watermark, end, book.timezone)


def require_data(session: Session, book: Book, when: datetime) -> None:
    """Refuse a question about an instant before which no customer had done anything yet.

    Raises:
        InputError: The first record, of costs and consents apart, is of later; the day of it is told.
    """
    done = col(RecordRow.kind).not_in(_NOT_DONE)
    first = session.execute(select(func.min(RecordRow.occurred_at)).where(done)).scalar_one()
    if first is None or first < when:
        return
    day, asked = local_words(first, book.timezone)[:10], local_words(when, book.timezone)
    raise InputError(
        Text(
            f"There are no data before {day}: as of {asked} there is nothing to judge.",
            f"{day} 之前没有数据：截至 {asked} 没有可评判的内容。",
        ),
        Text(f"Name a day after {day}.", f"请指定 {day} 之后的日期。"),
        code="INVALID",
    )


def _refused(watermark: int | None, when: datetime, zone: str) -> InputError:
    wanted = when.astimezone(ZoneInfo(zone)).date().isoformat()
    if watermark is None:
        return InputError(
            Text(
                "Nobody has said how far the orders are complete, and the rule book asks for it.",
                "没有订单完整到何时的说明，而规则要求有。",
            ),
            Text("Import orders by a mapping with `complete_until`.", "请用带有 `complete_until` 的映射导入订单。"),
        )
    until = datetime.fromtimestamp(watermark / 1_000_000, ZoneInfo(zone)).date().isoformat()
    return InputError(
        Text(
            f"Orders are complete until {until} only; what happened until {wanted} is not known.",
            f"订单只完整到 {until}；到 {wanted} 为止的情况未知。",
        ),
        Text(
            "Import the newer orders, or name an earlier day.",
            "请导入更新的订单，或指定更早的日期。",
        ),
    )
