"""Decisions are kept as long as the setting says: what is removed is proven first, what is left still proves."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from engine.errors import DamagedError, NotKeptError
from engine.operations.erasing import Retained, forget_customer, retain
from engine.operations.explaining import explain_by_itself, explain_decision
from engine.operations.overriding import OverrideInput, override_tier
from engine.operations.replaying import replay, replay_decision
from engine.operations.selecting import decision_of as decision_at
from engine.store import Database, decision_number, verify_ledger
from engine.store.reading import Kind, count_decisions, global_id, tier_counts
from engine.vocabulary import Locale
from tests.operations.checks import check_everything
from tests.operations.shop import contents, count, day, decide_at, decision_of, decisions, order, record, refs

SOMEBODY = "shop:P-0001"
FEW = [f"shop:P-{number:04}" for number in range(6)]


@pytest.fixture
def aged(any_shop: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Decided at 0, 10 (some), 20, 30, 40 in chunks of five."""
    monkeypatch.setattr("engine.operations.blocks.CHUNK_ROWS", 5)
    decide_at(any_shop, 0)
    override_tier(any_shop, OverrideInput(SOMEBODY, "A", "goodwill", day(12)), "crm-ops", day(1))
    decide_at(any_shop, 10, FEW)
    record(any_shop, [order(SOMEBODY, 15, 300, number=7)], day(16))
    for number in (20, 30, 40):
        decide_at(any_shop, number)
    return any_shop


def _retain(database: Database, days: int = 15, at: float = 41, **more: Any) -> Retained:
    return retain(database, days, "privacy", day(at), **more)


def _replayed(database: Database) -> tuple[int, int, list[str]]:
    with database.read() as session:
        report = replay(session)
        assert verify_ledger(session).ok
    assert report.identical <= report.checked
    assert report.different or report.identical == report.checked
    return report.checked, report.not_kept, report.different


def test_what_is_old_and_nobody_needs_goes(aged: Database) -> None:
    before = decisions(aged)
    told = explained(aged)
    planned = _retain(aged, dry_run=True)
    assert decisions(aged) == before
    done = _retain(aged)
    assert (planned.decisions, planned.chunks, planned.entry) == (done.decisions, done.chunks, None)
    assert done.decisions == {1: 28, 2: 6, 3: 28}
    assert decisions(aged) == {key: value for key, value in before.items() if key[1] > day(25)}
    assert _replayed(aged) == (56, 62, [])
    assert explained(aged) == told, "the present decisions are explained with what changed, as before"
    check_everything(aged)
    with aged.read() as session:
        assert count_decisions(session, [1]) == {1: 2}
        entry = session.execute(text("select kind, subject, body from ledger_entry order by position desc")).first()
    assert entry is not None
    assert (entry.kind, entry.subject) == ("ERASURE", None)
    assert '"dropped":{"1":28,"2":6,"3":28}' in entry.body
    again = _retain(aged)
    assert (again.chunks, again.entry) == (0, None)
    decide_at(aged, 50)
    check_everything(aged)


def explained(database: Database) -> list[list[str]]:
    with database.read() as session:
        numbers = [decision_at(session, ref) for ref in refs()]
        return [explain_decision(session, number).narration(Locale.EN) for number in numbers]


def test_the_two_latest_of_everybody_stay_however_old(aged: Database) -> None:
    decide_at(aged, 60, FEW)
    done = _retain(aged, 1, 61)
    assert done.decisions[4] + done.decisions[5] == 5, "a chunk goes when nobody in it needs it any more"
    checked, not_kept, different = _replayed(aged)
    assert (checked + not_kept, different) == (28 * 4 + 12, [])
    assert len(explained(aged)) == 28
    check_everything(aged)


def test_a_partly_removed_run_still_gives_its_root(aged: Database) -> None:
    decide_at(aged, 60, FEW)
    _retain(aged, 1, 61)
    with aged.write() as session:
        rows = session.execute(text("select id, body, dropped_at from chunk where run_id = 4 order by id")).all()
        assert {row.dropped_at is None for row in rows} == {True, False}
        kept = next(row for row in rows if row.dropped_at is None)
        session.execute(text("update customer set salt = :s where ref = 'shop:P-0020'"), {"s": b"0" * 16})
    assert set(_replayed(aged)[2]) >= {global_id(Kind.DECISION, decision_number(kept.id, 0))}


def test_asking_for_one_says_what_is_left(aged: Database) -> None:
    old, later = decision_of(aged, SOMEBODY, 20), decision_of(aged, SOMEBODY, 30)
    _retain(aged)
    with aged.read() as session:
        for ask in (explain_by_itself, replay_decision):
            with pytest.raises(NotKeptError) as refused:
                ask(session, old)
            assert refused.value.code == "NOT_KEPT"
            for said in (refused.value.message.en, refused.value.message.zh):
                assert "2026-04-10" in said
                assert "3" in said
        with pytest.raises(NotKeptError):
            replay(session, [global_id(Kind.DECISION, old)])
        with pytest.raises(NotKeptError):
            tier_counts(session, None, day(20))
        assert decision_at(session, SOMEBODY, day(25)) == old, "an earlier or later one does not pass for it"
        answer = explain_decision(session, later)
        assert answer.change is not None
        assert (answer.change.since, answer.change.delta, answer.change.parts) == (old, None, ())


def test_who_is_erased_afterwards_is_gone_from_what_is_left(aged: Database) -> None:
    _retain(aged)
    done = forget_customer(aged, SOMEBODY, "privacy", "asked for it", day(42))
    assert done.decisions == 5
    checked, not_kept, different = _replayed(aged)
    assert (checked, not_kept, different) == (54, 62 - 3, [])
    decide_at(aged, 60)
    decide_at(aged, 70)
    _retain(aged, 5, 71)
    assert _replayed(aged)[2] == []
    check_everything(aged)


def test_a_run_that_does_not_fit_its_root_keeps_everything(aged: Database) -> None:
    with aged.write() as session:
        session.execute(text("update customer set salt = :s where ref = 'shop:P-0004'"), {"s": b"0" * 16})
    known = contents(aged)
    with pytest.raises(DamagedError, match="run 1"):
        _retain(aged)
    assert contents(aged) == known


def test_removing_behind_the_ledgers_back_is_told(aged: Database) -> None:
    _retain(aged)
    assert count(aged, "chunk", "dropped_at is not null") == 14
    with aged.write() as session:
        session.execute(text("update chunk set dropped_at = 1, body = (select body from chunk where id = 1), hash = "
                             "(select hash from chunk where id = 1) where run_id = 4 and ordinal = 0"))  # fmt: skip
    checked, not_kept, different = _replayed(aged)
    assert (checked, not_kept) == (56 - 9, 62 + 9)
    assert len(different) == 28, "the whole run: nothing tells what went"
