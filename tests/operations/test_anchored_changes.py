"""A rule change or a review that is altered in its own table, the ledger left alone, is told by verifying."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.operations.publishing import changes, publish
from engine.operations.rule_life import (
    Person,
    Proposal,
    Verdict,
    propose,
    publish_change,
    review,
    roll_back,
    schedule_change,
    withdraw,
)
from engine.operations.verifying import verify_everything
from engine.store import Database, open_database
from tests.operations.checks import unguard
from tests.operations.shop import day, rules

PROPOSED = "where state = 'APPROVED'"
SCHEDULED = "where state = 'SCHEDULED'"
CHANGED = [
    ("who proposed", f"update rule_change set actor = 'mallory', author_key = 'mallory' {PROPOSED}", "author"),
    ("how they are compared", f"update rule_change set author_key = 'mallory' {PROPOSED}", "author"),
    ("for whom", f"update rule_change set on_behalf_of = 'wang', on_behalf_key = 'wang' {PROPOSED}", "on_behalf_of"),
    ("why it was proposed", f"update rule_change set reason = 'none' {PROPOSED}", "reason"),
    ("its content", f"update rule_change set revision = base_revision {PROPOSED}", "revision"),
    ("its base", f"update rule_change set base_revision = revision {PROPOSED}", "base"),
    ("how many approve", f"update rule_change set approvers_needed = 0 {PROPOSED}", "approvers_needed"),
    ("its preview", f"update rule_change set preview = '{{}}' {PROPOSED}", "preview"),
    ("its snapshot", f"update rule_change set snapshot = 'sha256:00' {PROPOSED}", "snapshot"),
    ("how long it holds", f"update rule_change set valid_until = valid_until + 1 {PROPOSED}", "valid_until"),
    ("its round", f"update rule_change set round = 3 {PROPOSED}", "round"),
    ("its state", f"update rule_change set state = 'IN_REVIEW' {PROPOSED}", "state"),
    ("what it restores", f"update rule_change set restores_id = 1 {PROPOSED}", "restores"),
    ("since when", "update rule_change set live_from = live_from - 1 where state = 'LIVE'", "live_from"),
    ("until when", "update rule_change set live_until = live_until - 1 where state = 'SUPERSEDED'", "live_until"),
    ("when it goes live", f"update rule_change set activate_at = activate_at - 1 {SCHEDULED}", "activate_at"),
    ("in which zone", f"update rule_change set activate_zone = 'UTC' {SCHEDULED}", "activate_zone"),
    ("who scheduled", f"update rule_change set scheduled_by = 'mallory' {SCHEDULED}", "scheduled_by"),
    ("why then", f"update rule_change set schedule_reason = 'none' {SCHEDULED}", "schedule_reason"),
    ("that it stopped", f"update rule_change set attention_en = 'none' {SCHEDULED}", "attention"),
    ("who published", "update rule_change set published_by = 'mallory' where state = 'LIVE'", "by"),
    ("a change put live", f"update rule_change set state = 'SUPERSEDED', live_from = 1, live_until = 2 {PROPOSED}",
     "live_from, live_until, state"),
    ("a change nobody made", "insert into rule_change (state, revision, bootstrap, actor, reason, at, version) "
     "select 'APPROVED', revision, bootstrap, actor, reason, at, 1 from rule_change where id = 1", "no entry of rule"),
    ("a change gone", f"delete from rule_change {PROPOSED}", "is not there any more"),
    ("a revision's text", "update revision set files = '[]' where hash = "
     f"(select revision from rule_change {PROPOSED})", "does not fit its hash"),
    ("a verdict", "update review set approved = 1 where actor = 'wang'", "approved"),
    ("who reviewed", "update review set actor = 'mallory', actor_key = 'mallory' where actor = 'li'", "by li is not"),
    ("how a reviewer is compared", "update review set on_behalf_key = 'mei' where actor = 'li'", "reviewer_for"),
    ("a note", "update review set note = 'none' where actor = 'li'", "note"),
    ("when", "update review set at = at + 1 where actor = 'li'", "at"),
    ("of what", "update review set revision = 'sha256:00' where actor = 'li'", "revision"),
    ("on what base", "update review set base_revision = 'sha256:00' where actor = 'li'", "base"),
    ("of which preview", "update review set preview_digest = 'sha256:00' where actor = 'li'", "preview"),
    ("of which round", "update review set round = 7 where actor = 'li'", "by li is not there any more"),
    ("a review gone", "delete from review where actor = 'wang'", "by wang is not there any more"),
    ("a review nobody made", "insert into review (change_id, round, actor, actor_key, on_behalf_key, approved, at, "
     "revision, preview_digest, snapshot) select change_id, round, 'zhou', 'zhou', '', 1, at, revision, "
     "preview_digest, snapshot from review where actor = 'li'", "no entry of the review of rule change 3 by zhou"),
]  # fmt: skip


@pytest.fixture(scope="module")
def reviewed_file(opened_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with one change that was approved, edited and approved again, one rejected, one withdrawn."""
    file = tmp_path_factory.mktemp("reviewed") / "touchstone.db"
    shutil.copyfile(opened_file, file)
    with open_database(f"sqlite:///{file}") as shop:
        review_changes(shop)
    return file


@pytest.fixture
def reviewed(reviewed_file: Path, tmp_path: Path) -> Iterator[Database]:
    """That shop, this test's own."""
    file = tmp_path / "reviewed.db"
    shutil.copyfile(reviewed_file, file)
    with open_database(f"sqlite:///{file}") as database:
        yield database


def review_changes(shop: Database) -> None:
    asking = ("approval: {approvers: 0}\n", "approval: {approvers: 1}\n")
    publish(shop, rules(rulebook=asking), "crm-ops", "four eyes", day(0.5))
    mei, li, wang = (Person.named(name) for name in ("mei", "li", "wang"))

    def proposed(points: int, number: int | None = None) -> int:
        files = rules(rulebook=asking, b2c=("at_least: 70", f"at_least: {points}"))
        return propose(shop, Proposal(files, f"{points} points", number), mei, day(1)).change_id

    first = proposed(71)
    review(shop, Verdict(first, True, "fine"), li, day(1.1))
    review(shop, Verdict(proposed(72), False, "too strict"), wang, day(1.2))
    withdraw(shop, proposed(73), mei, "second thoughts", day(1.3))
    proposed(74, first)
    review(shop, Verdict(first, True, "fine again"), Person.named("zhao", on_behalf_of="sun"), day(1.4))
    later = proposed(75)
    review(shop, Verdict(later, True), Person.named("qian"), day(1.4))
    schedule_change(shop, later, day(6), "mei", "in time", day(1.4))


def _first(database: Database) -> str:
    with database.read() as session:
        return changes(session)[-2].revision


def found(database: Database) -> list[str]:
    with database.read() as session:
        return [problem.en for problem in verify_everything(session, None).misfits]


def test_nothing_is_told_of_changes_nobody_altered(reviewed: Database) -> None:
    assert found(reviewed) == []
    publish_change(reviewed, 3, "mei", "go", day(1.5))
    roll_back(reviewed, _first(reviewed), Person.named("mei"), "back", day(1.6))
    assert found(reviewed) == []


@pytest.mark.parametrize(("what", "statement", "told"), CHANGED, ids=[one[0] for one in CHANGED])
def test_an_altered_change_or_review_is_told(reviewed: Database, what: str, statement: str, told: str) -> None:
    unguard(reviewed)
    with reviewed.write() as session:
        done = session.execute(text(statement))
        assert done.rowcount == 1  # type: ignore[attr-defined]
    problems = found(reviewed)
    assert any(told in problem for problem in problems), problems
