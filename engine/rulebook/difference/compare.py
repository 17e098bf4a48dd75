"""Two rule books side by side, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.errors import Place
from engine.rulebook.addresses import identity
from engine.rulebook.book import Book
from engine.rulebook.difference.canonical import canonical, quoted, same
from engine.rulebook.difference.edit import Edit
from engine.rulebook.difference.effects import Effects
from engine.rulebook.difference.sentences import sentence
from engine.rulebook.loader import KNOWN
from engine.rulebook.strict import Broken, Findings, Node, Series, SourceText, Table, read_tree

_IN_ORDER: Final = ("tiers", "force", "lifecycle")
_WHOLE: Final = ("title", "curve", "bins")
_BESIDE: Final = ("metrics", "lifecycle")
"""Files whose only key repeats their name; addresses say it once."""


@dataclass(frozen=True, slots=True)
class _Item:
    """Something with an address; `place` is that of its key or of the list item."""

    node: Node
    place: Place


@dataclass(frozen=True, slots=True)
class _Change:
    path: tuple[str, ...]
    before: str | None
    after: str | None
    place: Place
    removed: bool


def diff_books(before: Book | None, after: Book) -> tuple[Edit, ...]:
    """The semantic edits that lead from one book to another, by place.

    Comments, layout, the order of keys and the order of lists that have none are no edits.

    Args:
        before: None: everything is new.
    """
    old, new = _tree(before), _tree(after)
    effects = Effects(before, after)
    changes = sorted(_tables((), old, new), key=lambda change: (_file_rank(change.path), change.place, change.path))
    return tuple(
        Edit(
            item=".".join(change.path),
            effect=effects.of(change.path, change.before, change.after),
            before=change.before,
            after=change.after,
            text=sentence(change.path, change.before, change.after),
            place=None if change.removed else change.place,
        )
        for change in changes
    )


def _file_rank(path: tuple[str, ...]) -> int:
    return [name.removesuffix(".yaml") for name in KNOWN].index(path[0])


def _tree(book: Book | None) -> dict[str, _Item]:
    """Each file as one item under its name."""
    found: dict[str, _Item] = {}
    for file in book.files if book else ():
        name = file.path.removesuffix(".yaml")
        node = read_tree(SourceText.of(file.path, file.text), Findings())
        if name in _BESIDE and isinstance(node, Table) and name in node.entries:
            node = node.entries[name].value
        found[name] = _Item(node, Place(file.path, 1, 1))
    return found


def _tables(path: tuple[str, ...], before: Mapping[str, _Item], after: Mapping[str, _Item]) -> Iterator[_Change]:
    for name in (*after, *(name for name in before if name not in after)):
        yield from _items((*path, name), before.get(name), after.get(name))


def _items(path: tuple[str, ...], before: _Item | None, after: _Item | None) -> Iterator[_Change]:
    """Edits of one item: those of its parts when both sides have parts, otherwise one."""
    if before is not None and after is not None:
        if same(before.node, after.node):
            return
        whole = path[-1] in _WHOLE
        old, new = (None, None) if whole else (_parts(before.node), _parts(after.node))
        if old is not None and new is not None:
            yield from _order(path, old, new, after.place)
            yield from _tables(path, old, new)
            return
    elif len(path) == 1 and (parts := _parts((after or before or _NOTHING).node)) is not None:
        # A whole file came or went: tell its first level.
        yield from _tables(path, parts if before else {}, parts if after else {})
        return
    if before is None and after is None:
        return
    place = after.place if after else before.place if before else _NOTHING.place
    yield _Change(
        path,
        canonical(before.node) if before else None,
        canonical(after.node) if after else None,
        place,
        after is None,
    )


_NOTHING: Final = _Item(Broken(Place("", 1, 1)), Place("", 1, 1))


def _parts(node: Node) -> dict[str, _Item] | None:
    """Parts by name: keys of a mapping, or items of a list that have names; None: it is one value."""
    if isinstance(node, Table):
        return {key: _Item(entry.value, entry.key.place) for key, entry in node.entries.items()}
    if not isinstance(node, Series):
        return None
    parts: dict[str, _Item] = {}
    for item in node.items:
        name = identity(item)
        if name is None:
            return None
        number = 2
        while name in parts:
            name, number = f"{name.split('#')[0]}#{number}", number + 1
        parts[name] = _Item(item, item.place)
    return parts


def _order(
    path: tuple[str, ...], before: Mapping[str, _Item], after: Mapping[str, _Item], place: Place
) -> Iterator[_Change]:
    """An edit for a new order of items that both sides have, where order means something."""
    if path[-1] not in _IN_ORDER:
        return
    old, new = [name for name in before if name in after], [name for name in after if name in before]
    if old != new:
        texts = ["[" + ", ".join(quoted(name) for name in names) + "]" for names in (old, new)]
        yield _Change((*path, "order"), texts[0], texts[1], place, removed=False)
