"""Figures over a period."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Final

import strawberry

from engine.operations.reporting import Kpi as KpiSource
from engine.operations.reporting import kpis
from engine.vocabulary import Market, Unit, UnknownCause, scale_of
from schema.context import Info
from schema.decisions import MarketArgument
from schema.describing import answered, described, spoken, told
from schema.scalars import Value

MOST_PLACES: Final = 6
"""Digits after the point of a part that is itself a quotient, such as a mean."""


def _text(exact: Decimal | None) -> Value | None:
    return None if exact is None else Value(format(exact, "f"))


def _part(exact: Decimal | None, currency: str | None) -> Value | None:
    """A numerator or denominator: money with its currency's places, means with at most six."""
    if exact is None:
        return None
    if currency is not None:
        return _text(exact.quantize(Decimal(1) / scale_of(Unit.MONEY, currency)))
    exponent = exact.as_tuple().exponent
    long = isinstance(exponent, int) and exponent < -MOST_PLACES
    return _text(exact.quantize(Decimal(1).scaleb(-MOST_PLACES)) if long else exact)


def _value(root: KpiSource) -> Value | None:
    """Null iff unknown."""
    return _text(root.value)


def _numerator(root: KpiSource) -> Value | None:
    """Null: not a quotient."""
    return _part(root.numerator, root.currency if root.unit is Unit.MONEY else None)


def _denominator(root: KpiSource) -> Value | None:
    """Null: not a quotient."""
    return _part(root.denominator, None)


@described
class Kpi:
    """A figure over a period, with what it was computed from."""

    name: str = told(
        "retention_rate 留存率, repurchase_rate 复购率, revenue_per_buyer 客单价, revenue_per_order 笔单价, "
        "referral_rate 推荐率, churn_rate, clv, cac, clv_to_cac, …"
    )
    title: str = spoken("title", "Name for people.")
    market: Market = told("The market counted.")
    value: Value | None = answered(_value)
    unit: Unit = told("How to read `value`.")
    currency: str | None = told("ISO 4217, iff MONEY.")
    cause: UnknownCause | None = told("Why it is unknown; null: it is known.")
    numerator: Value | None = answered(_numerator)
    denominator: Value | None = answered(_denominator)


async def _kpis(
    info: Info,
    from_: Annotated[datetime, strawberry.argument(name="from", description="Begin of the period.")],
    to: Annotated[datetime, strawberry.argument(description="End of the period, not included.")],
    market: MarketArgument = None,
) -> list[KpiSource]:
    """Over `from` ≤ t < `to`; null market: both, each by itself."""
    start, stop = await info.context.instant(from_), await info.context.instant(to)
    return await info.context.read(partial(kpis, market=market, start=start, stop=stop))


@described
class KpiQueries:
    """Questions about figures."""

    kpis: list[Kpi] | None = answered(_kpis)
