"""A ledger beside its signed heads: the chain by itself, and whether it is the one that was signed.

An edited and rehashed ledger, or one cut off, fits in itself. A checkpoint tells, and one kept where the database's
owner cannot reach tells even if the key was stolen: everything up to the newest such checkpoint is proven, what came
after it by the chain alone.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import orjson

from engine.audit.chain import Verification, verify_chain
from engine.audit.links import Links
from engine.audit.notes import Head, PublicKey, read_key, read_note, signed_by
from engine.audit.tree import Tree
from engine.vocabulary import EntryKind, Text

if TYPE_CHECKING:
    from engine.audit.sections import Section

_ANNOUNCING: Final = EntryKind.KEY_ROTATED.value


def origin_of(first_hash: str) -> str:
    """The ledger's name in its checkpoints: no two ledgers begin with the same entry."""
    return f"touchstone.ledger/{first_hash.removeprefix('sha256:')[:16]}"


@dataclass(frozen=True, slots=True)
class Announcement:
    """A key that a KEY_ROTATED entry announces.

    Attributes:
        first: It says that no key was before it, which only the first one may say.
        lost: The key before was lost, so nobody vouches for this one.
    """

    key: PublicKey
    first: bool
    lost: bool


def announcement_of(body: bytes) -> Announcement | None:
    """What an entry announces; None: it is of another kind, or announces no key."""
    entry: Any = orjson.loads(body)
    if entry.get("kind") != _ANNOUNCING:
        return None
    try:
        said = entry["body"]
        return Announcement(read_key(str(said["key"])), said["before"] is None, bool(said["lost"]))
    except (KeyError, TypeError, ValueError):
        return None


def verify_sealed(pieces: Iterable[Links], notes: Iterable[str]) -> Verification:
    """Check a chain from its first entry on and every checkpoint against it; memory grows with the notes alone.

    Args:
        pieces: As for `verify_chain`.
        notes: Checkpoints from wherever they are kept, in any order.

    Returns:
        `first_bad` of a checkpoint that does not fit: the first entry after the newest one before it that does.
    """
    watch = Watch(notes)
    found = verify_chain(pieces, watch.take)
    if found.ok and watch.problem is not None:
        found = Verification(False, found.entries, found.head, watch.proven + 1, watch.problem)
    elif found.ok and (cut := watch.too_long(found.entries)) is not None:
        found = Verification(False, found.entries, found.head, found.entries + 1, cut)
    return replace(found, checkpoint=watch.newest)


def stopping(links: Links, sizes: Sequence[int]) -> list[int]:
    """Where among some links there is something to look at: a checkpoint, or a key that may be announced.

    Args:
        sizes: Rising numbers of entries that a checkpoint is over.
    """
    first = links.positions[0]
    due = sizes[bisect_left(sizes, first) : bisect_left(sizes, first + len(links))]
    announcing = [place for place, kind in enumerate(links.kinds) if kind == _ANNOUNCING]
    return sorted({*(size - first for size in due), *announcing})


class Watch:
    """The tree and the announced keys while a chain is checked, compared with the checkpoints as they come up.

    Attributes:
        sizes: Rising numbers of entries that a checkpoint is over.
        problem: What does not fit; None: nothing yet.
        proven: Entries up to the newest checkpoint that fits; `newest` is its text.
    """

    def __init__(self, notes: Iterable[str]) -> None:
        self.problem: Text | None = None
        self.proven = 0
        self.newest: str | None = None
        self.sizes: list[int] = []
        self._tree, self._origin = Tree(), ""
        self._keys: list[PublicKey] = []
        self._due: dict[int, dict[str, Head]] = defaultdict(dict)
        for note in notes:
            try:
                head = read_note(note)
            except ValueError:
                self.problem = Text("A stored checkpoint cannot be read.", "有一个检查点无法读取。")
                return
            self._due[head.entries][note] = head
        self.sizes = sorted(self._due)

    def take(self, links: Links, data: Sequence[bytes]) -> int:
        """Take in links that fit; gives how many of them agree with the checkpoints, that with a misfit included."""
        if self.problem is not None:
            return 0
        if not self._tree.size:
            self._origin = origin_of(links.hashes[0])
        done = 0
        for place in stopping(links, self.sizes):
            self._tree.extend(data[done : place + 1])
            done = place + 1
            if not self._agrees(links.bodies[place]):
                return done
        self._tree.extend(data[done:])
        return len(links)

    def join(self, section: Section) -> bool:
        """Take in a section, which begins where the one before ends; gives whether it agrees with the checkpoints."""
        before = self._tree
        if not before.size:
            self._origin = origin_of(section.origin)
        for stop in section.stops:
            self._tree = before.grown(stop.size, stop.nodes)
            if not self._agrees(stop.body):
                return False
        self._tree = before.grown(section.entries, section.nodes)
        return True

    def too_long(self, entries: int) -> Text | None:
        """A checkpoint over more entries than there are."""
        most = max(self._due, default=0)
        if most <= entries:
            return None
        return Text(
            f"The ledger ends after entry {entries}; a checkpoint was signed over {most}.",
            f"账本止于第 {entries} 条；而某检查点签署了 {most} 条。",
        )

    def _agrees(self, body: bytes) -> bool:
        """Take in what the newest link announces, and compare the checkpoints over the entries up to it."""
        announced = announcement_of(body)
        if announced is not None and (announced.lost or (announced.first and not self._keys)):
            self._keys.append(announced.key)
        for note, head in self._due.get(self._tree.size, {}).items():
            self.problem = self.problem or self._misfit(note, head)
        if self._tree.size in self._due and self.problem is None:
            self.proven, self.newest = self._tree.size, next(iter(self._due[self._tree.size]))
            if announced is not None:  # a key we trust has signed the entry that names the next one
                self._keys.append(announced.key)
        return self.problem is None

    def _misfit(self, note: str, head: Head) -> Text | None:
        size = head.entries
        if head.origin != self._origin:
            return Text(
                f"The checkpoint over {size} entries is another ledger's ({head.origin}).",
                f"覆盖 {size} 条的检查点属于另一账本（{head.origin}）。",
            )
        if head.root != self._tree.root():
            first = min(self.proven + 1, size)  # two checkpoints may be over the same entries
            return Text(
                f"Entries {first} to {size} are not the ones that a checkpoint was signed over.",
                f"第 {first} 至 {size} 条与已签署的检查点不符。",
            )
        if not any(signed_by(note, key) for key in self._keys):
            return Text(
                f"The checkpoint over {size} entries carries no signature of a key the ledger announced.",
                f"覆盖 {size} 条的检查点没有账本所公布密钥的签名。",
            )
        return None
