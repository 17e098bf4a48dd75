"""Back-tests: a rule book as if it had decided at past instants, by what was known then. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, text
from sqlalchemy.orm import Session

from engine.decisions import Moment
from engine.errors import InputError
from engine.metrics import SOURCES, FromRecords
from engine.operations.anew import MetricOrigin, Then, estimates_as_of
from engine.operations.events import Horizon, read_events
from engine.operations.events import as_of as model_instant
from engine.operations.facts import Clocks, assemble, metrics_read
from engine.operations.freshness import ORDERS, require_orders_after
from engine.rulebook import Book
from engine.store import read_watermarks
from engine.store.tables import from_microseconds, to_microseconds
from engine.trials.backtest import Judged, Play, brought_after, judge, overall, rank_of, rival_ranks, verdict
from engine.value import EventFrame
from engine.vocabulary import Market, Text, Unit, scale_of

Integers = NDArray[np.int64]

MOST_INSTANTS: Final = 12
LONGEST_HORIZON: Final = 3_650

_THERE: Final = text(
    "select c.id from customer c where c.market = :market and (c.created_at <= :at "
    "or exists (select 1 from record r where r.customer_id = c.id and r.occurred_at < :at and r.recorded_at <= :at) "
    "or exists (select 1 from customer_field f where f.customer_id = c.id and f.recorded_at <= :at)) order by c.id"
)
_CLOCKS: Final = text(
    "select count(*), sum(case when r.recorded_at_assumed then 1 else 0 end) from record r "
    "join customer c on c.id = r.customer_id where c.market = :market and r.kind in :kinds "
    "and r.occurred_at < :at and r.recorded_at <= :at"
).bindparams(bindparam("kinds", expanding=True))

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class AtInstant:
    """A back-test at one instant.

    Attributes:
        assumed: Share of the records read whose `recorded_at` was derived, not observed; 0 to 1.
        origins: Where estimates and predictions came from.
    """

    judged: Judged
    assumed: float
    origins: tuple[MetricOrigin, ...]
    verdict: Text

    @property
    def clocks_assumed(self) -> bool:
        """Some `recorded_at` were derived."""
        return self.assumed > 0


@dataclass(frozen=True, slots=True)
class Backtested:
    """A back-test of one market, earliest instant first."""

    market: Market
    revision: str
    currency: str
    timezone: str
    horizon_days: int
    instants: tuple[AtInstant, ...]
    warnings: tuple[Text, ...]

    @property
    def verdict(self) -> Text:
        """What it means, in a sentence or three."""
        return overall([one.judged for one in self.instants])


def backtest(
    session: Session,
    book: Book,
    market: Market,
    instants: Sequence[datetime],
    horizon_days: int,
    now: datetime,
    progress: Progress | None = None,
) -> Backtested:
    """Decide a market's customers at past instants and look at what they did within the horizon.

    Each instant is decided by what had been recorded by then (`as_known_at` = `as_of`), from the state the
    instant before left, beginning with nobody having a tier; overrides are left out. Estimates and predictions
    are the stored ones known by then; where none was, they are made anew from what was known then. What
    followed is taken as it is known now.

    Raises:
        InputError: No instant or too many, no such market in the book, a horizon that is not positive or not
            over, or orders that are not complete until its end.
    """
    ordered = _checked(session, book, market, instants, horizon_days, now)
    known = to_microseconds(now)
    customers, frame = read_events(session, book.currency, book.timezone, Horizon(known, known), market)
    play = Play.begin(book.markets[market], len(customers))
    found = []
    for number, when in enumerate(ordered):
        if progress is not None:
            progress(number, len(ordered))
        found.append(_at(session, book, market, when, horizon_days, known, customers.ids, frame, play))
    if progress is not None:
        progress(len(ordered), len(ordered))
    warnings = () if read_watermarks(session, known).get(ORDERS) is not None else (_NO_WATERMARK,)
    return Backtested(market, book.revision, book.currency, book.timezone, horizon_days, tuple(found), warnings)


def _at(
    session: Session,
    book: Book,
    market: Market,
    when: datetime,
    horizon_days: int,
    known: int,
    everybody: Integers,
    frame: EventFrame,
    play: Play,
) -> AtInstant:
    """Decide at one instant and judge by what followed."""
    at = to_microseconds(when)
    ids = np.array(session.execute(_THERE, {"market": market.value, "at": at}).scalars().all(), np.int64)
    clocks, names = Clocks(when, when), metrics_read(book, market, aftermath=False)
    instead, origins = estimates_as_of(Then(session, book, when), market, clocks, ids)
    assembled = assemble(session, book, market, clocks, ids, names, instead)
    rows = np.searchsorted(everybody, ids)
    outcomes = play.decide(rows, assembled.columns, Moment(when, assembled.instant.day))
    instant = model_instant(at, book.timezone)
    judged = judge(
        book.markets[market],
        when,
        outcomes.tier,
        rank_of(outcomes),
        brought=brought_after(frame, instant, horizon_days, known).take(rows),
        rivals=rival_ranks(frame, instant, rows),
        scale=scale_of(Unit.MONEY, book.currency),
    )
    return AtInstant(judged, _assumed(session, book, market, at, names), origins, verdict(judged))


def _assumed(session: Session, book: Book, market: Market, at: int, names: Sequence[str]) -> float:
    """Share of the records read whose `recorded_at` was derived."""
    origins = (book.metrics[name].origin for name in names)
    sources = {ORDERS, *(origin.source for origin in origins if isinstance(origin, FromRecords))}
    kinds = sorted({SOURCES[source].kind.value for source in sources})
    total, assumed = session.execute(_CLOCKS, {"market": market.value, "kinds": kinds, "at": at}).one()
    return (assumed or 0) / total if total else 0.0


def _checked(
    session: Session, book: Book, market: Market, instants: Sequence[datetime], horizon_days: int, now: datetime
) -> list[datetime]:
    """The instants, each once, earliest first."""
    ordered = sorted({instant.astimezone(UTC) for instant in instants})
    if not 1 <= len(ordered) <= MOST_INSTANTS:
        raise _refused(
            Text(f"A back-test takes 1 to {MOST_INSTANTS} instants, not {len(ordered)}.",
                 f"回测需要 1 至 {MOST_INSTANTS} 个时点，而不是 {len(ordered)} 个。"),
            Text(f"Name at least one instant and at most {MOST_INSTANTS}.", f"请指定 1 至 {MOST_INSTANTS} 个时点。"),
        )  # fmt: skip
    if not 1 <= horizon_days <= LONGEST_HORIZON:
        raise _refused(
            Text("The horizon must be at least a day and at most ten years.", "期限须在一天与十年之间。"),
            Text("Give a number of days, for example 365.", "请给出天数，例如 365 天。"),
        )
    if market not in book.markets:
        raise _refused(
            Text(f"The rule book has no rules for {market}.", f"规则库没有 {market} 的规则。"),
            Text("Name the other market.", "请选择另一类客户。"),
        )
    for instant in ordered:
        _require_over(session, book, instant, horizon_days, now)
    return ordered


def _require_over(session: Session, book: Book, instant: datetime, horizon_days: int, now: datetime) -> None:
    """Refuse an instant whose horizon nobody can know the end of yet."""
    if instant + timedelta(days=horizon_days) > now:
        zone = ZoneInfo(book.timezone)
        watermark = read_watermarks(session, to_microseconds(now)).get(ORDERS)
        until = now if watermark is None else min(now, from_microseconds(watermark))
        day, last = (one.astimezone(zone).date() for one in (instant, until - timedelta(days=horizon_days)))
        raise _refused(
            Text(f"The {horizon_days} days after {day} are not over.", f"{day} 之后的 {horizon_days} 天尚未结束。"),
            Text(f"Name {last} or earlier, or a shorter horizon.", f"请选择 {last} 或更早的日期，或缩短期限。"),
        )
    require_orders_after(session, book, instant, horizon_days, now)


def _refused(message: Text, hint: Text) -> InputError:
    return InputError(message, hint, code="INVALID")


_NO_WATERMARK: Final = Text(
    "Nobody has said how far the orders are complete: if some are missing, customers seem to have left.",
    "没有订单完整到何时的说明：若有缺失，客户会被误认为流失。",
)
