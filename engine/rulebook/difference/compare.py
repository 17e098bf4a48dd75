"""Two rule books side by side, item by item."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from engine.errors import Place
from engine.rulebook.book import Book
from engine.rulebook.difference.canonical import canonical, quoted, same
from engine.rulebook.difference.edit import Edit
from engine.rulebook.difference.effects import Effects
from engine.rulebook.difference.items import IN_ORDER, Item, parts_of, trees_of
from engine.rulebook.difference.sentences import sentence
from engine.rulebook.difference.steps import names_in
from engine.rulebook.loader import KNOWN
from engine.rulebook.strict import Broken

_WHOLE: Final = ("title", "curve", "bins")


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
    old, new = trees_of(before), trees_of(after)
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
            path=change.path,
        )
        for change in changes
    )


def _file_rank(path: tuple[str, ...]) -> int:
    return [name.removesuffix(".yaml") for name in KNOWN].index(path[0])


def _tables(path: tuple[str, ...], before: Mapping[str, Item], after: Mapping[str, Item]) -> Iterator[_Change]:
    for name in (*after, *(name for name in before if name not in after)):
        yield from _items((*path, name), before.get(name), after.get(name))


def _items(path: tuple[str, ...], before: Item | None, after: Item | None) -> Iterator[_Change]:
    """Edits of one item: those of its parts when both sides have parts, otherwise one."""
    if before is not None and after is not None:
        if same(before.node, after.node):
            return
        whole = path[-1] in _WHOLE and not names_in(path)[-1]
        old, new = (None, None) if whole else (parts_of(before.node), parts_of(after.node))
        if old is not None and new is not None:
            yield from _order(path, old, new, after.place)
            yield from _tables(path, old, new)
            return
    elif len(path) == 1 and (parts := parts_of((after or before or _NOTHING).node)) is not None:
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


_NOTHING: Final = Item(Broken(Place("", 1, 1)), Place("", 1, 1))


def _order(
    path: tuple[str, ...], before: Mapping[str, Item], after: Mapping[str, Item], place: Place
) -> Iterator[_Change]:
    """An edit for a new order of items that both sides have, where order means something."""
    if path[-1] not in IN_ORDER or names_in(path)[-1]:
        return
    old, new = [name for name in before if name in after], [name for name in after if name in before]
    if old != new:
        texts = ["[" + ", ".join(quoted(name) for name in names) + "]" for names in (old, new)]
        yield _Change((*path, "order"), texts[0], texts[1], place, removed=False)
