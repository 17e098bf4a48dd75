"""A decision as bytes: fixed-width rows and digests.

A row holds everything a decision read and gave, so that equal bytes mean an equal decision. Its layout is a
packed little-endian structure:

1. facts, metrics sorted by name: `value` int64, `cause` uint8 (index into `CAUSES`). A text is the first
   eight bytes of SHA-256 of its UTF-8, so that a row does not depend on the texts of other customers;
2. the state, fields in the order of `States`;
3. the outcome, fields in the order of `Outcomes`.

Fields with a second axis (criteria, triggers, tags) lie side by side; one of width 0 is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.decisions.model import Outcomes, States
from engine.expressions.columns import Column, Columns
from engine.vocabulary import Market, Unit

Arrays = dict[str, NDArray[Any]]
Record = TypeVar("Record", States, Outcomes)

_BLOCK: Final = 4_096
"""Decisions made into bytes at a time."""


def row_bytes(columns: Columns, states: States, outcomes: Outcomes) -> NDArray[np.uint8]:
    """The decisions as bytes, (customers, width)."""
    blocks = list(row_blocks(columns, states, outcomes))
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def row_blocks(columns: Columns, states: States, outcomes: Outcomes) -> Iterator[NDArray[np.uint8]]:
    """The decisions as bytes in blocks of some customers, each (customers, width); at least one block.

    A million decisions are half a gigabyte of rows, and a field is written into rows that lie far apart: a block
    stays in the processor's cache.
    """
    parts = _parts(columns, states, outcomes)
    layout = np.dtype([(name, array.dtype.newbyteorder("<"), array.shape[1:]) for name, array in parts.items()])
    for start in range(0, max(len(states.tier), 1), _BLOCK):
        length = len(states.tier[start : start + _BLOCK])
        rows = np.empty(length, layout)
        for name, array in parts.items():
            rows[name] = array[start : start + length]
        yield rows.view(np.uint8).reshape(length, layout.itemsize)


def row_layout(columns: Columns, states: States, outcomes: Outcomes) -> str:
    """The layout of `row_bytes` as JSON: name, little-endian type and shape of every field, in order."""
    parts = _parts(columns, states, outcomes)
    described = [[name, array.dtype.newbyteorder("<").str, *array.shape[1:]] for name, array in parts.items()]
    return json.dumps(described, separators=(",", ":"))


def decision_digests(
    rows: NDArray[np.uint8], layout: str, *, revision: str, engine_version: str, as_of: datetime, market: Market
) -> list[bytes]:
    """SHA-256 of every decision: over a header line and the row's bytes.

    The header is JSON of revision, engine version, `as_of` (ISO 8601, UTC), market and row layout, ended by
    a line feed.
    """
    header = digest_header(layout, revision=revision, engine_version=engine_version, as_of=as_of, market=market)
    start = sha256(header.encode() + b"\n")
    digests = []
    for row in single_rows(rows):
        digest = start.copy()
        digest.update(row)
        digests.append(digest.digest())
    return digests


def digest_header(layout: str, *, revision: str, engine_version: str, as_of: datetime, market: Market) -> str:
    """The header line of `decision_digests`, without its line feed."""
    return json.dumps([revision, engine_version, as_of.isoformat(), market.value, layout], separators=(",", ":"))


def single_rows(rows: NDArray[np.uint8]) -> list[bytes]:
    """The bytes of every decision by itself; (customers, width) as `row_bytes` gives them."""
    single: list[bytes] = np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").reshape(-1).tolist()
    return single


def _parts(columns: Columns, states: States, outcomes: Outcomes) -> Arrays:
    """Every field of a row with its array, in the order of the layout."""
    parts: Arrays = {}
    for name in sorted(columns):
        column = columns[name]
        parts[f"fact.{name}.value"] = stored_values(column)
        parts[f"fact.{name}.cause"] = column.causes
    for prefix, record in (("state", states), ("outcome", outcomes)):
        for field in fields(record):
            array = getattr(record, field.name)
            if array.ndim == 1 or array.shape[1] > 0:
                parts[f"{prefix}.{field.name}"] = array
    return parts


def stored_values(column: Column) -> NDArray[np.int64]:
    """Stored numbers; texts by their hash, 0 where unknown."""
    if column.unit is not Unit.TEXT or not column.texts:
        return column.values
    codes = [int.from_bytes(sha256(text.encode()).digest()[:8], "little", signed=True) for text in column.texts]
    return np.where(column.causes == 0, np.array(codes, np.int64)[column.values], 0)


def take_rows(record: Record, rows: NDArray[np.intp] | slice) -> Record:
    """States or outcomes of some of the customers."""
    return type(record)(**{field.name: getattr(record, field.name)[rows] for field in fields(record)})


def repeated_row(record: Record, times: int) -> Record:
    """States or outcomes of one customer so many times."""
    return type(record)(**{field.name: getattr(record, field.name).repeat(times, axis=0) for field in fields(record)})
