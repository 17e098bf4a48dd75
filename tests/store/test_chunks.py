"""Chunks give back exactly what was packed, and no damage goes unnoticed."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from engine.audit import canonical
from engine.errors import DamagedError
from engine.store import (
    Database,
    chunk_hash,
    encode_chunk,
    insert_rows,
    open_chunk,
    pack_numbers,
    read_chunk,
    unpack_numbers,
)
from engine.store.packing import BLOCK, kind_of, pack_column, unpack_column, unpack_row
from engine.store.tables import ChunkRow

TYPES = ["?", "<i1", "<u1", "<i2", "<u2", "<i4", "<u4", "<i8", ">i4", ">i8"]
ARRAYS = st.sampled_from(TYPES).flatmap(
    lambda kind: of_numpy.arrays(kind, of_numpy.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=9))
)


@given(st.dictionaries(st.sampled_from(["points", "score", "客户", "a b"]), ARRAYS))
@example({"points": np.array([2**53]), "score": np.array([-(2**53)])})
def test_what_is_packed_comes_back(columns) -> None:
    header = {"market": "B2B", "texts": ["重点", "C"], "rows": 3, "none": None}
    body = encode_chunk(header, columns)
    assert encode_chunk(header, dict(reversed(columns.items()))) == body, "the order of columns does not matter"
    found = open_chunk(body, chunk_hash(body), "a chunk")
    assert found.header == header
    assert set(found) == set(columns)
    for name, array in columns.items():
        assert found[name].dtype == array.dtype.newbyteorder("<")
        np.testing.assert_array_equal(found[name], array)


def test_bytes_are_the_same_for_ever() -> None:
    header = {"market": "B2B"}
    body = encode_chunk(header, {"score": np.array([1, -2], np.int32), "tags": np.array([[True, False]])})
    columns = b'[["score","<i4",[2],[[-2,1,10]]],["tags","|b1",[1,2],[[1],[0]]]]'
    described = b'{"columns":' + columns + b',"header":{"market":"B2B"}}'
    assert body == b"TSC3" + len(described).to_bytes(4, "little") + described + zlib.compress(b"\3\0", 1)


@given(of_numpy.arrays("<i8", st.integers(0, 50)))
def test_numbers_come_back(numbers) -> None:
    assert unpack_numbers(pack_numbers(numbers)).tolist() == numbers.tolist()


def test_ids_of_a_chunk_take_little_room() -> None:
    assert len(pack_numbers(np.arange(1, 8193) * 3)) < 100


def test_one_column_can_be_wrong_without_the_others() -> None:
    whole = encode_chunk({}, {"a": np.arange(500), "b": np.arange(500)})
    forged = whole[:-40] + bytes(40)
    chunk = open_chunk(forged, chunk_hash(forged), "chunk 3")
    assert chunk["a"].tolist() == list(range(500))
    with pytest.raises(DamagedError, match="chunk 3"):
        chunk["b"]


def test_a_changed_bit_anywhere_is_named_by_chunk() -> None:
    body = encode_chunk({}, {"score": np.arange(50)})
    expected = chunk_hash(body)
    for place in range(len(body)):
        changed = bytearray(body)
        changed[place] ^= 4
        with pytest.raises(DamagedError, match="chunk 12 of run 3"):
            open_chunk(bytes(changed), expected, "chunk 12 of run 3")


@pytest.mark.parametrize(
    "body",
    [b"", b"TSC3", b"TSC1\2\0\0\0{}", b"TSC3\xff\xff\xff\xff{}", b"TSC3\x02\0\0\0{}" + b"x" * 9, b"PK\x03\x04"],
)
def test_bytes_that_are_no_chunk_are_refused_even_with_their_hash(body: bytes) -> None:
    with pytest.raises(DamagedError):
        open_chunk(body, chunk_hash(body), "it")


def test_a_cut_off_chunk_is_refused_even_with_its_hash() -> None:
    whole = encode_chunk({}, {"score": np.arange(500)})
    with pytest.raises(DamagedError):
        open_chunk(whole[:-20], chunk_hash(whole[:-20]), "it")


@pytest.mark.parametrize(
    "column", [np.array(["a"]), np.array([None]), np.zeros((1, 1, 1)), np.array(3), np.array([1j])]
)
def test_columns_that_cannot_be_packed_are_refused(column) -> None:
    with pytest.raises(ValueError, match="cannot be packed"):
        encode_chunk({}, {"x": column})


def test_a_stored_chunk_is_read_and_a_damaged_one_named(database: Database) -> None:
    body = encode_chunk({"market": "B2C"}, {"score": np.arange(3)})
    columns = {"run_id": 7, "market": "B2C", "ordinal": [0, 1], "rows": 3, "hash": chunk_hash(body)}
    columns |= {"first_customer": 1, "last_customer": 3, "members": pack_numbers(np.arange(1, 4))}
    with database.write() as session:
        good, bad = insert_rows(session, ChunkRow, {**columns, "body": [body, body[:-1]]}).tolist()
    with database.read() as session:
        assert read_chunk(session, good)["score"].tolist() == [0, 1, 2]
        with pytest.raises(DamagedError, match="chunk 1 of B2C in run 7"):
            read_chunk(session, bad)
        with pytest.raises(DamagedError, match="chunk 99"):
            read_chunk(session, 99)


def columns_of_every_kind(rows: int, seed: int) -> dict[str, np.ndarray]:
    chance = np.random.default_rng(seed)
    columns = {
        "flags": chance.random(rows) < 0.5,
        "same": np.full(rows, -7, np.int16),
        "bytes": chance.integers(0, 256, rows).astype(np.uint8),
        "small": chance.integers(-90, 70_000, rows).astype(np.int32),
        "money": chance.integers(-(2**40), 2**40, rows),
        "widest": chance.integers(-(2**63), 2**63 - 1, rows, endpoint=True),
        "many": chance.integers(-3, 2**20, (rows, 3)).astype(np.int32),
        "none": np.zeros((rows, 0), np.int32),
    }
    columns["widest"][:2] = -(2**63), 2**63 - 1
    return columns


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        *((600, row) for row in (0, 1, 317, 598, 599)),
        *((2 * BLOCK, row) for row in (0, BLOCK - 1, BLOCK, 2 * BLOCK - 1)),
        *((3 * BLOCK + 1, row) for row in (BLOCK, 3 * BLOCK - 1, 3 * BLOCK)),
    ],
)
def test_one_row_is_that_of_the_whole_column(rows: int, row: int) -> None:
    columns = columns_of_every_kind(rows, row)
    body = encode_chunk({}, columns)
    chunk = open_chunk(body, chunk_hash(body), "a chunk")
    for name, column in columns.items():
        one = chunk.row(name, row)
        assert one.dtype == column.dtype
        assert one.shape == column[row : row + 1].shape
        assert (one == column[row : row + 1]).all()
        with pytest.raises(IndexError):
            chunk.row(name, rows)
        np.testing.assert_array_equal(chunk[name], column)
        np.testing.assert_array_equal(chunk.row(name, row), one)


def test_a_chunk_of_earlier_versions_is_read_though_its_columns_are_not_in_blocks() -> None:
    columns = columns_of_every_kind(3 * BLOCK + 1, 3)
    packed = {name: pack_column(columns[name], 3 * BLOCK + 1) for name in sorted(columns)}
    assert all(len(one) < 4 for how, _ in packed.values() for one in how)
    described = [[name, kind_of(columns[name]), list(columns[name].shape), how] for name, (how, _) in packed.items()]
    head = canonical({"columns": described, "header": {}})
    body = (
        b"TSC2" + len(head).to_bytes(4, "little") + head + b"".join(b"".join(bodies) for _, bodies in packed.values())
    )
    chunk = open_chunk(body, chunk_hash(body), "a chunk")
    for name, column in columns.items():
        for row in (0, 2 * BLOCK, 3 * BLOCK):
            assert (chunk.row(name, row) == column[row : row + 1]).all()
        np.testing.assert_array_equal(chunk[name], column)


@pytest.mark.parametrize("sizes", [[], [9, 9], [9, 9, 9, 9]])
def test_blocks_that_are_not_as_many_as_their_rows_need_are_refused(sizes: list[int]) -> None:
    how = [[0, 1, *sizes]]
    with pytest.raises(ValueError, match="blocks"):
        unpack_column("<i8", [3 * BLOCK], how, bytes(sum(sizes)))
    with pytest.raises(ValueError, match="blocks"):
        unpack_row("<i8", [3 * BLOCK], how, memoryview(bytes(sum(sizes))), 5)
