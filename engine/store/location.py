"""Where the database is: a URL, read and checked once."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from engine.errors import InputError
from engine.vocabulary import Text

_HINT = Text(
    "Set TOUCHSTONE_DATABASE_URL to `sqlite:///touchstone.db` or `postgresql://user@host/name`.",
    "请把 TOUCHSTONE_DATABASE_URL 设为 `sqlite:///touchstone.db` 或 `postgresql://user@host/name`。",
)


def database_location(url: str) -> URL:
    """Read a database URL and pin the driver.

    Raises:
        InputError: Not a URL, another engine than SQLite or PostgreSQL, or SQLite without a file.

    >>> database_location("postgres://crm@db.internal/touchstone").drivername
    'postgresql+psycopg'
    """
    try:
        location = make_url(url)
        engine = location.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise InputError(Text("The database URL cannot be read.", "数据库地址无法识别。"), _HINT) from error
    if engine == "sqlite":
        if location.database in (None, "", ":memory:") or "mode" in location.query or "uri" in location.query:
            raise InputError(Text("SQLite needs a database file.", "SQLite 需要一个数据库文件。"), _HINT)
        return location.set(drivername="sqlite+pysqlite")
    if engine in ("postgresql", "postgres"):
        return location.set(drivername="postgresql+psycopg")
    raise InputError(Text(f"The database engine `{engine}` is not supported.", f"不支持数据库引擎 `{engine}`。"), _HINT)


def is_sqlite(location: URL) -> bool:
    """Whether the database is a file of SQLite."""
    return location.get_backend_name() == "sqlite"


def sqlite_file(location: URL) -> Path:
    """The file of a SQLite database."""
    return Path(str(location.database))


def shown(location: URL) -> str:
    """The location for messages: no password."""
    if is_sqlite(location):
        return str(sqlite_file(location))
    return location.set(drivername="postgresql").render_as_string(hide_password=True)
