"""A candidate beside the live book: stored, compared, anchored, never acted on, and without a trace in decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from engine.errors import InputError, NotFoundError
from engine.operations import blocks, computing
from engine.operations.erasing import forget_customer
from engine.operations.explaining import explain_by_itself
from engine.operations.publishing import publish
from engine.operations.rule_life import Person, Proposal, Verdict, propose, publish_change, review, withdraw
from engine.operations.shadowing import (
    Day,
    SideBySide,
    Trouble,
    beside,
    candidate_explained,
    days_of,
    end_shadow,
    last_trouble,
    newest_shadow,
    side_by_side,
    start_shadow,
)
from engine.operations.verifying import verify_everything
from engine.store import Database, open_database, open_shadow_chunk
from engine.store.reading import EntryFilter, Slice, entries_page
from engine.store.tables import ChunkRow, ShadowChunkRow
from engine.vocabulary import Market
from tests.operations.checks import check_everything
from tests.operations.life import Life
from tests.operations.shop import contents, count, day, decide_at, model_version, predict_by, rules

MEI, LI = Person.named("mei"), Person.named("li")
FREE = ("approval: {approvers: 0}\n", "approval: {approvers: 1}\n")
LENIENT = {"b2c": ("at_least: 70", "at_least: 55")}


def _shadowed(database: Database, at: float = 1, days: int = 90, **edits: tuple[str, str]) -> int:
    change = propose(database, Proposal(rules(**(edits or LENIENT)), "beside"), MEI, day(at)).change_id
    start_shadow(database, change, days, "mei", day(at))
    return change


def _told(database: Database, change: int) -> SideBySide:
    with database.read() as session:
        return side_by_side(session, newest_shadow(session, change).id)


def _days(database: Database, change: int) -> tuple[Day, ...]:
    with database.read() as session:
        return days_of(session, newest_shadow(session, change).id)


def _problems(database: Database) -> list[str]:
    with database.read() as session:
        return [one.en for one in verify_everything(session, None).misfits]


def test_both_tiers_side_by_side_run_by_run(any_shop: Database) -> None:
    predict_by(any_shop, model_version(any_shop, "first", -1), -1)
    change = _shadowed(any_shop)
    before = {name: count(any_shop, name) for name in ("dispatch", "task", "standing")}
    assert set(before.values()) == {0}
    for at in (2, 40, 80):
        decide_at(any_shop, at)
    told, days = _told(any_shop, change), _days(any_shop, change)
    assert [(one.as_of, one.compared) for one in days] == [(day(at), 28) for at in (2, 40, 80)]
    assert days[0].differing > 0
    assert len(told) == told.matrix.total() == 28
    movers = [told.at(row) for row in told.rows(differs=True)]
    assert sum(number for (_, had, has), number in told.matrix.items() if had != has) == len(movers) > 0
    assert {(one.differs, one.market) for one in movers} == {(True, Market.B2C)}
    assert len(told.rows(differs=False)) == 28 - len(movers)
    assert len(told.rows(market=Market.B2B)) == 4
    check_everything(any_shop)
    assert _problems(any_shop) == []


@pytest.mark.parametrize("seed", range(2))
def test_a_candidate_that_is_the_live_book_is_equal_and_leaves_no_trace(
    shop_url: str, tmp_path: Path, seed: int
) -> None:
    """The same life with and without a shadow: not one bit of the real decisions differs."""
    other = tmp_path / "beside.db"
    shutil.copyfile(shop_url.removeprefix("sqlite:///"), other)
    with open_database(shop_url) as plain, open_database(f"sqlite:///{other}") as beside:
        same = rules(rulebook=("name: small_shop", "name: other_shop"))
        change = propose(beside, Proposal(same, "the same by another name"), MEI, day(0)).change_id
        propose(plain, Proposal(same, "the same by another name"), MEI, day(0))
        start_shadow(beside, change, 300, "mei", day(0))
        for database in (plain, beside):
            life = Life(database, seed)
            life.now = 1.0
            for act in (life.buy, life.predict, life.answer, life.decide_all, life.buy, life.complain, life.decide_all,
                        life.override, life.decide_some, life.correct, life.decide_all):  # fmt: skip
                life.now += 9.0
                act()
        real = [_real(database) for database in (plain, beside)]
        assert real[0] == real[1]
        days = _days(beside, change)
        assert len(days) >= 3
        assert [one.differing for one in days] == [0] * len(days)
        assert _same_columns(beside)
        assert _problems(beside) == []


def _real(database: Database) -> dict[str, object]:
    found = contents(database)
    names = ("chunk", "run", "standing", "dispatch", "task", "tier_override")
    with database.read() as session:
        bodies = [bytes(body) for body in session.execute(select(ChunkRow.body).order_by(ChunkRow.id)).scalars()]  # type: ignore[call-overload,arg-type]
    return {"bodies": bodies, **{name: found[name] for name in names}}


def _same_columns(database: Database) -> bool:
    """Every column of every shadow chunk is that of the run's own."""
    from engine.store import read_chunk

    with database.read() as session:
        pairs = session.execute(
            text(
                "select s.id, c.id from shadow_chunk s join chunk c on c.run_id = s.run_id and c.market = s.market "
                "and c.ordinal = s.ordinal"
            )
        ).all()
        assert pairs
        for shadow, real in pairs:
            one, other = open_shadow_chunk(session, shadow), read_chunk(session, real)
            assert set(one) == set(other)
            assert all((one[name] == other[name]).all() for name in one)
    return True


def test_an_error_nobody_foresaw_stops_no_run(
    any_shop: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    change = _shadowed(any_shop)
    decide_at(any_shop, 2)
    with any_shop.read() as session:
        shadow = newest_shadow(session, change)
        assert last_trouble(session, shadow) is None

    quoted = "shop:P-0001"

    def fail(*given: object) -> object:
        raise KeyError(quoted)

    with monkeypatch.context() as patched:
        patched.setattr(beside, "block_of", fail)
        report = decide_at(any_shop, 20)
    assert report.decided > 0
    with any_shop.read() as session:
        found = last_trouble(session, shadow)
        entry = entries_page(session, EntryFilter(), Slice(1)).rows[0]
    assert found == Trouble(report.run_id or 0, day(20), beside.UNFORESEEN)
    assert beside.UNFORESEEN.zh in str(entry.body)
    assert "P-0001" not in str(entry.body)
    assert "P-0001" not in caplog.text
    assert "KeyError" in caplog.text
    assert decide_at(any_shop, 30).decided > 0
    assert len(_days(any_shop, change)) == 2
    assert _problems(any_shop) == []


def test_a_fault_of_the_database_is_the_runs_own(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    _shadowed(shop)

    def fail(*given: object) -> object:
        raise SQLAlchemyError("gone")

    monkeypatch.setattr(beside, "block_of", fail)
    with pytest.raises(SQLAlchemyError):
        decide_at(shop, 2)


def test_it_stands_on_its_own_states(shop: Database) -> None:
    """A candidate without stability moves at once; beside the live book it goes on from where it was itself."""
    predict_by(shop, model_version(shop, "first", -1), -1)
    change = _shadowed(shop)
    decide_at(shop, 2)
    decide_at(shop, 20)
    with shop.read() as session:
        from engine.store.emptied import present_rows
        from engine.store.standings import RowsOfChunk

        ids = session.execute(select(ShadowChunkRow.id).order_by(ShadowChunkRow.id)).scalars().all()  # type: ignore[call-overload,arg-type]
        told = []
        for number in ids:
            chunk = open_shadow_chunk(session, number)
            some = RowsOfChunk(chunk, present_rows(chunk))
            who = zip(
                some["customer"].tolist(), some.told("previous").listed(), some.told("effective").listed(), strict=True
            )
            told.append({customer: (had, has) for customer, had, has in who})
    markets = len(ids) // 2
    first = {key: value for part in told[:markets] for key, value in part.items()}
    second = {key: value for part in told[markets:] for key, value in part.items()}
    assert {who: has for who, (_, has) in first.items()} == {who: had for who, (had, _) in second.items()}
    assert len(_told(shop, change).rows(differs=True))


def test_it_ends_by_time_by_hand_and_with_its_change(shop: Database) -> None:
    change = _shadowed(shop, 1, 10)
    with pytest.raises(InputError):
        start_shadow(shop, change, 10, "mei", day(1.5))
    decide_at(shop, 2)
    decide_at(shop, 12)
    assert [one.as_of for one in _days(shop, change)] == [day(2)]
    start_shadow(shop, change, 10, "mei", day(13))
    end_shadow(shop, change, "li", day(14))
    decide_at(shop, 15)
    assert _days(shop, change) == ()
    with pytest.raises(InputError):
        end_shadow(shop, change, "li", day(15))
    start_shadow(shop, change, 10, "mei", day(15))
    withdraw(shop, change, MEI, "no", day(15.5))
    decide_at(shop, 16)
    assert _days(shop, change) == ()
    with pytest.raises(InputError):
        start_shadow(shop, change, 10, "mei", day(17))
    with pytest.raises(InputError):
        start_shadow(shop, change, 0, "mei", day(17))
    with shop.read() as session, pytest.raises(NotFoundError):
        newest_shadow(session, 1)
    assert _problems(shop) == []


def test_the_same_key_starts_it_once(shop: Database) -> None:
    change = propose(shop, Proposal(rules(**LENIENT), "beside"), MEI, day(1)).change_id
    assert len({start_shadow(shop, change, 10, "mei", day(1), 1, "k") for _ in range(2)}) == 1
    assert count(shop, "shadow") == 1


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("update shadow set until_at = until_at + 1", "until"),
        ("update shadow set actor = 'mallory'", "actor"),
        ("delete from shadow", "is not there any more"),
        ("delete from shadow_chunk", "not what its entry anchors"),
        ("update shadow_chunk set body = x'00'", "do not fit their hash"),
        ("update shadow_chunk set run_id = 99", "no entry"),
        ("insert into shadow (change_id, revision, actor, from_at, until_at) select change_id, revision, actor, "
         "from_at, until_at from shadow", "no entry"),
    ],
)  # fmt: skip
def test_what_is_altered_is_told(shop: Database, statement: str, told: str) -> None:
    _shadowed(shop)
    decide_at(shop, 2)
    assert _problems(shop) == []
    with shop.write() as session:
        session.execute(text(statement))
    assert any(told in problem for problem in _problems(shop)), _problems(shop)


def test_a_damaged_shadow_hinders_no_decision(shop: Database) -> None:
    change = _shadowed(shop)
    decide_at(shop, 2)
    with shop.write() as session:
        session.execute(text("update shadow_chunk set body = x'00'"))
    assert decide_at(shop, 3).decided == 28
    with shop.read() as session:
        entry = session.execute(
            text("select body from ledger_entry where kind = 'RUN' order by position desc")
        ).scalar()
    assert "do not fit their hash" in str(entry)
    assert change


def test_an_erased_person_is_in_no_shadow(any_shop: Database) -> None:
    change = _shadowed(any_shop)
    decide_at(any_shop, 2)
    with any_shop.read() as session:
        number = session.execute(text("select id from customer where ref = 'shop:P-0001'")).scalar_one()
    forget_customer(any_shop, "shop:P-0001", "privacy", "asked", day(3))
    assert len(_told(any_shop, change)) == 27
    with any_shop.read() as session:
        for one in session.execute(select(ShadowChunkRow.id)).scalars().all():  # type: ignore[call-overload]
            assert number not in open_shadow_chunk(session, one)["customer"].tolist()
    assert _problems(any_shop) == []
    assert decide_at(any_shop, 4).decided == 27
    assert _problems(any_shop) == []


def test_publishing_it_ends_it(shop: Database) -> None:
    publish(shop, rules(rulebook=FREE), "crm-ops", "four eyes", day(-1))
    change = _shadowed(shop, rulebook=FREE, **LENIENT)
    review(shop, Verdict(change, True), LI, day(1.1))
    publish_change(shop, change, "mei", "go", day(1.2))
    decide_at(shop, 2)
    assert _days(shop, change) == ()


def test_the_same_run_again_doubles_nothing(shop: Database) -> None:
    """Customers decided for an instant are not decided again, by neither book; some later, others at once."""
    change = _shadowed(shop)
    decide_at(shop, 2, ["shop:P-0001", "shop:B-0002"])
    decide_at(shop, 2)
    before = contents(shop)
    assert decide_at(shop, 2).run_id is None
    assert contents(shop) == before
    assert [one.compared for one in _days(shop, change)] == [2, 26]
    assert len(_told(shop, change)) == 28
    with shop.read() as session:
        numbers = session.execute(select(ShadowChunkRow.id)).scalars().all()  # type: ignore[call-overload]
        who = [customer for one in numbers for customer in open_shadow_chunk(session, one)["customer"].tolist()]
    assert sorted(who) == sorted(set(who))
    assert len(who) == 28
    assert _problems(shop) == []


NEWS = "channel: {}\n    template: news\n    unit_cost: 1\n    per_day: {}\n"


@pytest.mark.parametrize("campaigns", [("max: 2", "max: 2"), (NEWS.format("sms", 4), NEWS.format("owner_task", 400))],
                         ids=["as they are", "one queue of an owner"])  # fmt: skip
def test_blocks_of_a_shadow_leave_the_same_behind(
    campaigns: tuple[str, str], crowded: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However large a block is, and also where the candidate gives room over the whole base and the live book not."""
    monkeypatch.setattr(blocks, "CHUNK_ROWS", 5)
    other = tmp_path / "smaller.db"
    shutil.copyfile(tmp_path / "crowd.db", other)
    with open_database(f"sqlite:///{other}") as smaller:
        for database, size in ((crowded, computing.BLOCK), (smaller, 10)):
            change = _shadowed(database, campaigns=campaigns, **LENIENT)
            monkeypatch.setattr(computing, "BLOCK", size)
            for at in (2, 30, 140):
                decide_at(database, at)
            assert _problems(database) == []
        assert contents(smaller) == contents(crowded)
        assert len(_told(smaller, change)) == len(_told(crowded, change)) == 48


def test_the_candidate_is_explained_from_its_own_chunk(shop: Database) -> None:
    predict_by(shop, model_version(shop, "first", -1), -1)
    change = _shadowed(shop)
    decide_at(shop, 2)
    told = _told(shop, change)
    with shop.read() as session:
        revision = newest_shadow(session, change).revision
        for row in range(len(told)):
            both = told.at(row)
            explained = candidate_explained(session, both.chunk_id, both.row)
            live = explain_by_itself(session, both.decision_id)
            assert (explained.revision, explained.tier.effective) == (revision, both.candidate)
            assert (live.customer_id, live.explained.tier.effective) == (both.customer_id, both.live)
