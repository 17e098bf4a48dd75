"""A Merkle tree put together from parts: leaves where they are known, subtrees where only their roots are."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from engine.audit.merkle import merkle_root

Span = tuple[int, int]
"""The first leaf of a subtree, and the one after its last."""


def spans(start: int, stop: int, size: int) -> list[Span]:
    """The largest subtrees that the leaves from `start` to before `stop` consist of, in a tree of `size` leaves.

    >>> spans(0, 6, 8), spans(4, 7, 7), spans(0, 7, 7)
    ([(0, 4), (4, 6)], [(4, 7)], [(0, 7)])
    """
    found = []
    while start < stop:
        width = 1
        while width < size and start % (2 * width) == 0 and min(start + 2 * width, size) <= stop:
            width *= 2
        found.append((start, min(start + width, size)))
        start += width
    return found


def subtree_roots(leaves: Sequence[bytes], start: int, size: int) -> list[bytes]:
    """The roots of the subtrees that some consecutive leaves consist of, in the order of `spans`.

    Args:
        start: Place of the first of them in a tree of `size` leaves.
    """
    return [merkle_root(leaves[a - start : b - start]) for a, b in spans(start, start + len(leaves), size)]


class PartialTree:
    """A tree of a known size that is handed its leaves part by part, in their order."""

    def __init__(self, size: int) -> None:
        self._size, self._start = size, 0
        self._roots: dict[Span, bytes] = {}
        self._fits = True

    @property
    def start(self) -> int:
        """Place of the next leaf."""
        return self._start

    def add_leaves(self, leaves: Sequence[bytes]) -> None:
        """The next leaves."""
        self.add_roots(len(leaves), subtree_roots(leaves, self._start, self._size))

    def add_roots(self, leaves: int, roots: Sequence[bytes]) -> None:
        """So many next leaves, known by the roots of their subtrees alone; another number of them gives no root."""
        own = spans(self._start, self._start + leaves, self._size)
        self._fits &= len(own) == len(roots)
        self._roots.update(zip(own, roots, strict=False))
        self._start += leaves

    def root(self) -> bytes | None:
        """The root over all leaves; None: some were never handed in."""
        return self._node(0, self._size) if self._fits and self._start == self._size else None

    def _node(self, start: int, stop: int) -> bytes:
        known = self._roots.get((start, stop))
        if known is not None:
            return known
        if stop - start < 2:
            return sha256().digest()  # no leaf at all: every single one is a root of its own
        middle = start + (1 << ((stop - start - 1).bit_length() - 1))
        return sha256(b"\1" + self._node(start, middle) + self._node(middle, stop)).digest()
