"""What a decision starts from: overrides in force, consents and contacts strictly before, the own market's ladder."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from engine.errors import ConflictError, InputError, NotFoundError
from engine.operations.deciding import decide
from engine.operations.overriding import OverrideInput, end_override, override_tier, overrides_of
from engine.operations.publishing import publish
from engine.operations.recording import CustomerGiven, record_customer
from engine.store import Database
from engine.store.reading import customers_by_refs, latest_of_customers
from engine.vocabulary import Market
from tests.operations.checks import check_everything
from tests.operations.shop import (
    add_customer,
    answer,
    consent,
    contents,
    count,
    day,
    decide_at,
    decisions,
    order,
    record,
    rules,
    standings,
    tier_of,
)

SOMEBODY = "shop:P-0001"
NEWS = "campaign = 'news' and customer_id = (select id from customer where ref = '{}') and as_of_day = {}"
FIRST_DAY = 20_513
"""2026-03-01 in days since 1970."""


def _override(database: Database, tier: str, at: float, until: float, ref: str = SOMEBODY) -> int:
    return override_tier(database, OverrideInput(ref, tier, "strategic", day(until)), "sales-lead", day(at))


def test_an_override_holds_from_its_making_until_before_its_expiry(any_shop: Database) -> None:
    decide_at(any_shop, 0)
    computed = tier_of(any_shop, SOMEBODY)[0]
    _override(any_shop, "A", 1, 10)
    held = {}
    for number in (0.9, 1, 5, 9.999, 10, 11):
        decide_at(any_shop, number, [SOMEBODY])
        held[number] = tier_of(any_shop, SOMEBODY)
    assert computed != "A"
    over, free = (computed, "A"), (computed, computed)
    assert held == {0.9: free, 1: over, 5: over, 9.999: over, 10: free, 11: free}


def test_the_computed_tier_moves_beside_an_override(shop: Database) -> None:
    decide_at(shop, 0)
    _override(shop, "C", 1, 30)
    record(shop, [order(SOMEBODY, 1.5, 700, number=7)], day(2))
    decide_at(shop, 3)
    assert tier_of(shop, SOMEBODY) == ("A", "C")
    decide_at(shop, 31)
    assert tier_of(shop, SOMEBODY) == ("A", "A")
    assert decisions(shop, "previous")[SOMEBODY, day(31)] == ("C",)


def test_a_customer_has_one_override_at_a_time(shop: Database) -> None:
    _override(shop, "A", 0, 30)
    second = _override(shop, "C", 1, 20)
    with shop.read() as session:
        assert [row.ended_at for row in overrides_of(session)] == [None, day(1)]
    decide_at(shop, 2, [SOMEBODY])
    assert tier_of(shop, SOMEBODY)[1] == "C"
    end_override(shop, second, "sales-lead", "a mistake", day(3))
    decide_at(shop, 4, [SOMEBODY])
    assert tier_of(shop, SOMEBODY)[1] == tier_of(shop, SOMEBODY)[0]
    for number, at in ((second, 5), (999, 5), (_override(shop, "A", 6, 7), 8)):
        with pytest.raises(NotFoundError):
            end_override(shop, number, "sales-lead", "again", day(at))


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (OverrideInput(SOMEBODY, "Z", "why", day(9)), "UNKNOWN_TIER"),
        (OverrideInput(SOMEBODY, "a", "why", day(9)), "UNKNOWN_TIER"),
        (OverrideInput(SOMEBODY, "A", "  ", day(9)), "REQUIRED"),
        (OverrideInput(SOMEBODY, "A", "why", day(1)), "INVALID"),
        (OverrideInput("shop:P-9999", "A", "why", day(9)), "NOT_FOUND"),
        (OverrideInput("shop:B-0000", "C", "why", day(9)), "UNKNOWN_TIER"),
        (OverrideInput(SOMEBODY, "A", "why", day(9), expected_version=7), "CONFLICT"),
    ],
)
def test_a_wrong_override_is_refused(shop: Database, given: OverrideInput, code: str) -> None:
    known = contents(shop)
    with pytest.raises(InputError) as refused:
        override_tier(shop, given, "sales-lead", day(1))
    assert refused.value.code == code
    assert contents(shop) == known


def test_an_override_is_made_once_by_key(shop: Database) -> None:
    given = OverrideInput(SOMEBODY, "A", "why", day(9), expected_version=1)
    first = override_tier(shop, given, "sales-lead", day(1), "one")
    assert override_tier(shop, given, "sales-lead", day(1.1), "one") == first
    with pytest.raises(ConflictError):
        override_tier(
            shop, OverrideInput(SOMEBODY, "B", "why", day(9), expected_version=1), "sales-lead", day(1), "one"
        )
    assert count(shop, "tier_override") == 1


def test_an_overridden_tier_that_rules_dropped_counts_as_none(shop: Database) -> None:
    _override(shop, "C", 0, 30)
    publish(shop, rules(b2c=("{key: C,", "{key: M,")), "crm-ops", "renamed", day(1))
    decide_at(shop, 2, [SOMEBODY])
    computed, effective = tier_of(shop, SOMEBODY)
    assert computed == effective != "C"


@pytest.mark.parametrize(
    ("occurred", "state", "sent"),
    [(-0.001, "withdrawn", False), (0, "withdrawn", True), (0.001, "withdrawn", True), (-0.001, "granted", True)],
)
def test_a_consent_counts_if_given_strictly_before(shop: Database, occurred: float, state: str, sent: bool) -> None:
    record(shop, [order(SOMEBODY, -2, 40, number=9), consent(SOMEBODY, occurred, state, 1)], day(0.5))

    decide(shop, [SOMEBODY], day(0), "schedule", day(1))
    made = count(shop, "dispatch", NEWS.format(SOMEBODY, FIRST_DAY) + " and state = 'PENDING'")
    assert made == sent


def test_a_consent_recorded_later_than_asked_about_is_not_known(shop: Database) -> None:

    record(shop, [order(SOMEBODY, -2, 40, number=9)], day(-0.9))
    record(shop, [consent(SOMEBODY, -1, "withdrawn", 1)], day(-0.5))
    decide(shop, [SOMEBODY], day(0), "schedule", day(1), as_known_at=day(-0.6))
    decide(shop, [SOMEBODY], day(20), "schedule", day(20))
    states = "select state from dispatch where campaign = 'news' order by id"

    with shop.read() as session:
        assert list(session.execute(text(states)).scalars()) == ["PENDING", "SUPPRESSED"]


def test_contacts_of_earlier_decisions_count_and_own_ones_do_not(shop: Database) -> None:
    """Cooldown 20 days, at most 2 in 30 days."""
    record(shop, [order(SOMEBODY, -2, 40, number=9)], day(-1))
    for number in (0, 0.5, 19, 20, 29, 40):
        record(shop, [order(SOMEBODY, number - 1, 1, number=100 + int(2 * number))], day(number))
        decide_at(shop, number, [SOMEBODY])

    query = "select suppressed_by from dispatch where campaign = 'news' order by id"
    with shop.read() as session:
        found = list(session.execute(text(query)).scalars())
    assert found == [None, "COOLDOWN", "COOLDOWN", None, "COOLDOWN", None]


def test_a_customer_that_changes_market_starts_anew_in_the_other_ladder(shop: Database) -> None:
    ref = "shop:P-0050"
    add_customer(shop, ref, Market.B2C, at=-1)
    record(shop, [order(ref, -2, 990), answer(ref, -2, 100)], day(-1))
    decide_at(shop, 0)
    assert standings(shop)[ref].computed == "A"
    moved = CustomerGiven(ref=ref, market=Market.B2B, expected_version=1)
    record_customer(shop, moved, "crm-ops", day(1))
    decide_at(shop, 2)
    row = standings(shop)[ref]
    # 990 makes an A among persons, but a D of 10,000 here, and no grace of persons protects the A.
    assert (row.market, row.computed, row.effective, row.previous) == ("B2B", "D", "D", "A")
    assert row.since == FIRST_DAY + 2
    decide_at(shop, 3)
    with shop.read() as session:
        customer = customers_by_refs(session, [ref])[ref]
        assert customer.standing is not None
        stands = customer.standing.after(latest_of_customers(session, [customer.id])[customer.id])
        assert (stands.as_of, stands.previous, stands.effective) == (day(3), "D", "D")
    check_everything(shop)


def test_expiry_is_told_to_the_microsecond(shop: Database) -> None:
    until = day(5)
    override_tier(shop, OverrideInput(SOMEBODY, "A", "why", until), "sales-lead", day(0))

    decide(shop, [SOMEBODY], until - timedelta(microseconds=1), "schedule", day(6))
    assert tier_of(shop, SOMEBODY)[1] == "A"
    decide(shop, [SOMEBODY], until, "schedule", day(6))
    assert tier_of(shop, SOMEBODY)[1] != "A"
