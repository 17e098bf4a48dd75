"""Whose tier a rule change moved: those, and no others, whose change tells a part of the rules in the move."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.errors import DamagedError
from engine.operations.explaining import change_since_before
from engine.operations.moving import moved_by_change
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.publishing import publish
from engine.store import Database, locate_all, read_customers
from engine.store.reading import decisions_by_ids
from engine.vocabulary import Market
from tests.operations.shop import add_customer, day, decide_at, open_shop, order, record, refs, rules

EVERYBODY = refs(60, 4)
LIGHTER = ("weight: 50", "weight: 20")
EASIER = ("{key: B, at_least: 50", "{key: B, at_least: 30")


def _publish(database: Database, at: float, **edits: tuple[str, str]) -> int:
    return publish(database, rules(**edits), "crm-ops", "other rules", day(at)).change_id


def _moved(database: Database, change: int) -> tuple[int, ...]:
    with database.read() as session:
        return moved_by_change(session, change).decisions


def _told_one_by_one(database: Database, day_of_run: float) -> tuple[set[int], set[int]]:
    """Decisions of a run with another tier than before: those the rules have a part in, and the others."""
    with database.read() as session:
        ids = read_customers(session).ids.tolist()
        mine = [number for found in locate_all(session, ids).values() for number, _ in found[:-1]]
        views = decisions_by_ids(session, mine)
        moved = [view for view in views.values() if view.as_of == day(day_of_run) and view.previous != view.effective]
        by_rules: set[int] = set()
        for view in moved:
            change = change_since_before(session, view.id)
            assert change is not None
            if any(part.cause == "RULE" and part.tier is not None for part in change.parts):
                by_rules.add(view.id)
        return by_rules, {view.id for view in moved} - by_rules


@pytest.fixture
def grown(database: Database) -> Database:
    """A larger shop in which, between two decisions, people buy, somebody overrides and rules change."""
    open_shop(database, persons=60, companies=4, seed=7)
    decide_at(database, 0)
    return database


def test_moves_are_those_that_each_decision_tells(grown: Database) -> None:
    record(grown, [order(ref, 0.5, 900, number=90) for ref in EVERYBODY[::7]], day(0.6))
    for ref in EVERYBODY[3:60:9]:
        given = OverrideInput(ref, "C", "OTHER", day(0.7) + timedelta(days=30), "a tier by hand")
        override_tier(grown, given, "lead", day(0.7))
    change = _publish(grown, 1, b2c=EASIER)
    decide_at(grown, 1.5)
    by_rules, by_others = _told_one_by_one(grown, 1.5)
    assert set(_moved(grown, change)) == by_rules
    assert by_rules
    assert by_others
    assert list(_moved(grown, change)) == sorted(by_rules)


def test_first_tiers_later_runs_and_other_markets_are_no_moves(grown: Database) -> None:
    add_customer(grown, "shop:N-0001", Market.B2C)
    record(grown, [order("shop:N-0001", 0.5, 900)], day(0.6))
    change = _publish(grown, 1, b2c=EASIER)
    decide_at(grown, 1.5)
    first = _moved(grown, change)
    record(grown, [order(ref, 1.6, 900, number=91) for ref in EVERYBODY], day(1.7))
    decide_at(grown, 2)
    assert _moved(grown, change) == first
    with grown.read() as session:
        views = decisions_by_ids(session, first).values()
    assert {view.market for view in views} == {"B2C"}
    assert {view.as_of for view in views} == {day(1.5)}
    assert all(view.previous != view.effective for view in views)


def test_changes_with_no_decision_between_them_count_together(grown: Database) -> None:
    first, second = _publish(grown, 1, b2c=LIGHTER), _publish(grown, 1.2, b2c=EASIER)
    decide_at(grown, 1.5)
    third = _publish(grown, 2, b2c=LIGHTER)
    decide_at(grown, 2.5)
    with grown.read() as session:
        one, two, three = (moved_by_change(session, change) for change in (first, second, third))
    assert one.decisions == two.decisions != ()
    assert (one.others, two.others, three.others) == ((second,), (first,), ())
    assert three.decisions != ()


def test_who_is_decided_late_counts_at_that_time(grown: Database) -> None:
    early, late = EVERYBODY[:30], EVERYBODY[30:]
    change = _publish(grown, 1, b2c=EASIER)
    decide_at(grown, 1.5, early)
    before = _moved(grown, change)
    decide_at(grown, 3, late)
    after = _moved(grown, change)
    assert set(before) < set(after)
    assert set(after) - set(before) == _told_one_by_one(grown, 3)[0]


def test_a_change_that_was_never_live_and_the_first_one_moved_nobody(grown: Database) -> None:
    assert _moved(grown, 1) == ()
    assert _moved(grown, 99) == ()


def test_a_damaged_chunk_is_named(grown: Database) -> None:
    change = _publish(grown, 1, b2c=EASIER)
    decide_at(grown, 1.5)
    assert _moved(grown, change)
    with grown.write() as session:
        session.execute(text("update chunk set hash = 'sha256:' || hash where market = 'B2C'"))
    with pytest.raises(DamagedError, match="B2C"):
        _moved(grown, change)
