"""The hash chain of the ledger: each entry's bytes hold its position and the hash of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from engine.audit.batches import BATCH, data_that_fit
from engine.audit.canonical import Json, canonical, digest
from engine.audit.links import Link, Links
from engine.vocabulary import Text


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


def datum_of(entry_hash: str) -> bytes:
    """What the ledger's tree is over: the 32 bytes of an entry's hash.

    Raises:
        ValueError: No hash.
    """
    digits = entry_hash.removeprefix("sha256:")
    if len(digits) != 64 or digits == entry_hash:
        raise ValueError(f"{entry_hash!r} is no hash")
    return bytes.fromhex(digits)


def _all(links: Links, _data: Sequence[bytes]) -> int:
    return len(links)


def verify_chain(
    pieces: Iterable[Links],
    taken: Callable[[Links, Sequence[bytes]], int] = _all,
    after: int = 0,
    head: str | None = None,
) -> Verification:
    """Check a chain from its first entry on, in constant memory; stops at the first entry that does not fit.

    A chain somebody rehashed from an edited entry on, or cut off at its end, fits in itself: only a hash kept
    elsewhere shows that.

    Args:
        pieces: All entries in the order of their positions, some thousands in a piece.
        taken: Told of the links that fit, some at a time and in order, with the 32 bytes of each hash; gives how many
            of them it agrees with. Where that is not all of them, nothing further is looked at.
        after: The entry before the first one; 0: there is none.
        head: Hash of that one.
    """
    entries = after
    for batch in (piece.part(at, at + BATCH) for piece in pieces for at in range(0, len(piece), BATCH)):
        data = data_that_fit(batch, entries + 1, head)
        for part in (batch,) if data is not None else (batch.part(at, at + 1) for at in range(len(batch))):
            problem = _problem(part[0], entries + 1, head) if data is None else None
            if problem is not None:
                return Verification(False, entries + 1, head, entries + 1, problem)
            agreed = taken(part, data or [datum_of(part.hashes[0])])
            entries, head = entries + agreed, part.hashes[agreed - 1] if agreed else head
            if agreed < len(part):
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
