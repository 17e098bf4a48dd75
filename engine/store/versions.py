"""Whether a database has the tables and guards this code needs."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy import Connection, inspect, text
from sqlmodel import SQLModel

from engine.errors import DamagedError, NotReadyError
from engine.vocabulary import Text

SCHEMA_VERSION: Final = "0008"
"""Newest migration in `migrations/versions`; versions are numbers of four digits, rising."""

OLDEST_SQLITE: Final = (3, 33, 0)
"""Bulk updates say UPDATE … FROM, which older SQLite libraries do not understand."""

LEDGER_GUARDS: Final = {
    "sqlite": tuple(
        f"{table}_no_{what}" for table in ("ledger_entry", "checkpoint") for what in ("update", "delete", "replace")
    ),
    "postgresql": tuple(
        f"{table}_no_{what}" for table in ("ledger_entry", "checkpoint") for what in ("change", "truncate")
    ),
}
"""Triggers that keep ledger entries and checkpoints from being changed, by engine."""

APPROVAL_GUARDS: Final = {
    "sqlite": (
        *(f"review_no_{what}" for what in ("own", "twice", "other", "update", "delete", "replace")),
        *(f"rule_change_{what}" for what in ("no_delete", "no_replace", "enough")),
        *(f"rule_change_{what}" for what in ("early", "kept_time", "stopped")),
        *(f"rule_change_guard_{number}" for number in range(5)),
    ),
    "postgresql": (
        *(f"review_no_{what}" for what in ("own", "change", "truncate")),
        *(f"rule_change_{what}" for what in ("guard", "enough", "early", "no_delete", "no_truncate")),
    ),
}
"""Triggers that keep a rule change from its own author's approval, by engine."""

OVERRIDE_GUARDS: Final = {
    "sqlite": tuple(f"tier_override_{what}" for what in ("begin", "own", "once", "stays", "no_replace", "no_delete")),
    "postgresql": tuple(f"tier_override_{what}" for what in ("begin", "guard", "no_delete", "no_truncate")),
}
"""Triggers that keep a tier set by hand from its own author's approval, by engine."""

_FOUND_GUARDS: Final = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' "
    "AND tbl_name IN ('ledger_entry', 'checkpoint', 'review', 'rule_change', 'tier_override') "
    "AND sql LIKE '%RAISE(ABORT%'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid IN "
    "('ledger_entry'::regclass, 'checkpoint'::regclass, 'review'::regclass, 'rule_change'::regclass, "
    "'tier_override'::regclass) "
    "AND NOT tgisinternal AND tgenabled IN ('O', 'A')",
}


def require_sqlite(found: tuple[int, int, int] = sqlite3.sqlite_version_info) -> None:
    """Refuse a SQLite library that is too old.

    Raises:
        NotReadyError: It is older than `OLDEST_SQLITE`.
    """
    if found < OLDEST_SQLITE:
        needed, here = (".".join(map(str, version)) for version in (OLDEST_SQLITE, found))
        raise NotReadyError(
            Text(
                f"This Python has SQLite {here}; at least {needed} is needed.",
                f"当前 Python 自带 SQLite {here}，至少需要 {needed}。",
            ),
            Text(
                "Use a Python with a newer SQLite, or PostgreSQL in TOUCHSTONE_DATABASE_URL.",
                "请使用自带较新 SQLite 的 Python，或在 TOUCHSTONE_DATABASE_URL 中指定 PostgreSQL。",
            ),
        )


def schema_version(connection: Connection) -> str | None:
    """The migration a database stands at; None: it was never upgraded."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def missing_guards(connection: Connection) -> tuple[str, ...]:
    """Triggers of the ledger and of approvals that are absent or switched off."""
    engine = connection.dialect.name
    found = set(connection.execute(text(_FOUND_GUARDS[engine])).scalars())
    needed = (*LEDGER_GUARDS[engine], *APPROVAL_GUARDS[engine], *OVERRIDE_GUARDS[engine])
    return tuple(name for name in needed if name not in found)


def refuse_newer(version: str | None, where: str) -> None:
    """Refuse a database that a newer version of this software has upgraded.

    Raises:
        NotReadyError: It is newer.
    """
    if version is not None and version > SCHEMA_VERSION:
        raise NotReadyError(
            Text(
                f"The database {where} was upgraded by a newer Touchstone (schema {version}, this one knows "
                f"{SCHEMA_VERSION}).",
                f"数据库 {where} 已由更新版本的 Touchstone 升级（结构 {version}，本程序只支持 {SCHEMA_VERSION}）。",
            ),
            Text(
                "Install that version, or restore a backup from before the upgrade.",
                "请安装该版本，或恢复升级前的备份。",
            ),
        )


def refuse_foreign(connection: Connection, where: str) -> None:
    """Refuse to make tables in a database that holds others: all on SQLite, those of our names on PostgreSQL.

    Raises:
        NotReadyError: There are such tables.
    """
    found = set(inspect(connection).get_table_names())
    if connection.dialect.name != "sqlite":
        found &= set(SQLModel.metadata.tables)
    if found:
        names = ", ".join(sorted(found)[:3])
        raise NotReadyError(
            Text(
                f"The database {where} holds tables of something else ({names}).",
                f"数据库 {where} 已有其他程序的数据表（{names}）。",
            ),
            Text(
                "Give another database in TOUCHSTONE_DATABASE_URL.", "请在 TOUCHSTONE_DATABASE_URL 中指定另一个数据库。"
            ),
        )


def require_current(connection: Connection, where: str) -> None:
    """Refuse a database this code cannot work with.

    Raises:
        NotReadyError: Never upgraded, older or newer.
        DamagedError: The ledger's guards are gone.
    """
    version = schema_version(connection)
    refuse_newer(version, where)
    if version != SCHEMA_VERSION:
        stands = (
            Text("has no tables yet", "还没有数据表")
            if version is None
            else Text(
                f"has schema {version}, this version needs {SCHEMA_VERSION}",
                f"结构版本为 {version}，当前程序需要 {SCHEMA_VERSION}",
            )
        )
        raise NotReadyError(
            Text(f"The database {where} {stands.en}.", f"数据库 {where} {stands.zh}。"),
            Text("Run `touchstone db upgrade`; make a backup first.", "请先备份，再运行 `touchstone db upgrade`。"),
        )
    missing = missing_guards(connection)
    if missing:
        names = ", ".join(missing)
        raise DamagedError(
            Text(
                f"The ledger in {where} has lost its guards ({names}).",
                f"{where} 中的审计日志失去了保护触发器（{names}）。",
            ),
            Text(
                "Somebody removed them; run `touchstone audit verify` on a copy and restore a backup.",
                "触发器被移除；请在副本上运行 `touchstone audit verify` 并恢复备份。",
            ),
        )


def no_database(where: str) -> NotReadyError:
    """There is no database file."""
    return NotReadyError(
        Text(f"There is no database at {where}.", f"{where} 处没有数据库。"),
        Text(
            "Run `touchstone db upgrade` to make an empty one, or `touchstone demo` for an example.",
            "运行 `touchstone db upgrade` 新建空数据库，或运行 `touchstone demo` 查看示例。",
        ),
    )


def replaced_database(where: str) -> NotReadyError:
    """The database file that was opened is not there any more."""
    return NotReadyError(
        Text(
            f"The database {where} was deleted or replaced while it was open.",
            f"数据库 {where} 在打开期间被删除或替换。",
        ),
        Text("Stop this program and start it again.", "请停止并重新启动本程序。"),
    )
