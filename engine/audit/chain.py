"""The hash chain of the ledger: each entry's bytes hold its position and the hash of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import orjson

from engine.audit.batches import BATCH, all_fit
from engine.audit.canonical import Json, canonical, digest
from engine.vocabulary import Text


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
class Verification:
    """What verifying found.

    Attributes:
        ok: Every entry fits.
        entries: Entries checked, the bad one included.
        head: Hash of the last entry that fits; None: there is none.
        first_bad: Position at which the first entry that does not fit was expected; None: all fit.
        problem: What is wrong with it; None: nothing.
        checkpoint: The newest signed note it agrees with; None: there is none, or none was looked at.
        misfits: What is stored elsewhere and is not as an entry says; `first_bad` is then the first such entry.
    """

    ok: bool
    entries: int
    head: str | None
    first_bad: int | None
    problem: Text | None
    checkpoint: str | None = None
    misfits: tuple[Text, ...] = ()


def entry_hash(body: bytes) -> str:
    """Hash of an entry's stored bytes.

    >>> entry_hash(b"{}")[:15]
    'sha256:44136fa3'
    """
    return digest(body)


def verify_chain(links: Iterable[Link], taken: Callable[[Sequence[Link]], int] = len) -> Verification:
    """Check a chain from its first entry on, in constant memory; stops at the first entry that does not fit.

    A chain somebody rehashed from an edited entry on, or cut off at its end, fits in itself: only a hash kept
    elsewhere shows that.

    Args:
        links: In the order of their positions.
        taken: Told of the links that fit, some at a time and in order; gives how many of them it agrees with. Where
            that is not all of them, nothing further is looked at.
    """
    head: str | None = None
    entries, rest = 0, iter(links)
    while batch := tuple(islice(rest, BATCH)):
        together = all_fit(batch, entries + 1, head)
        for piece in (batch,) if together else zip(batch, strict=True):
            problem = None if together else _problem(piece[0], entries + 1, head)
            if problem is not None:
                return Verification(False, entries + 1, head, entries + 1, problem)
            agreed = taken(piece)
            entries, head = entries + agreed, piece[agreed - 1].hash if agreed else head
            if agreed < len(piece):
                return Verification(True, entries, head, None, None)
    return Verification(True, entries, head, None, None)


def _problem(link: Link, expected: int, head: str | None) -> Text | None:
    if link.position != expected:
        return Text(
            f"Entry {expected} is missing: {link.position} follows.",
            f"缺少第 {expected} 条：其后是第 {link.position} 条。",
        )
    if entry_hash(link.body) != link.hash:
        return Text(f"The bytes of entry {expected} do not fit its hash.", f"第 {expected} 条的内容与其哈希不符。")
    if link.previous_hash != head:
        return Text(
            f"Entry {expected} does not name the hash of the one before.", f"第 {expected} 条没有指向前一条的哈希。"
        )
    return _disagreement(link, expected, head)


def _disagreement(link: Link, expected: int, head: str | None) -> Text | None:
    """A body that is no canonical object, or says something else than the columns beside it."""
    try:
        body: Any = orjson.loads(link.body)
        if not isinstance(body, dict) or canonical(body) != link.body:
            raise ValueError("not canonical")
    except (ValueError, RecursionError):
        return Text(f"The body of entry {expected} is not canonical JSON.", f"第 {expected} 条的内容不是规范 JSON。")
    beside: dict[str, Json] = {name: getattr(link, name) for name in ("kind", "at", "actor", "reason", "subject")}
    required: dict[str, Json] = {"position": expected, "previous_hash": head, **beside}
    for name, value in required.items():
        if name not in body or body[name] != value or type(body[name]) is not type(value):
            return Text(
                f"Entry {expected}: `{name}` beside the body is not what the body says.",
                f"第 {expected} 条：`{name}` 列与内容不一致。",
            )
    return None
