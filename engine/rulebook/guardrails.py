"""The limits a rule book sets to its own change, one by one and with their places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.errors import Place
from engine.rulebook.book import Book
from engine.rulebook.difference.items import Item, parts_of, tree_of
from engine.rulebook.parts.header import FILE

MAX_MOVED: Final = "max_moved"
MAX_MOVED_DOWN: Final = "max_moved_down_from"


@dataclass(frozen=True, slots=True)
class Guardrail:
    """How many customers a change of rules may move.

    Attributes:
        name: `max_moved`, or `max_moved_down_from.A`.
        tier: Key of the tier that customers move down from; None: any move counts.
        limit: Share in 0.000001.
    """

    name: str
    tier: str | None
    limit: int
    place: Place


def guardrails_of(live: Book, candidate: Book) -> tuple[Guardrail, ...]:
    """The guardrails a candidate is judged by: of each the stricter one of the two books.

    So no edit loosens the limit it is judged by, and one that tightens it is judged by what it says.
    """
    found = {guardrail.name: guardrail for guardrail in _declared(live)}
    for guardrail in _declared(candidate):
        known = found.get(guardrail.name)
        if known is None or guardrail.limit < known.limit:
            found[guardrail.name] = guardrail
    return tuple(found.values())


def _declared(book: Book) -> list[Guardrail]:
    places = _places(book)
    found = []
    moved, down = book.guardrails.get(MAX_MOVED), book.guardrails.get(MAX_MOVED_DOWN)
    if isinstance(moved, int):
        found.append(Guardrail(MAX_MOVED, None, moved, places[MAX_MOVED]))
    if isinstance(down, Mapping):
        for tier, limit in down.items():
            name = f"{MAX_MOVED_DOWN}.{tier}"
            found.append(Guardrail(name, tier, limit, places[name]))
    return found


def _places(book: Book) -> dict[str, Place]:
    """Where each guardrail stands, by name."""
    header = next(file for file in book.files if file.path == FILE)
    items = _below({FILE: tree_of(header)}, FILE, "guardrails")
    down = _below(items, MAX_MOVED_DOWN)
    places = {name: item.place for name, item in items.items()}
    return {**places, **{f"{MAX_MOVED_DOWN}.{tier}": item.place for tier, item in down.items()}}


def _below(items: Mapping[str, Item], *keys: str) -> Mapping[str, Item]:
    """The parts of a part; empty where there is none."""
    for key in keys:
        items = (parts_of(items[key].node) or {}) if key in items else {}
    return items
