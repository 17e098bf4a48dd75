"""Whatever is altered in its own table, the ledger left alone, is told by verifying."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from engine.operations.verifying import verify_everything
from engine.store import Chunk, Database, chunk_hash, encode_chunk, forget_unpacked, read_chunk
from engine.store.rows import table_of
from engine.store.tables import ChunkRow
from tests.operations.checks import unguard
from tests.operations.shop import decide_at

COPIED = (
    "state, as_of, as_known_at, revision, model_digest, engine_version, total, decided, changed, tiers, root, actor, "
    "started_at, finished_at"
)
ALTERED = [
    ("a run's instant", "update run set as_of = as_of + 3600000000 where id = 1", "as_of"),
    ("a run's knowledge", "update run set as_known_at = as_known_at + 1 where id = 2", "as_known_at"),
    ("a run's revision", "update run set revision = 'sha256:' || revision where id = 1", "revision"),
    ("a run's engine", "update run set engine_version = '9.9' where id = 1", "engine"),
    ("a run's model", "update run set model_digest = 'sha256:x' where id = 1", "model"),
    ("a run's actor", "update run set actor = 'mallory' where id = 1", "by"),
    ("a run's root", "update run set root = 'sha256:00' where id = 2", "root"),
    ("a run's tiers", "update run set tiers = '{}' where id = 2", "tiers"),
    ("a run's count", "update run set decided = 1 where id = 2", "decided"),
    ("a run gone", "delete from run where id = 1", "not there any more"),
    ("a run with its chunks gone", "delete from chunk where run_id = 1", "entry anchors"),
    ("a run nobody made", f"insert into run (id, {COPIED}) select 99, {COPIED} from run where id = 1", "of run 99"),
    ("a reason", "update rule_change set reason = 'none' where id = 1", "reason"),
    ("who published", "update rule_change set actor = 'mallory', published_by = 'mallory'", "by"),
    ("a rule change gone", "delete from rule_change", "not there any more"),
    ("a standing", "update standing set effective = 'A'", "stands"),
    ("a salt", "update customer set salt = x'00' where id = 1", "entry anchors"),
]  # fmt: skip


@pytest.fixture
def decided_twice(shop: Database) -> Database:
    """The small shop, decided on two days."""
    for number in (0, 10):
        decide_at(shop, number)
    return shop


def found(database: Database) -> list[str]:
    forget_unpacked()
    with database.read() as session:
        verified = verify_everything(session, None)
    assert verified.ok == (not verified.misfits)
    return [problem.en for problem in verified.misfits]


def test_nothing_is_told_of_what_nobody_altered(decided_twice: Database) -> None:
    assert found(decided_twice) == []


@pytest.mark.parametrize(("what", "statement", "told"), ALTERED, ids=[one[0] for one in ALTERED])
def test_what_was_altered_is_told(decided_twice: Database, what: str, statement: str, told: str) -> None:
    unguard(decided_twice)
    with decided_twice.write() as session:
        session.execute(text(statement))
    problems = found(decided_twice)
    assert any(told in problem for problem in problems), problems


def rewrite(database: Database, change) -> None:
    """Alter a chunk of the second run and hash it anew, as whoever owns the database can."""
    table = table_of(ChunkRow)
    with database.write() as session:
        number = session.execute(select(table.c.id).where(table.c.run_id == 2).order_by(table.c.id)).scalars().first()
        chunk: Chunk = read_chunk(session, number)
        header = dict(chunk.header)
        columns = {name: chunk[name].copy() for name in chunk}
        change(header, columns)
        body = encode_chunk(header, columns)
        session.execute(table.update().where(table.c.id == number).values(body=body, hash=chunk_hash(body)))


def _turned(header, columns) -> None:
    header["tiers"] = header["tiers"][::-1]


def _before(header, columns) -> None:
    columns["told.previous"][:] = (columns["told.previous"] + 1) % max(len(header["previous"]), 1)


def _score(header, columns) -> None:
    columns["outcome.score"][0] += 1


def _customer(header, columns) -> None:
    columns["customer"][:] = columns["customer"][::-1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_turned, "not those of its rule book"),
        (_before, "another tier before"),
        (_score, "anchors"),
        (_customer, "anchors"),
    ],
)
def test_a_chunk_altered_and_hashed_anew_is_told(decided_twice: Database, change, told: str) -> None:
    rewrite(decided_twice, change)
    problems = found(decided_twice)
    assert any(told in problem for problem in problems), problems


def test_a_flipped_byte_is_told_by_the_chunks_name(decided_twice: Database) -> None:
    table = table_of(ChunkRow)
    with decided_twice.write() as session:
        number, body = session.execute(select(table.c.id, table.c.body).where(table.c.run_id == 1)).first()
        flipped = bytearray(body)
        flipped[-1] ^= 1
        session.execute(table.update().where(table.c.id == number).values(body=bytes(flipped)))
    assert any("do not fit their hash" in problem for problem in found(decided_twice))


def test_text_in_the_place_of_a_chunk_is_told_by_the_chunks_name(decided_twice: Database) -> None:
    with decided_twice.write() as session:
        session.execute(text("update chunk set body = 'garbage' where run_id = 1 and ordinal = 0"))
    assert any("chunk 0 of" in problem and "do not fit" in problem for problem in found(decided_twice))
