"""A tier set by hand or a task that is altered in its own table, the ledger left alone, is told by verifying."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from engine.operations.dispatching import deliver_pending
from engine.operations.erasing import forget_customer
from engine.operations.overriding import (
    OverrideInput,
    approve_override,
    end_override,
    expire_overrides,
    override_tier,
)
from engine.operations.people import Person
from engine.operations.publishing import ANY_REVISION, publish
from engine.operations.tasks import assign_task, complete_task, open_tasks
from engine.operations.verifying import verify_everything
from engine.store import Database, open_database
from engine.store.ledger import read_entries
from tests.operations.checks import unguard
from tests.operations.shop import count, day, decide_at, model_version, predict_by, rules

HEADER = """approval: {approvers: 0}
overrides: {second_approver: {}}
review_queue: {missing_data: true}"""
ENDED, APPROVED, WAITS, EXPIRED = "where id = 1", "where id = 2", "where id = 3", "where id = 4"
OPEN = "where id = (select min(id) from task where state = 'OPEN' and assignee is null)"
GIVEN = "where assignee = 'mei' and state = 'OPEN'"
TO_CALL = "where assignee = 'wang'"
DONE = "where state = 'DONE'"
LAPSED = "where id = (select min(id) from task where state = 'EXPIRED')"
ALTERED = [
    ("its tier", f"update tier_override set tier = 'B' {WAITS}", "tier"),
    ("who set it", f"update tier_override set actor = 'mallory', author_key = 'mallory' {WAITS}", "by"),
    ("how they are compared", f"update tier_override set author_key = 'mallory' {WAITS}", "by"),
    ("for whom", f"update tier_override set on_behalf_of = 'li', on_behalf_key = 'li' {WAITS}", "on_behalf_of"),
    ("that it waits", f"update tier_override set needs_approval = 0 {WAITS}", "needs_approval"),
    ("from when", f"update tier_override set from_at = from_at - 1 {APPROVED}", "from_at"),
    ("until when", f"update tier_override set expires_at = expires_at + 1 {APPROVED}", "expires_at"),
    ("its reason", f"update tier_override set reason = 'none' {APPROVED}", "said"),
    ("its note", f"update tier_override set note = 'none' {APPROVED}", "said"),
    ("its evidence", f"update tier_override set evidence = '[]' {APPROVED}", "said"),
    ("what was computed", f"update tier_override set computed = 'B' {APPROVED}", "computed"),
    ("which rule", f"update tier_override set decided_by = 'b2c.tiers.X' {APPROVED}", "decided_by"),
    ("an approval", f"update tier_override set approved = 1, approver = 'li', approver_key = 'li', approved_at = 1 "
     f"{WAITS}", "approved, approver"),
    ("who approved", f"update tier_override set approver = 'wang', approver_key = 'wang' {APPROVED}", "approver"),
    ("when it was approved", f"update tier_override set approved_at = approved_at + 1 {APPROVED}", "approved_at"),
    ("what was said", f"update tier_override set approval_note = 'none' {APPROVED}", "approval_said"),
    ("that it ended", f"update tier_override set ended_at = null {ENDED}", "ended_at"),
    ("an end", f"update tier_override set ended_at = 1 {APPROVED}", "ended_at"),
    ("an expiry told", f"update tier_override set expiry_at = null {EXPIRED}", "expiry_at"),
    ("whose", f"update tier_override set customer_id = 9 {APPROVED}", "customer"),
    ("one gone", f"delete from tier_override {APPROVED}", "hand 2 is not there any more"),
    ("one nobody set", "insert into tier_override (customer_id, tier, reason, evidence, actor, from_at, expires_at, "
     "version) values (5, 'A', 'x', '[]', 'mallory', 1, 9, 1)", "no entry of the tier set by hand"),
    ("who has a review", f"update task set assignee = 'mallory' {GIVEN}", "assignee"),
    ("a campaign's task closed", "update task set state = 'DONE', outcome = 'paid', completed_by = 'ghost' "
     f"{TO_CALL}", "state, outcome, by"),
    ("when a campaign's was", f"update task set completed_at = 1 {TO_CALL}", "closed_at"),
    ("why", f"update task set review_reason = 'GUARDRAIL' {OPEN}", "reason"),
    ("of which tier", f"update task set tier = 'Z' {OPEN}", "tier"),
    ("of which decision", f"update task set decision_id = decision_id + 1 {OPEN}", "decision"),
    ("a review closed", f"update task set state = 'DONE' {OPEN}", "state"),
    ("what came of it", f"update task set outcome = 'DATA_REQUESTED' {DONE}", "outcome"),
    ("who closed it", f"update task set completed_by = 'mallory' {DONE}", "by"),
    ("when", f"update task set completed_at = completed_at + 1 {DONE}", "closed_at"),
    ("one that lapsed", f"update task set outcome = 'CONFIRMED' {LAPSED}", "outcome"),
    ("that its reason is gone", f"update task set gone_at = null {LAPSED}", "gone_at"),
    ("a review gone", f"delete from task {OPEN}", "is not there any more"),
    ("a review nobody made", "insert into task (kind, state, title_en, title_zh, customer_id, decision_id, version) "
     "values ('REVIEW', 'OPEN', 'x', 'x', 5, 1, 1)", "no entry of task"),
]  # fmt: skip


@pytest.fixture(scope="module")
def worked_file(opened_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop where tiers were set by hand, ended, approved, expired and wait; and reviews are open, given, closed."""
    file = tmp_path_factory.mktemp("worked") / "touchstone.db"
    shutil.copyfile(opened_file, file)
    with open_database(f"sqlite:///{file}") as shop:
        publish(
            shop, rules(rulebook=("approval: {approvers: 0}", HEADER)), "crm-ops", "by hand", day(-0.5), ANY_REVISION
        )
        set_by_hand(shop)
        review_decisions(shop)
    return file


@pytest.fixture
def worked(worked_file: Path, tmp_path: Path) -> Iterator[Database]:
    file = tmp_path / "worked.db"
    shutil.copyfile(worked_file, file)
    with open_database(f"sqlite:///{file}") as database:
        yield database


def set_by_hand(shop: Database) -> None:
    predict_by(shop, model_version(shop, "one", -1), -1)
    decide_at(shop, 0)
    low = _refs(shop, "s.market = 'B2C' and s.computed = 'D'")[:3]

    def by_hand(ref: str, tier: str, at: float, until: float) -> int:
        given = OverrideInput(ref, tier, "strategic", day(until), "so", ("https://crm.example/7",))
        return override_tier(shop, given, "Sales Lead", day(at))

    assert by_hand(low[0], "C", 1, 90) == 1
    second = by_hand(low[0], "A", 2, 90)
    approve_override(shop, second, True, Person.named("li", "wang"), day(3), "seen")
    assert by_hand(low[1], "A", 3, 90) == 3
    by_hand(low[2], "C", 3, 4)
    assert expire_overrides(shop, "schedule", day(5)) == [4]
    refused = by_hand(low[2], "A", 5, 90)
    approve_override(shop, refused, False, Person.named("li"), day(6), "no")
    end_override(shop, by_hand(low[2], "C", 7, 90), "Sales Lead", "over", day(8))


def review_decisions(shop: Database) -> None:
    decide_at(shop, 60)
    with shop.read() as session:
        mine = [task.id or 0 for task in open_tasks(session, kind="REVIEW")]
    assert len(mine) > 4
    assign_task(shop, mine[0], "mei", "lead", day(60.1))
    assign_task(shop, mine[1], "li", "lead", day(60.1))
    complete_task(shop, mine[1], "DONE", "CONFIRMED", "li", day(60.2))
    deliver_pending(shop, day(60.3), lambda _line: None)
    with shop.read() as session:
        to_call = open_tasks(session, kind="CAMPAIGN")[0].id or 0
    assign_task(shop, to_call, "wang", "lead", day(60.4))
    predict_by(shop, model_version(shop, "two", 61), 61)
    decide_at(shop, 62)


def _refs(shop: Database, where: str) -> list[str]:
    with shop.read() as session:
        query = f"select c.ref from standing s join customer c on c.id = s.customer_id where {where}"
        return list(session.execute(text(f"{query} order by c.id")).scalars())


def found(database: Database) -> list[str]:
    with database.read() as session:
        return [problem.en for problem in verify_everything(session, None).misfits]


def test_nothing_is_told_of_what_nobody_altered(worked: Database) -> None:
    for where in (OPEN, GIVEN, TO_CALL, DONE, LAPSED):
        assert count(worked, "task", where.removeprefix("where ")) >= 1, where
    assert found(worked) == []


@pytest.mark.parametrize(("what", "statement", "told"), ALTERED, ids=[one[0] for one in ALTERED])
def test_what_was_altered_is_told(worked: Database, what: str, statement: str, told: str) -> None:
    unguard(worked)
    with worked.write() as session:
        done = session.execute(text(statement))
        assert done.rowcount == 1  # type: ignore[attr-defined]
    problems = found(worked)
    assert any(told in problem for problem in problems), problems


def test_a_customer_named_as_who_has_a_task_is_not_named_in_the_ledger(worked: Database) -> None:
    with worked.read() as session:
        number, customer, ref = session.execute(
            text(f"select t.id, c.id, c.ref from task t join customer c on c.id = t.customer_id {GIVEN}")
        ).one()
    assign_task(worked, number, f"friend of {ref}", "lead", day(63))
    assert count(worked, "task", f"assignee = 'friend of {ref}'") == 1
    with worked.read() as session:
        entry = list(read_entries(session))[-1]
        assert orjson.loads(entry.body)["body"]["assignee"] == f"friend of customer:{customer}"
        assert ref not in str(entry.body)
    assert found(worked) == []
    unguard(worked)
    with worked.write() as session:
        session.execute(text(f"update task set assignee = 'customer:{customer}' where id = {number}"))
    assert any("assignee" in problem for problem in found(worked))
    assign_task(worked, number, "mei", "lead", day(64))
    assert found(worked) == []


def test_what_went_with_an_erased_person_is_not_missed(worked: Database) -> None:
    for ref in _refs(
        worked, "s.customer_id in (select customer_id from tier_override union select customer_id from task)"
    ):
        forget_customer(worked, ref, "dpo", "asked for it", day(70))
    assert count(worked, "tier_override") == count(worked, "task") == 0
    assert found(worked) == []
