"""A second person for tiers set by hand: waiting, approved, refused, expired; and what the database refuses itself."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from engine.errors import InputError, UserProblemsError
from engine.operations.deciding import decide
from engine.operations.erasing import forget_customer
from engine.operations.overriding import (
    OverrideInput,
    Standing,
    approve_override,
    end_override,
    expire_overrides,
    listed_overrides,
    override_statistics,
    override_tier,
)
from engine.operations.overriding.telling import ReasonCount
from engine.operations.people import Person
from engine.operations.publishing import ANY_REVISION, publish
from engine.store import Database
from engine.store.ledger import read_entries
from engine.store.tables import ValueEstimateRow
from tests.operations.shop import count, day, decide_at, rules, standings, tier_of

SOMEBODY = "shop:P-0001"
SECOND = "approval: {approvers: 0}\noverrides: {second_approver: {}}"


def _with(database: Database, header: str, **more: tuple[str, str]) -> None:
    files = rules(rulebook=("approval: {approvers: 0}", header), **more)
    publish(database, files, "crm-ops", "by hand", day(-0.5), ANY_REVISION)


def _set(database: Database, tier: str, at: float, until: float = 30, **more: Any) -> int:
    given = OverrideInput(SOMEBODY, tier, "strategic", day(until), **more)
    return override_tier(database, given, "Sales Lead", day(at))


def _bodies(database: Database, number: int) -> list[dict[str, Any]]:
    with database.read() as session:
        return [
            orjson.loads(entry.body)["body"] for entry in read_entries(session) if entry.subject == f"override:{number}"
        ]


def test_a_tier_that_waits_is_in_no_decision_until_somebody_else_approves(any_shop: Database) -> None:
    _with(any_shop, SECOND)
    decide_at(any_shop, 0)
    computed = tier_of(any_shop, SOMEBODY)[0]
    number = _set(any_shop, "A", 1)
    decide_at(any_shop, 2, [SOMEBODY])
    assert tier_of(any_shop, SOMEBODY) == (computed, computed)
    approve_override(any_shop, number, True, Person.named("li"), day(3))
    decide_at(any_shop, 4, [SOMEBODY])
    assert tier_of(any_shop, SOMEBODY) == (computed, "A")
    asked, approved = _bodies(any_shop, number)
    assert asked["pending"] == ["TIERS_APART", "BEST_TIER"]
    assert (approved["approved"], approved["tier"]) == (True, "A")


OWN = [("sales lead", None), ("ＳＡＬＥＳ LEAD", None), ("li", "Sales Lead"), ("boss", None), ("li", "Boss")]


@pytest.mark.parametrize("person", OWN)
def test_nobody_approves_their_own_whoever_they_act_for(shop: Database, person: tuple[str, str | None]) -> None:
    _with(shop, SECOND)
    decide_at(shop, 0)
    number = _set(shop, "A", 1, on_behalf_of="boss")
    with pytest.raises(InputError) as refused:
        approve_override(shop, number, True, Person.named(*person), day(2))
    assert refused.value.code == "FOUR_EYES"
    with shop.read() as session:
        assert listed_overrides(session, day(2))[0].standing is Standing.PENDING


APPROVED = "update tier_override set approved = true, approved_at = 1, approver = {}, approver_key = {} where id = {}"


@pytest.mark.parametrize("approver", [("'Sales Lead'", "'saleslead'"), ("'x'", "'saleslead'"), ("'sales lead'", "'x'"),
                                      ("'x'", "''"), ("null", "null")])  # fmt: skip
def test_the_database_refuses_an_own_approval(any_shop: Database, approver: tuple[str, str]) -> None:
    _with(any_shop, SECOND)
    decide_at(any_shop, 0)
    number = _set(any_shop, "A", 1)
    with pytest.raises(DBAPIError), any_shop.write() as session:
        session.execute(text(APPROVED.format(*approver, number)))
    with any_shop.write() as session:
        session.execute(text(APPROVED.format("'li'", "'li'", number)))


@pytest.mark.parametrize("change", ["needs_approval = false", "author_key = 'x', actor = 'x'", "tier = 'B'",
                                    "expires_at = expires_at + 1"])  # fmt: skip
def test_the_database_keeps_what_was_set(any_shop: Database, change: str) -> None:
    _with(any_shop, SECOND)
    decide_at(any_shop, 0)
    number = _set(any_shop, "A", 1)
    with pytest.raises(DBAPIError), any_shop.write() as session:
        session.execute(text(f"update tier_override set {change} where id = {number}"))


AGAIN = "or replace tier_override set id = (select max(id) from tier_override) where id = {}"


@pytest.mark.parametrize("how", ["delete from tier_override where id = {}", "delete from tier_override",
                                 "update tier_override set id = id + 100 where id = {}", f"update {AGAIN}",
                                 "update tier_override set from_at = from_at - 1 where id = {}",
                                 "update tier_override set from_at = 1, approved = true, approved_at = 2, "
                                 "approver = 'li', approver_key = 'li' where id = {}",
                                 "truncate tier_override"])  # fmt: skip
def test_the_database_lets_no_row_go_or_move(any_shop: Database, how: str) -> None:
    sqlite = any_shop.is_sqlite
    if ("or replace" in how and not sqlite) or ("truncate" in how and sqlite):
        pytest.skip("no statement of this engine")
    _with(any_shop, SECOND)
    decide_at(any_shop, 0)
    number = _set(any_shop, "A", 1)
    _set(any_shop, "B", 1.5)
    with pytest.raises(DBAPIError, match="set by hand"), any_shop.write() as session:
        session.execute(text(how.format(number)))
    assert count(any_shop, "tier_override") == 2


def test_a_row_goes_with_its_erased_customer_alone(any_shop: Database) -> None:
    _set(any_shop, "A", 1)
    other = OverrideInput("shop:P-0002", "A", "strategic", day(30))
    kept = override_tier(any_shop, other, "Sales Lead", day(1))
    forget_customer(any_shop, SOMEBODY, "dpo", "asked for it", day(2))
    assert count(any_shop, "tier_override") == count(any_shop, "tier_override", f"id = {kept}") == 1
    with pytest.raises(DBAPIError), any_shop.write() as session:
        session.execute(text("delete from tier_override"))


def test_nothing_begins_approved(any_shop: Database) -> None:
    _set(any_shop, "A", 1)
    columns = "customer_id, tier, reason, evidence, actor, from_at, expires_at, version, needs_approval"
    begun = f"insert into tier_override ({columns}, approved) select {columns}, true from tier_override"
    with pytest.raises(DBAPIError), any_shop.write() as session:
        session.execute(text(begun))


def test_a_refused_tier_is_never_in_force_and_is_decided_once(shop: Database) -> None:
    _with(shop, SECOND)
    decide_at(shop, 0)
    number = _set(shop, "A", 1)
    approve_override(shop, number, False, Person.named("li"), day(2), "no")
    with pytest.raises(InputError) as refused:
        approve_override(shop, number, True, Person.named("wang"), day(2.5))
    assert refused.value.code == "WRONG_STATE"
    decide_at(shop, 3, [SOMEBODY])
    computed, effective = tier_of(shop, SOMEBODY)
    assert computed == effective != "A"


def test_a_tier_one_step_up_needs_nobody_else_and_the_rest_of_the_rule_can_be_widened(shop: Database) -> None:
    _with(shop, SECOND)
    decide_at(shop, 0)
    keys = ["A", "B", "C", "D"]
    near = next(ref for ref, row in standings(shop).items() if row.market == "B2C" and row.computed == "D")
    given = OverrideInput(near, keys[2], "goodwill", day(9))
    override_tier(shop, given, "Sales Lead", day(1))
    assert count(shop, "tier_override", "needs_approval") == 0


def test_who_has_no_computed_tier_stands_below_the_last(shop: Database) -> None:
    _with(shop, "approval: {approvers: 0}\noverrides: {second_approver: {tiers_apart: 3, best_tier: false}}")
    waits = {tier: _needs(shop, _set(shop, tier, 1 + number)) for number, tier in enumerate("ABCD")}
    assert waits == {"A": True, "B": True, "C": False, "D": False}


def test_above_a_value_a_second_person_is_asked_for_and_where_the_value_is_unknown(shop: Database) -> None:
    _with(shop, "approval: {approvers: 0}\noverrides: {second_approver: {tiers_apart: 20, best_tier: false, "
          "value_above: 1000}}", campaigns=("tags:\n", "tags:\n  - {tag: worth, when: clv >= 1}\n"))  # fmt: skip
    waits = {}
    for at, amount in ((1, None), (2, 100_000), (3, 100_001)):
        if amount is not None:
            with shop.write() as session:
                session.add(_estimate(1, amount, at))
        decide_at(shop, at)
        waits[amount] = _needs(shop, _set(shop, "A", at + 0.1))
    assert waits == {None: True, 100_000: False, 100_001: True}


def _needs(database: Database, number: int) -> bool:
    return count(database, "tier_override", f"id = {number} and needs_approval") == 1


def _estimate(number: int, amount: int, at: float) -> ValueEstimateRow:
    return ValueEstimateRow(
        customer_id=number + 1, name="clv", horizon_days=365, amount=amount, currency="CNY", method="test",
        as_of=day(at), recorded_at=day(at),
    )  # fmt: skip


def test_where_a_book_declares_codes_no_other_reason_counts(shop: Database) -> None:
    reasons = "overrides: {reasons: {goodwill: {en: Goodwill, zh: 补偿}}}"
    _with(shop, f"approval: {{approvers: 0}}\n{reasons}")
    with pytest.raises(UserProblemsError) as refused:
        _set(shop, "A", 1)
    assert [problem.path for problem in refused.value.problems] == [("reason",)]
    override_tier(shop, OverrideInput(SOMEBODY, "A", "goodwill", day(9)), "Sales Lead", day(1))
    with shop.read() as session:
        assert override_statistics(session, day(2)).reasons == (ReasonCount("goodwill", 1),)


def test_evidence_is_kept_within_bounds(shop: Database) -> None:
    for evidence in (["x"] * 21, ["x" * 501], [" "]):
        with pytest.raises(UserProblemsError):
            _set(shop, "A", 1, evidence=evidence)
    _set(shop, "A", 1, evidence=["https://crm.example/deal/7"])
    assert count(shop, "tier_override", "evidence = '[\"https://crm.example/deal/7\"]'") == 1


def test_the_next_run_tells_the_ledger_of_an_expiry_once(any_shop: Database) -> None:
    number = _set(any_shop, "A", 1, until=3)
    decide_at(any_shop, 2)
    assert [body.get("expired") for body in _bodies(any_shop, number)] == [None]
    decide_at(any_shop, 4)
    decide_at(any_shop, 5)
    assert [body.get("expired") for body in _bodies(any_shop, number)] == [None, True]
    assert expire_overrides(any_shop, "schedule", day(6)) == []


def test_a_run_in_which_nobody_is_due_tells_of_no_expiry(any_shop: Database) -> None:
    _with(any_shop, SECOND)
    decide_at(any_shop, 0)
    number = _set(any_shop, "A", 1, until=2)
    decide_at(any_shop, 3)
    assert [body.get("expired") for body in _bodies(any_shop, number)] == [None, True]
    other = _set(any_shop, "B", 1.5, until=1.6)
    assert decide(any_shop, None, day(3), "schedule", day(3)).run_id is None
    assert [body.get("expired") for body in _bodies(any_shop, other)] == [None]
    decide_at(any_shop, 33)
    assert [body.get("expired") for body in _bodies(any_shop, other)] == [None, True]


def test_expiring_without_a_run_and_what_ended_before_does_not_expire(shop: Database) -> None:
    first = _set(shop, "A", 1, until=3)
    end_override(shop, first, "Sales Lead", "over", day(2))
    second = _set(shop, "B", 2, until=4)
    assert expire_overrides(shop, "schedule", day(3.9)) == []
    assert expire_overrides(shop, "schedule", day(4)) == [second]
    with shop.read() as session:
        found = {one.row.id: one.standing for one in listed_overrides(session, day(5))}
    assert found == {first: Standing.ENDED, second: Standing.EXPIRED}
