"""Columns of whole numbers as few bytes; what comes out again is the same on every machine.

The packed bytes are not: builds of zlib may compress differently. A hash over packed bytes proves that these bytes
are the stored ones and nothing else; digests and leaves of decisions are over the numbers themselves.

A column is one or two-dimensional; of the latter every second-axis position is packed by itself. What is packed
says how: `[]` for no rows, `[value]` for the same value in every row (no bytes), else `[lowest, planes, size, …]`: from
each value the lowest is taken, and the least significant `planes` bytes of what remains follow one another, all
rows' lowest bytes first, through zlib. More than 2,048 rows are packed in blocks of so many, with a size for each, so
that one row is read without unpacking all that lies before it; columns of `TSC2` chunks are one block however long.
"""

from __future__ import annotations

import math
import zlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

TYPES: Final = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8")
_KINDS: Final = {kind: np.dtype(kind) for kind in TYPES}  # made once: reading one row asks for a hundred
BLOCK: Final = 2_048
"""Rows packed together; never changed, for packed bytes are stored."""

_LEVEL: Final = 1
_EXACT: Final = 2**53
_LARGEST: Final = 2**63
Packed = tuple[list[list[int]], list[bytes]]


def kind_of(array: NDArray[Any]) -> str:
    """The little-endian type of a column.

    Raises:
        ValueError: It cannot be packed.
    """
    kind = array.dtype.newbyteorder("<").str
    if kind not in TYPES or array.ndim not in (1, 2):
        raise ValueError(f"a column of {array.dtype} in {array.ndim} dimensions cannot be packed")
    return kind


def pack_column(array: NDArray[Any], block: int = BLOCK) -> Packed:
    """How each second-axis position is packed, and its bytes (another machine's zlib may give other ones).

    Args:
        block: Rows packed together; either `BLOCK` or all.

    Raises:
        ValueError: Another type or shape.
    """
    kind_of(array)
    parts = [array] if array.ndim == 1 else [array[:, index] for index in range(array.shape[1])]
    packed = [_packed(part, block) for part in parts]
    return [how for how, _ in packed], [body for _, body in packed]


def unpack_column(kind: str, shape: list[int], how: list[list[int]], body: bytes) -> NDArray[Any]:
    """The column that `pack_column` packed (read-only).

    Args:
        body: The bytes of all positions, one after the other.

    Raises:
        ValueError: They do not fit.
    """
    if kind not in TYPES or len(shape) not in (1, 2) or len(how) != (1 if len(shape) == 1 else shape[1]):
        raise ValueError("unknown type or shape")
    parts, place = [], 0
    for one in how:
        size = sum(one[2:])
        parts.append(_unpacked(kind, shape[0], one, body[place : place + size]))
        place += size
    if place != len(body):
        raise ValueError("wrong length")
    if len(shape) == 1:
        column = parts[0]
    else:
        column = np.empty(shape, np.dtype(kind))
        for index, part in enumerate(parts):
            column[:, index] = part
    column.flags.writeable = False
    return column


def unpack_row(kind: str, shape: list[int], how: list[list[int]], body: memoryview, row: int) -> NDArray[Any]:
    """One row of the column, (1,) or (1, second axis); no more is unpacked than lies before the row in its block.

    Raises:
        IndexError: There is no such row.
        ValueError: The bytes do not fit.
    """
    rows, values, place = shape[0], [], 0
    if not 0 <= row < rows:
        raise IndexError(f"there are {rows} rows, none at {row}")
    for one in how:
        value = one[0]
        if len(one) > 1:
            value += _rest_at(row, rows, one, body, place)
            place += packed_size(one)
            if value >= _LARGEST:  # the lowest of the widest columns is taken off unsigned
                value = (value + _LARGEST) % 2**64 - _LARGEST
        values.append(value)
    return np.array(values if len(shape) == 1 else [values], _KINDS[kind])


def packed_size(how: list[int]) -> int:
    """How many bytes one second-axis position takes."""
    return sum(how) - how[0] - how[1] if len(how) > 2 else 0


def _rest_at(row: int, rows: int, how: list[int], packed: memoryview, start: int) -> int:
    """What is added to the lowest value in a row.

    Args:
        start: Where the position's bytes begin.
    """
    planes = how[1]
    most = _block_length(rows, planes, len(how) - 2)
    number, inside = divmod(row, most)
    length = min(most, rows - number * most)
    start += sum(how[2 : 2 + number])
    grouped = _decompressed(packed[start : start + how[2 + number]], (planes - 1) * length + inside + 1)
    return grouped[inside] if planes == 1 else int.from_bytes(grouped[inside::length], "little")


def pack_numbers(numbers: NDArray[np.int64]) -> bytes:
    """Whole numbers by themselves, e.g. ids in the order of a chunk's rows; rising ones take a byte or less each."""
    steps = np.diff(numbers, prepend=np.int64(0))
    how, bodies = pack_column(steps, max(len(steps), 1))  # they are always read together
    head = np.array([len(numbers), len(how[0]), *how[0]], "<i8").tobytes()
    return head + bodies[0]


def unpack_numbers(packed: bytes, count: int | None = None) -> NDArray[np.int64]:
    """The numbers that `pack_numbers` packed.

    Args:
        count: How many there must be; None: as many as there are.

    Raises:
        ValueError: They are none, or not so many.
    """
    length, width = np.frombuffer(packed[:16], "<i8").tolist()
    if count is not None and length != count:
        raise ValueError("wrong length")
    how = np.frombuffer(packed[16 : 16 + 8 * width], "<i8").tolist()
    steps = unpack_column("<i8", [length], [how], packed[16 + 8 * width :])
    return np.cumsum(steps, dtype=np.int64)


def _packed(values: NDArray[Any], block: int) -> tuple[list[int], bytes]:
    if len(values) == 0:
        return [], b""
    lowest, highest = int(values.min()), int(values.max())
    if abs(lowest) >= _EXACT:  # JSON would not carry it
        lowest, planes = 0, 8
    elif lowest == highest:
        return [lowest], b""
    else:
        planes = math.ceil((highest - lowest).bit_length() / 8)
    # Unsigned, so that the span of the widest column fits too.
    rest = values.astype("<i8").view("<u8") - np.array(lowest, "<i8").view("<u8")
    bytes_ = rest.view(np.uint8).reshape(-1, 8)
    bodies = []
    for start in range(0, len(values), block):
        grouped = bytes_[start : start + block].T[:planes].tobytes()
        # Columns of codes and amounts have runs and skewed bytes; looking for longer repeats costs more than it saves.
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
        bodies.append(packer.compress(grouped) + packer.flush())
    return [lowest, planes, *map(len, bodies)], b"".join(bodies)


def _unpacked(kind: str, rows: int, how: list[int], body: bytes) -> NDArray[Any]:
    if len(how) < 2 or rows == 0:
        return np.broadcast_to(np.array(how[0] if how else 0, kind), rows)
    lowest, planes, *sizes = how
    rest, most, before = np.empty(rows, "<u8"), _block_length(rows, planes, len(sizes)), 0
    for start, size in zip(range(0, rows, most), sizes, strict=True):
        length = min(most, rows - start)
        grouped = _decompressed(body[before : (before := before + size)], planes * length, whole=True)
        bytes_ = np.frombuffer(grouped, np.uint8).reshape(planes, length)
        block = bytes_[0].astype("<u8")
        for plane in range(1, planes):
            block |= bytes_[plane].astype("<u8") << np.array(8 * plane, "<u8")
        rest[start : start + length] = block
    rest += np.array(lowest, "<i8").view("<u8")
    return rest.view("<i8") if kind == "<i8" else rest.view("<i8").astype(kind)


def _block_length(rows: int, planes: int, blocks: int) -> int:
    """Rows of every block but the last.

    Raises:
        ValueError: There are not so many blocks, or the width is none.
    """
    if not 1 <= planes <= 8:
        raise ValueError("wrong width")
    length = rows if blocks == 1 else BLOCK
    if blocks != -(-rows // length):
        raise ValueError("wrong number of blocks")
    return length


def _decompressed(body: bytes | memoryview, needed: int, *, whole: bool = False) -> bytes:
    """The first bytes that were packed; `whole`: there are no more."""
    try:
        grouped = zlib.decompressobj().decompress(body, needed + whole)
    except zlib.error as error:
        raise ValueError("no packed bytes") from error
    if len(grouped) != needed:
        raise ValueError("wrong length")
    return grouped
