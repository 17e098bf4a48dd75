"""Chunks: columns of up to 8,192 customers as compressed bytes with a hash, and the numbers of their decisions.

Layout: `TSC3`, the header's length (4 bytes, little-endian), the header as canonical JSON
(`{"columns": [[name, type, shape, how], …], "header": …}`, columns ordered by name, `how` as in
`engine.store.packing`), then the columns one after the other. Each can be unpacked by itself. `TSC2`, of earlier
versions, is the same with every column in one block.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.audit import Json, canonical, digest
from engine.errors import DamagedError
from engine.store.packing import kind_of, pack_column, packed_size, unpack_column, unpack_numbers, unpack_row
from engine.store.rows import table_of
from engine.store.tables import ChunkRow
from engine.vocabulary import Text

CHUNK_ROWS: Final = 8_192
"""Most customers in one chunk."""

NOBODY: Final = 0
"""What stands for the customer in the row of an erased person; no customer has this id."""

_NUMBERS: Final = 8_192
"""Decision numbers of one chunk; never changed, for numbers are stored."""

_MAGIC: Final = b"TSC3"
_READ: Final = (_MAGIC, b"TSC2")
_TOGETHER: Final = 8
"""Chunks read in one statement; some megabytes."""
_KEPT: Final = 24
"""Chunks whose unpacked columns are kept; whoever explains one customer usually asks again."""
_KEPT_ROWS: Final = 8
"""Rows kept of each."""


def decision_number(chunk_id: int, row: int) -> int:
    """The number of the decision in a chunk's row; later decisions have higher numbers."""
    return chunk_id * _NUMBERS + row


def decision_numbers(chunk_ids: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of many decisions."""
    return chunk_ids * _NUMBERS + rows


def place_of_decision(number: int) -> tuple[int, int]:
    """Chunk id and row of a decision by its number."""
    return divmod(number, _NUMBERS)


def numbers_of_chunk(chunk_id: int) -> range:
    """Every number a decision of a chunk can have."""
    return range(chunk_id * _NUMBERS, (chunk_id + 1) * _NUMBERS)


class Chunk(Mapping[str, NDArray[Any]]):
    """Columns by name, each unpacked when it is first asked for (read-only arrays).

    Attributes:
        name: The chunk for messages.
        header: What the writer said beside the columns.

    Raises:
        DamagedError: A column asked for is not what the layout says.
    """

    def __init__(self, body: bytes, name: str) -> None:
        self.name = name
        if body[:4] not in _READ:
            raise ValueError("no chunk")
        start = 8 + int.from_bytes(body[4:8], "little")
        head = orjson.loads(body[8:start])
        self.header: Mapping[str, Any] = head["header"]
        self._places: dict[str, tuple[str, list[int], list[list[int]], int, int]] = {}
        for column, kind, shape, how in head["columns"]:
            end = start + sum(map(packed_size, how))
            self._places[column] = (kind, shape, how, start, end)
            start = end
        if start != len(body):
            raise ValueError("wrong length")
        self._body, self._view = body, memoryview(body)
        self._columns: dict[str, NDArray[Any]] = {}
        self._rows: dict[int, dict[str, NDArray[Any]]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._columns:
            kind, shape, how, start, end = self._places[name]
            try:
                self._columns[name] = unpack_column(kind, shape, how, self._body[start:end])
            except (ValueError, IndexError) as error:
                raise damaged_chunk(self.name) from error
        return self._columns[name]

    def row(self, name: str, row: int) -> NDArray[Any]:
        """One row of a column, (1,) or (1, second axis), without making the others.

        Raises:
            IndexError: There is no such row.
        """
        if name in self._columns:
            return self._columns[name][row : row + 1]
        known = self._rows.get(row)
        if known is None:
            if len(self._rows) >= _KEPT_ROWS:
                self._rows.clear()
            known = self._rows[row] = {}
        if name not in known:
            kind, shape, how, start, end = self._places[name]
            try:
                known[name] = unpack_row(kind, shape, how, self._view[start:end], row)
            except ValueError as error:
                raise damaged_chunk(self.name) from error
        return known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


def encode_chunk(header: Mapping[str, Json], columns: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack columns; what is unpacked from them is the same on every machine, the packed bytes need not be.

    Args:
        header: What the reader needs beside the columns, e.g. texts by code; JSON without floats.
        columns: One- or two-dimensional arrays of truths or whole numbers.

    Raises:
        ValueError: A column of another type or shape, or a header that cannot be written canonically.
    """
    described: list[Json] = []
    packed: list[bytes] = []
    for name in sorted(columns):
        array = np.asarray(columns[name])
        how, bodies = pack_column(array)
        described.append([name, kind_of(array), list(array.shape), [list(one) for one in how]])
        packed += bodies
    head = canonical({"columns": described, "header": dict(header)})
    return b"".join((_MAGIC, len(head).to_bytes(4, "little"), head, *packed))


def chunk_hash(body: bytes) -> str:
    """The hash stored beside a chunk's bytes."""
    return digest(body)


def open_chunk(stored: object, expected_hash: str, name: str) -> Chunk:
    """A chunk's columns, after checking its hash.

    Args:
        stored: What the database holds, as `encode_chunk` gave it.
        expected_hash: As `chunk_hash` gave it.
        name: The chunk for messages, e.g. `chunk 12 of run 3`.

    Raises:
        DamagedError: The bytes do not fit the hash, or are no chunk.
    """
    if not isinstance(stored, bytes | bytearray | memoryview):  # SQLite keeps text in such a column too
        raise damaged_chunk(name)
    body = bytes(stored)
    if digest(body) != expected_hash:
        raise damaged_chunk(name)
    known = _OPENED.get(expected_hash)
    if known is not None:
        return known
    try:
        chunk = Chunk(body, name)
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise damaged_chunk(name) from error
    _OPENED.keep(expected_hash, chunk)
    return chunk


def chunk_name(ordinal: int, market: str, run_id: int) -> str:
    """A chunk for messages."""
    return f"chunk {ordinal} of {market} in run {run_id}"


class _Opened:
    """The chunks opened last, by hash: the bytes are checked every time, unpacked once."""

    def __init__(self) -> None:
        self._chunks: OrderedDict[str, Chunk] = OrderedDict()
        self._lock = Lock()

    def get(self, key: str) -> Chunk | None:
        with self._lock:
            if key in self._chunks:
                self._chunks.move_to_end(key)
            return self._chunks.get(key)

    def clear(self) -> None:
        with self._lock:
            self._chunks.clear()

    def keep(self, key: str, chunk: Chunk) -> None:
        with self._lock:
            self._chunks[key] = chunk
            while len(self._chunks) > _KEPT:
                self._chunks.popitem(last=False)


_OPENED: Final = _Opened()


def forget_opened() -> None:
    """Keep no unpacked chunk in memory."""
    _OPENED.clear()


def damaged_chunk(name: str) -> DamagedError:
    """What is said of a chunk whose bytes do not fit."""
    return DamagedError(
        Text(f"The stored bytes of {name} do not fit their hash.", f"{name} 的存储内容与其哈希不符。"),
        Text(
            "Run `touchstone audit verify` and restore a backup from before.",
            "请运行 `touchstone audit verify`，并恢复之前的备份。",
        ),
    )


def read_chunk(session: Session, chunk_id: int) -> Chunk:
    """A stored chunk, after checking its hash.

    Raises:
        DamagedError: Its bytes do not fit their hash, or it is gone; the message names it.
    """
    return next(read_chunks(session, [chunk_id]))[1]


def read_chunks(session: Session, chunk_ids: Sequence[int]) -> Iterator[tuple[int, Chunk]]:
    """Stored chunks with their ids in the order asked for, some in one statement, after checking their hashes.

    Raises:
        DamagedError: As `read_chunk`, when the turn of that chunk comes.
    """
    for chunk_id, chunk in try_chunks(session, chunk_ids):
        if isinstance(chunk, Unread):
            raise chunk.error
        yield chunk_id, chunk


@dataclass(frozen=True, slots=True)
class Unread:
    """A chunk that cannot be read: its name for messages, and what is wrong."""

    name: str
    error: DamagedError


def try_chunks(session: Session, chunk_ids: Sequence[int]) -> Iterator[tuple[int, Chunk | Unread]]:
    """As `read_chunks`, and of a damaged chunk what is wrong with it; the others are read all the same."""
    table = table_of(ChunkRow)
    columns = (table.c.id, table.c.body, table.c.hash, table.c.ordinal, table.c.market, table.c.run_id)
    for start in range(0, len(chunk_ids), _TOGETHER):
        some = chunk_ids[start : start + _TOGETHER]
        rows = {row[0]: row[1:] for row in session.execute(select(*columns).where(table.c.id.in_(some)))}
        for chunk_id in some:
            yield chunk_id, _tried(chunk_id, rows.get(chunk_id))


def _tried(chunk_id: int, row: Sequence[Any] | None) -> Chunk | Unread:
    if row is None:
        return Unread(f"chunk {chunk_id}", damaged_chunk(f"chunk {chunk_id}"))
    body, expected_hash, ordinal, market, run = row
    name = chunk_name(ordinal, market, run)
    try:
        return open_chunk(body, expected_hash, name)
    except DamagedError as error:
        return Unread(name, error)


def unpack_members(packed: bytes, rows: int, name: str) -> NDArray[np.int64]:
    """The customers of a chunk's rows, as the index beside its body has them.

    Raises:
        DamagedError: They are not so many customers.
    """
    try:
        return unpack_numbers(packed, rows)
    except ValueError as error:
        raise damaged_chunk(name) from error
