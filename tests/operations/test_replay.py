"""Decisions are made again from what is stored, and whatever was altered is found and named."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from engine import REPLAYED_VERSIONS, __version__
from engine.errors import DamagedError, InputError, NotFoundError, OtherEngineError
from engine.operations import blocks
from engine.operations.explaining import explain_decision
from engine.operations.inputs import stored_decision
from engine.operations.publishing import publish
from engine.operations.replay_report import Replayed
from engine.operations.replaying import replay, replay_decision
from engine.store import (
    CHUNK_ROWS,
    Database,
    chunk_hash,
    decision_number,
    encode_chunk,
    pack_numbers,
    read_chunk,
    unpack_numbers,
)
from engine.store.reading import Kind, global_id
from engine.vocabulary import Market
from tests.operations.checks import check_everything
from tests.operations.shop import add_customer, contents, day, decide_at, decision_of, order, record, rules

SOMEBODY, FIRM = "shop:P-0001", "shop:B-0001"


@pytest.fixture
def decided(shop: Database) -> Database:
    """The shop decided twice; chunks 1 and 3 hold the four companies."""
    decide_at(shop, 0)
    record(shop, [order(SOMEBODY, 5, 300, number=7)], day(6))
    decide_at(shop, 10)
    return shop


def _alter(database: Database, statement: str) -> None:
    with database.write() as session:
        session.execute(text(statement))


def _different(database: Database, names: list[str] | None = None) -> list[str]:
    with database.read() as session:
        return replay(session, names).different


def test_everything_replays_after_more_has_happened(decided: Database) -> None:
    with decided.read() as session:
        before = replay(session)
    publish(decided, rules(b2c=("at_least: 70", "at_least: 55")), "crm-ops", "generous", day(11))
    record(decided, [order(SOMEBODY, -3, 900, number=8)], day(11))
    known = contents(decided)
    with decided.read() as session:
        assert replay(session) == before
    assert contents(decided) == known
    assert (before.checked, before.identical, before.different) == (56, 56, [])


def test_named_decisions_and_customers_replay(decided: Database) -> None:
    name = global_id(Kind.DECISION, decision_of(decided, "shop:B-0002", 0))
    with decided.read() as session:
        assert replay(session, [name]).checked == 1
        assert replay(session, [SOMEBODY]).checked == 2
        assert replay(session, [name, SOMEBODY, name]).checked == 3
        for unknown in (global_id(Kind.DECISION, 999), "shop:P-9999"):
            with pytest.raises(NotFoundError):
                replay(session, [name, unknown])
        with pytest.raises(InputError, match="not an id"):
            replay(session, ["nonsense"])


@pytest.mark.parametrize(
    "setting",
    [
        "effective = 'E'",
        "computed = null",
        "score = score + 1",
        "stage = 'LOST'",
        "phase = 'CONVERT'",
        "risk = 'LOW'",
        "provisional = not provisional",
        "effective_since = effective_since - 1",
        "tags = 'vip'",
        "market = 'B2C'",
        "customer_id = 99",
    ],
)
def test_an_altered_standing_is_told(decided: Database, setting: str) -> None:
    _alter(decided, f"update standing set {setting} where customer_id = (select id from customer where ref = '{FIRM}')")
    assert _different(decided) == [global_id(Kind.DECISION, decision_of(decided, FIRM, 10))]


def _rewrite(database: Database, chunk_id: int, column: str, row: int) -> None:
    """Change one number of a chunk and make its hash fit."""
    with database.write() as session:
        chunk = read_chunk(session, chunk_id)
        arrays = {name: array.copy() for name, array in chunk.items()}
        arrays[column][row] += 1
        body = encode_chunk(chunk.header, arrays)
        session.execute(
            text("update chunk set body = :body, hash = :hash where id = :id"),
            {"body": body, "hash": chunk_hash(body), "id": chunk_id},
        )


@pytest.mark.parametrize(
    "column", ["outcome.score", "outcome.tier", "state.contacts", "fact.revenue.value", "outcome.until"]
)
def test_a_forged_chunk_is_told_by_the_root_in_the_ledger(decided: Database, column: str) -> None:
    _rewrite(decided, 1, column, 2)
    forged = {global_id(Kind.DECISION, number) for number in (decision_number(1, row) for row in range(4))}
    assert forged < set(_different(decided)), "the whole run: which of its leaves does not fit cannot be told"
    with decided.read() as session:
        first = replay(session, [global_id(Kind.DECISION, decision_number(1, 2))]).different
    assert bool(first) == (column != "state.contacts"), "an outcome that does not follow is told by itself"


def test_a_forged_phase_is_told(decided: Database) -> None:
    _rewrite(decided, 1, "told.phase", 2)
    assert _different(decided) == [global_id(Kind.DECISION, decision_number(1, 2))]


def test_another_salt_is_told_by_the_root(decided: Database) -> None:
    """Chunk and hash fit together: only the ledger knows better."""
    _alter(decided, f"update customer set salt = x'00' where ref = '{FIRM}'")
    with decided.read() as session:
        assert len(replay(session).different) == 56
        assert replay(session, [FIRM]).different == []


def test_a_damaged_chunk_is_refused_by_name_and_the_others_explain(any_shop: Database) -> None:
    decide_at(any_shop, 0)
    decide_at(any_shop, 10)
    with any_shop.write() as session:
        rows = dict(tuple(row) for row in session.execute(text("select id, rows from chunk")))
        body = bytearray(session.execute(text("select body from chunk where id = 2")).scalar_one())
        body[len(body) // 2] ^= 1
        session.execute(text("update chunk set body = :body where id = 2"), {"body": bytes(body)})
    of_chunk = {chunk: [decision_number(chunk, row) for row in range(count)] for chunk, count in rows.items()}
    with any_shop.read() as session:
        for number in of_chunk[2][::8]:
            with pytest.raises(DamagedError, match="chunk 0 of B2C in run 1"):
                explain_decision(session, number)
        for chunk in (1, 3):
            for number in of_chunk[chunk]:
                assert explain_decision(session, number).decision_id == number
        # The later decisions of the same persons stand by themselves; only what changed since cannot be told.
        later = explain_decision(session, of_chunk[4][0])
        assert later.change is None
        assert later.unread_before is not None
        assert "chunk 0 of B2C in run 1" in later.unread_before.en
        report = replay(session)
        assert report.different == [global_id(Kind.DECISION, number) for number in of_chunk[2]]
        assert (report.checked, report.ok, report.missing) == (56, False, 0)
        assert ["chunk 0 of B2C in run 1" in said.en for said in report.damaged] == [True]
        assert replay(session, [global_id(Kind.DECISION, number) for number in of_chunk[4]]).different == []


@pytest.mark.parametrize("statement", ["delete from chunk where run_id = 1", "delete from chunk"])
def test_decisions_the_ledger_tells_of_and_that_are_gone_are_counted(decided: Database, statement: str) -> None:
    with decided.write() as session:
        gone = session.execute(text(statement.replace("delete", "select sum(rows)"))).scalar_one()
        session.execute(text(statement))
    with decided.read() as session:
        report = replay(session)
    assert (report.missing, report.ok) == (gone, False)


@pytest.mark.parametrize("column", ["outcome.score", "outcome.tier", "told.phase", None])
def test_one_decision_is_made_again_by_itself(decided: Database, column: str | None) -> None:
    number = decision_number(1, 2)
    if column is not None:
        _rewrite(decided, 1, column, 2)
    with decided.read() as session:
        digest = f"sha256:{stored_decision(session, number).digest.hex()}"
        done = replay_decision(session, number)
        assert done.identical == (column is None)
        assert done.needed_engine is None
        assert (done.digest == digest) == (column in (None, "told.phase")), "a phase is told beside the digest"
        assert replay_decision(session, decision_number(1, 1)).identical
        with pytest.raises(NotFoundError):
            replay_decision(session, decision_number(99, 0))


@pytest.fixture
def of_two_engines(decided: Database) -> Database:
    """The first of two runs by an engine version nobody here knows."""
    assert __version__ in REPLAYED_VERSIONS
    _alter(decided, "update run set engine_version = '0.0.9' where id = 1")
    return decided


def test_what_another_engine_decided_is_named_and_not_made_again(of_two_engines: Database) -> None:
    first, second = (decision_of(of_two_engines, SOMEBODY, at) for at in (0, 10))
    with of_two_engines.read() as session:
        report = replay(session)
        assert (report.checked, report.identical, report.different) == (28, 28, [])
        assert {version: len(names) for version, names in report.other_engines.items()} == {"0.0.9": 28}
        assert global_id(Kind.DECISION, first) in report.other_engines["0.0.9"]
        named = replay(session, [SOMEBODY])
        assert (named.checked, named.other_engines) == (1, {"0.0.9": [global_id(Kind.DECISION, first)]})
        assert replay_decision(session, first) == Replayed(False, None, "0.0.9")
        assert replay_decision(session, second).identical
        with pytest.raises(NotFoundError):
            replay(session, [global_id(Kind.DECISION, first), global_id(Kind.DECISION, 999)])


def test_a_forgery_in_the_other_run_is_still_found(of_two_engines: Database) -> None:
    _rewrite(of_two_engines, 3, "outcome.score", 2)
    with of_two_engines.read() as session:
        report = replay(session)
    assert global_id(Kind.DECISION, decision_number(3, 2)) in report.different
    assert len(report.other_engines["0.0.9"]) == 28


def test_explaining_says_which_engine_is_needed_and_later_decisions_stand_by_themselves(
    of_two_engines: Database,
) -> None:
    first, second = (decision_of(of_two_engines, SOMEBODY, at) for at in (0, 10))
    with of_two_engines.read() as session:
        with pytest.raises(OtherEngineError, match="made by engine") as refused:
            explain_decision(session, first)
        assert (refused.value.code, refused.value.needed) == ("NOT_READY", "0.0.9")
        assert "0.0.9" in refused.value.message.zh
        answer = explain_decision(session, second)
        assert answer.change is not None
        assert (answer.change.since, answer.change.since_as_of) == (first, day(0))
        assert (answer.change.delta, answer.change.parts) == (None, ())


def test_what_is_known_to_agree_is_replayed(of_two_engines: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("inputs", "replaying"):
        monkeypatch.setattr(f"engine.operations.{module}.REPLAYED_VERSIONS", frozenset((__version__, "0.0.9")))
    with of_two_engines.read() as session:
        report = replay(session)
        assert (report.checked, report.identical, report.other_engines) == (56, 56, {})
        assert replay_decision(session, decision_of(of_two_engines, SOMEBODY, 0)).identical


def test_an_index_that_names_other_customers_is_told(decided: Database) -> None:
    with decided.write() as session:
        members = unpack_numbers(bytes(session.execute(text("select members from chunk where id = 1")).scalar_one()))
        packed = pack_numbers(members[[1, 0, 2, 3]])
        session.execute(text("update chunk set members = :members where id = 1"), {"members": packed})
    with decided.read() as session:
        with pytest.raises(DamagedError, match="another customer"):
            explain_decision(session, decision_number(1, 0))
        assert explain_decision(session, decision_number(1, 2)).run_id == 1
        wrong = [global_id(Kind.DECISION, decision_number(1, row)) for row in (0, 1)]
        assert replay(session).different == wrong


def test_many_chunks_make_one_run(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CHUNK_ROWS == 8_192
    monkeypatch.setattr(blocks, "CHUNK_ROWS", 5)
    add_customer(shop, "shop:P-0090", Market.B2C)
    decide_at(shop, 0)
    decide_at(shop, 3, [f"shop:P-{number:04}" for number in range(12)])
    decide_at(shop, 4)
    check_everything(shop)
    with shop.read() as session:
        assert session.execute(text("select count(*) from chunk")).scalar_one() == 6 + 3 + 6
