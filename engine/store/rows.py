"""Columns of Python values as the drivers want them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Boolean, Integer, LargeBinary, String, Table
from sqlalchemy import Column as TableColumn
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

from engine.store.tables.columns import Instant, to_microseconds

Values = Sequence[Any] | NDArray[Any]
"""A column of values: a list, a tuple or a one-dimensional array."""


def table_of(row: type[SQLModel]) -> Table:
    """The table behind a class of rows."""
    return SQLModel.metadata.tables[str(row.__tablename__)]


def prepared(row: type[SQLModel], columns: Mapping[str, Values | object]) -> tuple[int, dict[str, list[Any]]]:
    """Columns as lists of driver values, all of one length.

    Args:
        row: Class of the rows.
        columns: By column name; a text, number, truth, instant or None stands for the same value in each row.

    Returns:
        How many rows, and the lists.

    Raises:
        ValueError: An unknown column, columns of different lengths, a text with NUL, an instant without offset.
    """
    table = table_of(row)
    unknown = sorted(set(columns) - set(table.c.keys()))
    if unknown:
        raise ValueError(f"`{table.name}` has no column {', '.join(unknown)}")
    many: dict[str, Any] = {name: values for name, values in columns.items() if _is_many(values)}
    lengths = {len(values) for values in many.values()}
    if len(lengths) > 1:
        raise ValueError(f"columns of `{table.name}` differ in length: {sorted(lengths)}")
    length = lengths.pop() if lengths else 1
    return length, {
        name: _driver_values(table.c[name], values)
        if name in many
        else _driver_values(table.c[name], [values]) * length
        for name, values in columns.items()
    }


def with_defaults(row: type[SQLModel], length: int, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Fill in the columns not given: the declared default, or null where that is allowed.

    Raises:
        ValueError: A column without default was not given.
    """
    complete = dict(columns)
    for name, column in table_of(row).c.items():
        if name in complete or name == "id":
            continue
        field = row.model_fields[name]
        if field.is_required() and not column.nullable:
            raise ValueError(f"`{column.table.name}` needs a value for `{name}`")
        complete[name] = [None if field.is_required() else field.default] * length
    return complete


def without_nulls(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """Leave out the columns that are null in every row: an insert gives them null anyway, at a third of the time."""
    return {name: values for name, values in columns.items() if not is_shared(values) or values[0] is not None}


def is_shared(values: list[Any]) -> bool:
    """Whether a column has the same value in every row."""
    return bool(values[0] == values[-1]) and values.count(values[0]) == len(values)


def _is_many(values: object) -> bool:
    return isinstance(values, list | tuple | np.ndarray | range)


def _driver_values(column: TableColumn[Any], values: Any) -> list[Any]:
    plain: list[Any] = values.tolist() if isinstance(values, np.ndarray) else list(values)
    kind = column.type
    if isinstance(kind, Instant):
        return [to_microseconds(value) if isinstance(value, datetime) else value for value in plain]
    if isinstance(kind, Boolean):
        return [None if value is None else bool(value) for value in plain]
    if isinstance(kind, String | AutoString):
        return _texts(column, plain)
    if isinstance(kind, BigInteger | Integer | LargeBinary):
        return plain
    raise ValueError(f"`{column}` has a type bulk statements do not know: {kind!r}")


def _texts(column: TableColumn[Any], plain: list[Any]) -> list[str | None]:
    if not set(map(type, plain)) <= {str, type(None)}:
        plain = [value.value if isinstance(value, Enum) else value for value in plain]
    if any("\0" in value for value in set(plain) if value is not None):
        raise ValueError(f"a text for `{column}` holds NUL, which PostgreSQL cannot store")
    return plain
