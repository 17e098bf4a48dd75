"""Made-up ledgers with their checkpoints, and every way to falsify them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from engine.audit import Link, Links, Verification, canonical, entry_hash, verify_chain
from engine.audit.chain import datum_of
from engine.audit.notes import Head, Signer
from engine.audit.sealed import origin_of
from engine.audit.tree import Tree

SEED = bytes(range(32))
SECOND = bytes(range(1, 33))


@dataclass(frozen=True)
class Sealed:
    """A ledger's lines with its checkpoints, the oldest first."""

    bodies: tuple[bytes, ...]
    notes: tuple[str, ...]

    @property
    def signed(self) -> int:
        """How many entries the newest checkpoint covers."""
        return int(self.notes[-1].split("\n")[1])


def written(position: int, previous: str | None, kind: str, body: object, actor: str = "crm-ops") -> bytes:
    """The bytes of one entry."""
    entry = {
        "position": position, "kind": kind, "at": f"2026-03-01T12:{position // 60 % 60:02}:{position % 60:02}.000000Z",
        "actor": actor, "reason": None, "subject": f"run:{position}", "previous_hash": previous, "body": body,
    }  # fmt: skip
    return canonical(entry)  # type: ignore[arg-type]


def sealed(entries: int, every: int, rotate_at: int | None = None) -> Sealed:
    """A ledger whose first entry announces the key, signed after every so many entries and at its end."""
    signer, tree, bodies, notes = Signer("first", SEED), Tree(), [], []
    previous, origin = None, ""
    for position in range(1, entries + 1):
        signers = [signer]
        kind, body = "RUN", {"root": "sha256:" + "0" * 64, "decided": position}
        if position == 1:
            kind, body = "KEY_ROTATED", {"key": signer.public.text, "before": None, "lost": False}
        elif position == rotate_at:
            new = Signer("second", SECOND)
            kind, body = "KEY_ROTATED", {"key": new.public.text, "before": signer.public.text, "lost": False}
            signers, signer = [signer, new], new
        bodies.append(written(position, previous, kind, body))
        previous = entry_hash(bodies[-1])
        origin = origin or origin_of(previous)
        tree.append(datum_of(previous))
        if position % every == 0 or position in (entries, rotate_at):
            head = Head(origin, position, tree.root(), "2026-03-01T12:00:00.000000Z")
            notes.append(signers[0].signed(head))
    return Sealed(tuple(bodies), tuple(notes))


def chained(links: Sequence[Link]) -> Verification:
    """What is found wrong with a chain."""
    return verify_chain([Links.of(links)])


def links(bodies: Sequence[bytes]) -> list[Link]:
    """The entries as a database holds them whose owner writes the other columns to fit."""

    found = []
    for body in bodies:
        entry = json.loads(body)
        beside = [entry.get(name) for name in ("kind", "at", "actor", "reason", "subject")]
        found.append(Link(entry.get("position", 0), body, entry_hash(body), entry.get("previous_hash"), *beside))
    return found


def falsified(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    """The same ledger, changed at or before its newest checkpoint in a way somebody might try."""
    return random.choice((_flipped, _deleted, _swapped, _cut, _rewritten, _inserted, _repeated))(whole, random)


def _flipped(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    place = random.randrange(whole.signed)
    body = bytearray(whole.bodies[place])
    body[random.randrange(len(body))] ^= 1 << random.randrange(8)
    return (*whole.bodies[:place], bytes(body), *whole.bodies[place + 1 :])


def _deleted(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    place = random.randrange(whole.signed)
    return whole.bodies[:place] + whole.bodies[place + 1 :]


def _swapped(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    one, other = random.sample(range(whole.signed), 2)
    bodies = list(whole.bodies)
    bodies[one], bodies[other] = bodies[other], bodies[one]
    return tuple(bodies)


def _cut(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    return whole.bodies[: random.randrange(1, whole.signed)]


def _rewritten(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    """An entry edited and everything after it hashed anew, as whoever owns the database can."""
    return rehashed(whole.bodies, random.randrange(whole.signed), actor=f"mallory-{random.randrange(9)}")


def _inserted(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    place = random.randrange(whole.signed)
    return rehashed((*whole.bodies[:place], whole.bodies[place], *whole.bodies[place:]), place, actor="mallory")


def _repeated(whole: Sealed, random: Random) -> tuple[bytes, ...]:
    place = random.randrange(whole.signed)
    return (*whole.bodies[: place + 1], *whole.bodies[place:])


def rehashed(bodies: Sequence[bytes], place: int, actor: str) -> tuple[bytes, ...]:
    """Entries from a place on numbered and linked anew, the first of them said to be somebody else's."""

    done = list(bodies[:place])
    for index, body in enumerate(bodies[place:], place):
        entry = json.loads(body)
        entry["position"], entry["previous_hash"] = index + 1, entry_hash(done[-1]) if done else None
        if index == place:
            entry["actor"] = actor
        done.append(canonical(entry))
    return tuple(done)
