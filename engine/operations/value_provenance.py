"""What a stored lifetime value, historic margin or acquisition cost was made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.decisions.explanation.values import exact
from engine.metrics import FromValue
from engine.operations.events import Happened, costs_of_one, purchases_of_one, read_events
from engine.operations.fits import Fit, fit_of
from engine.operations.provenance import Behind, Input, Looked, Parameter, Provenance, those
from engine.store import read_estimates
from engine.store.rows import table_of
from engine.store.tables import CustomerRow, ValueEstimateRow, to_microseconds
from engine.value import NO_MARGIN, GammaGamma, Summary, ValueModel, expected_value, summarise
from engine.vocabulary import Text, Unit, scale_of

_CLV: Final = Text(
    "P(alive) × Σ over weeks k up to the horizon of [E(Y_k) − E(Y_k−1)] ÷ (1 + annual_discount)^(days_k ÷ 365) × E(M), "
    "rounded half to even to minor units. P(alive) and E(Y), the purchases by week k if alive, by BG/NBD (Fader, "
    "Hardie & Lee 2005; Fader & Hardie 2008) of repeats, recency and age in weeks (days ÷ 7); E(M), the money of a "
    "purchase day, by {}.",
    "P(活跃) × 期限内各周 k 的 [E(Y_k) − E(Y_k−1)] ÷ (1 + annual_discount)^(天数_k ÷ 365) 之和 × E(M)，"
    "按最小货币单位四舍六入五成双。P(活跃) 与 E(Y)（若活跃，至第 k 周的购买次数）由 BG/NBD（Fader、Hardie 与 Lee 2005；"
    "Fader 与 Hardie 2008）根据复购次数、近度和客户时长（以周计，天数 ÷ 7）得出；E(M)（每购买日金额）由{}得出。",
)
_GAMMA: Final = Text(
    "Gamma-Gamma (Fader & Hardie 2013) of repeats + 1 purchase days with mean_spend",
    " Gamma-Gamma（Fader 与 Hardie 2013）根据 复购次数 + 1 个购买日及 mean_spend ",
)
_SHRUNKEN: Final = Text(
    "the shrunken mean (Bühlmann 1967): (n · mean_spend + k · mean) ÷ (n + k), n = repeats + 1",
    "收缩均值（Bühlmann 1967）：(n · mean_spend + k · mean) ÷ (n + k)，n = 复购次数 + 1，",
)
_MARGIN: Final = Text(
    "The sum of net less cost over all purchases (Berger & Nasr 1998); unknown where the cost of any is.",
    "全部购买的净额减成本之和（Berger 与 Nasr 1998）；任一购买成本未知则未知。",
)
_COST: Final = Text("The sum of the acquisition costs booked on the customer.", "计入该客户的获客成本之和。")


def value_provenance(
    session: Session, origin: FromValue, customer: CustomerRow, zone: str, as_of: datetime, as_known_at: datetime
) -> Provenance | None:
    """What the estimate was made from that counts as of an instant, as known at another; None: there is none.

    Raises:
        DamagedError: The stored fit does not fit its digest.
    """
    ids, instants = np.array([customer.id], np.int64), (to_microseconds(as_of), to_microseconds(as_known_at))
    number = int(read_estimates(session, origin.value, origin.horizon_days, ids, *instants).ids[0])
    if number < 0:
        return None
    row = session.execute(select(ValueEstimateRow).where(table_of(ValueEstimateRow).c.id == number)).scalar_one()
    looked = Looked(int(ids[0]), customer.market, row.currency, zone, row.as_of, row.recorded_at)
    if row.name == "clv":
        return _lifetime(session, row, looked)
    if row.name == "margin":
        return _summed(row, looked, _purchases(session, looked), ("margins", _MARGIN_SUM), _MARGIN)
    costs = costs_of_one(session, looked.customer_id, looked.currency, zone, looked.horizon, "acquisition")
    known = [Happened(one.record_id, one.day, one.net, one.net) for one in costs]
    return _summed(row, looked, known, ("acquisition_costs", _COST_SUM), _COST)


_REPEATS: Final = Text("x: purchase days after the first", "x：首购后的购买天数")
_RECENCY: Final = Text("t_x: days from the first to the last purchase", "t_x：首购至末购天数")
_AGE: Final = Text("T: days from the first purchase to the instant", "T：首购至该时点天数")
_MEAN: Final = Text("Money per purchase day", "每购买日金额")
_MARGIN_SUM: Final = Text("Margin of all purchases", "全部购买的毛利")
_COST_SUM: Final = Text("Acquisition costs booked", "已入账的获客成本")


def _purchases(session: Session, looked: Looked) -> list[Happened]:
    return purchases_of_one(session, looked.customer_id, looked.currency, looked.zone, looked.horizon)


def _summed(
    row: ValueEstimateRow, looked: Looked, happened: list[Happened], named: tuple[str, Text], formula: Text
) -> Provenance:
    """A sum of what records brought; unknown where there is none, or one lacks it."""
    margins = [one.margin for one in happened if one.margin is not None]
    bought = any(one.net > 0 for one in happened) or row.name == "cac"
    total = sum(margins) if happened and bought and len(margins) == len(happened) else None
    behind = tuple(Behind(one.record_id, None if one.margin is None else looked.money(one.margin)) for one in happened)
    value = None if total is None else looked.money(total)
    return Provenance(
        method=row.method,
        formula=formula,
        as_of=row.as_of,
        recorded_at=row.recorded_at,
        stored=_stored(row.amount, looked),
        again=_stored(total, looked),
        inputs=(Input(named[0], named[1], value, Unit.MONEY, behind),),
    )


def _stored(amount: int | None, looked: Looked) -> str | None:
    return exact(amount, Unit.MONEY, scale_of(Unit.MONEY, looked.currency))


def _lifetime(session: Session, row: ValueEstimateRow, looked: Looked) -> Provenance:
    fit = fit_of(session, looked.market, row.as_of, row.recorded_at)
    model = None if fit is None else fit.model
    _, frame = read_events(session, looked.currency, looked.zone, looked.horizon, only=looked.customer_id)
    purchases = frame.purchases
    if model is not None and model.margin and purchases.margin is None:  # others have one: this customer's are assumed
        frame = replace(frame, purchases=replace(purchases, margin=np.full(len(purchases), NO_MARGIN)))
    rate = None if model is None else model.margin_rate
    summary = summarise(frame, looked.instant, looked.horizon.known, rate)
    again = None if model is None else _valued(model, summary)
    spend = _SHRUNKEN if "shrunken_mean" in row.method else _GAMMA
    return Provenance(
        method=row.method,
        formula=Text(_CLV.en.format(spend.en), _CLV.zh.format(spend.zh)),
        as_of=row.as_of,
        recorded_at=row.recorded_at,
        stored=_stored(row.amount, looked),
        again=_stored(again, looked),
        inputs=_inputs(session, looked, row, summary, model),
        digest=None if fit is None else fit.digest,
        fitted_at=None if model is None else model.as_of.moment(),
        fitted_on=None if model is None or model.purchases is None else model.purchases.customers,
        parameters=() if fit is None else tuple(_parameters(fit)),
    )


def _valued(model: ValueModel, summary: Summary) -> int | None:
    value = float(expected_value(model, summary, model.horizon_days)[0])
    return round(value) if summary.bought[0] and np.isfinite(value) else None


def _inputs(
    session: Session, looked: Looked, row: ValueEstimateRow, summary: Summary, model: ValueModel | None
) -> tuple[Input, ...]:
    happened = _purchases(session, looked)
    bought = [one for one in happened if one.net > 0]
    days = sorted({one.day for one in bought})
    ends = [one for one in bought if days and one.day in (days[0], days[-1])]
    there = bool(summary.bought[0])
    mean = looked.money(float(summary.mean[0])) if there else None
    numbers = (summary.repeats, summary.last, summary.age)
    repeats, last, age = (str(int(column[0])) if there else None for column in numbers)
    first = those([one for one in ends if one.day == days[0]])
    spent = tuple(_money_behind(looked, happened, model))
    return (
        Input("repeats", _REPEATS, repeats, Unit.COUNT, those(bought)),
        Input("recency", _RECENCY, last, Unit.DAYS, those(ends)),
        Input("age", _AGE, age, Unit.DAYS, first),
        Input("mean_spend", _MEAN, mean, Unit.MONEY, spent),
        Input("horizon", Text("Horizon", "期限"), str(row.horizon_days), Unit.DAYS),
    )


def _money_behind(looked: Looked, happened: list[Happened], model: ValueModel | None) -> list[Behind]:
    """What each purchase counts: its margin, net × margin rate where that is unknown, its net where none is known."""
    if model is None:
        return [Behind(one.record_id) for one in happened]
    money = [
        float(one.net if not model.margin else one.net * model.margin_rate if one.margin is None else one.margin)
        for one in happened
    ]
    return [Behind(one.record_id, looked.money(part)) for one, part in zip(happened, money, strict=True)]


def _parameters(fit: Fit) -> list[Parameter]:
    """Everything the formula reads beside the inputs; money in minor units of the fit's currency."""
    model, found = fit.model, []
    if model.purchases is not None:
        found += [Parameter.of(name, getattr(model.purchases, name)) for name in ("r", "alpha", "a", "b")]
    if model.spend is not None:
        names = ("p", "q", "gamma") if isinstance(model.spend, GammaGamma) else ("mean", "k")
        found += [Parameter.of(name, getattr(model.spend, name)) for name in names]
    found += [Parameter.of("annual_discount", model.annual_discount), Parameter.of("margin_rate", model.margin_rate)]
    return found
