"""Entries of the ledger as they are stored, one by one or column by column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Link(NamedTuple):
    """One entry as stored.

    Attributes:
        position: From 1, without gaps.
        body: The exact bytes `hash` is over: canonical JSON of an object.
        hash: As `entry_hash` gives it.
        previous_hash: Hash of the entry before; None for the first.
        kind, at, actor, reason, subject: Stored beside the body for searching; each must equal the body's member of
            that name.
    """

    position: int
    body: bytes
    hash: str
    previous_hash: str | None
    kind: str
    at: str
    actor: str
    reason: str | None
    subject: str | None


@dataclass(frozen=True, slots=True)
class Links:
    """Some entries, one after the other, as columns: so a database gives them, and so they are compared quickest.

    Attributes: as those of `Link`, each a column.
    """

    positions: Sequence[int]
    bodies: Sequence[bytes]
    hashes: Sequence[str]
    previous_hashes: Sequence[str | None]
    kinds: Sequence[str]
    at: Sequence[str]
    actors: Sequence[str]
    reasons: Sequence[str | None]
    subjects: Sequence[str | None]

    @staticmethod
    def of(links: Sequence[Link]) -> Links:
        """Entries as columns."""
        return Links(*(zip(*links, strict=True) if links else [()] * len(Link._fields)))

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, place: int) -> Link:
        return Link(*(column[place] for column in self.columns()))

    def part(self, start: int, end: int) -> Links:
        """Those from one place up to another, that one excluded."""
        return Links(*(column[start:end] for column in self.columns()))

    def columns(self) -> tuple[Sequence[Any], ...]:
        """All of them, in the order of `Link`."""
        return (
            self.positions, self.bodies, self.hashes, self.previous_hashes,
            self.kinds, self.at, self.actors, self.reasons, self.subjects,
        )  # fmt: skip
