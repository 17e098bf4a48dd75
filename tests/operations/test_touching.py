"""Which rule changes touched a customer: those that moved its score or tier, and no others."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from engine.errors import NotFoundError
from engine.operations.publishing import publish
from engine.operations.touching import changes_touching, touching_of_ref
from engine.store import Database
from engine.store.tables import CustomerRow
from engine.vocabulary import Market
from tests.operations.shop import (
    add_customer,
    answer,
    day,
    decide_at,
    model_version,
    order,
    predict_by,
    record,
    refs,
    rules,
    standings,
    tier_of,
)

LIGHTER = ("weight: 50", "weight: 20")
RENAMED = ("Small shop", "Smaller shop")


def _publish(database: Database, at: float, **edits: tuple[str, str]) -> int:
    return publish(database, rules(**edits), "crm-ops", "another weight", day(at)).change_id


def _touched(database: Database, market: Market) -> dict[int, tuple[int, ...]]:
    with database.read() as session:
        query = select(CustomerRow.id).where(CustomerRow.market == market.value)  # type: ignore[call-overload]
        return dict(changes_touching(session, list(session.execute(query).scalars())))


def test_whom_a_change_moved_it_touched(shop: Database) -> None:
    decide_at(shop, 0)
    before = {ref: row.score for ref, row in standings(shop).items()}
    lighter = _publish(shop, 1, b2c=LIGHTER)
    decide_at(shop, 1.001)
    moved = {ref for ref, row in standings(shop).items() if row.score != before[ref]}
    with shop.read() as session:
        touched = {ref for ref in refs() if touching_of_ref(session, ref) == (lighter,)}
    assert touched >= {ref for ref in moved if ref.startswith("shop:P-")} != set()
    assert set(_touched(shop, Market.B2B).values()) == {()}
    _publish(shop, 2, b2c=LIGHTER, rulebook=RENAMED)  # moves nobody
    decide_at(shop, 3)
    assert set(_touched(shop, Market.B2C).values()) <= {(), (lighter,)}


def test_every_change_between_two_decisions_counts_and_none_before_or_after(shop: Database) -> None:
    _publish(shop, -1, b2c=LIGHTER)
    decide_at(shop, 0)
    between = _publish(shop, 1, b2c=("weight: 50", "weight: 40")), _publish(shop, 1.5)
    decide_at(shop, 2)
    _publish(shop, 3, b2c=LIGHTER)
    found = set(_touched(shop, Market.B2C).values())
    assert between in found
    assert found <= {(), between}


def test_a_revision_published_again_is_the_change_it_was_decided_by(shop: Database) -> None:
    decide_at(shop, 0)
    first = _publish(shop, 1, b2c=LIGHTER)
    decide_at(shop, 2)
    back = _publish(shop, 3)
    decide_at(shop, 4)
    again = _publish(shop, 5, b2c=LIGHTER)
    decide_at(shop, 6)
    assert (first, back, again) in set(_touched(shop, Market.B2C).values())


def test_a_change_that_asks_for_a_fall_touches_whoever_is_held(shop: Database) -> None:
    ref = "shop:P-0050"
    add_customer(shop, ref, Market.B2C)
    record(shop, [order(ref, -1, 900), answer(ref, -1, 50)], day(-0.5))
    predict_by(shop, model_version(shop, "first", -0.5), -0.5, 0.3)
    decide_at(shop, 0, [ref])
    assert (standings(shop)[ref].score, tier_of(shop, ref)) == (740_000, ("A", "A"))
    harder = _publish(shop, 1, b2c=("{key: A, at_least: 70", "{key: A, at_least: 90"))
    decide_at(shop, 2, [ref])
    assert (standings(shop)[ref].score, tier_of(shop, ref)) == (740_000, ("A", "A"))
    with shop.read() as session:
        assert touching_of_ref(session, ref) == (harder,)


def test_nobody_knows_of_a_stranger(shop: Database) -> None:
    with shop.read() as session, pytest.raises(NotFoundError, match="no customer shop:nobody"):
        touching_of_ref(session, "shop:nobody")
