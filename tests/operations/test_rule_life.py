"""Life of a rule change: four eyes, exactly what was seen, on the base it was seen on."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from engine.errors import ConflictError, InputError, TouchstoneError
from engine.operations.publishing import changes, live_change, publish
from engine.operations.rule_life import (
    TRANSITIONS,
    Person,
    Proposal,
    State,
    Step,
    Verdict,
    after,
    change_of,
    propose,
    publish_change,
    review,
    reviews_of,
    roll_back,
    void_change,
    withdraw,
)
from engine.operations.verifying import verify_everything
from engine.store import Database, open_database, verify_ledger
from engine.store.reading import EntryFilter, Slice, entries_page
from tests.operations.shop import count, day, decide_at, rules

MEI, LI, WANG = Person.named("mei"), Person.named("li"), Person.named("wang")
GUARDED = "approval: {approvers: 1}\nguardrails: {max_moved: 0.1%}\n"
FREE = ("approval: {approvers: 0}\n", "approval: {approvers: 1}\n")


@pytest.fixture
def ruled(any_shop: Database) -> Database:
    """A small shop where one other person must approve; on both engines."""
    publish(any_shop, rules(rulebook=FREE), "crm-ops", "from now on four eyes", day(-1))
    return any_shop


@pytest.fixture
def guarded(shop: Database) -> Database:
    """One where few may move without a second approver, and everybody has been decided."""
    publish(shop, rules(rulebook=("approval: {approvers: 0}\n", GUARDED)), "crm-ops", "guarded", day(-1))
    decide_at(shop, 0)
    return shop


def _files(points: int = 71, book: tuple[str, str] = FREE) -> dict[str, str]:
    return rules(rulebook=book, b2c=("at_least: 70", f"at_least: {points}"))


def _proposed(database: Database, at: float = 1, points: int = 71, person: Person = MEI, **more: object) -> int:
    return propose(database, Proposal(_files(points), f"{points} points", **more), person, day(at)).change_id  # type: ignore[arg-type]


def _approve(database: Database, change: int, person: Person = LI, at: float = 1.1, **more: object) -> str:
    return review(database, Verdict(change, True, **more), person, day(at)).state  # type: ignore[arg-type]


def _state(database: Database, change: int) -> str:
    with database.read() as session:
        return change_of(session, change).state


def _live(database: Database) -> str:
    with database.read() as session:
        live = live_change(session)
        assert live is not None
        return live.revision


def _refused(code: str) -> Any:
    return pytest.raises(InputError, match=None, check=lambda error: error.code == code)


def test_a_change_goes_its_way_with_an_entry_for_every_step(ruled: Database) -> None:
    change = _proposed(ruled)
    assert _state(ruled, change) == "IN_REVIEW"
    assert _approve(ruled, change, note="seen") == "APPROVED"
    before = _live(ruled)
    done = publish_change(ruled, change, "mei", "as approved", day(1.2))
    assert (done.changed, _live(ruled), _state(ruled, change)) == (True, done.revision, "LIVE")
    with ruled.read() as session:
        row = change_of(session, change)
        assert [one.state for one in changes(session)] == ["LIVE", "SUPERSEDED", "SUPERSEDED"]
        entries = entries_page(session, EntryFilter(), Slice(3)).rows
        assert verify_ledger(session).ok
    assert [entry.kind for entry in entries] == ["RULES_PUBLISHED", "RULES_APPROVED", "RULES_PROPOSED"]
    assert [entry.actor for entry in entries] == ["mei", "li", "mei"]
    for entry in entries:
        for bound in (row.revision, row.preview_digest, row.snapshot, before):
            assert str(bound) in str(entry.body)


@pytest.mark.parametrize("name", ["mei", "MEI", " m e i ", "ｍｅｉ", "Mei"])
def test_nobody_approves_their_own_change_however_they_write_their_name(ruled: Database, name: str) -> None:
    change = _proposed(ruled)
    with _refused("FOUR_EYES"):
        _approve(ruled, change, Person.named(name))
    with _refused("FOUR_EYES"):
        _approve(ruled, change, Person.named("li", on_behalf_of=name))
    assert _state(ruled, change) == "IN_REVIEW"


def test_whoever_it_was_proposed_for_does_not_approve_either(ruled: Database) -> None:
    change = _proposed(ruled, person=Person.named("assistant", on_behalf_of="mei"))
    for name in ("assistant", "Mei"):
        with _refused("FOUR_EYES"):
            _approve(ruled, change, Person.named(name))
    assert _approve(ruled, change) == "APPROVED"


def test_the_database_refuses_what_the_program_would(ruled: Database) -> None:
    change = _proposed(ruled)
    insert = (
        "INSERT INTO review (change_id, round, actor, actor_key, on_behalf_key, approved, at, revision, preview_digest,"
        " snapshot) SELECT id, round{2}, '{0}', '{1}', '', {3}, 0, revision, preview_digest, snapshot FROM rule_change"
        f" WHERE id = {change}"
    )
    true = "1" if ruled.is_sqlite else "true"
    forbidden = [
        insert.format("mei", "mei", "", true),
        insert.format("M ei", "somebody", "", true),
        insert.format("li", "", "", true),
        insert.format("li", "li", " + 1", true),
        f"UPDATE rule_change SET state = 'APPROVED' WHERE id = {change}",
        f"UPDATE rule_change SET state = 'LIVE' WHERE id = {change}",
        f"UPDATE rule_change SET author_key = 'nobody' WHERE id = {change}",
        f"UPDATE rule_change SET approvers_needed = 0 WHERE id = {change}",
        f"UPDATE rule_change SET revision = 'sha256:other' WHERE id = {change}",
        f"DELETE FROM rule_change WHERE id = {change}",
    ]
    for statement in forbidden:
        with pytest.raises((DBAPIError, TouchstoneError)), ruled.write() as session:
            session.execute(text(statement))
    with ruled.write() as session:
        session.execute(text(insert.format("li", "li", "", true)))
    for statement in (
        "UPDATE review SET approved = {} ".format("0" if ruled.is_sqlite else "false"),
        "DELETE FROM review",
    ):
        with pytest.raises((DBAPIError, TouchstoneError)), ruled.write() as session:
            session.execute(text(statement))


def test_an_edit_voids_what_was_approved(ruled: Database) -> None:
    change = _proposed(ruled)
    _approve(ruled, change)
    _proposed(ruled, 1.2, 72, change_id=change)
    assert _state(ruled, change) == "IN_REVIEW"
    with _refused("APPROVAL_REQUIRED"):
        publish_change(ruled, change, "mei", "go", day(1.3))
    with ruled.read() as session:
        assert len(reviews_of(session, change)) == 1
    assert _approve(ruled, change, at=1.3) == "APPROVED"
    with pytest.raises(InputError, match="Only its author"):
        _proposed(ruled, 1.4, 73, LI, change_id=change)


def test_an_approval_is_of_what_was_seen(ruled: Database) -> None:
    change = _proposed(ruled)
    with ruled.read() as session:
        row = change_of(session, change)
    _proposed(ruled, 1.2, 72, change_id=change)
    with _refused("APPROVAL_VOID"):
        _approve(ruled, change, revision=row.revision)
    with _refused("APPROVAL_VOID"):
        _approve(ruled, change, snapshot="sha256:other")
    with ruled.read() as session:
        assert reviews_of(session, change) == []


def test_a_base_that_moved_or_grew_old_voids_it(ruled: Database) -> None:
    first, second = _proposed(ruled), _proposed(ruled, points=72)
    _approve(ruled, first)
    _approve(ruled, second)
    with _refused("APPROVAL_VOID"):
        publish_change(ruled, first, "mei", "late", day(8.1))
    publish_change(ruled, first, "mei", "go", day(2))
    with _refused("APPROVAL_VOID"):
        publish_change(ruled, second, "mei", "go", day(2.1))
    with ruled.read() as session:
        assert void_change(session, change_of(session, second), day(2.1)) is not None
    _proposed(ruled, 2.2, 72, change_id=second)
    with _refused("APPROVAL_REQUIRED"):
        publish_change(ruled, second, "mei", "go", day(2.3))
    _approve(ruled, second, at=2.4)
    assert publish_change(ruled, second, "mei", "go", day(2.5)).changed


def test_a_change_does_not_lift_its_own_approval(ruled: Database) -> None:
    with _refused("APPROVAL_REQUIRED"):
        publish(ruled, rules(), "mei", "nobody has to approve any more", day(1))
    change = propose(ruled, Proposal(rules(), "nobody has to approve any more"), MEI, day(1)).change_id
    with _refused("APPROVAL_REQUIRED"):
        publish_change(ruled, change, "mei", "go", day(1))
    _approve(ruled, change)
    publish_change(ruled, change, "mei", "go", day(1.2))
    assert publish(ruled, _files(73), "mei", "freely", day(1.3)).changed


def test_a_crossed_guardrail_needs_a_second_person(guarded: Database) -> None:
    files = _files(56, ("approval: {approvers: 0}\n", GUARDED))
    done = propose(guarded, Proposal(files, "generous"), MEI, day(1))
    assert done.needed == 2
    assert _approve(guarded, done.change_id) == "IN_REVIEW"
    for name in ("li", "L I"):
        with _refused("GUARDRAIL"):
            _approve(guarded, done.change_id, Person.named(name))
    with _refused("GUARDRAIL"):
        publish_change(guarded, done.change_id, "mei", "go", day(1.2))
    with _refused("FOUR_EYES"):
        _approve(guarded, done.change_id, MEI)
    assert _approve(guarded, done.change_id, WANG) == "APPROVED"
    assert publish_change(guarded, done.change_id, "li", "go", day(1.2)).changed


def test_rejected_and_withdrawn_changes_stay_where_they_are(ruled: Database) -> None:
    first, second = _proposed(ruled), _proposed(ruled, points=72)
    assert review(ruled, Verdict(first, False, "too strict"), LI, day(1.1)).state == "REJECTED"
    with pytest.raises(InputError, match="Only its author"):
        withdraw(ruled, second, LI, "no", day(1.1))
    with pytest.raises(ConflictError):
        withdraw(ruled, second, MEI, "second thoughts", day(1.1), expected_version=9)
    assert withdraw(ruled, second, MEI, "second thoughts", day(1.1), expected_version=1) == "WITHDRAWN"
    for change in (first, second):
        for act in (
            lambda one: _approve(ruled, one),
            lambda one: publish_change(ruled, one, "mei", "go", day(1.2)),
            lambda one: _proposed(ruled, 1.2, 75, change_id=one),
            lambda one: withdraw(ruled, one, MEI, "again", day(1.2)),
        ):
            with _refused("WRONG_STATE"):
                act(change)


def test_a_rollback_is_previewed_and_approved_like_any_other(ruled: Database) -> None:
    first = _live(ruled)
    change = _proposed(ruled)
    _approve(ruled, change)
    publish_change(ruled, change, "mei", "go", day(1.2))
    back = roll_back(ruled, first, MEI, "too strict", day(2))
    assert back.published is None
    assert back.proposed is not None
    assert back.proposed.preview is not None
    _approve(ruled, back.change_id, at=2.1)
    publish_change(ruled, back.change_id, "li", "go", day(2.2))
    assert _live(ruled) == first
    assert (_state(ruled, change), _state(ruled, back.change_id)) == ("ROLLED_BACK", "LIVE")
    with ruled.read() as session:
        assert entries_page(session, EntryFilter(), Slice(1)).rows[0].kind == "RULES_ROLLED_BACK"
    with pytest.raises(InputError):
        roll_back(ruled, "sha256:never", MEI, "nowhere", day(3))


def test_a_rollback_that_is_edited_restores_nothing(ruled: Database) -> None:
    first, change = _live(ruled), _proposed(ruled)
    _approve(ruled, change)
    publish_change(ruled, change, "mei", "go", day(1.2))
    back = roll_back(ruled, first, MEI, "too strict", day(2)).change_id
    _proposed(ruled, 2.1, 72, change_id=back)
    _approve(ruled, back, at=2.2)
    publish_change(ruled, back, "li", "go", day(2.3))
    assert _state(ruled, change) == "SUPERSEDED"
    with ruled.read() as session:
        assert entries_page(session, EntryFilter(), Slice(1)).rows[0].kind == "RULES_PUBLISHED"
        assert verify_everything(session, None).ok


def test_the_same_key_rolls_back_once_whatever_is_live_by_then(shop: Database) -> None:
    with shop.read() as session:
        first = live_change(session)
    assert first is not None
    publish(shop, rules(b2c=("at_least: 70", "at_least: 71"), rulebook=FREE), "mei", "four eyes", day(1))
    asking = _live(shop)
    proposed = [roll_back(shop, first.revision, MEI, "back", day(2), idempotency_key="k") for _ in range(2)]
    assert proposed[0].change_id == proposed[1].change_id
    _approve(shop, proposed[0].change_id, at=2.1)
    publish_change(shop, proposed[0].change_id, "mei", "go", day(2.2))
    again = roll_back(shop, first.revision, MEI, "back", day(2.3), idempotency_key="k")
    assert again.change_id == proposed[0].change_id
    freely = [roll_back(shop, asking, MEI, "forth", day(2.4 + n), idempotency_key="f") for n in (0, 0.1)]
    assert [done.proposed for done in freely] == [None, None]
    assert freely[0].change_id == freely[1].change_id
    assert count(shop, "rule_change") == 4


def test_a_draft_goes_as_far_as_its_tests_let_it(ruled: Database) -> None:
    done = propose(ruled, Proposal(_files(), "not yet", submit=False), MEI, day(1))
    assert done.state == "PREVIEWED"
    with _refused("WRONG_STATE"):
        _approve(ruled, done.change_id)
    assert _proposed(ruled, 1.1, change_id=done.change_id) == done.change_id
    assert _state(ruled, done.change_id) == "IN_REVIEW"


def test_the_same_key_does_it_once(ruled: Database) -> None:
    proposal = Proposal(_files(), "once")
    first = propose(ruled, proposal, MEI, day(1), "p")
    again = propose(ruled, proposal, MEI, day(1.1), "p")
    assert (again.change_id, count(ruled, "rule_change")) == (first.change_id, 3)
    verdict = Verdict(first.change_id, True)
    assert review(ruled, verdict, LI, day(1.1), "r") == review(ruled, verdict, LI, day(1.2), "r")
    assert count(ruled, "review") == 1
    with pytest.raises(ConflictError):
        review(ruled, Verdict(first.change_id, False), LI, day(1.2), "r")


def test_a_change_outlives_a_restart(shop_url: str) -> None:
    with open_database(shop_url) as database:
        publish(database, rules(rulebook=FREE), "crm-ops", "four eyes", day(-1))
        change = _proposed(database)
    with open_database(shop_url) as database:
        with _refused("FOUR_EYES"):
            _approve(database, change, MEI)
        assert _approve(database, change) == "APPROVED"


def test_only_these_steps_lead_to_live() -> None:
    assert {state for (state, step), to in TRANSITIONS.items() if to is State.LIVE} == {State.APPROVED, State.SCHEDULED}
    assert {state for (state, step), to in TRANSITIONS.items() if to is State.SCHEDULED} == {State.APPROVED}
    approved = {(state, step) for (state, step), to in TRANSITIONS.items() if to is State.APPROVED}
    assert approved == {(State.IN_REVIEW, Step.APPROVE), (State.SCHEDULED, Step.UNSCHEDULE)}
    assert {step for (state, step) in TRANSITIONS if state is State.NEEDS_ATTENTION} == {Step.EDIT, Step.WITHDRAW}
    ended = set(State) - {state for state, _ in TRANSITIONS}
    assert ended == {State.SUPERSEDED, State.ROLLED_BACK, State.REJECTED, State.WITHDRAWN}
    for state in ended:
        for step in Step:
            with _refused("WRONG_STATE"):
                after(state, step)
