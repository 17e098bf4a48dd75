"""Rule files as trees of items with names: what edits are told of and applied to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.errors import Place
from engine.rulebook.addresses import identity
from engine.rulebook.book import Book, RuleFile
from engine.rulebook.strict import Findings, Node, Series, SourceText, Table, read_tree

IN_ORDER: Final = ("tiers", "force", "lifecycle")
"""Lists whose order means something."""
BESIDE: Final = ("metrics", "lifecycle")
"""Files whose only key repeats their name; addresses say it once."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something with an address; `place` is that of its key or of the list item."""

    node: Node
    place: Place


def trees_of(book: Book | None) -> dict[str, Item]:
    """Each file as one item under its name."""
    return {file.path.removesuffix(".yaml"): tree_of(file) for file in (book.files if book else ())}


def tree_of(file: RuleFile) -> Item:
    """A file as one item."""
    name = file.path.removesuffix(".yaml")
    node = read_tree(SourceText.of(file.path, file.text), Findings())
    if name in BESIDE and isinstance(node, Table) and name in node.entries:
        node = node.entries[name].value
    return Item(node, Place(file.path, 1, 1))


def parts_of(node: Node) -> dict[str, Item] | None:
    """Parts by name: keys of a mapping, or items of a list that have names; None: it is one value."""
    if isinstance(node, Table):
        return {key: Item(entry.value, entry.key.place) for key, entry in node.entries.items()}
    if not isinstance(node, Series):
        return None
    parts: dict[str, Item] = {}
    for item in node.items:
        name = identity(item)
        if name is None:
            return None
        number = 2
        while name in parts:
            name, number = f"{name.split('#')[0]}#{number}", number + 1
        parts[name] = Item(item, item.place)
    return parts
