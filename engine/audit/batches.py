"""Entries of the ledger checked many at a time: whether all of them fit, and nothing about which does not.

Parsing, writing and comparing a list costs a fraction of doing the same entry by entry. Whoever gets a no looks at
the entries one by one, which finds the first that does not fit and says why.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from operator import itemgetter
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

import orjson

from engine.audit.canonical import digest
from engine.vocabulary import EXACT_LIMIT

if TYPE_CHECKING:
    from engine.audit.chain import Link

BATCH: Final = 128
"""Entries looked at together; what so many are parsed into stays near the processor."""

_BESIDE: Final = itemgetter("position", "previous_hash", "kind", "at", "actor", "reason", "subject")
_TEXTS: Final = {str, NoneType}
_MEMBERS: Final = {"position", "previous_hash", "kind", "at", "actor", "reason", "subject", "body"}
"""Members of an entry; one with others needs a closer look."""


def all_fit(links: Sequence[Link], first: int, head: str | None) -> bool:
    """Whether every link fits, as `verify_chain` checks it; False says no more than that they need a closer look.

    Args:
        first: Position the first of them must have.
        head: Hash of the entry before.
    """
    positions, bodies, hashes, previous, *texts = zip(*links, strict=True)
    found = list(map(digest, bodies))
    if [*hashes] != found or [*previous] != [head, *found[:-1]] or [*positions] != [*range(first, first + len(links))]:
        return False
    entries = _read(bodies)
    if entries is None or any(not set(map(type, column)) <= _TEXTS for column in texts):
        return False
    said = list(map(_BESIDE, entries))
    return said == list(zip(positions, previous, *texts, strict=True)) and {type(one[0]) for one in said} == {int}


def _read(bodies: Sequence[bytes]) -> list[dict[str, Any]] | None:
    """The entries that some bytes hold, if each is surely canonical JSON of an object by itself.

    They are read as one list. A text that whoever wrote the bytes could not know stands between them, so that none
    can end in the next one: if it stands at every second place, each of the others came from one entry's bytes alone.
    """
    mark = secrets.token_hex(16)
    between = f',"{mark}",'.encode()
    joined = b"".join((b'["', mark.encode(), b'",', between.join(bodies), between[:-1], b"]"))
    try:
        read: list[Any] = orjson.loads(joined)
    except (ValueError, RecursionError):
        return None
    entries = read[1::2]
    if len(read) != 2 * len(bodies) + 1 or set(map(type, entries)) != {dict}:
        return None
    if any(one != mark for one in read[::2]) or orjson.dumps(read, option=orjson.OPT_SORT_KEYS) != joined:
        return None
    return entries if all(entry.keys() == _MEMBERS and _is_plain(entry["body"]) for entry in entries) else None


def _is_plain(value: Any) -> bool:
    """Whether `canonical` writes it: no float, no number of 2^53 or more in size, no key that is not ASCII."""
    kind = type(value)
    if kind in _TEXTS or kind is bool:
        return True
    if kind is int:
        return bool(-EXACT_LIMIT < value < EXACT_LIMIT)
    if kind is dict:
        return all(map(str.isascii, value)) and all(map(_is_plain, value.values()))
    return kind is list and all(map(_is_plain, value))
