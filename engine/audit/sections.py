"""A chain checked section by section, each by itself: several processes may share the work, and one puts it together.

Each section is told the hash that the entry before it has in the store, and whoever puts them together compares that
with what the section before found. So all of them fit if and only if the chain fits as a whole; where one does not, the
chain is checked from its beginning, which finds the first entry that does not fit and says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.audit.chain import Verification, verify_chain
from engine.audit.links import Links
from engine.audit.sealed import Watch, stopping
from engine.audit.tree import Tree

SECTION: Final = 1 << 13
"""Entries of a section: a power of two, so that its tree is a subtree of the whole one."""


@dataclass(frozen=True, slots=True)
class Stop:
    """An entry after which there is something to compare: a checkpoint, or a key that may be announced.

    Attributes:
        size: Entries of the section up to it.
        nodes: Of the tree over these.
        body: Its bytes.
    """

    size: int
    nodes: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Section:
    """What was found in a section that fits.

    Attributes:
        before: Hash of the entry before, as it was told; None: it is the first section.
        head: Hash of its last entry.
        origin: Hash of its first entry.
        nodes: Of the tree over its entries.
    """

    before: str | None
    head: str | None
    origin: str
    entries: int
    nodes: bytes
    stops: tuple[Stop, ...]


def check_section(pieces: Iterable[Links], first: int, before: str | None, sizes: Sequence[int]) -> Section | None:
    """Check the entries of a section.

    Args:
        pieces: All of them, as for `verify_chain`.
        first: Position of its first entry.
        before: Hash of the entry before that; None: there is none.
        sizes: Rising numbers of entries of the whole ledger that a checkpoint is over.

    Returns:
        None: one does not fit.
    """
    tree, stops, origins = Tree(), list[Stop](), list[str]()

    def take(links: Links, data: Sequence[bytes]) -> int:
        origins.append(links.hashes[0])
        done = 0
        for place in stopping(links, sizes):
            tree.extend(data[done : place + 1])
            done = place + 1
            stops.append(Stop(tree.size, tree.nodes, links.bodies[place]))
        tree.extend(data[done:])
        return len(links)

    found = verify_chain(pieces, take, first - 1, before)
    if not found.ok or not origins:
        return None
    return Section(before, found.head, origins[0], tree.size, tree.nodes, tuple(stops))


def verify_sections(sections: Iterable[Section | None], notes: Iterable[str]) -> Verification | None:
    """Put sections together as `verify_sealed` would have checked them.

    Args:
        sections: In the order of their positions, all but the last of `SECTION` entries.
        notes: Checkpoints from wherever they are kept, in any order.

    Returns:
        None: something does not fit, and `verify_sealed` says what.
    """
    watch, entries = Watch(notes), 0
    head: str | None = None
    for section in sections:
        if section is None or section.before != head or watch.problem is not None or not watch.join(section):
            return None
        entries, head = entries + section.entries, section.head
    if watch.problem is not None or watch.too_long(entries) is not None:
        return None
    return Verification(True, entries, head, None, None, watch.newest)
