"""Processes that share a ledger find what one alone finds; real ones, on both engines."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from engine.audit.sealed import verify_sealed
from engine.operations import verifying_together
from engine.operations.sealing import Seal, stored_notes, take_checkpoint
from engine.operations.verifying import verify_everything
from engine.operations.verifying_together import verify_together
from engine.store import Database, append_entry, ledger_links
from engine.vocabulary import EntryKind
from tests.operations.shop import day


@pytest.fixture
def long(any_shop: Database, monkeypatch: pytest.MonkeyPatch, tmp_path) -> Database:
    """A ledger of some sections, with checkpoints at odd places; sections are short here."""
    monkeypatch.setattr(verifying_together, "SECTION", 16)
    monkeypatch.setattr(verifying_together, "WORTH_IT", 64)
    seal = Seal(tmp_path / "seal.key", None)
    for some in (40, 31, 100):
        with any_shop.write() as session:
            for number in range(some):
                append_entry(session, EntryKind.EXPORT, "auditor", "客户", None, {"number": number}, day(1))
        take_checkpoint(any_shop, seal, day(2))
    return any_shop


def test_a_ledger_that_fits(long: Database, any_shop_url: str) -> None:
    with long.read() as session:
        alone = verify_sealed(ledger_links(session), stored_notes(session))
        found = verify_together(session, any_shop_url, stored_notes(session), 3)
    assert alone.ok
    assert found == alone


def test_an_entry_that_does_not_fit_is_named(long: Database, any_shop_url: str) -> None:
    with long.write() as session:
        unguarded = session.get_bind().dialect.name == "postgresql"
        if not unguarded:
            create = "select sql from sqlite_master where name = 'ledger_entry_no_update'"
            guard = session.execute(text(create)).scalar_one()
        for statement in (
            "alter table ledger_entry disable trigger user" if unguarded else "drop trigger ledger_entry_no_update",
            "update ledger_entry set actor = 'mallory' where position = 90",
            "alter table ledger_entry enable trigger user" if unguarded else guard,
        ):
            session.execute(text(statement))
    with long.read() as session:
        assert verify_together(session, any_shop_url, stored_notes(session), 2) is None
        found = verify_everything(session, None, url=any_shop_url)
    assert (found.ok, found.first_bad) == (False, 90)


def test_a_process_that_cannot_open_the_database_leaves_it_to_this_one(long: Database) -> None:
    with long.read() as session:
        assert verify_together(session, "sqlite:///nowhere/at/all.db", stored_notes(session), 2) is None


def test_a_short_ledger_or_a_single_processor_starts_no_process(
    long: Database, any_shop_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying_together, "ProcessPoolExecutor", None)
    with long.read() as session:
        assert verify_together(session, any_shop_url, stored_notes(session), 1) is None
        monkeypatch.setattr(verifying_together, "WORTH_IT", 10_000)
        assert verify_together(session, any_shop_url, stored_notes(session), 4) is None
