"""Rows that fit, as frames of stored columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.intake.cells import key_cells
from engine.intake.mapping import CUSTOMERS
from engine.intake.rows import CheckedRows
from engine.metrics.sources import COLUMNS, SOURCES

if TYPE_CHECKING:
    import polars as pl

TEXT_COLUMNS = ("status", "category", "channel", "reference")
FIELD = "field:"
"""Beginning of the columns that hold a customer's attributes."""
IDENTITY = "identity:"
"""Beginning of the columns that hold further refs of a customer."""


def taken_rows(checked: CheckedRows) -> pl.DataFrame:
    """Rows of a batch that fit.

    Returns:
        For records: `row key ref occurred_at recorded_at assumed currency` and the value columns of the record
        table; for customers: `row ref name owner parent_ref market recorded_at currency`, `identity:…` and
        `field:…`. Instants in microseconds, dates in days, other numbers in stored units.
    """
    import polars as pl

    records = checked.sheet.mapping.entity != CUSTOMERS
    columns = _record_columns(checked) if records else _customer_columns(checked)
    frame = pl.DataFrame({name: values.alias(name) for name, values in columns.items()})
    return frame.filter(pl.Series(checked.taken))


def _record_columns(checked: CheckedRows) -> dict[str, pl.Series]:
    sheet = checked.sheet
    fields = SOURCES[sheet.mapping.entity].fields
    columns = {"row": sheet.rows, "key": sheet.derived["key"], "ref": sheet.derived["ref"]}
    columns["occurred_at"] = sheet.typed["occurred_at"].values
    columns["recorded_at"], columns["assumed"] = sheet.derived["recorded_at"], sheet.derived["assumed"]
    columns["currency"] = _currency(checked)
    by_column = {field.column: sheet.typed[name].values for name, field in fields.items() if name in sheet.typed}
    for name in COLUMNS:
        columns[name] = by_column[name] if name in by_column else _nothing(checked, name in TEXT_COLUMNS)
    return columns


def _customer_columns(checked: CheckedRows) -> dict[str, pl.Series]:
    sheet = checked.sheet
    mapping = sheet.mapping
    columns = {"row": sheet.rows, "ref": sheet.derived["ref"]}
    for name in ("name", "owner", "market"):
        columns[name] = sheet.typed[name].values if name in sheet.typed else _nothing(checked, True)
    parent = key_cells([sheet.typed["parent"].cells]) if "parent" in sheet.typed else _nothing(checked, True)
    columns["parent_ref"] = (mapping.customer.source or mapping.source) + ":" + parent
    recorded = sheet.typed["recorded_at"].values if "recorded_at" in sheet.typed else _nothing(checked, False)
    columns["recorded_at"], columns["currency"] = recorded, _currency(checked)
    for identity in mapping.identities:
        keys = key_cells([sheet.typed[identity.column].cells])
        columns[f"{IDENTITY}{identity.source}:{identity.column}"] = identity.source + ":" + keys
    for name in mapping.fields:
        columns[f"{FIELD}{name}"] = sheet.typed[name].values
    return columns


def _currency(checked: CheckedRows) -> pl.Series:
    """Currency of the rows that hold money; the mapping's own where no column says another."""
    import polars as pl

    sheet = checked.sheet
    mapping = sheet.mapping
    names = [name for name in sheet.typed if mapping.type_of(name) == "money"]
    given = sheet.typed["currency"].values if "currency" in sheet.typed else _nothing(checked, True)
    holds = np.zeros(len(sheet.rows), np.bool_)
    for name in names:
        holds |= sheet.typed[name].values.is_not_null().to_numpy()
    own = given.fill_null(mapping.currency)
    return own.to_frame("c").select(pl.when(pl.Series(holds)).then(pl.col("c"))).to_series()


def _nothing(checked: CheckedRows, text: bool) -> pl.Series:
    import polars as pl

    return pl.Series([None], dtype=pl.String if text else pl.Int64).new_from_index(0, len(checked.sheet.rows))
