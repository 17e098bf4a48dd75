"""Population figures over a period (指标), each with what it was computed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import text
from sqlalchemy.orm import Session

from engine.errors import InputError
from engine.operations.publishing import require_live_book
from engine.operations.purchases import BOUGHT_SQL
from engine.store.tables import to_microseconds
from engine.vocabulary import UNRATED, Market, Text, Unit, UnknownCause, minor_exponent


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure over a period; `value` None iff unknown, numerator and denominator None if it is no quotient.

    Exact figures in the unit's own measure (money in major units).
    """

    name: str
    title: Text
    market: Market
    value: Decimal | None
    unit: Unit
    currency: str | None
    cause: UnknownCause | None
    numerator: Decimal | None
    denominator: Decimal | None


_TITLES = {
    "retention_rate": Text("Retention rate", "留存率"),
    "churn_rate": Text("Churn rate", "流失率"),
    "repurchase_rate": Text("Repurchase rate", "复购率"),
    "revenue_per_buyer": Text("Revenue per buyer", "客单价"),
    "revenue_per_order": Text("Revenue per order", "笔单价"),
    "referral_rate": Text("Referral rate", "推荐率"),
    "conversion_rate": Text("Conversion rate", "转化率"),
    "satisfaction": Text("Satisfaction", "满意度"),
    "clv": Text("Lifetime value, mean", "客户生命周期价值均值"),
    "cac": Text("Acquisition cost, mean", "获客成本均值"),
    "clv_to_cac": Text("Lifetime value / acquisition cost", "CLV ÷ CAC"),
}

_BOUGHT = f"r.kind = 'ORDER' and r.superseded_at is null and r.status in {BOUGHT_SQL}"
_ORDERS = f"from record r join customer c on c.id = r.customer_id where {_BOUGHT} and c.market = :market"
_IN_CURRENCY = "r.currency = :currency and r.net is not null"
_IN = "r.occurred_at >= :start and r.occurred_at < :stop"
_BEFORE = "r.occurred_at >= :earlier and r.occurred_at < :start"

_QUERIES = {
    "buyers": f"select count(distinct r.customer_id) {_ORDERS} and {_IN}",
    "payers": f"select count(distinct r.customer_id) {_ORDERS} and {_IN} and {_IN_CURRENCY}",
    "orders": f"select count(distinct coalesce(r.reference, r.key)) {_ORDERS} and {_IN} and {_IN_CURRENCY}",
    "revenue": f"select coalesce(sum(r.net), 0) {_ORDERS} and {_IN} and {_IN_CURRENCY}",
    "repeaters": f"select count(*) from (select r.customer_id {_ORDERS} and {_IN} group by r.customer_id "
    "having count(distinct coalesce(r.reference, r.key)) >= 2) x",
    "base": f"select count(distinct r.customer_id) {_ORDERS} and {_BEFORE}",
    "kept": f"select count(*) from (select r.customer_id {_ORDERS} and {_BEFORE} intersect "
    f"select r.customer_id {_ORDERS} and {_IN}) x",
    "prospects": "select count(*) from customer c where c.market = :market and (c.created_at < :stop or exists "
    "(select 1 from record r where r.customer_id = c.id and r.occurred_at < :stop)) and not exists "
    f"(select 1 from record r where r.customer_id = c.id and {_BOUGHT} and r.occurred_at < :start)",
    "converted": f"select count(*) from (select r.customer_id {_ORDERS} and r.occurred_at < :stop "
    "group by r.customer_id having min(r.occurred_at) >= :start) x",
    "referrers": "select count(distinct r.customer_id) from record r join customer c on c.id = r.customer_id "
    "where r.kind = 'REFERRAL' and r.superseded_at is null and r.status = 'converted' "
    f"and c.market = :market and {_IN}",
    "answers": "select count(*) from record r join customer c on c.id = r.customer_id "
    f"where r.kind = 'SURVEY_RESPONSE' and r.superseded_at is null and c.market = :market and {_IN}",
    "scores": "select coalesce(sum(r.score), 0) from record r join customer c on c.id = r.customer_id "
    f"where r.kind = 'SURVEY_RESPONSE' and r.superseded_at is null and c.market = :market and {_IN}",
}

_VALUE = (
    "select count(v.amount), coalesce(sum(v.amount), 0) from customer c join value_estimate v on v.id = "
    "(select w.id from value_estimate w where w.name = :name and w.customer_id = c.id and w.as_of <= :stop "
    "order by w.as_of desc, w.recorded_at desc, w.id desc limit 1) where c.market = :market and v.currency = :currency"
)


def kpis(session: Session, market: Market | None, start: datetime, stop: datetime) -> list[Kpi]:
    """Population figures of start ≤ t < stop, for one market or each.

    Retention compares with the period of the same length just before. Orders are purchases as the models and
    the shipped rules have them, as they stand now; revenue and what it is divided by are in the book's currency.
    Prospects are customers known by `stop` that had not bought before `start`.

    Raises:
        InputError: The period has no length.
        NotReadyError: No rule book is published (its currency counts).
    """
    if start >= stop:
        raise InputError(
            Text("The period ends before it begins.", "统计期的结束早于开始。"),
            Text("Give an earlier first day or a later last one.", "请提前开始日期或推后结束日期。"),
        )
    currency = require_live_book(session).currency
    markets = [market] if market is not None else list(Market)
    return [kpi for one in markets for kpi in _of_market(session, one, start, stop, currency)]


def _of_market(session: Session, market: Market, start: datetime, stop: datetime, currency: str) -> list[Kpi]:
    begin, end = to_microseconds(start), to_microseconds(stop)
    given = {"market": market.value, "start": begin, "stop": end, "earlier": 2 * begin - end, "currency": currency}
    count = {name: int(session.execute(text(query), given).scalar_one()) for name, query in _QUERIES.items()}
    value = {
        name: tuple(map(int, session.execute(text(_VALUE), {**given, "name": name}).one())) for name in ("clv", "cac")
    }
    money = Decimal(10) ** minor_exponent(currency)
    revenue = Decimal(count["revenue"]) / money
    clv, cac = ((Decimal(total) / money, number) for number, total in (value["clv"], value["cac"]))
    mean_clv, mean_cac = _divide(*clv), _divide(*cac)
    lost = count["base"] - count["kept"]
    return [
        _quotient("retention_rate", market, Decimal(count["kept"]), count["base"], Unit.RATIO),
        _quotient("churn_rate", market, Decimal(lost), count["base"], Unit.RATIO),
        _quotient("repurchase_rate", market, Decimal(count["repeaters"]), count["buyers"], Unit.RATIO),
        _quotient("revenue_per_buyer", market, revenue, count["payers"], Unit.MONEY, currency),
        _quotient("revenue_per_order", market, revenue, count["orders"], Unit.MONEY, currency),
        _quotient("referral_rate", market, Decimal(count["referrers"]), count["buyers"], Unit.RATIO),
        _quotient("conversion_rate", market, Decimal(count["converted"]), count["prospects"], Unit.RATIO),
        _quotient("satisfaction", market, Decimal(count["scores"]) / 10_000, count["answers"], Unit.POINTS),
        _quotient("clv", market, *clv, Unit.MONEY, currency),
        _quotient("cac", market, *cac, Unit.MONEY, currency),
        _quotient("clv_to_cac", market, mean_clv, mean_cac, Unit.RATIO),
    ]


def _divide(numerator: Decimal | None, denominator: Decimal | int | None) -> Decimal | None:
    if numerator is None or not denominator:
        return None
    return numerator / Decimal(denominator)


def _quotient(
    name: str,
    market: Market,
    numerator: Decimal | None,
    denominator: Decimal | int | None,
    unit: Unit,
    currency: str | None = None,
) -> Kpi:
    """A quotient quantised for people: money to the minor unit, points and shares to 0.0001 and 0.000001."""
    value = _divide(numerator, denominator)
    digits = minor_exponent(currency) if currency else 4 if unit is Unit.POINTS else 6
    step = Decimal(1).scaleb(-digits)
    cause = None if value is not None else UnknownCause.MISSING if numerator is None else UnknownCause.DIVISION_BY_ZERO
    return Kpi(
        name=name,
        title=_TITLES[name],
        market=market,
        value=None if value is None else value.quantize(step, ROUND_HALF_EVEN),
        unit=unit,
        currency=currency,
        cause=cause,
        numerator=numerator,
        denominator=None if denominator is None else Decimal(denominator),
    )


def tier_counts(session: Session) -> list[tuple[str, str, Text, int, int]]:
    """Customers by effective tier as they stand: market, key, title, customers, customers of the market.

    Best tier first, UNRATED last.

    Raises:
        NotReadyError: No rule book is published.
    """
    book = require_live_book(session)
    query = text("select market, coalesce(effective, :unrated), count(*) from standing group by 1, 2")
    counts = {(m, key): int(n) for m, key, n in session.execute(query, {"unrated": UNRATED})}
    rows = []
    for market in sorted(book.markets):
        titles = {tier.key: tier.title for tier in book.markets[market].tiers}
        total = sum(number for (one, _), number in counts.items() if one == market)
        for key in [*titles, UNRATED]:
            if (market.value, key) in counts:
                title = titles.get(key, Text("Not rated yet", "暂未评级"))
                rows.append((market.value, key, title, counts[market.value, key], total))
    return rows
