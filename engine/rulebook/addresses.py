"""Where something of a rule book is written, by its address: `b2b.scorecard.criteria.payment.weight`."""

from __future__ import annotations

from typing import Final

from engine.errors import Place
from engine.rulebook.book import Book
from engine.rulebook.strict import Findings, Node, Scalar, Series, SourceText, Table, read_tree

IDENTITIES: Final = ("name", "key", "tag", "stage", "else")
"""Keys by which an item of a list is known."""

Step = str | int


class Addresses:
    """The places of everything written in a book's files; each file is read once, when it is first asked for."""

    def __init__(self, book: Book) -> None:
        self._texts = {file.path.removesuffix(".yaml"): file for file in book.files}
        self._trees: dict[str, Node] = {}

    def written(self, *steps: Step) -> bool:
        """Something stands at an address."""
        return self._found(steps)[1]

    def place(self, *steps: Step) -> Place:
        """The place of what stands at an address, or of the nearest thing around it that is written.

        Args:
            steps: The file without its ending, then keys of mappings, names or positions of list items.
        """
        return self._found(steps)[0]

    def _found(self, steps: tuple[Step, ...]) -> tuple[Place, bool]:
        file = str(steps[0])
        if file not in self._texts:
            return Place(f"{file}.yaml", 1, 1), False
        if file not in self._trees:
            known = self._texts[file]
            self._trees[file] = read_tree(SourceText.of(known.path, known.text), Findings())
        node, place = self._trees[file], Place(f"{file}.yaml", 1, 1)
        for step in steps[1:]:
            inner = _inner(node, step)
            if inner is None:
                return place, False
            node = inner
            place = node.place
        return place, True


def _inner(node: Node, step: Step) -> Node | None:
    if isinstance(node, Table):
        entry = node.entries.get(str(step))
        return entry.value if entry is not None else None
    if not isinstance(node, Series):
        return None
    if isinstance(step, int):
        return node.items[step] if step < len(node.items) else None
    return next((item for item in node.items if identity(item) == step), None)


def identity(node: Node) -> str | None:
    """The name of a list item."""
    for key in IDENTITIES:
        entry = node.entries.get(key) if isinstance(node, Table) else None
        if entry is not None and isinstance(entry.value, Scalar):
            return entry.value.text
    return None
