"""Faults of the database engines, told in sentences."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from engine.errors import ConflictError, DamagedDatabaseError, NotReadyError, TouchstoneError
from engine.vocabulary import Text

_NO_TEXT = "Could not decode to UTF-8"
_BUSY = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03")
_BROKEN = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")
_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR", "53100", "58030")
_NO_ENTRY = ("SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_READONLY", "28", "3D000", "08", "57P", "42501")


@contextmanager
def told(where: str) -> Iterator[None]:
    """Turn what the database engine says into one of our errors; what is a mistake in code stays as it is.

    Args:
        where: The database, for the message (no password).
    """
    try:
        yield
    except PoolTimeoutError as error:
        raise _busy() from error
    except DBAPIError as error:
        ours = translated(error, where)
        if ours is None:
            raise
        raise ours from error
    except sqlite3.OperationalError as error:  # from the driver's own cursor, see `rows_of`
        if _NO_TEXT not in str(error):
            raise
        raise _no_text(where, error) from error


def translated(error: DBAPIError, where: str) -> TouchstoneError | None:
    """Our error for the driver's, None if it is nothing an operator can mend."""
    if _NO_TEXT in str(error.orig):
        return _no_text(where, error.orig)
    code = _code_of(error)
    if code.startswith(_BUSY):
        return _busy()
    if code.startswith(_BROKEN):
        return DamagedDatabaseError(
            Text(f"The database {where} is damaged or is not a database.", f"数据库 {where} 已损坏或不是数据库文件。"),
            Text("Restore it from a backup; the damaged file is not changed.", "请用备份恢复；损坏的文件不会被改动。"),
        )
    if code.startswith(_NO_ROOM):
        return TouchstoneError(
            Text(
                f"The database {where} could not be written: the disk is full or fails.",
                f"数据库 {where} 写入失败：磁盘已满或故障。",
            ),
            Text(
                "Nothing of this operation was kept; make room and repeat it.",
                "本次操作没有保存任何内容；请腾出空间后重试。",
            ),
        )
    if code.startswith(_NO_ENTRY) or (code == "" and (error.connection_invalidated or error.statement is None)):
        return _unreachable(where, error)
    return None


def _unreachable(where: str, error: Exception) -> NotReadyError:
    """The database cannot be opened; the first line of what its engine said goes into the message."""
    said = str(getattr(error, "orig", error)).strip().splitlines() or [""]
    return NotReadyError(
        Text(f"The database {where} cannot be opened: {said[0]}.", f"无法打开数据库 {where}：{said[0]}。"),
        Text(
            "Check TOUCHSTONE_DATABASE_URL, that the server runs, that the database exists and that you may use it.",
            "请检查 TOUCHSTONE_DATABASE_URL、数据库服务是否运行、数据库是否存在以及访问权限。",
        ),
    )


def _no_text(where: str, error: object) -> DamagedDatabaseError:
    """SQLite keeps any bytes as a text, and reads them only if they are one."""
    column = str(error).partition("column '")[2].partition("'")[0]
    return DamagedDatabaseError(
        Text(
            f"The database {where} is damaged: a text in a column `{column}` is no UTF-8.",
            f"数据库 {where} 已损坏：`{column}` 列中有一处文本不是 UTF-8。",
        ),
        Text("Restore it from a backup; the damaged file is not changed.", "请用备份恢复；损坏的文件不会被改动。"),
    )


def _busy() -> ConflictError:
    return ConflictError(
        Text("Somebody else is writing to the database.", "另一个程序正在写入数据库。"),
        Text("Nothing was changed; try again in a moment.", "没有任何改动；请稍后重试。"),
        code="BUSY",
    )


def _code_of(error: DBAPIError) -> str:
    """SQLite's error name or PostgreSQL's SQLSTATE; empty when the connection itself failed."""
    driver = error.orig
    return str(getattr(driver, "sqlite_errorname", None) or getattr(driver, "sqlstate", None) or "")
