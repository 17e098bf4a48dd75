"""Databases open only when they fit, are upgraded as a whole, and hand out snapshots and turns."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from engine.errors import DamagedDatabaseError, DamagedError, InputError, NotReadyError
from engine.store import SCHEMA_VERSION, Database, check_database, open_database, upgrade_database
from engine.store.frames.fetching import rows_of
from engine.store.rows import table_of
from engine.store.tables import RevisionRow
from engine.store.upgrade import MIGRATIONS, schema_differences
from engine.store.versions import require_sqlite
from engine.vocabulary import Locale

BROKEN_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "VERSION"


def upgrade() -> None:
    op.create_table("half", sa.Column("id", sa.Integer(), primary_key=True))
    with op.batch_alter_table("customer") as customer:
        customer.add_column(sa.Column("half", sa.Integer(), nullable=True))
    op.execute("UPDATE customer SET half = 1")
    op.execute("INSERT INTO nowhere VALUES (1)")
"""


def execute(url: str, *statements: str) -> None:
    """Change a database behind the store's back."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()
        return
    import psycopg

    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)


def problems(url: str) -> list[str]:
    """What a check finds, but for `fsync=off`, which the test server is run with on purpose."""
    return [problem.en for problem in check_database(url).problems if "fsync" not in problem.en]


@pytest.fixture(params=["sqlite", "postgres"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without tables."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_empty_url"))
    sqlite3.connect(tmp_path / "empty.db").close()
    return f"sqlite:///{tmp_path}/empty.db"


def test_the_migrated_tables_are_the_declared_ones(database: Database) -> None:
    with database.read() as session:
        connection = session.connection()
        assert schema_differences(connection) == ()
        found = inspect(connection)
        for name, table in SQLModel.metadata.tables.items():
            stored = {column["name"]: column["nullable"] for column in found.get_columns(name)}
            assert stored == {column.name: bool(column.nullable) for column in table.c}
            assert found.get_pk_constraint(name)["constrained_columns"] == [key.name for key in table.primary_key]
            assert {index["name"] for index in found.get_indexes(name)} >= {index.name for index in table.indexes}


def test_the_newest_migration_is_the_version_this_code_needs() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))
    assert scripts.get_heads() == [SCHEMA_VERSION]
    assert [script.revision for script in scripts.walk_revisions()] == [
        f"{number:04}" for number in range(int(SCHEMA_VERSION), 0, -1)
    ]


def test_upgrading_makes_the_tables_and_twice_is_once(empty_url: str) -> None:
    with pytest.raises(NotReadyError, match="has no tables yet"):
        open_database(empty_url)
    assert upgrade_database(empty_url) == SCHEMA_VERSION
    assert upgrade_database(empty_url) == SCHEMA_VERSION
    open_database(empty_url).close()


def test_a_migration_that_fails_half_way_leaves_nothing_behind(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "100% migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_half.py").write_text(BROKEN_MIGRATION.replace("VERSION", SCHEMA_VERSION))
    with pytest.raises(DBAPIError, match="nowhere"):
        upgrade_database(database_url, folder)
    with open_database(database_url) as database, database.read() as session:
        tables = inspect(session.connection()).get_table_names()
        assert not [name for name in tables if "half" in name or "tmp" in name]
        assert schema_differences(session.connection()) == ()
    assert problems(database_url) == []


def test_a_first_upgrade_that_fails_leaves_no_file(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9999_half.py").write_text(BROKEN_MIGRATION.replace("VERSION", SCHEMA_VERSION))
    with pytest.raises(DBAPIError):
        upgrade_database(f"sqlite:///{tmp_path}/new.db", folder)
    assert not (tmp_path / "new.db").exists()


def test_a_missing_file_is_not_made_by_opening(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError, match="no database at") as raised:
        open_database(f"sqlite:///{tmp_path}/nope.db")
    assert "touchstone db upgrade" in raised.value.hint.en
    assert "没有数据库" in raised.value.tell(Locale.ZH)
    assert list(tmp_path.iterdir()) == []


def test_an_older_and_a_newer_database_are_refused_with_what_to_do(database_url: str) -> None:
    execute(database_url, "UPDATE alembic_version SET version_num = '0000'")
    with pytest.raises(NotReadyError, match="has schema 0000") as raised:
        open_database(database_url)
    assert "touchstone db upgrade" in raised.value.tell(Locale.ZH)
    assert "touchstone db upgrade" in problems(database_url)[0]
    execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    for use in (open_database, upgrade_database):
        with pytest.raises(NotReadyError, match="newer Touchstone") as raised:
            use(database_url)
        assert "备份" in raised.value.tell(Locale.ZH)


@pytest.mark.parametrize(
    "url",
    ["", "touchstone.db", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:", "postgresql://h:port/x", "不"],
)
def test_what_is_no_database_url_is_refused(url: str) -> None:
    with pytest.raises(InputError) as raised:
        open_database(url)
    assert "TOUCHSTONE_DATABASE_URL" in raised.value.hint.zh


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(NotReadyError) as raised:
        open_database(f"postgresql://crm:secret@/touchstone?host={tmp_path}")
    assert "secret" not in raised.value.tell(Locale.EN)
    assert "cannot be opened" in raised.value.tell(Locale.EN)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"name,amount\n" * 900)
    with pytest.raises(DamagedError):
        open_database(f"sqlite:///{tmp_path}/x.db")


def test_a_damaged_page_is_reported(sqlite_url: str) -> None:
    file = Path(sqlite_url.removeprefix("sqlite:///"))
    with file.open("r+b") as stream:
        stream.seek(4096 * 3)
        stream.write(b"\xff" * 4096)
    with pytest.raises(DamagedError, match="is damaged"):
        check_database(sqlite_url)


def test_reading_changes_nothing_and_sees_one_snapshot(database: Database) -> None:
    count = text("SELECT count(*) FROM watermark")
    insert = text("INSERT INTO watermark (source, complete_until, recorded_at) VALUES ('orders', 1, 1)")
    with database.read() as session:
        assert session.execute(count).scalar() == 0
        with database.write() as writing:
            writing.execute(insert)
        assert session.execute(count).scalar() == 0, "what was committed meanwhile is not seen"
        with pytest.raises(DBAPIError):
            session.execute(insert)
    with database.read() as session:
        assert session.execute(count).scalar() == 1


def test_writing_inside_writing_is_a_mistake_told_at_once(database: Database) -> None:
    with database.write(), pytest.raises(RuntimeError, match="inside"), database.write():
        pytest.fail("two writes at once")
    with database.write() as session:
        session.execute(text("SELECT 1"))


def test_writers_of_one_process_take_turns(database: Database) -> None:
    """Each reads, then writes what it read plus one: nothing is lost and nobody is refused."""
    with database.write() as session:
        session.execute(text("INSERT INTO watermark (source, complete_until, recorded_at) VALUES ('orders', 0, 0)"))

    def count_up() -> None:
        for _ in range(10):
            with database.write() as session:
                value = session.execute(text("SELECT complete_until FROM watermark")).scalar_one()
                session.execute(text("UPDATE watermark SET complete_until = :value"), {"value": value + 1})

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.execute(text("SELECT complete_until FROM watermark")).scalar() == 40


def test_sqlite_keeps_what_it_acknowledged(sqlite_url: str) -> None:
    with open_database(sqlite_url) as database, database.write() as session:
        settings = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers", "query_only")
        }
    assert settings == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "query_only": 0
    }  # fmt: skip


def test_a_check_of_a_sound_database_finds_nothing(database_url: str) -> None:
    assert problems(database_url) == []
    report = check_database(database_url)
    assert report.version == SCHEMA_VERSION
    assert report.engine.startswith("SQLite 3." if database_url.startswith("sqlite") else "PostgreSQL 1")


def test_a_check_finds_tables_somebody_changed(database_url: str) -> None:
    execute(database_url, "ALTER TABLE customer ADD COLUMN loyalty INTEGER", "DROP INDEX ix_record_kind")
    found = " ".join(problems(database_url))
    assert "loyalty" in found
    assert "ix_record_kind" in found


def test_a_sqlite_library_without_update_from_is_refused_by_number() -> None:
    require_sqlite((3, 33, 0))
    with pytest.raises(NotReadyError) as refused:
        require_sqlite((3, 26, 0))
    assert "3.26.0" in refused.value.message.en
    assert "3.33.0" in refused.value.message.zh


def test_a_database_that_is_deleted_or_replaced_while_open_is_refused(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    kept = path.with_name("kept.db")
    with open_database(sqlite_url) as database:
        with database.write() as session:
            session.execute(text("SELECT 1"))
        path.rename(kept)
        with pytest.raises(NotReadyError, match="deleted or replaced"), database.write():
            pass
        shutil.copy(kept, path)
        with pytest.raises(NotReadyError, match="deleted or replaced"), database.read():
            pass
        kept.replace(path)
        with database.read() as session:
            assert session.execute(text("SELECT 1")).scalar() == 1


def test_a_text_that_is_none_is_told_as_damage(sqlite_url: str) -> None:
    execute(sqlite_url, "INSERT INTO revision VALUES ('sha256:00', CAST(x'ff00ff' AS TEXT), '[]', 0)")
    query = select(table_of(RevisionRow).c.name)
    with open_database(sqlite_url) as database:
        with pytest.raises(DamagedDatabaseError, match="a text in a column `name` is no UTF-8"), database.read() as one:
            one.execute(query).all()
        with pytest.raises(DamagedDatabaseError, match="a text in a column `name` is no UTF-8"), database.read() as one:
            rows_of(one, query).fetchall()
