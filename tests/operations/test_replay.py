"""Decisions are made again from what is stored, and whatever was altered is found and named."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from engine.errors import DamagedError, InputError, NotFoundError
from engine.operations import runs
from engine.operations.explaining import explain_decision
from engine.operations.publishing import publish
from engine.operations.replaying import replay
from engine.store import CHUNK_ROWS, Database
from engine.store.reading import Kind, global_id
from engine.vocabulary import Market
from tests.operations.checks import check_everything
from tests.operations.shop import add_customer, contents, day, decide_at, order, record, rules

SOMEBODY = "shop:P-0001"


@pytest.fixture
def decided(shop: Database) -> Database:
    """The shop decided twice; decisions 1 to 4 and 29 to 32 are those of companies."""
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
    name = global_id(Kind.DECISION, 3)
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
        "digest = x'00'",
        "effective = 'D'",
        "computed = null",
        "score = score + 1",
        "stage = 'LOST'",
        "phase = 'CONVERT'",
        "risk = 'LOW'",
        "provisional = not provisional",
        "effective_since = effective_since - 1",
        "customer_id = 99",
    ],
)
def test_an_altered_row_is_told(decided: Database, setting: str) -> None:
    _alter(decided, f"update decision set {setting} where id = 2 and as_of = (select min(as_of) from decision)")
    assert _different(decided) == [global_id(Kind.DECISION, 2)]


def test_a_forged_chunk_is_told_by_the_root_in_the_ledger(decided: Database) -> None:
    """Chunk, hash and digests rewritten so that they fit together: only the ledger knows better."""
    _alter(decided, "update customer set salt = x'00' where ref = 'shop:B-0001'")
    everybody = [global_id(Kind.DECISION, number) for number in range(1, 57)]
    assert _different(decided) == everybody
    with decided.read() as session:
        assert replay(session, [everybody[1]]).different == []


def test_a_damaged_chunk_is_refused_by_name_and_the_others_explain(any_shop: Database) -> None:
    decide_at(any_shop, 0)
    decide_at(any_shop, 10)
    with any_shop.write() as session:
        body = bytearray(session.execute(text("select body from chunk where id = 2")).scalar_one())
        body[len(body) // 2] ^= 1
        session.execute(text("update chunk set body = :body where id = 2"), {"body": bytes(body)})
    with any_shop.read() as session:
        of_chunk = {number: [] for number in (1, 2, 3, 4)}
        for number, chunk in session.execute(text("select id, chunk_id from decision order by id")):
            of_chunk[chunk].append(number)
        for number in of_chunk[2][::8]:
            with pytest.raises(DamagedError, match="chunk 2"):
                explain_decision(session, number)
        for chunk in (1, 3):
            for number in of_chunk[chunk]:
                assert explain_decision(session, number).decision_id == number
        # The later decisions of the same persons stand by themselves; only what changed since cannot be told.
        with pytest.raises(DamagedError, match="chunk 2"):
            explain_decision(session, of_chunk[4][0])
        with pytest.raises(DamagedError, match="chunk 2"):
            replay(session)
        assert replay(session, [global_id(Kind.DECISION, number) for number in of_chunk[4]]).different == []


def test_a_decision_that_points_at_another_row_is_damaged(decided: Database) -> None:
    _alter(decided, "update decision set row = 3 where id = 2")
    with decided.read() as session, pytest.raises(DamagedError, match="another customer"):
        explain_decision(session, 2)


def test_many_chunks_make_one_run(shop: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CHUNK_ROWS == 8_192
    monkeypatch.setattr(runs, "CHUNK_ROWS", 5)
    add_customer(shop, "shop:P-0090", Market.B2C)
    decide_at(shop, 0)
    decide_at(shop, 3, [f"shop:P-{number:04}" for number in range(12)])
    decide_at(shop, 4)
    check_everything(shop)
    with shop.read() as session:
        assert session.execute(text("select count(*) from chunk")).scalar_one() == 6 + 3 + 6
