"""Scheduled rules: live by themselves at or after their time and never before, or stopped where publishing would be."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    Place,
    Problem,
    RevisionUnreadableError,
    TouchstoneError,
)
from engine.operations.deciding import decide
from engine.operations.publishing import live_change, publish
from engine.operations.rule_life import (
    Person,
    Proposal,
    Verdict,
    activate_due,
    change_of,
    propose,
    publish_change,
    review,
    schedule_change,
    unschedule_change,
    withdraw,
)
from engine.operations.verifying import verify_everything
from engine.rulebook import Book
from engine.store import Database, open_database
from engine.store.ledger import instant_text
from engine.store.reading import EntryFilter, Slice, entries_page
from engine.store.tables import RuleChangeRow
from engine.vocabulary import Text
from tests.operations.shop import contents, day, decide_at, model_version, predict_by, rules

MEI, LI = Person.named("mei"), Person.named("li")
FREE = ("approval: {approvers: 0}\n", "approval: {approvers: 1}\n")
GUARDED = ("approval: {approvers: 0}\n", "approval: {approvers: 1}\nguardrails: {max_moved: 0.1%}\n")


@pytest.fixture
def ruled(any_shop: Database) -> Database:
    """A small shop where one other person must approve; on both engines."""
    publish(any_shop, rules(rulebook=FREE), "crm-ops", "four eyes", day(-1))
    return any_shop


def _approved(database: Database, points: int = 71, book: tuple[str, str] = FREE) -> int:
    files = rules(rulebook=book, b2c=("at_least: 70", f"at_least: {points}"))
    change = propose(database, Proposal(files, f"{points} points"), MEI, day(1)).change_id
    assert review(database, Verdict(change, True), LI, day(1.1)).state == "APPROVED"
    return change


def _schedule(database: Database, change: int, at: float = 3, now: float = 1.2) -> int:
    return schedule_change(database, change, day(at), "mei", "from then on", day(now))


def _row(database: Database, change: int) -> RuleChangeRow:
    with database.read() as session:
        return change_of(session, change)


def _live(database: Database) -> int | None:
    with database.read() as session:
        live = live_change(session)
        return None if live is None else live.id


def _entry(database: Database) -> tuple[str, str, str]:
    with database.read() as session:
        entry = entries_page(session, EntryFilter(), Slice(1)).rows[0]
        return entry.kind, entry.actor, str(entry.body)


def _verified(database: Database) -> None:
    with database.read() as session:
        assert [one.en for one in verify_everything(session, None).misfits] == []


def _refused(code: str) -> object:
    return pytest.raises(InputError, check=lambda error: error.code == code)


def test_it_is_live_by_what_runs_next_and_says_when_it_was_due(ruled: Database) -> None:
    change, before = _approved(ruled), _live(ruled)
    assert _schedule(ruled, change) == change
    assert _entry(ruled)[:2] == ("RULES_SCHEDULED", "mei")
    row = _row(ruled, change)
    assert (row.state, row.activate_at, row.activate_zone) == ("SCHEDULED", day(3), "Asia/Shanghai")
    _verified(ruled)
    assert decide(ruled, None, day(2), "schedule", day(2.999)).activated == ()
    assert _live(ruled) == before
    report = decide(ruled, None, None, "schedule", day(3.5))
    (done,) = report.activated
    assert (done.change_id, done.due, done.at, done.why) == (change, day(3), day(3.5), None)
    assert done.text.en == f"Change {change} went live at 2026-03-04 12:00 (Asia/Shanghai); it was due 2026-03-04."
    assert done.text.zh == f"变更 {change} 已于 2026-03-04 12:00 (Asia/Shanghai) 生效，原定 2026-03-04。"
    assert (report.revision, _live(ruled)) == (row.revision, change)
    row = _row(ruled, change)
    assert (row.live_from, row.published_by, row.activate_at) == (day(3.5), "schedule", day(3))
    with ruled.read() as session:
        published = entries_page(session, EntryFilter(), Slice(2)).rows[1]
    assert (published.kind, published.actor, published.reason) == ("RULES_PUBLISHED", "schedule", "from then on")
    told = orjson.loads(published.body)["body"]
    assert (told["due"], told["zone"], told["scheduled_by"]) == (instant_text(day(3)), "Asia/Shanghai", "mei")
    _verified(ruled)


def test_a_run_for_an_instant_before_its_time_does_not_make_it_live(ruled: Database) -> None:
    change, before = _approved(ruled), _live(ruled)
    _schedule(ruled, change)
    report = decide(ruled, None, day(2.5), "schedule", day(3.5))
    assert (report.activated, _live(ruled)) == ((), before)
    assert report.revision != _row(ruled, change).revision
    report = decide(ruled, None, day(3.1), "schedule", day(3.6))
    assert [(one.change_id, one.at) for one in report.activated] == [(change, day(3.6))]
    assert (_row(ruled, change).live_from, report.revision) == (day(3.6), _row(ruled, change).revision)
    _verified(ruled)


def test_a_request_that_is_refused_or_answered_before_makes_nothing_live(ruled: Database) -> None:
    change = _approved(ruled)
    first = decide(ruled, ["shop:P-0001"], None, "li", day(1.2), idempotency_key="k")
    _schedule(ruled, change, now=1.3)
    assert decide(ruled, ["shop:P-0001"], None, "li", day(2.1), idempotency_key="k") == first
    with pytest.raises(NotFoundError):
        decide(ruled, ["shop:P-0001", "shop:nobody"], None, "li", day(3.1))
    with pytest.raises(ConflictError):
        decide(ruled, ["shop:P-0002"], None, "li", day(2.1), idempotency_key="k")
    decide(ruled, ["shop:P-0001"], day(2.9), "li", day(3.1))
    with _refused("WRONG_STATE"):
        decide(ruled, ["shop:P-0001"], day(2.8), "li", day(3.1))
    assert _row(ruled, change).state == "SCHEDULED"


@pytest.mark.parametrize("stopped", [False, True])
def test_the_answer_to_a_key_tells_again_what_went_live_or_stopped(ruled: Database, stopped: bool) -> None:
    change = _approved(ruled)
    _schedule(ruled, change)
    at = 9 if stopped else 3.5
    first = decide(ruled, None, None, "schedule", day(at), idempotency_key="k")
    assert [one.why is not None for one in first.activated] == [stopped]
    assert decide(ruled, None, None, "schedule", day(at + 0.1), idempotency_key="k") == first


def test_it_takes_the_approval_that_publishing_takes(ruled: Database) -> None:
    files = rules(rulebook=FREE, b2c=("at_least: 70", "at_least: 71"))
    change = propose(ruled, Proposal(files, "71 points"), MEI, day(1)).change_id
    with _refused("APPROVAL_REQUIRED"):
        _schedule(ruled, change)
    with _refused("FOUR_EYES"):
        review(ruled, Verdict(change, True), MEI, day(1.1))
    review(ruled, Verdict(change, True), LI, day(1.1))
    with _refused("REQUIRED"):
        schedule_change(ruled, change, day(3), "mei", " ", day(1.2))
    with pytest.raises(ConflictError):
        schedule_change(ruled, change, day(3), "mei", "go", day(1.2), expected_revision="sha256:other")
    for zone in ("Mars/Olympus", "", "../etc/passwd"):
        with _refused("INVALID"):
            schedule_change(ruled, change, day(3), "mei", "go", day(1.2), zone)
    for at in (1.2, 0.5, 8.1):  # past, and later than its preview counts
        with _refused("INVALID"):
            _schedule(ruled, change, at)
    _schedule(ruled, change)
    with _refused("WRONG_STATE"):
        publish_change(ruled, change, "mei", "at once", day(1.3))
    with _refused("WRONG_STATE"):
        _schedule(ruled, change, 4)


def test_the_database_lets_it_go_live_no_earlier(ruled: Database) -> None:
    change = _approved(ruled)
    _schedule(ruled, change)
    with ruled.write() as session:
        session.execute(text("UPDATE rule_change SET state = 'SUPERSEDED' WHERE state = 'LIVE'"))
    for values in (
        "state = 'LIVE', live_from = activate_at - 1",
        "state = 'LIVE', live_from = NULL",
        "state = 'LIVE', live_from = 5, activate_at = 1",
        "state = 'LIVE', live_from = 5, activate_at = NULL",
    ):
        _update_refused(ruled, change, values, "before its time|keeps its time")
    for values in (
        "activate_at = 1",
        "activate_at = NULL",
        "activate_at = activate_at + 1",
        "state = 'NEEDS_ATTENTION', activate_at = 1",
        "state = 'LIVE', live_from = activate_at, activate_at = 1",
    ):
        _update_refused(ruled, change, values, "keeps its time")
    with ruled.write() as session:
        session.execute(text(f"UPDATE rule_change SET state = 'LIVE', live_from = activate_at WHERE id = {change}"))


def _update_refused(database: Database, change: int, values: str, told: str) -> None:
    with pytest.raises((DBAPIError, TouchstoneError), match=told), database.write() as session:
        session.execute(text(f"UPDATE rule_change SET {values} WHERE id = {change}"))


def test_the_database_gives_what_stopped_no_approval_back(ruled: Database) -> None:
    change, other = _approved(ruled), _approved(ruled, 72)
    _schedule(ruled, change)
    publish_change(ruled, other, "mei", "sooner", day(2))
    activate_due(ruled, day(3))
    for state in ("APPROVED", "SCHEDULED"):
        _update_refused(ruled, change, f"state = '{state}'", "proposed again or withdrawn")
    withdraw(ruled, change, MEI, "second thoughts", day(3.1))
    _verified(ruled)


def test_two_statements_past_the_program_are_told_by_verifying(ruled: Database) -> None:
    """The database takes them for unscheduling and publishing; the ledger has neither."""
    change = _approved(ruled)
    _schedule(ruled, change)
    with ruled.write() as session:
        session.execute(text("UPDATE rule_change SET state = 'SUPERSEDED', live_until = 5 WHERE state = 'LIVE'"))
        session.execute(text(f"UPDATE rule_change SET state = 'APPROVED', activate_at = NULL WHERE id = {change}"))
        session.execute(text(f"UPDATE rule_change SET state = 'LIVE', live_from = 5 WHERE id = {change}"))
    with ruled.read() as session:
        found = [one.en for one in verify_everything(session, None).misfits]
    assert any(f"Rule change {change}" in one and "state" in one for one in found), found


def test_a_base_that_moved_stops_it(ruled: Database) -> None:
    change, other = _approved(ruled), _approved(ruled, 72)
    _schedule(ruled, change)
    publish_change(ruled, other, "mei", "sooner", day(2))
    (done,) = activate_due(ruled, day(3))
    assert done.why is not None
    assert (done.why.en, done.why.zh) == ("Other rules went live since it was previewed.", "预览之后已有其他规则生效。")
    row = _row(ruled, change)
    assert (row.state, row.attention_en, row.activate_at) == ("NEEDS_ATTENTION", done.why.en, day(3))
    kind, actor, body = _entry(ruled)
    assert (kind, actor) == ("RULES_STOPPED", "schedule")
    assert done.why.zh in body
    assert "mei" in body
    assert _live(ruled) == other
    _verified(ruled)
    known = contents(ruled)
    assert activate_due(ruled, day(4)) == ()
    assert contents(ruled) == known, "it is stopped once and tells it once"
    with _refused("WRONG_STATE"):
        publish_change(ruled, change, "mei", "all the same", day(4))


def test_an_approval_that_grew_too_old_stops_it(ruled: Database) -> None:
    change = _approved(ruled)
    _schedule(ruled, change, 7.9)
    report = decide(ruled, None, None, "schedule", day(9))
    assert [one.why is None for one in report.activated] == [False]
    assert _row(ruled, change).attention_en == "Its preview is older than the rule book allows."
    assert report.decided > 0, "the live rules decide"
    _verified(ruled)


DAMAGED = "update revision set files = '[]' where hash = :revision"


@pytest.mark.parametrize("header", [FREE, GUARDED], ids=["no guardrail", "guardrails"])
def test_a_damaged_candidate_stops_and_neither_the_run_nor_what_else_is_due(
    any_shop: Database, header: tuple[str, str]
) -> None:
    publish(any_shop, rules(rulebook=header), "crm-ops", "four eyes", day(-1))
    broken, sound = _approved(any_shop, 71, header), _approved(any_shop, 72, header)
    _schedule(any_shop, broken, 2.5)
    _schedule(any_shop, sound, 3)
    revision = _row(any_shop, broken).revision
    with any_shop.write() as session:
        session.execute(text(DAMAGED), {"revision": revision})
    report = decide(any_shop, None, None, "schedule", day(3.5))
    assert [(one.change_id, one.why is None) for one in report.activated] == [(broken, False), (sound, True)]
    row = _row(any_shop, broken)
    assert (row.state, row.attention_en) == (
        "NEEDS_ATTENTION",
        f"The stored text of rule revision {revision} does not fit its hash.",
    )
    assert report.decided > 0
    assert _live(any_shop) == sound
    assert _entry(any_shop)[0] == "RUN"


def test_a_candidate_this_version_cannot_read_stops(ruled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.operations.rule_life import scheduling

    change, looked = _approved(ruled), scheduling.book_of
    _schedule(ruled, change)
    revision = _row(ruled, change).revision

    def unreadable(session: Session, asked: str) -> Book:
        if asked == revision:
            raise RevisionUnreadableError(
                asked, [Problem("RULE_OLD", Text("too old", "过旧"), Place("b2c.yaml", 1, 1))]
            )
        return looked(session, asked)

    monkeypatch.setattr(scheduling, "book_of", unreadable)
    report = decide(ruled, None, None, "schedule", day(3.5))
    assert [str(one.why and one.why.en) for one in report.activated] == [_row(ruled, change).attention_en]
    assert "cannot be read by this version" in (_row(ruled, change).attention_en or "")
    assert report.decided > 0
    _verified(ruled)


def test_a_preview_that_cannot_be_made_stops_it_unless_everybody_was_decided_later(
    any_shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.operations.rule_life import scheduling

    publish(any_shop, rules(rulebook=GUARDED), "crm-ops", "guarded", day(-1))
    first, second = _approved(any_shop, 71, GUARDED), _approved(any_shop, 72, GUARDED)
    _schedule(any_shop, first)

    def cannot(*given: object) -> object:
        raise InputError(Text("There is no model for it.", "没有对应的模型。"))

    with monkeypatch.context() as patched:
        patched.setattr(scheduling, "preview", cannot)
        (done,) = activate_due(any_shop, day(3))
    assert done.why is not None
    assert done.why.zh == "没有对应的模型。"
    _schedule(any_shop, second, 3.2, 3.1)
    decide(any_shop, None, day(5), "schedule", day(3.15))
    assert [one.why for one in activate_due(any_shop, day(4))] == [None]


@pytest.mark.parametrize("predicted", [False, True], ids=["nobody moves", "many would move by then"])
def test_a_guardrail_over_the_customers_of_then_stops_it(any_shop: Database, predicted: bool) -> None:
    publish(any_shop, rules(rulebook=GUARDED), "crm-ops", "guarded", day(-1))
    decide_at(any_shop, 0)
    change = _approved(any_shop, 99, GUARDED)
    _schedule(any_shop, change)
    if predicted:
        predict_by(any_shop, model_version(any_shop, "first", 2), 2)
    (done,) = activate_due(any_shop, day(3))
    assert (done.why is not None) == predicted
    if done.why is not None:
        assert "max_moved" in done.why.en
        assert "第二人批准" in done.why.zh
    _verified(any_shop)


def test_of_two_that_are_due_the_earlier_is_live_and_the_other_stopped(ruled: Database) -> None:
    first, second = _approved(ruled), _approved(ruled, 72)
    _schedule(ruled, second, 3)
    _schedule(ruled, first, 2.5)
    assert [(one.change_id, one.why is None) for one in activate_due(ruled, day(4))] == [(first, True), (second, False)]


def test_what_comes_off_its_schedule_is_approved_as_before(ruled: Database) -> None:
    change = _approved(ruled)
    _schedule(ruled, change)
    with _refused("REQUIRED"):
        unschedule_change(ruled, change, "li", "", day(1.3))
    with pytest.raises(ConflictError):
        unschedule_change(ruled, change, "li", "no", day(1.3), expected_version=99)
    version = _row(ruled, change).version
    for _ in range(2):
        assert unschedule_change(ruled, change, "li", "no", day(1.3), version, "key") == "APPROVED"
    row = _row(ruled, change)
    assert (row.state, row.activate_at, row.scheduled_by) == ("APPROVED", None, None)
    assert activate_due(ruled, day(3)) == ()
    _verified(ruled)
    with _refused("WRONG_STATE"):
        unschedule_change(ruled, change, "li", "again", day(3))
    assert publish_change(ruled, change, "mei", "now", day(3.1)).changed


def test_what_stopped_is_proposed_again_or_withdrawn(ruled: Database) -> None:
    change, other = _approved(ruled), _approved(ruled, 72)
    _schedule(ruled, change)
    publish_change(ruled, other, "mei", "sooner", day(2))
    activate_due(ruled, day(3))
    with _refused("WRONG_STATE"):
        unschedule_change(ruled, change, "li", "looked at", day(3.1))
    files = rules(rulebook=FREE, b2c=("at_least: 70", "at_least: 71"))
    propose(ruled, Proposal(files, "on the new base", change), MEI, day(3.3))
    review(ruled, Verdict(change, True), LI, day(3.4))
    _schedule(ruled, change, 5, 3.5)
    assert [one.why for one in activate_due(ruled, day(5))] == [None]
    _verified(ruled)


def test_one_approval_is_no_way_around_a_guardrail_that_stopped_it(any_shop: Database) -> None:
    publish(any_shop, rules(rulebook=GUARDED), "crm-ops", "guarded", day(-1))
    decide_at(any_shop, 0)
    change = _approved(any_shop, 99, GUARDED)
    _schedule(any_shop, change)
    predict_by(any_shop, model_version(any_shop, "first", 2), 2)
    assert [one.why is None for one in activate_due(any_shop, day(3))] == [False]
    for act in (unschedule_change, publish_change):
        with _refused("WRONG_STATE"):
            act(any_shop, change, "mei", "all the same", day(3.1))
    with _refused("WRONG_STATE"):
        _schedule(any_shop, change, 5, 3.1)
    files = rules(rulebook=GUARDED, b2c=("at_least: 70", "at_least: 99"))
    again = propose(any_shop, Proposal(files, "as before", change), MEI, day(3.2))
    assert (again.state, again.needed) == ("IN_REVIEW", 2)
    assert review(any_shop, Verdict(change, True), LI, day(3.3)).state == "IN_REVIEW"
    with _refused("GUARDRAIL"):
        publish_change(any_shop, change, "mei", "with one approval", day(3.4))
    assert review(any_shop, Verdict(change, True), Person.named("wang"), day(3.5)).state == "APPROVED"
    assert publish_change(any_shop, change, "mei", "with two", day(3.6)).changed
    _verified(any_shop)


@pytest.mark.parametrize("act", ["edit", "withdraw"])
def test_an_edit_and_a_withdrawal_end_the_schedule(ruled: Database, act: str) -> None:
    change = _approved(ruled)
    _schedule(ruled, change)
    if act == "edit":
        files = rules(rulebook=FREE, b2c=("at_least: 70", "at_least: 73"))
        propose(ruled, Proposal(files, "73 points", change), MEI, day(1.3))
    else:
        withdraw(ruled, change, MEI, "second thoughts", day(1.3))
    row = _row(ruled, change)
    assert (row.activate_at, row.activate_zone, row.scheduled_by, row.schedule_reason) == (None,) * 4
    assert activate_due(ruled, day(4)) == ()
    _verified(ruled)


def test_the_same_key_schedules_once_and_outlives_a_restart(shop_url: str) -> None:
    with open_database(shop_url) as database:
        publish(database, rules(rulebook=FREE), "crm-ops", "four eyes", day(-1))
        change = _approved(database)
        schedule: Callable[[float], int] = lambda at: schedule_change(  # noqa: E731
            database, change, day(at), "mei", "then", day(1.2), idempotency_key="k"
        )
        assert [schedule(3), schedule(3)] == [change, change]
        with pytest.raises(ConflictError):
            schedule(4)
        with pytest.raises(ConflictError):
            schedule_change(database, change, day(3), "mei", "then", day(1.2), "Asia/Tokyo", idempotency_key="k")
    with open_database(shop_url) as database:
        assert [one.change_id for one in activate_due(database, day(3))] == [change]


def test_two_that_look_at_once_activate_it_once(ruled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.operations.rule_life import scheduling

    change = _approved(ruled)
    _schedule(ruled, change)
    looked = scheduling._guarded
    others: list[object] = []

    def meanwhile(*given: object) -> object:
        if not others:
            others.append(None)
            others.extend(activate_due(ruled, day(3)))
        return looked(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(scheduling, "_guarded", meanwhile)
    assert activate_due(ruled, day(3)) == ()
    assert [one.why for one in others[1:]] == [None]  # type: ignore[attr-defined]
    assert _live(ruled) == change
    _verified(ruled)
