"""Many rows at once, by columns: never an object per row, never a bind parameter per value."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, func, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

from engine.store.rows import Values, is_shared, prepared, table_of, with_defaults, without_nulls

_GROUP = 100
"""Rows of one statement on SQLite; times the columns of the widest table far below its limit of 32,766 parameters."""


def insert_rows(session: Session, row: type[SQLModel], columns: Mapping[str, Values | object]) -> NDArray[np.int64]:
    """Insert rows given as columns (`executemany` on SQLite, COPY on PostgreSQL).

    Args:
        session: Of `Database.write()`.
        row: Class of the rows, e.g. `RecordRow`.
        columns: By column name: lists, tuples or arrays of one length; a single value stands for all rows. Instants
            are aware datetimes or whole microseconds; enumerations are stored by value. Columns left out take their
            declared default.

    Returns:
        (rows,) the new ids, consecutive and rising; empty for tables that are not numbered.

    Raises:
        ValueError: Columns that do not fit the table.

    """
    session.flush()
    length, given = prepared(row, columns)
    table = table_of(row)
    if length == 0:
        return np.zeros(0, np.int64)
    complete = without_nulls(with_defaults(row, length, given))
    connection = session.connection()
    ids = np.zeros(0, np.int64)
    if "id" in table.c and "id" not in complete:
        first = _reserve(connection, table, length)
        ids = np.arange(first, first + length, dtype=np.int64)
        complete["id"] = ids.tolist()
    elif "id" in complete:
        ids = np.array(complete["id"], np.int64)
    if connection.dialect.name == "sqlite":
        _in_groups(connection, _into(table, complete), complete)
    else:
        _copy(connection, table, complete)
    return ids


def update_rows(session: Session, row: type[SQLModel], columns: Mapping[str, Values | object], key: str = "id") -> None:
    """Change columns of rows named by a key; a key that is not there changes nothing.

    Args:
        columns: The key's column and the columns to set, as for `insert_rows`.
        key: A unique column.

    Raises:
        ValueError: Columns that do not fit the table, or no key among them.
    """
    session.flush()
    length, given = prepared(row, columns)
    if key not in given or len(given) < 2:
        raise ValueError(f"updating needs `{key}` and a column to set")
    if length == 0:
        return
    table, connection = table_of(row), session.connection()
    changed = [name for name in given if name != key]
    if connection.dialect.name == "sqlite":
        place = {name: f"fresh.column{number}" for number, name in enumerate(given, 1)}
        setting = ", ".join(f'"{name}" = {place[name]}' for name in changed)
        start = f"UPDATE {_name(table)} SET {setting} FROM ("  # noqa: S608  (declared names only)
        _in_groups(connection, start, given, f') AS fresh WHERE {_name(table)}."{key}" = {place[key]}')
    else:
        setting = ", ".join(f'"{name}" = fresh."{name}"' for name in changed)
        source = f'{_unnested(table, given)} WHERE stored."{key}" = fresh."{key}"'
        statement = f"UPDATE {_name(table)} AS stored SET {setting} FROM {source}"  # noqa: S608  (declared names only)
        connection.exec_driver_sql(statement, tuple(given.values()))
    session.expire_all()


def upsert_rows(session: Session, row: type[SQLModel], columns: Mapping[str, Values | object]) -> None:
    """Insert rows, or replace every column of the rows whose primary key is there already.

    Args:
        columns: As for `insert_rows`, the primary key among them; a key may stand in them only once.

    Raises:
        ValueError: Columns that do not fit the table, or no primary key among them.
    """
    session.flush()
    length, given = prepared(row, columns)
    table, connection = table_of(row), session.connection()
    keys = [column.name for column in table.primary_key]
    if not set(keys) <= set(given):
        raise ValueError(f"replacing rows of `{table.name}` needs {', '.join(keys)}")
    if length == 0:
        return
    complete = with_defaults(row, length, given)
    setting = ", ".join(f'"{name}" = excluded."{name}"' for name in complete if name not in keys)
    conflict = f"ON CONFLICT ({_names(keys)}) DO UPDATE SET {setting}"
    complete = without_nulls(complete)
    if connection.dialect.name == "sqlite":
        _in_groups(connection, _into(table, complete), complete, conflict)
    else:
        source = f"SELECT {_names(complete)} FROM {_unnested(table, complete)}"  # noqa: S608  (declared names only)
        connection.exec_driver_sql(f"{_into(table, complete)} {source} {conflict}", tuple(complete.values()))
    session.expire_all()


def _reserve(connection: Connection, table: Table, length: int) -> int:
    """The first of `length` consecutive ids; writers take turns, so nobody is between."""
    if connection.dialect.name != "sqlite":
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": table.name}
        ).scalar()
        last = connection.execute(
            text("SELECT setval(CAST(:sequence AS regclass), nextval(CAST(:sequence AS regclass)) + :more)"),
            {"sequence": sequence, "more": length - 1},
        ).scalar_one()
        return int(last) - length + 1
    if table.dialect_options["sqlite"]["autoincrement"]:
        query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
        return int(connection.execute(query, {"table": table.name}).scalar() or 0) + 1
    return int(connection.execute(select(func.max(table.c.id))).scalar() or 0) + 1


def _in_groups(connection: Connection, start: str, columns: Mapping[str, list[Any]], end: str = "") -> None:
    """One statement for a group of rows on SQLite, half the time of one for each row.

    What all rows share is bound once a statement. Truths go as 0 and 1, which its driver binds much faster.
    """
    numbers = {
        name: [None if value is None else int(value) for value in values]
        for name, values in columns.items()
        if type(values[0]) is bool
    }
    columns = {**columns, **numbers}
    shared = {name: values[0] for name, values in columns.items() if is_shared(values)}
    own = [values for name, values in columns.items() if name not in shared]
    length = len(next(iter(columns.values())))
    flat, width = list(chain.from_iterable(zip(*own, strict=True))), len(own)
    grouped = length - length % _GROUP
    for first, last, rows in ((0, grouped, _GROUP), (grouped, length, 1)):
        if first < last:
            statement = f"{start} VALUES {_grouped_marks(columns, list(shared), rows)} {end}"
            alike = tuple(shared.values())
            places = range(first * width, last * width, rows * width) if width else [0] * ((last - first) // rows)
            groups = [alike + tuple(flat[place : place + rows * width]) for place in places]
            connection.exec_driver_sql(statement, groups)


def _grouped_marks(columns: Mapping[str, object], shared: list[str], rows: int) -> str:
    """The parameters of so many rows, numbered: those of the shared columns first."""
    following = count(len(shared) + 1)
    lines = (
        ", ".join(f"?{shared.index(name) + 1 if name in shared else next(following)}" for name in columns)
        for _ in range(rows)
    )
    return ", ".join(f"({line})" for line in lines)


def _copy(connection: Connection, table: Table, columns: Mapping[str, list[Any]]) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {_name(table)} ({_names(columns)}) FROM STDIN") as copy:
        copy.set_types([_type(table, name) for name in columns])
        for values in zip(*columns.values(), strict=True):
            copy.write_row(values)


def _unnested(table: Table, columns: Mapping[str, list[Any]]) -> str:
    """A derived table `fresh` of one array parameter a column."""
    arrays = ", ".join(f"%s::{_type(table, name)}[]" for name in columns)
    return f"unnest({arrays}) AS fresh ({_names(columns)})"


def _type(table: Table, name: str) -> str:
    declared = table.c[name].type.compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    return {"VARCHAR": "text", "TEXT": "text"}.get(declared, declared.lower())


def _into(table: Table, names: Mapping[str, object]) -> str:
    return f"INSERT INTO {_name(table)} ({_names(names)})"


def _name(table: Table) -> str:
    return f'"{table.name}"'


def _names(names: Mapping[str, object] | list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)
