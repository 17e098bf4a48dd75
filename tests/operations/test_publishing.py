"""Publishing: one winner, nothing half, an old revision again, the same request once."""

from __future__ import annotations

import threading
from datetime import datetime

import pytest
from sqlalchemy import text

from engine.errors import ConflictError, DamagedError, InputError, NotFoundError, RuleBookError
from engine.operations.documents import documented
from engine.operations.explaining import explain_decision
from engine.operations.publishing import Published, book_of, changes, live_book, live_change, publish
from engine.operations.replaying import replay
from engine.store import Database, open_database, verify_ledger
from engine.store.reading import EntryFilter, Slice, entries_page
from tests.operations.approved import back_again
from tests.operations.shop import contents, count, day, decide_at, decision_of, forge, rules, standings


def _publish(database: Database, points: int, at: float, **more: object) -> Published:
    files = rules(b2c=("at_least: 70", f"at_least: {points}"))
    return publish(database, files, "crm-ops", f"{points} points", day(at), **more)  # type: ignore[arg-type]


def _live(database: Database, as_of: datetime | None = None) -> str:
    with database.read() as session:
        change = live_change(session, as_of)
        assert change is not None
        return change.revision


def test_only_who_read_the_live_revision_publishes(shop: Database) -> None:
    first = _live(shop)
    second = _publish(shop, 71, 1, expected_revision=first).revision
    known = contents(shop)
    for expected in (first, None, "sha256:other"):
        with pytest.raises(ConflictError, match="live revision"):
            _publish(shop, 72, 2, expected_revision=expected)
    assert contents(shop) == known
    assert _live(shop) == second


def test_of_many_at_once_one_wins(any_shop_url: str) -> None:
    with open_database(any_shop_url) as database:
        first = _live(database)
        won: list[str] = []
        lost: list[ConflictError] = []

        def work(points: int) -> None:
            with open_database(any_shop_url) as mine:
                try:
                    won.append(_publish(mine, points, 1, expected_revision=first).revision)
                except ConflictError as error:
                    lost.append(error)

        workers = [threading.Thread(target=work, args=(points,)) for points in (71, 72, 73, 74)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert (len(won), len(lost)) == (1, 3)
        assert [_live(database)] == won
        assert count(database, "rule_change", "state = 'LIVE'") == 1
        with database.read() as session:
            assert verify_ledger(session).ok


@pytest.mark.parametrize(("actor", "reason"), [("", "why"), ("crm-ops", " "), ("  ", "")])
def test_publishing_needs_who_and_why(shop: Database, actor: str, reason: str) -> None:
    known = contents(shop)
    with pytest.raises(InputError) as refused:
        publish(shop, rules(), actor, reason, day(1))
    assert refused.value.code == "REQUIRED"
    assert contents(shop) == known


def test_broken_rules_publish_nothing(shop: Database) -> None:
    known = contents(shop)
    with pytest.raises(RuleBookError) as refused:
        publish(shop, rules(b2c=("weight: 50", "wieght: 50")), "crm-ops", "typo", day(1))
    assert "wieght" in str(refused.value.problems)
    assert contents(shop) == known


def test_the_live_revision_again_writes_nothing(shop: Database) -> None:
    known = contents(shop)
    again = publish(shop, rules(), "somebody", "again", day(1))
    assert (again.changed, again.revision, again.change_id) == (False, _live(shop), 1)
    assert contents(shop) == known


def test_an_earlier_revision_is_published_again(shop: Database) -> None:
    first = _live(shop)
    second = _publish(shop, 71, 1).revision
    back = back_again(shop, first, "too strict", day(2))
    assert (back.changed, back.revision, _live(shop)) == (True, first, first)
    assert {number: _live(shop, day(number)) for number in (0, 1, 1.9, 2)} == {
        0: first,
        1: second,
        1.9: second,
        2: first,
    }
    with shop.read() as session:
        assert [(row.state, row.restores_id) for row in changes(session)] == [
            ("LIVE", 1),
            ("ROLLED_BACK", None),
            ("SUPERSEDED", None),
        ]
        entry = entries_page(session, EntryFilter(), Slice(1)).rows[0]
        assert (entry.kind, entry.subject, entry.reason) == ("RULES_ROLLED_BACK", "rule_change:3", "too strict")
    known = contents(shop)
    assert not back_again(shop, first, "again", day(3)).changed
    with pytest.raises(NotFoundError):
        back_again(shop, "sha256:other", "nowhere", day(3))
    assert contents(shop) == known
    assert count(shop, "revision") == 2


def test_a_key_publishes_once(shop: Database) -> None:
    first = _publish(shop, 71, 1, idempotency_key="one")
    _publish(shop, 72, 1.1)
    again = _publish(shop, 71, 1.2, idempotency_key="one")
    assert (again.revision, again.change_id, again.changed) == (first.revision, first.change_id, False)
    with pytest.raises(ConflictError) as refused:
        _publish(shop, 73, 1.2, idempotency_key="one")
    assert refused.value.code == "IDEMPOTENCY_MISMATCH"
    assert count(shop, "rule_change") == 3


def test_the_next_run_decides_by_the_live_revision(shop: Database) -> None:
    decide_at(shop, 0)
    loved = [ref for ref, row in standings(shop).items() if row.market == "B2C" and row.computed == "B"]
    assert loved
    _publish(shop, 51, 1)
    report = decide_at(shop, 2)
    assert report.revision == _live(shop)
    assert {standings(shop)[ref].computed for ref in loved} >= {"A"}
    back_again(shop, _live(shop, day(0)), "back", day(3))
    assert decide_at(shop, 4).revision == _live(shop, day(0))


def test_a_revision_is_its_content(shop: Database) -> None:
    with shop.read() as session:
        book = live_book(session)
        assert book is not None
        assert {file.path: file.text for file in book.files} == rules()


def test_other_rules_behind_a_published_revision_are_damage(shop: Database) -> None:
    revision = _live(shop)
    decide_at(shop, 0)
    number = decision_of(shop, "shop:P-0001")
    forge(shop, revision, "zh: 销售额", "zh: 民族")
    questions = (
        lambda session: book_of(session, revision),
        lambda session: explain_decision(session, number),
        lambda session: documented(session, number),
    )
    for question in questions:
        with shop.read() as session, pytest.raises(DamagedError, match=f"revision {revision} does not fit") as refused:
            question(session)
        assert revision in refused.value.message.zh
    with shop.read() as session:
        report = replay(session)
        assert (report.ok, report.identical) == (False, 0)
        assert all(revision in said.en for said in report.damaged)
    with pytest.raises(DamagedError, match=revision):
        decide_at(shop, 1)


@pytest.mark.parametrize("files", ["", "[1]", '[["b2c.yaml"]]', "null", '{"b2c.yaml": ""}', "[]"])
def test_a_revision_without_files_is_damage(shop: Database, files: str) -> None:
    revision = _live(shop)
    with shop.write() as session:
        session.execute(text("update revision set files = :files"), {"files": files})
    with shop.read() as session, pytest.raises(DamagedError, match=revision):
        book_of(session, revision)
