"""The ledger: entries chained in the operation's transaction, guarded, and every alteration found."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from engine.errors import DamagedError
from engine.store import Database, append_entry, check_database, open_database, read_entries, verify_ledger
from engine.vocabulary import EntryKind

ENTRY = "ledger_entry (position, kind, at, actor, body, hash) VALUES (1, 'RUN', 1, 'x', '{}', 'x')"
AT = datetime(2026, 3, 1, 20, 0, 0, 5, tzinfo=timezone(timedelta(hours=8)))


def append(database: Database, count: int) -> list[str]:
    hashes = []
    with database.write() as session:
        for number in range(count):
            entry = append_entry(
                session, EntryKind.RUN, "crm-ops", "month end 月末", f"run:{number}", {"number": number}, AT
            )
            hashes.append(entry.hash)
    return hashes


def test_an_entry_is_what_its_bytes_say(database: Database) -> None:
    append(database, 2)
    with database.read() as session:
        first, second = read_entries(session)
    assert json.loads(second.body) == {
        "actor": "crm-ops", "at": "2026-03-01T12:00:00.000005Z", "body": {"number": 1}, "kind": "RUN", "position": 2,
        "previous_hash": first.hash, "reason": "month end 月末", "subject": "run:1",
    }  # fmt: skip
    assert second.hash == "sha256:" + hashlib.sha256(second.body.encode()).hexdigest()
    assert (first.previous_hash, second.previous_hash) == (None, first.hash)
    assert second.at == AT
    assert second.at.tzinfo is UTC


def test_positions_go_on_over_transactions_and_an_undone_one_leaves_no_gap(database: Database) -> None:
    hashes = append(database, 2)

    def fail() -> None:
        with database.write() as session:
            append_entry(session, EntryKind.RUN, "crm-ops", None, None, {}, AT)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    hashes += append(database, 3)
    with database.read() as session:
        assert [entry.position for entry in read_entries(session)] == [1, 2, 3, 4, 5]
        assert [entry.position for entry in read_entries(session, after=2, until=4)] == [3, 4]
        verified = verify_ledger(session)
    assert (verified.ok, verified.entries, verified.head, verified.first_bad) == (True, 5, hashes[-1], None)


def test_an_empty_ledger_fits(database: Database) -> None:
    with database.read() as session:
        verified = verify_ledger(session)
    assert (verified.ok, verified.entries, verified.head) == (True, 0, None)


@pytest.mark.parametrize("body", [{"share": 0.5}, {"size": 2**53}, {"客户": 1}, {"when": AT}])
def test_what_has_no_single_way_to_be_written_is_refused(database: Database, body) -> None:
    with database.write() as session, pytest.raises(ValueError, match=r"\$\.body"):
        append_entry(session, EntryKind.RUN, "crm-ops", None, None, body, AT)
    with database.write() as session, pytest.raises(ValueError, match="offset"):
        append_entry(session, EntryKind.RUN, "crm-ops", None, None, {}, datetime(2026, 1, 1))


CHANGES = [
    ("sqlite postgres", "UPDATE ledger_entry SET reason = 'other' WHERE position = 1"),
    ("sqlite postgres", "UPDATE ledger_entry SET position = 9 WHERE position = 2"),
    ("sqlite postgres", "DELETE FROM ledger_entry"),
    ("sqlite postgres", f"INSERT INTO {ENTRY} ON CONFLICT (position) DO UPDATE SET actor = 'x'"),
    ("sqlite", f"INSERT OR REPLACE INTO {ENTRY}"),
    ("postgres", "TRUNCATE ledger_entry"),
]


@pytest.mark.parametrize(
    ("engine", "statement"), [(engine, statement) for engines, statement in CHANGES for engine in engines.split()]
)
def test_the_database_itself_refuses_changes(request: pytest.FixtureRequest, engine: str, statement: str) -> None:
    with open_database(request.getfixturevalue(f"{engine}_url")) as database:
        append(database, 2)
        with pytest.raises(DBAPIError, match="never"), database.write() as session:
            session.execute(text(statement))
        with database.read() as session:
            assert verify_ledger(session).entries == 2


SWAP = "UPDATE ledger_entry SET position = CASE position WHEN 3 THEN 40 ELSE 3 END WHERE position IN (3, 6)"
REPLACED = "replace(body, '\"number\":2', '\"number\":7')"
ALTERATIONS = {
    "a byte of a body": (f"UPDATE ledger_entry SET body = {REPLACED} WHERE position = 3", 3),
    "an actor beside the body": ("UPDATE ledger_entry SET actor = 'somebody' WHERE position = 2", 2),
    "a time beside the body": ("UPDATE ledger_entry SET at = at + 1 WHERE position = 4", 4),
    "a subject made null": ("UPDATE ledger_entry SET subject = NULL WHERE position = 1", 1),
    "an entry deleted": ("DELETE FROM ledger_entry WHERE position = 2", 2),
    "the first entries deleted": ("DELETE FROM ledger_entry WHERE position <= 2", 1),
    "a hash": ("UPDATE ledger_entry SET hash = previous_hash WHERE position = 5", 5),
    "the order": (SWAP, 3),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "first_bad"), ALTERATIONS.values(), ids=ALTERATIONS)
def test_an_alteration_behind_the_guards_is_found_at_its_place(sqlite_url: str, statement: str, first_bad: int) -> None:
    with open_database(sqlite_url) as database:
        append(database, 6)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        guards = connection.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entry'"
        ).fetchall()
        for name in ("no_update", "no_delete", "no_replace"):
            connection.execute(f"DROP TRIGGER ledger_entry_{name}")
        connection.execute(statement)
        for (guard,) in guards:
            connection.execute(guard)
    connection.close()
    with open_database(sqlite_url) as database, database.read() as session:
        verified = verify_ledger(session)
    assert (verified.ok, verified.first_bad) == (False, first_bad)
    assert verified.problem is not None
    assert verified.problem.zh


@pytest.mark.parametrize("guard", ["ledger_entry_no_delete", "tier_override_no_delete"])
def test_a_ledger_without_its_guards_is_not_opened(sqlite_url: str, guard: str) -> None:
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as connection:
        connection.execute(f"DROP TRIGGER {guard}")
    connection.close()
    with pytest.raises(DamagedError, match=guard):
        open_database(sqlite_url)
    assert not check_database(sqlite_url).ok


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE ledger_entry DISABLE TRIGGER ledger_entry_no_change",
        "DROP TRIGGER ledger_entry_no_truncate ON ledger_entry",
        "DROP TRIGGER tier_override_no_truncate ON tier_override",
        "ALTER TABLE tier_override DISABLE TRIGGER tier_override_no_delete",
    ],
)
def test_a_ledger_with_guards_switched_off_is_not_opened_on_postgres(postgres_url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(postgres_url) as connection:
        connection.execute(statement)
    with pytest.raises(DamagedError, match="lost its guards"):
        open_database(postgres_url)


@pytest.mark.parametrize("count", [6, 7, 8, 21])
def test_the_ledger_is_read_in_pieces(database: Database, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr("engine.store.ledger._BATCH", 7)
    append(database, count)
    with database.read() as session:
        assert verify_ledger(session).entries == count
        assert [entry.position for entry in read_entries(session)] == list(range(1, count + 1))
