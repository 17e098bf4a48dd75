"""Sealing on real databases: keys, checkpoints here and outside, rotation, stops in between."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from engine.audit.notes import read_note
from engine.errors import DamagedError, InputError
from engine.operations.sealing import Seal, announced_key, notes_outside, rotate_key, stored_notes, take_checkpoint
from engine.operations.verifying import verify_everything
from engine.store import Database, append_entry
from engine.vocabulary import EntryKind
from tests.audit.ledgers import sealed

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def seal(tmp_path: Path) -> Seal:
    """A key and a file outside that are not there yet."""
    return Seal(tmp_path / "seal.key", tmp_path / "kept.checkpoints")


def append(database: Database, count: int = 1) -> None:
    with database.write() as session:
        for number in range(count):
            append_entry(session, EntryKind.RECORD, "crm-ops", None, f"order:{number}", {"number": number}, AT)


def sizes(notes: list[str]) -> list[int]:
    return [read_note(note).entries for note in notes]


def test_the_first_checkpoint_makes_and_announces_the_key(database: Database, seal: Seal) -> None:
    append(database, 2)
    assert take_checkpoint(database, seal, AT) is not None
    assert stat.S_IMODE(seal.key.stat().st_mode) == 0o600
    with database.read() as session:
        found = verify_everything(session, seal.outside)
        assert (found.ok, found.entries) == (True, 3)
        assert sizes(stored_notes(session)) == [3]
        assert notes_outside(seal.outside) == stored_notes(session)
        assert announced_key(session) is not None
    assert take_checkpoint(database, seal, AT) is None


def test_checkpoints_go_on_from_the_last_one(database: Database, seal: Seal) -> None:
    for count in (1, 5, 2):
        append(database, count)
        take_checkpoint(database, seal, AT)
    with database.read() as session:
        assert sizes(stored_notes(session)) == [2, 7, 9]
        assert verify_everything(session, seal.outside).ok


def test_nothing_is_signed_where_nothing_was_written(database: Database, seal: Seal) -> None:
    assert take_checkpoint(database, seal, AT) is None
    assert not seal.key.exists()


def test_a_file_outside_that_missed_some_gets_them_later(database: Database, seal: Seal, tmp_path: Path) -> None:
    append(database)
    take_checkpoint(database, Seal(seal.key, None), AT)
    append(database)
    take_checkpoint(database, seal, AT)
    assert sizes(notes_outside(seal.outside)) == [2, 3]


def test_a_checkpoint_kept_outside_shows_that_the_ledger_was_cut(database: Database, seal: Seal) -> None:
    append(database, 4)
    take_checkpoint(database, seal, AT)
    guards = {
        True: ["ledger_entry_no_delete", "checkpoint_no_delete"],
        False: ["ledger_entry_no_change", "checkpoint_no_change"],
    }[database.is_sqlite]
    with database.write() as session:
        for guard in guards:
            on = "" if database.is_sqlite else f" ON {guard.rpartition('_no_')[0]}"
            session.execute(text(f"DROP TRIGGER {guard}{on}"))
        session.execute(text("DELETE FROM ledger_entry WHERE position > 2"))
        session.execute(text("DELETE FROM checkpoint"))
    with database.read() as session:
        assert verify_everything(session, None).ok
        found = verify_everything(session, seal.outside)
        assert (found.ok, found.first_bad) == (False, 3)
        assert found.problem is not None
        assert "5" in found.problem.en
    with pytest.raises(DamagedError, match="more than"):
        take_checkpoint(database, seal, AT)


def test_checkpoints_taken_out_of_the_database_are_told_by_those_outside(database: Database, seal: Seal) -> None:
    for _ in range(3):
        append(database, 2)
        take_checkpoint(database, seal, AT)
    guard = "checkpoint_no_delete" if database.is_sqlite else "checkpoint_no_change"
    with database.write() as session:
        session.execute(text(f"DROP TRIGGER {guard}" + ("" if database.is_sqlite else " ON checkpoint")))
        session.execute(text("DELETE FROM checkpoint WHERE entries < 6"))
    with database.read() as session:
        assert verify_everything(session, None).ok
        found = verify_everything(session, seal.outside)
    assert (found.ok, found.first_bad) == (False, 3)
    assert [one.en for one in found.misfits] == [
        "Checkpoints that are kept outside are not in the database any more: over 3, 5 entries."
    ]


@pytest.mark.parametrize("statement", ["UPDATE checkpoint SET entries = 9", "DELETE FROM checkpoint"])
def test_the_database_refuses_to_change_a_checkpoint(database: Database, seal: Seal, statement: str) -> None:
    append(database)
    take_checkpoint(database, seal, AT)
    with pytest.raises(Exception, match="checkpoints are never"), database.write() as session:
        session.execute(text(statement))


def test_another_key_than_the_announced_one_signs_nothing(database: Database, seal: Seal) -> None:
    append(database)
    take_checkpoint(database, seal, AT)
    seal.key.unlink()
    append(database)
    with pytest.raises(InputError, match="nothing was signed"):
        take_checkpoint(database, seal, AT)
    with database.read() as session:
        assert sizes(stored_notes(session)) == [2]


def test_a_new_key_is_vouched_for_by_the_old_one(database: Database, seal: Seal) -> None:
    append(database)
    take_checkpoint(database, seal, AT)
    old = seal.key.read_bytes()
    new = rotate_key(database, seal, "security", "yearly", AT, lost=False)
    assert seal.key.read_bytes() != old
    append(database)
    take_checkpoint(database, seal, AT + timedelta(hours=1))
    with database.read() as session:
        assert announced_key(session) == new
        assert stored_notes(session)[1].count("\u2014 ") == 2
        assert verify_everything(session, seal.outside).ok


def test_a_stop_between_the_entry_and_the_key_file_is_made_good(database: Database, seal: Seal) -> None:
    append(database)
    take_checkpoint(database, seal, AT)
    before = seal.key.read_bytes()
    rotate_key(database, seal, "security", "yearly", AT, lost=False)
    seal.key.with_name(f"{seal.key.name}.next").write_bytes(seal.key.read_bytes())
    seal.key.write_bytes(before)
    append(database)
    assert take_checkpoint(database, seal, AT) is not None
    with database.read() as session:
        assert verify_everything(session, seal.outside).ok


def test_a_lost_key_is_replaced_only_when_said_to_be_lost(database: Database, seal: Seal) -> None:
    append(database)
    take_checkpoint(database, seal, AT)
    seal.key.unlink()
    with pytest.raises(InputError, match=r"--lost|not touchstone"):
        rotate_key(database, seal, "security", "disk died", AT, lost=False)
    rotate_key(database, seal, "security", "disk died", AT, lost=True)
    append(database)
    take_checkpoint(database, seal, AT)
    with database.read() as session:
        assert verify_everything(session, seal.outside).ok


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_file_that_holds_no_key_is_named(database: Database, seal: Seal, content: bytes) -> None:
    seal.key.write_bytes(content)
    append(database)
    with pytest.raises(InputError, match=r"seal\.key"):
        take_checkpoint(database, seal, AT)


@pytest.mark.parametrize("line", ["x", "{}", '{"entries": "x", "note": "y"}', "[]"])
def test_a_file_outside_that_is_none_is_named(database: Database, seal: Seal, line: str) -> None:
    append(database)
    seal.outside.write_text(line + "\n")
    with pytest.raises(InputError, match="line 1"):
        take_checkpoint(database, seal, AT)


def test_the_file_of_another_ledger_is_not_written_to(database: Database, seal: Seal, tmp_path: Path) -> None:

    foreign = json.dumps({"entries": 3, "note": sealed(3, 3).notes[0]}) + "\n"
    seal.outside.write_text(foreign)
    append(database)
    with pytest.raises(InputError, match="another ledger"):
        take_checkpoint(database, seal, AT)
    assert seal.outside.read_text() == foreign
    with database.read() as session:
        assert not verify_everything(session, seal.outside).ok
