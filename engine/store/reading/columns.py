"""Selecting exactly the columns a view has as fields, in their order."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnCollection, ColumnElement, Select, Table, select
from sqlmodel import SQLModel


def table_of(row: type[SQLModel]) -> Table:
    """The table behind a row class."""
    table: Table = row.__table__  # type: ignore[attr-defined]
    return table


def columns_of(row: type[SQLModel]) -> ColumnCollection[str, Any]:
    """The table's columns by name."""
    return table_of(row).c


def stored(row: type[SQLModel], view: type[Any]) -> list[ColumnElement[Any]]:
    """The columns behind a view's fields; fields that come from elsewhere are left out."""
    columns = columns_of(row)
    return [columns[field.name] for field in fields(view) if field.name in columns]


def selected(row: type[SQLModel], view: type[Any]) -> Select[Any]:
    """A select of exactly the columns a view has as fields."""
    return select(*stored(row, view))
