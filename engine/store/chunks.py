"""Chunks: columns of some thousand customers as compressed bytes with a hash.

Layout: `TSC1`, the header's length (4 bytes, little-endian), the header as canonical JSON
(`{"columns": [[name, type, shape], …], "header": …}`, columns ordered by name), then the columns one after the
other through zlib. Numbers are little-endian; the bytes of a column are grouped by significance, which packs better.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json, canonical, digest
from engine.errors import DamagedError
from engine.store.rows import table_of
from engine.store.tables import ChunkRow
from engine.vocabulary import Text

CHUNK_ROWS: Final = 8_192
"""Most customers in one chunk."""

_MAGIC: Final = b"TSC1"
_TYPES: Final = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f8")
_LEVEL: Final = 1


def encode_chunk(header: Mapping[str, Json], columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack columns; the same columns and header give the same bytes on every machine.

    Args:
        header: What the reader needs beside the columns, e.g. texts by code; JSON without floats.
        columns: One- or two-dimensional arrays of truths, whole numbers or doubles.

    Raises:
        ValueError: A column of another type or shape, or a header that cannot be written canonically.
    """
    described: list[Json] = []
    packed: list[bytes] = []
    for name in sorted(columns):
        array = np.asarray(columns[name])
        kind = array.dtype.newbyteorder("<").str
        if kind not in _TYPES or array.ndim not in (1, 2):
            raise ValueError(f"column `{name}` cannot be packed: {array.dtype} of {array.ndim} dimensions")
        described.append([name, kind, list(array.shape)])
        packed.append(_grouped(array.astype(kind, copy=False)))
    head = canonical({"columns": described, "header": dict(header)})
    return b"".join((_MAGIC, len(head).to_bytes(4, "little"), head, zlib.compress(b"".join(packed), _LEVEL)))


def chunk_hash(body: bytes) -> str:
    """The hash stored beside a chunk's bytes."""
    return digest(body)


def decode_chunk(body: bytes, expected_hash: str, name: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Unpack a chunk after checking its hash.

    Args:
        body: As `encode_chunk` gave it.
        expected_hash: As `chunk_hash` gave it.
        name: The chunk for messages, e.g. `chunk 12 of run 3`.

    Returns:
        The header, and the columns by name (read-only arrays).

    Raises:
        DamagedError: The bytes do not fit the hash, or are no chunk.
    """
    if digest(body) != expected_hash:
        raise _damaged(name)
    try:
        return _unpacked(body)
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise _damaged(name) from error


def _unpacked(body: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    if body[:4] != _MAGIC:
        raise ValueError("no chunk")
    start = 8 + int.from_bytes(body[4:8], "little")
    head = orjson.loads(body[8:start])
    sizes = [math.prod(shape) * np.dtype(kind).itemsize for _, kind, shape in head["columns"]]
    unpacker = zlib.decompressobj()
    data = unpacker.decompress(body[start:], sum(sizes) + 1)
    if len(data) != sum(sizes):
        raise ValueError("wrong length")
    columns: dict[str, NDArray[Any]] = {}
    place = 0
    for (name, kind, shape), size in zip(head["columns"], sizes, strict=True):
        if kind not in _TYPES:
            raise ValueError("unknown type")
        columns[name] = _ungrouped(data[place : place + size], kind).reshape(shape)
        place += size
    return head["header"], columns


def _grouped(array: NDArray[Any]) -> bytes:
    """The bytes of all values, the least significant of each first."""
    width = array.dtype.itemsize
    flat = np.frombuffer(array.tobytes(), np.uint8)
    return flat.tobytes() if width == 1 else np.ascontiguousarray(flat.reshape(-1, width).T).tobytes()


def _ungrouped(data: bytes, kind: str) -> NDArray[Any]:
    width = np.dtype(kind).itemsize
    if width == 1:
        return np.frombuffer(data, kind)
    flat = np.frombuffer(data, np.uint8).reshape(width, -1)
    return np.frombuffer(np.ascontiguousarray(flat.T).tobytes(), kind)


def _damaged(name: str) -> DamagedError:
    return DamagedError(
        Text(f"The stored bytes of {name} do not fit their hash.", f"{name} 的存储内容与其哈希不符。"),
        Text(
            "Run `touchstone audit verify` and restore a backup from before.",
            "请运行 `touchstone audit verify`，并恢复之前的备份。",
        ),
    )


def read_chunk(session: Session, chunk_id: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """A stored chunk, unpacked after checking its hash.

    Raises:
        DamagedError: Its bytes do not fit their hash, or it is gone; the message names it.
    """
    table = table_of(ChunkRow)
    query = select(table.c.body, table.c.hash, table.c.ordinal, table.c.market, table.c.run_id)
    row = session.execute(query.where(table.c.id == chunk_id)).one_or_none()
    if row is None:
        raise _damaged(f"chunk {chunk_id}")
    body, expected_hash, ordinal, market, run = row
    return decode_chunk(bytes(body), expected_hash, f"chunk {ordinal} of {market} in run {run}")
