"""Some of the edits between two rule books applied to the older one, without the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from engine.errors import Place
from engine.rulebook.book import Book
from engine.rulebook.difference.canonical import canonical, quoted
from engine.rulebook.difference.edit import Edit
from engine.rulebook.difference.items import BESIDE, IN_ORDER, Item, parts_of, trees_of
from engine.rulebook.strict import Node, Scalar, Series, SourceText, Table
from engine.rulebook.strict.located import Entry

Steps = tuple[str, ...]


def applied(before: Book, after: Book, edits: Iterable[Edit]) -> dict[str, str]:
    """The older book's files with some of the edits that lead to the newer one.

    What comes out is canonical YAML: it means what is meant, without layout and comments, and its places are its
    own. It need not make a book: an edit may need another one.

    Args:
        edits: Of `diff_books(before, after)`.

    Returns:
        Content by path, for `engine.rulebook.load_book`.
    """
    old, new = trees_of(before), trees_of(after)
    wanted: dict[str, list[Steps]] = {name: [] for name in old}
    for edit in edits:
        wanted.setdefault(edit.path[0], []).append(edit.path[1:])
    files: dict[str, str] = {}
    for name, paths in wanted.items():
        node = _merged(_node(old.get(name)), _node(new.get(name)), paths, name)
        if node is not None and not _is_empty(node):
            text = canonical(node)
            files[f"{name}.yaml"] = (f"{{{quoted(name)}: {text}}}" if name in BESIDE else text) + "\n"
    return files


def _node(item: Item | None) -> Node | None:
    return None if item is None else item.node


def _is_empty(node: Node) -> bool:
    return isinstance(node, Table) and not node.entries


def _merged(old: Node | None, new: Node | None, paths: Sequence[Steps], name: str) -> Node | None:
    """A node with the edits at these addresses below it; an empty address: the newer node as a whole."""
    if not paths:
        return old
    if () in paths:
        return new
    shape = new if old is None else old
    if isinstance(shape, Table):
        return _merged_table(_parts(old), _parts(new), paths, shape.place)
    assert isinstance(shape, Series)
    return _merged_series(_parts(old), _parts(new), paths, shape.place, name)


def _parts(node: Node | None) -> dict[str, Item]:
    return {} if node is None else parts_of(node) or {}


def _by_name(paths: Sequence[Steps]) -> dict[str, list[Steps]]:
    heads: dict[str, list[Steps]] = {}
    for first, *rest in paths:
        heads.setdefault(first, []).append(tuple(rest))
    return heads


def _merged_table(old: Mapping[str, Item], new: Mapping[str, Item], paths: Sequence[Steps], place: Place) -> Table:
    heads = _by_name(paths)
    entries: dict[str, Entry] = {}
    for name in (*old, *(name for name in new if name not in old)):
        node = _merged(_node(old.get(name)), _node(new.get(name)), heads.get(name, ()), name)
        if node is not None:
            entries[name] = Entry(_key(name), node)
    return Table(entries, place)


def _key(name: str) -> Scalar:
    return Scalar(name, name, '"', SourceText.of("", name), 0, len(name))


def _merged_series(
    old: Mapping[str, Item], new: Mapping[str, Item], paths: Sequence[Steps], place: Place, name: str
) -> Series:
    """A list: what is added stands behind the nearest item that stands before it in the newer list."""
    heads = _by_name(paths)
    reordered = name in IN_ORDER and "order" not in {*old, *new} and () in heads.get("order", ())
    kept = {item: _merged(node.node, _node(new.get(item)), heads.get(item, ()), item) for item, node in old.items()}
    found = {item: node for item, node in kept.items() if node is not None}
    order = list(found)
    if reordered:
        common = iter([item for item in new if item in found])
        order = [next(common) if item in new else item for item in order]
    before: str | None = None
    for item, node in new.items():
        if item not in old and item in heads:
            order.insert(0 if before is None else order.index(before) + 1, item)
            found[item] = node.node
        if item in found:
            before = item
    return Series(tuple(found[item] for item in order), place)
