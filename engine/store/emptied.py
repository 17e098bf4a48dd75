"""Chunks that decisions were taken away from, so that the Merkle root of their run still follows.

An erased person's row is 0 in every column; the chunk keeps its leaf in `erased.leaf` (32 bytes for each number in
`erased.row`). A chunk dropped by policy has `merkle.roots` alone: the roots of the subtrees its leaves made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audit import leaves
from engine.decisions.kept import from_kept
from engine.decisions.rows import row_bytes, single_rows
from engine.store.chunks import NOBODY, Chunk, encode_chunk

_ROWS: Final = "erased.row"
_LEAVES: Final = "erased.leaf"
_ROOTS: Final = "merkle.roots"
_HASH_BYTES: Final = 32


def is_dropped(chunk: Chunk) -> bool:
    """Whether its facts and outcomes are gone by policy."""
    return _ROOTS in chunk


def present_rows(chunk: Chunk) -> NDArray[np.int64]:
    """Rows that hold a decision, rising: all but those of erased persons."""
    return np.flatnonzero(chunk["customer"] != NOBODY)


def erased_leaves(chunk: Chunk) -> dict[int, bytes]:
    """The leaves of erased persons' rows."""
    return dict(zip(chunk[_ROWS].tolist(), _hashes(chunk[_LEAVES]), strict=True)) if _ROWS in chunk else {}


def leaves_of_chunk(chunk: Chunk, salts: Mapping[int, bytes]) -> list[bytes]:
    """The leaf of every row.

    Args:
        salts: By customer; somebody without one gets a leaf that fits no root.
    """
    rows = single_rows(row_bytes(*from_kept(chunk.header, chunk)))
    grown = leaves([salts.get(customer, b"") for customer in chunk["customer"].tolist()], rows)
    for row, leaf in erased_leaves(chunk).items():
        grown[row] = leaf
    return grown


def without_rows(chunk: Chunk, erased: Mapping[int, bytes]) -> bytes:
    """The bytes of a chunk without some rows.

    Args:
        erased: Their leaves by row.
    """
    known = dict(sorted({**erased_leaves(chunk), **erased}.items()))
    rows = sorted(erased)
    columns = {}
    for name in chunk:
        if name not in (_ROWS, _LEAVES):
            columns[name] = chunk[name].copy()
            columns[name][rows] = 0
    columns[_ROWS] = np.array(list(known), np.int32)
    columns[_LEAVES] = np.frombuffer(b"".join(known.values()), np.uint8)
    return encode_chunk(chunk.header, columns)


def dropped_body(chunk: Chunk, roots: Sequence[bytes]) -> bytes:
    """The bytes of a chunk without its columns.

    Args:
        roots: Of the subtrees that its leaves make in the tree of its run, see `engine.audit.subtree_roots`.
    """
    header = {name: chunk.header[name] for name in ("market", "revision", "engine")}
    return encode_chunk(header, {_ROOTS: np.frombuffer(b"".join(roots), np.uint8)})


def kept_roots(chunk: Chunk) -> list[bytes]:
    """The roots that a dropped chunk keeps; none: it is no such chunk."""
    return _hashes(chunk[_ROOTS]) if is_dropped(chunk) else []


def _hashes(column: NDArray[np.uint8]) -> list[bytes]:
    whole = column.tobytes()
    return [whole[start : start + _HASH_BYTES] for start in range(0, len(whole), _HASH_BYTES)]
