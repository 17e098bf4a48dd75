"""Chunks give back exactly what was packed, and no damage goes unnoticed."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

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
    assert body == b"TSC2" + len(described).to_bytes(4, "little") + described + zlib.compress(b"\3\0", 1)


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
    "body", [b"", b"TSC2", b"TSC2\xff\xff\xff\xff{}", b"TSC2\x02\0\0\0{}" + b"x" * 9, b"PK\x03\x04"]
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


@pytest.mark.parametrize("row", [0, 1, 317, 598, 599])
def test_one_row_is_that_of_the_whole_column(row: int) -> None:
    chance = np.random.default_rng(row)
    columns = {
        "flags": chance.random(600) < 0.5,
        "same": np.full(600, -7, np.int16),
        "bytes": chance.integers(0, 256, 600).astype(np.uint8),
        "small": chance.integers(-90, 70_000, 600).astype(np.int32),
        "money": chance.integers(-(2**40), 2**40, 600),
        "widest": chance.integers(-(2**63), 2**63 - 1, 600, endpoint=True),
        "many": chance.integers(-3, 2**20, (600, 3)).astype(np.int32),
        "none": np.zeros((600, 0), np.int32),
    }
    columns["widest"][:2] = -(2**63), 2**63 - 1
    body = encode_chunk({}, columns)
    chunk = open_chunk(body, chunk_hash(body), "a chunk")
    for name, column in columns.items():
        one = chunk.row(name, row)
        assert one.dtype == column.dtype
        assert one.shape == column[row : row + 1].shape
        assert (one == column[row : row + 1]).all()
        with pytest.raises(IndexError):
            chunk.row(name, 600)
        np.testing.assert_array_equal(chunk[name], column)
        np.testing.assert_array_equal(chunk.row(name, row), one)
