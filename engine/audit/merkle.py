"""Merkle trees as in RFC 6962 (Laurie, Langley, Kasper 2013), section 2.1."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256


def leaf(salt: bytes, row: bytes) -> bytes:
    """The leaf of a decision: SHA-256 over the customer's random salt and the decision's row bytes.

    Without the salt nobody can guess the row from the leaf, so the leaf may stay when the person is erased.
    """
    return sha256(salt + row).digest()


def leaves(salts: Iterable[bytes], rows: Iterable[bytes]) -> list[bytes]:
    """The leaves of many decisions, in their order.

    Raises:
        ValueError: Not as many salts as rows.
    """
    return [sha256(salt + row).digest() for salt, row in zip(salts, rows, strict=True)]


def merkle_root(data: Iterable[bytes]) -> bytes:
    """Root of the tree over some data, 32 bytes; of no data: SHA-256 of nothing.

    Pairs are joined level by level and an odd last node rises unchanged, which is the RFC's split at the
    largest power of two.

    >>> merkle_root([]).hex()[:8], merkle_root([b""]).hex()[:8]
    ('e3b0c442', '6e340b9c')
    """
    level = [sha256(b"\0" + one).digest() for one in data]
    if not level:
        return sha256().digest()
    while len(level) > 1:
        joined = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level = joined + level[-1:] if len(level) % 2 else joined
    return level[0]


def inclusion_path(data: Sequence[bytes], index: int) -> list[bytes]:
    """Sibling hashes from one datum up to the root, leaf side first.

    Raises:
        IndexError: There is no such datum.
    """
    if not 0 <= index < len(data):
        raise IndexError(f"there are {len(data)} leaves, none at {index}")
    path: list[bytes] = []
    level = [sha256(b"\0" + one).digest() for one in data]
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        joined = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=False)]
        level = joined + level[-1:] if len(level) % 2 else joined
        index //= 2
    return path


def root_of_path(datum: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root a path leads to (RFC 9162, 2.1.3.2); None: the path does not fit a tree of that size."""
    if not 0 <= index < size:
        return None
    node, last = sha256(b"\0" + datum).digest(), size - 1
    for sibling in path:
        if last == 0:
            return None
        if index % 2 or index == last:
            node = sha256(b"\1" + sibling + node).digest()
            while index % 2 == 0 and index:
                index, last = index // 2, last // 2
        else:
            node = sha256(b"\1" + node + sibling).digest()
        index, last = index // 2, last // 2
    return node if last == 0 else None
