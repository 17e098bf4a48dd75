"""A chunk whose hash does not fit is refused by name, and everything else keeps working."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import orjson
import pytest
from sqlalchemy import text

from engine.errors import DamagedError
from engine.operations import blocks
from engine.operations.anchored import misfits
from engine.operations.deciding import RunReport, decide
from engine.operations.explaining import explain_decision
from engine.operations.left_out import LeftOut
from engine.operations.previewing import preview
from engine.operations.replaying import replay
from engine.operations.selecting import decision_ids_of_sample
from engine.operations.whatif import Asked, what_if
from engine.rulebook import load_book
from engine.store import Database, open_database
from engine.store.reading import tier_counts, tier_moves
from tests.damage import flip, restore
from tests.operations.shop import count, day, decide_at, decision_of, order, record, refs, rules, standings

V = TypeVar("V")
NAME = "chunk 1 of B2C in run 1"
ROWS = 5
INSIDE = [f"shop:P-{number:04}" for number in range(ROWS, 2 * ROWS)]
OUTSIDE = sorted({*refs()} - {*INSIDE})
SOMEBODY = OUTSIDE[-1]


@pytest.fixture
def file(shop_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SQLite file with the shop decided once, five customers in a chunk; nobody has it open."""
    monkeypatch.setattr(blocks, "CHUNK_ROWS", ROWS)
    with open_database(shop_url) as database:
        decide_at(database, 0)
        record(database, [order(ref, 1, 900, number=9) for ref in refs()], day(2))
    return Path(shop_url.removeprefix("sqlite:///"))


def _within(file: Path, question: Callable[[Database], V]) -> V:
    with open_database(f"sqlite:///{file}") as database:
        return question(database)


def _second_chunk_of_persons(file: Path) -> int:
    def asked(database: Database) -> int:
        with database.read() as session:
            query = "select id from chunk where market = 'B2C' and ordinal = 1 and run_id = 1"
            return int(session.execute(text(query)).scalar_one())

    return _within(file, asked)


@pytest.fixture
def damaged(file: Path) -> tuple[Path, int, bytes]:
    """The file with a bit flipped in the chunk of `INSIDE`, where, and what was there."""
    return file, *flip(file, _second_chunk_of_persons(file))


def _run(number: float) -> Callable[[Database], RunReport]:
    return lambda database: decide_at(database, number)


def test_all_others_are_decided_and_who_stands_in_the_chunk_is_left_out(damaged: tuple[Path, int, bytes]) -> None:
    file = damaged[0]
    before = _within(file, standings)
    report = _within(file, _run(10))
    assert report.left_out == (LeftOut(NAME, ROWS),)
    assert report.decided == len(OUTSIDE)
    assert report.as_dict()["left_out"] == [{"chunk": NAME, "customers": ROWS}]
    after = _within(file, standings)
    assert {ref for ref in refs() if after[ref].decision_id != before[ref].decision_id} <= {*OUTSIDE}
    assert all(after[ref] == before[ref] for ref in INSIDE), "nobody was moved for what is not known"


def test_the_run_and_its_entry_tell_who_was_left_out(damaged: tuple[Path, int, bytes]) -> None:
    def asked(database: Database) -> tuple[object, ...]:
        report = decide_at(database, 10)
        with database.read() as session:
            row = session.execute(text(f"select * from run where id = {report.run_id}")).one()
            query = "select body from ledger_entry where kind = 'RUN' order by position desc limit 1"
            entry = orjson.loads(session.execute(text(query)).scalar_one())["body"]
        return row.total, row.decided, row.problem_en, row.problem_zh, entry["left_out"], entry["decided"]

    total, decided, en, zh, told, said = _within(damaged[0], asked)
    assert (total, decided, said) == (len(refs()), len(OUTSIDE), len(OUTSIDE))
    assert told == [{"chunk": NAME, "customers": ROWS}]
    assert NAME in str(en)
    assert NAME in str(zh)
    assert "未评级" in str(zh)


def test_the_others_come_out_as_without_the_damage(file: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    whole.write_bytes(file.read_bytes())
    flip(file, _second_chunk_of_persons(file))
    _within(file, _run(10)), _within(whole, _run(10))
    here, there = _within(file, standings), _within(whole, standings)
    told = ("computed", "effective", "since", "stage", "risk", "score", "pending", "changed_at")
    for ref in OUTSIDE:
        assert [getattr(here[ref], name) for name in told] == [getattr(there[ref], name) for name in told], ref


def test_a_second_run_does_nothing_and_tells_it_again(damaged: tuple[Path, int, bytes]) -> None:
    file = damaged[0]
    first = _within(file, _run(10))
    chunks = _within(file, lambda database: count(database, "chunk"))
    again = _within(file, _run(10))
    assert (again.run_id, again.decided, again.already) == (None, 0, len(OUTSIDE))
    assert again.left_out == first.left_out
    assert _within(file, lambda database: count(database, "chunk")) == chunks


def test_named_customers_are_decided_but_those_in_the_chunk(damaged: tuple[Path, int, bytes]) -> None:
    named = [INSIDE[0], SOMEBODY, INSIDE[1]]
    report = _within(damaged[0], lambda database: decide_at(database, 10, named))
    assert (report.decided, report.already, report.left_out) == (1, 0, (LeftOut(NAME, 2),))
    assert report.decision_ids == (_within(damaged[0], lambda database: decision_of(database, SOMEBODY)),)


def test_the_first_answer_to_an_idempotency_key_tells_it_again(damaged: tuple[Path, int, bytes]) -> None:
    def asked(database: Database) -> RunReport:
        return decide(database, None, day(10), "schedule", day(10), idempotency_key="k")

    first = _within(damaged[0], asked)
    assert _within(damaged[0], asked) == first
    assert first.left_out


def test_once_the_chunk_is_restored_they_are_decided_from_where_they_stood(file: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.db"
    whole.write_bytes(file.read_bytes())
    place, byte = flip(file, _second_chunk_of_persons(file))
    _within(file, _run(10))
    restore(file, place, byte)
    caught_up = _within(file, _run(10))
    assert (caught_up.decided, caught_up.left_out, caught_up.already) == (ROWS, (), 0)
    _within(whole, _run(10))
    here, there = _within(file, standings), _within(whole, standings)
    told = ("computed", "effective", "since", "stage", "risk", "score", "pending", "previous", "changed_at")
    for ref in refs():
        assert [getattr(here[ref], name) for name in told] == [getattr(there[ref], name) for name in told], ref

    def sound(database: Database) -> bool:
        with database.read() as session:
            return replay(session).ok and not list(misfits(session))

    assert _within(file, sound)


def test_profiles_explanations_and_what_ifs_of_the_others_work(damaged: tuple[Path, int, bytes]) -> None:
    def asked(database: Database) -> None:
        with database.read() as session:
            for ref in OUTSIDE:
                assert explain_decision(session, decision_of(database, ref)).ref == ref
            for ref in INSIDE:
                with pytest.raises(DamagedError, match=NAME):
                    explain_decision(session, decision_of(database, ref))
            what_if(session, Asked(SOMEBODY, as_of=day(10)), day(10))
            with pytest.raises(DamagedError, match=NAME):
                what_if(session, Asked(INSIDE[0], as_of=day(10)), day(10))

    _within(damaged[0], asked)


def test_figures_over_everybody_name_the_chunk_rather_than_leave_somebody_out(damaged: tuple[Path, int, bytes]) -> None:
    def asked(database: Database) -> None:
        with database.read() as session:
            assert sum(row[2] for row in tier_counts(session, None, None)) == len(refs()), "as they stand now"
            for question in (
                lambda: tier_counts(session, None, day(5)),
                lambda: tier_moves(session, None, day(5), day(6)),
            ):
                with pytest.raises(DamagedError, match=NAME):
                    question()
            with pytest.raises(DamagedError, match=NAME):
                decision_ids_of_sample(session, 5)

    _within(damaged[0], asked)


def test_a_preview_is_of_whom_a_run_would_decide(damaged: tuple[Path, int, bytes]) -> None:
    candidate = load_book(rules(b2c=("at_least: 70", "at_least: 55")))

    def asked(database: Database) -> tuple[int, int, tuple[LeftOut, ...]]:
        with database.read() as session:
            done = preview(session, candidate, day(10), day(10))
            return done.comparison.customers, done.left_out, done.damaged

    assert _within(damaged[0], asked) == (len(OUTSIDE), 0, (LeftOut(NAME, ROWS),))


def test_replay_and_verify_name_the_chunk_once_and_find_nothing_else_wrong(damaged: tuple[Path, int, bytes]) -> None:
    file = damaged[0]
    _within(file, _run(10))

    def asked(database: Database) -> None:
        with database.read() as session:
            report = replay(session)
            assert (report.checked - report.identical, len(report.different)) == (ROWS, ROWS)
            assert [NAME in said.en for said in report.damaged] == [True]
            assert all(NAME in one.text.en for one in misfits(session))

    _within(file, asked)


def test_standings_of_the_others_are_compared_all_the_same(damaged: tuple[Path, int, bytes]) -> None:
    def asked(database: Database) -> None:
        with database.write() as session:
            customer = f"(select id from customer where ref = '{SOMEBODY}')"
            session.execute(text(f"update standing set risk = 'LOW' where customer_id = {customer}"))
        with database.read() as session:
            assert len(replay(session).different) == ROWS + 1

    _within(damaged[0], asked)


def test_of_a_damaged_index_the_body_tells_who_is_in_the_chunk(file: Path) -> None:
    """The packed customers beside the body have no hash; they are found out, and the body is believed."""
    whole = _within(file, standings)
    with open_database(f"sqlite:///{file}") as database, database.write() as session:
        query = "update chunk set members = :members where market = 'B2C' and ordinal = 1"
        session.execute(text(query), {"members": b"\x05" + b"\x00" * 7 + b"\x09" * 9})
    report = _within(file, _run(10))
    assert (report.decided, report.left_out) == (len(refs()), ())
    assert {
        ref: row.since for ref, row in _within(file, standings).items() if row.decision_id == whole[ref].decision_id
    }

    def asked(database: Database) -> None:
        with database.read() as session:
            report = replay(session)
            assert len(report.different) == ROWS
            assert NAME in report.damaged[0].en

    _within(file, asked)
