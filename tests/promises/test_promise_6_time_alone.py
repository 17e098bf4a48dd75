"""Promise 6, time: what time alone does to a tier, against deciding every single day for two years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy.orm import Session

from engine.decisions import Moment, decide, next_states
from engine.decisions.explanation.case import Case
from engine.operations.explaining import explain_by_itself
from engine.operations.facts import Clocks, assemble
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import ANY_REVISION, publish
from engine.operations.waiting import HORIZON_DAYS, time_alone
from engine.store import Database, insert_rows, read_customers
from engine.store.tables import WatermarkRow
from tests.operations import shop
from tests.operations.shop import day, decide_at, decision_of
from tests.promises.sizes import sizes

FIRST = date(2026, 3, 1)
Dates = dict[str, tuple[date, str | None] | None]
"""When which tier, by ref; None: not within two years."""


def case_of(session: Session, ref: str, number: int) -> Case:
    case = explain_by_itself(session, number).explained.case
    assert case is not None, ref
    return case


def stacked(records: Sequence[Any]) -> Any:
    """States or outcomes of one row each as one of many rows."""
    names = [field.name for field in fields(records[0])]
    return type(records[0])(**{name: np.concatenate([getattr(one, name) for one in records]) for name in names})


def every_day(session: Session, cases: Mapping[str, Case], ids: Mapping[str, int], days: int) -> Dates:
    """Assemble and decide on every of so many days as if no source had an age limit; overrides are left out."""
    found: Dates = dict.fromkeys(cases)
    for market in {case.market for case in cases.values()}:
        mine = sorted((ref for ref in cases if cases[ref].market is market), key=ids.__getitem__)
        first = cases[mine[0]]
        book, rules = replace(first.book, fresh_within_days={}), first.rules
        outcomes = stacked([cases[ref].outcomes for ref in mine])
        states = next_states(outcomes, stacked([cases[ref].states for ref in mine]), rules, first.moment)
        begun = outcomes.effective
        for later in range(1, days + 1):
            clocks = Clocks(day(later), day(0))
            facts = assemble(session, book, market, clocks, [ids[ref] for ref in mine])
            moment = Moment(clocks.as_of, facts.instant.day)
            outcomes = decide(rules, facts.columns, states, moment)
            for row in np.flatnonzero(outcomes.effective != begun).tolist():
                key = first.key(int(outcomes.effective[row]))
                found[mine[row]] = found[mine[row]] or (FIRST + timedelta(days=later), key)
            states = next_states(outcomes, states, rules, moment)
    return found


def both(database: Database, refs: list[str], days: int) -> tuple[Dates, Dates]:
    """The dates within so many days as they are told, and as deciding every day after day 0 finds them."""
    numbers = {ref: decision_of(database, ref, 0) for ref in refs}
    with database.read() as session:
        everybody = read_customers(session)
        ids = dict(zip(everybody.refs, everybody.ids.tolist(), strict=True))
        cases = {ref: case_of(session, ref, number) for ref, number in numbers.items()}
        told = {ref: time_alone(session, case, ids[ref], day(0)) for ref, case in cases.items()}
        last = FIRST + timedelta(days=days)
        found = {ref: None if one is None or one.at > last else (one.at, one.tier) for ref, one in told.items()}
        return found, every_day(session, cases, ids, days)


def orders_complete(database: Database) -> None:
    """Orders are complete until day 0, so that they count."""
    with database.write() as session:
        insert_rows(session, WatermarkRow, {"source": "orders", "complete_until": day(0), "recorded_at": day(-1)})


@sizes(400, HORIZON_DAYS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_time_alone_is_what_deciding_every_day_gives(database: Database, size: int) -> None:
    shop.open_shop(database, persons=16, companies=3)
    orders_complete(database)
    shop.predict_by(database, shop.model_version(database, "one", -1), -1)
    decide_at(database, 0)
    found, tried = both(database, shop.refs(16, 3), size)
    assert found == tried
    assert len(set(found.values()) - {None}) > 2
    assert None in found.values()


def test_an_override_ends_by_itself(database: Database) -> None:
    shop.open_shop(database, persons=4, companies=1)
    orders_complete(database)
    ref = "shop:B-0000"
    override_tier(database, OverrideInput(ref, "A", "strategic", day(20.5)), "boss", day(-0.9))
    decide_at(database, 0)
    number = decision_of(database, ref, 0)
    with database.read() as session:
        customer = int(read_customers(session).ids[read_customers(session).refs.index(ref)])
        case = case_of(session, ref, number)
        told = time_alone(session, case, customer, day(0))
    assert told is not None
    assert (told.at, told.tier) == (FIRST + timedelta(days=21), case.key(case.tier))


@pytest.mark.nightly
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_windows_with_offsets_takes_of_days_and_rules_that_ask_the_day(database: Database) -> None:
    shop.open_shop(database, persons=12, companies=0)
    orders_complete(database)
    with_more = shop.rules(
        metrics=(
            "  revenue_per_order:",
            "  before: {from: orders, take: sum(net), within: {days: 60, offset: 45}, type: money, empty: 0}\n"
            "  last_order: {from: orders, take: max(occurred_at), type: date}\n"
            "  months: {from: orders, take: months_since(max(occurred_at)), type: months}\n"
            "  quiet_days: {from: orders, take: days_since(max(occurred_at)), type: days, high: 200}\n"
            "  revenue_per_order:",
        ),
        b2c=(
            "  - {key: B, at_least: 50,",
            "  - {key: B, at_least: 20, or_when: {when: days_since(last_order) > 300 or months == 11},"
            " gates: [{name: quiet, when: quiet_days < 150 or before > 0}],",
        ),
    )
    publish(database, with_more, "crm-ops", "more rules", day(-0.5), ANY_REVISION)
    decide_at(database, 0)
    found, tried = both(database, shop.refs(12, 0), HORIZON_DAYS)
    assert found == tried
    assert len(set(found.values()) - {None}) > 2
