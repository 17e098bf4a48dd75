"""Chunks give back exactly what was packed, and no damage goes unnoticed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from engine.errors import DamagedError
from engine.store import Database, chunk_hash, decode_chunk, encode_chunk, insert_rows, read_chunk
from engine.store.tables import ChunkRow

TYPES = ["?", "<i1", "<u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f8", ">i4", ">i8"]
ARRAYS = st.sampled_from(TYPES).flatmap(
    lambda kind: of_numpy.arrays(kind, of_numpy.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=9))
)


@given(st.dictionaries(st.sampled_from(["points", "score", "客户", "a b"]), ARRAYS))
def test_what_is_packed_comes_back(columns) -> None:
    header = {"market": "B2B", "texts": ["重点", "C"], "rows": 3, "none": None}
    body = encode_chunk(header, columns)
    assert encode_chunk(header, dict(reversed(columns.items()))) == body, "the order of columns does not matter"
    found_header, found = decode_chunk(body, chunk_hash(body), "a chunk")
    assert found_header == header
    assert set(found) == set(columns)
    for name, array in columns.items():
        assert found[name].dtype == array.dtype.newbyteorder("<")
        np.testing.assert_array_equal(found[name], array)


def test_bytes_are_the_same_for_ever() -> None:
    header = {"market": "B2B"}
    body = encode_chunk(header, {"score": np.array([1, -2], np.int32), "tags": np.array([[True, False]])})
    described = b'{"columns":[["score","<i4",[2]],["tags","|b1",[1,2]]],"header":{"market":"B2B"}}'
    assert body[:8] == b"TSC1" + len(described).to_bytes(4, "little")
    assert body[8 : 8 + len(described)] == described


def test_a_changed_bit_anywhere_is_named_by_chunk() -> None:
    body = encode_chunk({}, {"score": np.arange(50)})
    expected = chunk_hash(body)
    for place in range(len(body)):
        changed = bytearray(body)
        changed[place] ^= 4
        with pytest.raises(DamagedError, match="chunk 12 of run 3"):
            decode_chunk(bytes(changed), expected, "chunk 12 of run 3")


@pytest.mark.parametrize(
    "body", [b"", b"TSC1", b"TSC1\xff\xff\xff\xff{}", b"TSC1\x02\0\0\0{}" + b"x" * 9, b"PK\x03\x04"]
)
def test_bytes_that_are_no_chunk_are_refused_even_with_their_hash(body: bytes) -> None:
    with pytest.raises(DamagedError):
        decode_chunk(body, chunk_hash(body), "it")


def test_a_cut_off_chunk_is_refused_even_with_its_hash() -> None:
    whole = encode_chunk({}, {"score": np.arange(500)})
    with pytest.raises(DamagedError):
        decode_chunk(whole[:-20], chunk_hash(whole[:-20]), "it")


@pytest.mark.parametrize(
    "column", [np.array(["a"]), np.array([None]), np.zeros((1, 1, 1)), np.array(3), np.array([1j])]
)
def test_columns_that_cannot_be_packed_are_refused(column) -> None:
    with pytest.raises(ValueError, match="cannot be packed"):
        encode_chunk({}, {"x": column})


def test_a_stored_chunk_is_read_and_a_damaged_one_named(database: Database) -> None:
    body = encode_chunk({"market": "B2C"}, {"score": np.arange(3)})
    columns = {"run_id": 7, "market": "B2C", "ordinal": [0, 1], "rows": 3, "hash": chunk_hash(body)}
    with database.write() as session:
        good, bad = insert_rows(session, ChunkRow, {**columns, "body": [body, body[:-1]]}).tolist()
    with database.read() as session:
        assert read_chunk(session, good)[1]["score"].tolist() == [0, 1, 2]
        with pytest.raises(DamagedError, match="chunk 1 of B2C in run 7"):
            read_chunk(session, bad)
        with pytest.raises(DamagedError, match="chunk 99"):
            read_chunk(session, 99)
