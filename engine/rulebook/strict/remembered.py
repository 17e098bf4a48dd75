"""Trees of files that were read lately: the same text at the same path is the same tree.

Whoever publishes, compares or proposes rules reads the same files several times over, and of a draft
only the file that was edited is new. Only files without any finding are remembered: what is wrong
with a file is found again for each who asks.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from engine.rulebook.strict.located import Node

_MOST_BYTES: Final = 32_000_000
"""Of all remembered trees together; the shipped book takes 2 MB."""
_NODE_BYTES: Final = 400
_FILE_BYTES: Final = 1_000

_Key = tuple[str, str]


class Remembered:
    """Trees by path and text, those not asked for longest forgotten first; threads share it.

    Args:
        most: How many bytes all of them may take together, roughly.
    """

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._most = most
        self._trees: OrderedDict[_Key, tuple[Node, int]] = OrderedDict()
        self._taken = 0
        self._lock = Lock()

    def find(self, path: str, text: str, room: int) -> tuple[Node, int] | None:
        """The tree with its number of nodes; None: not remembered, or of more than `room` nodes."""
        with self._lock:
            found = self._trees.get((path, text))
            if found is None or found[1] > room:
                return None
            self._trees.move_to_end((path, text))
            return found

    def keep(self, path: str, text: str, tree: Node, nodes: int) -> None:
        """Remember a tree of so many nodes."""
        with self._lock:
            if (path, text) in self._trees:  # another thread read it at the same time
                return
            self._trees[path, text] = tree, nodes
            self._taken += _bytes(text, nodes)
            while self._taken > self._most:
                (_, gone), (_, its) = self._trees.popitem(last=False)
                self._taken -= _bytes(gone, its)

    def __len__(self) -> int:
        return len(self._trees)


def _bytes(text: str, nodes: int) -> int:
    return _FILE_BYTES + 2 * len(text) + _NODE_BYTES * nodes  # two: most texts have Chinese in them
