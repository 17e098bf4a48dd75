"""Bring a database to this version's schema, and look whether it is sound."""

from __future__ import annotations

import sqlite3
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, text
from sqlmodel import SQLModel

from engine.access import open_private
from engine.errors import NotReadyError
from engine.store.connections import connect, keep_write_ahead_log, options
from engine.store.database import unchecked_database
from engine.store.faults import told
from engine.store.location import database_location, is_sqlite, shown, sqlite_file
from engine.store.tables import LedgerRow
from engine.store.turns import FileTurn, has_wal_reset_bug
from engine.store.versions import SCHEMA_VERSION, missing_guards, refuse_foreign, refuse_newer, schema_version
from engine.vocabulary import Text

MIGRATIONS: Final = Path(__file__).resolve().parents[2] / "migrations"
"""The folder of migrations beside the engine."""


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """What `check_database` found.

    Attributes:
        where: The database, without a password.
        engine: `SQLite 3.40.1`, `PostgreSQL 15.10`.
        version: Its schema version; None: never upgraded.
        problems: What is wrong; empty: nothing.
        remarks: What is worth knowing and not wrong.
    """

    where: str
    engine: str
    version: str | None
    problems: tuple[Text, ...]
    remarks: tuple[Text, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def upgrade_database(url: str, migrations: Path = MIGRATIONS) -> str:
    """Make the database's tables, or bring them to this version's; everything or nothing.

    A SQLite file (and its folder) is made if need be; a PostgreSQL database must exist.

    Args:
        url: As for `open_database`.
        migrations: Folder of Alembic migrations.

    Returns:
        The schema version it now has.

    Raises:
        InputError: The URL is none.
        NotReadyError: It cannot be reached, is newer than this code, or holds somebody else's tables.
    """
    location = database_location(url)
    turn, made = None, None
    if is_sqlite(location):
        file = sqlite_file(location)
        file.parent.mkdir(parents=True, exist_ok=True)
        turn, made = FileTurn(file), None if file.exists() else file
        made = None if made is None else _made_anew(made)
    try:
        return _upgraded(location, turn, migrations)
    except BaseException:
        if made is not None:
            made.unlink(missing_ok=True)
        raise
    finally:
        if turn is not None:
            turn.close()


def _made_anew(file: Path) -> Path | None:
    """An empty file for its owner alone, which SQLite takes for a database; None: another process was quicker."""
    try:
        open_private(file, new=True).close()
    except FileExistsError:
        return None
    except OSError:
        return file  # SQLite says better what is wrong
    return file


def _upgraded(location: URL, turn: FileTurn | None, migrations: Path) -> str:
    engine, where = connect(location, turn), shown(location)
    try:
        with (
            told(where),
            turn.taken() if turn is not None else nullcontext(),
            engine.connect().execution_options(**options(location, writing=True)) as connection,
            connection.begin(),
        ):
            version = schema_version(connection)
            refuse_newer(version, where)
            if version is None:
                refuse_foreign(connection, where)
            _run_migrations(connection, migrations)
            version = schema_version(connection)
        if turn is not None:
            keep_write_ahead_log(engine, turn)
    finally:
        engine.dispose()
    if version is None:
        raise NotReadyError(Text(f"There are no migrations in {migrations}.", f"{migrations} 中没有迁移脚本。"))
    return version


def _run_migrations(connection: Connection, migrations: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def schema_differences(connection: Connection) -> tuple[str, ...]:
    """Where the tables differ from the ones this code declares, one line each, as Alembic compares them."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return tuple(str(difference) for difference in compare_metadata(context, SQLModel.metadata))


def check_database(url: str) -> DatabaseReport:
    """Look whether a database is sound: schema version, tables, guards, pages, settings.

    The ledger's chain is `verify_ledger`'s business.

    Raises:
        InputError: The URL is none.
        NotReadyError: There is no database, or it cannot be reached.
        DamagedError: It is no database.
    """
    location = database_location(url)
    with unchecked_database(location) as database:
        with database.read() as session:
            connection = session.connection()
            version = schema_version(connection)
            problems = _problems(connection, version)
            engine, remarks, unsafe = _sqlite_state(connection) if database.is_sqlite else _postgres_state(connection)
        return DatabaseReport(database.where, engine, version, (*problems, *unsafe), remarks)


def _problems(connection: Connection, version: str | None) -> list[Text]:
    if version is not None and version > SCHEMA_VERSION:
        return [
            Text(
                f"Schema version {version} is a newer Touchstone's (known here: {SCHEMA_VERSION}): install that one.",
                f"结构版本 {version} 来自更新版本的 Touchstone，本程序只支持 {SCHEMA_VERSION}：请安装该版本。",
            )
        ]
    if version != SCHEMA_VERSION:
        stands = version or "-"
        return [
            Text(
                f"Schema version {stands}, this version needs {SCHEMA_VERSION}: run `touchstone db upgrade`.",
                f"结构版本 {stands}，当前程序需要 {SCHEMA_VERSION}：请运行 `touchstone db upgrade`。",
            )
        ]
    found = [
        Text(f"The tables differ from this version's: {line}", f"数据表与当前版本不一致：{line}")
        for line in schema_differences(connection)
    ]
    for name in missing_guards(connection):
        found.append(
            Text(f"`{LedgerRow.__tablename__}` has lost its guard {name}.", f"`ledger_entry` 缺少保护触发器 {name}。")
        )
    return found


def _sqlite_state(connection: Connection) -> tuple[str, tuple[Text, ...], tuple[Text, ...]]:
    said = [str(line) for line in connection.execute(text("PRAGMA integrity_check(20)")).scalars()]
    problems = tuple(Text(f"SQLite: {line}", f"SQLite：{line}") for line in said if line != "ok")
    major, minor, patch = sqlite3.sqlite_version_info
    remarks = (
        (
            Text(
                "This SQLite has the WAL-reset bug: Touchstone writes in turns, no other program should write.",
                "此 SQLite 版本存在 WAL-reset 缺陷；Touchstone 轮流写入，请勿用其他程序写入该文件。",
            ),
        )
        if has_wal_reset_bug((major, minor, patch))
        else ()
    )
    return f"SQLite {sqlite3.sqlite_version}", remarks, problems


def _postgres_state(connection: Connection) -> tuple[str, tuple[Text, ...], tuple[Text, ...]]:
    version = connection.execute(text("SHOW server_version")).scalar()
    problems = tuple(
        Text(
            f"PostgreSQL runs with {setting}=off: a crash can lose what was acknowledged.",
            f"PostgreSQL 以 {setting}=off 运行：崩溃时可能丢失已确认的写入。",
        )
        for setting in ("synchronous_commit", "fsync")
        if connection.execute(text(f"SHOW {setting}")).scalar() == "off"
    )
    return f"PostgreSQL {version}", (), problems
