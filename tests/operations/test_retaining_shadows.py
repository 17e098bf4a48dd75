"""What candidates decided beside old runs goes when decisions do; what a shadow stands on stays, and all is told."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from engine.operations.erasing import retain
from engine.operations.rule_life import Person, Proposal, propose
from engine.operations.shadowing import end_shadow, newest_shadow, side_by_side, start_shadow
from engine.operations.verifying import verify_everything
from engine.store import Database
from tests.operations.shop import count, day, decide_at, refs, rules

FEW = refs()[:3]


@pytest.fixture
def beside(any_shop: Database) -> int:
    """A change that decided beside the live rules at 0, 20 and 40 (all but few), number of it."""
    files = rules(b2c=("at_least: 70", "at_least: 55"))
    change = propose(any_shop, Proposal(files, "beside"), Person.named("mei"), day(-0.5)).change_id
    start_shadow(any_shop, change, 300, "mei", day(-0.4))
    for at in (0, 20):
        decide_at(any_shop, at)
    decide_at(any_shop, 40, refs()[3:])
    return change


def _runs(database: Database) -> list[int]:
    with database.read() as session:
        return list(session.execute(text("select distinct run_id from shadow_chunk order by run_id")).scalars())


def _problems(database: Database) -> list[str]:
    with database.read() as session:
        return [one.en for one in verify_everything(session, None).misfits]


def test_a_shadow_that_goes_on_keeps_what_it_stands_on(any_shop: Database, beside: int) -> None:
    planned = retain(any_shop, 1, "privacy", day(50), dry_run=True)
    assert _runs(any_shop) == [1, 2, 3]
    done = retain(any_shop, 1, "privacy", day(50))
    assert planned.beside == done.beside == {(1, 1): 28}
    assert done.as_dict()["beside"] == 28
    assert _runs(any_shop) == [2, 3]
    assert _problems(any_shop) == []
    decide_at(any_shop, 51)
    with any_shop.read() as session:
        assert len(side_by_side(session, newest_shadow(session, beside).id)) == 28
    assert _problems(any_shop) == []


def test_of_one_that_ended_all_that_is_old_goes(any_shop: Database, beside: int) -> None:
    end_shadow(any_shop, beside, "mei", day(45))
    done = retain(any_shop, 20, "privacy", day(50))
    assert done.beside == {(1, 1): 28, (1, 2): 28}
    assert _runs(any_shop) == [3]
    assert retain(any_shop, 20, "privacy", day(50)).entry is None
    assert _problems(any_shop) == []


def test_what_goes_without_an_entry_is_told(any_shop: Database, beside: int) -> None:
    retain(any_shop, 1, "privacy", day(50))
    with any_shop.write() as session:
        session.execute(text("delete from shadow_chunk where run_id = 2"))
    assert beside
    assert any("not what its entry anchors" in one for one in _problems(any_shop))
    assert count(any_shop, "shadow") == 1
