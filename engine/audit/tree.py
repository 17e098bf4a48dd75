"""A Merkle tree that grows: only the roots of its full subtrees are kept (RFC 6962, section 2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from engine.audit.merkle import merkle_root

_HASH: Final = 32


class Tree:
    """The tree over data appended one after the other; memory grows with the logarithm of its size.

    Attributes:
        size: Data appended so far.

    >>> tree = Tree()
    >>> tree.append(b"")
    >>> tree.root().hex()[:8]
    '6e340b9c'
    """

    def __init__(self, size: int = 0, nodes: bytes = b"") -> None:
        """A tree as `size` and `nodes` described it.

        Raises:
            ValueError: Not as many nodes as a tree of that size has full subtrees.
        """
        if size < 0 or len(nodes) != _HASH * size.bit_count():
            raise ValueError(f"{len(nodes)} bytes are not the nodes of a tree of {size}")
        self.size = size
        self._nodes = [nodes[start : start + _HASH] for start in range(0, len(nodes), _HASH)]

    @property
    def nodes(self) -> bytes:
        """Roots of the full subtrees, largest first, 32 bytes each."""
        return b"".join(self._nodes)

    def append(self, datum: bytes) -> None:
        """Append one datum."""
        node = sha256(b"\0" + datum).digest()
        # As many full subtrees end here as the size has ones at its end.
        size = self.size
        while size & 1:
            node = sha256(b"\1" + self._nodes.pop() + node).digest()
            size >>= 1
        self._nodes.append(node)
        self.size += 1

    def extend(self, data: Iterable[bytes]) -> None:
        """Append data in their order; level by level, as whole lists, which takes half the time."""
        level = [sha256(b"\0" + datum).digest() for datum in data]
        self.size, size, roots = self.size + len(level), self.size, list[bytes]()
        while level:
            if size & 1:
                level.insert(0, self._nodes.pop())
            if len(level) & 1:
                roots.append(level.pop())
            level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[::2], level[1::2], strict=True)]
            size >>= 1
        self._nodes += reversed(roots)

    def grown(self, size: int, nodes: bytes) -> Tree:
        """This tree with the data of another one after its own; itself it stays as it is.

        Args:
            size, nodes: Of the other; it begins at a multiple of the least power of two that holds it.

        Raises:
            ValueError: It does not begin there.
        """
        other = Tree(size, nodes)
        if size == 0:
            return Tree(self.size, self.nodes)
        if self.size % (1 << (size - 1).bit_length()):
            raise ValueError(f"a tree of {size} cannot be joined after {self.size}")
        roots, whole, before = list(self._nodes), other._nodes, self.size // size
        while size.bit_count() == 1 and before & 1:
            whole, before = [sha256(b"\1" + roots.pop() + whole[0]).digest()], before >> 1
        return Tree(self.size + size, b"".join([*roots, *whole]))

    def root(self) -> bytes:
        """Root over all data, 32 bytes; of no data: SHA-256 of nothing."""
        if not self._nodes:
            return sha256().digest()
        node = self._nodes[-1]
        for left in reversed(self._nodes[:-1]):
            node = sha256(b"\1" + left + node).digest()
        return node


def consistency_path(data: Sequence[bytes], earlier: int) -> list[bytes]:
    """Nodes that show that a tree over the first data grew into the one over all (RFC 6962, 2.1.2).

    Raises:
        ValueError: There was no such earlier tree: its size is below 1 or above that of the data.
    """
    if not 1 <= earlier <= len(data):
        raise ValueError(f"there are {len(data)} data, no tree of {earlier}")
    return _subproof(list(data), earlier, whole=True)


def _subproof(data: list[bytes], earlier: int, *, whole: bool) -> list[bytes]:
    if earlier == len(data):
        return [] if whole else [merkle_root(data)]
    split = 1 << (len(data) - 1).bit_length() - 1
    if earlier <= split:
        return [*_subproof(data[:split], earlier, whole=whole), merkle_root(data[split:])]
    return [*_subproof(data[split:], earlier - split, whole=False), merkle_root(data[:split])]


def grew_from(earlier: int, earlier_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path shows that a tree is the continuation of an earlier one (RFC 9162, 2.1.4.2).

    Args:
        earlier: Size of the earlier tree, from 1.
        path: As `consistency_path` gives it.
    """
    if not 1 <= earlier <= size:
        return False
    if earlier == size:
        return not path and earlier_root == root
    nodes = [earlier_root, *path] if earlier.bit_count() == 1 else list(path)
    if not nodes:
        return False
    first, last = earlier - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if first & 1 or first == last:
            old, new = sha256(b"\1" + node + old).digest(), sha256(b"\1" + node + new).digest()
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            new = sha256(b"\1" + new + node).digest()
        first, last = first >> 1, last >> 1
    return last == 0 and old == earlier_root and new == root
