"""Entries of the ledger checked many at a time: whether all of them fit, and nothing about which does not.

Parsing, writing and comparing a list costs a fraction of doing the same entry by entry. Whoever gets a no looks at
the entries one by one, which finds the first that does not fit and says why.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from hashlib import sha256
from itertools import chain
from operator import itemgetter
from types import NoneType
from typing import TYPE_CHECKING, Any, Final

import orjson

from engine.vocabulary import EXACT_LIMIT

if TYPE_CHECKING:
    from engine.audit.links import Links

BATCH: Final = 128
"""Entries looked at together; what so many are parsed into stays near the processor."""

_BESIDE: Final = itemgetter("position", "previous_hash", "kind", "at", "actor", "reason", "subject")
_TEXTS: Final = {str, NoneType}
_PLAIN: Final = {str, NoneType, bool, int, dict, list}
_MEMBERS: Final = ("actor", "at", "body", "kind", "position", "previous_hash", "reason", "subject")
"""Members of an entry, in the order of canonical JSON; one with others needs a closer look."""


def data_that_fit(links: Links, first: int, head: str | None) -> list[bytes] | None:
    """What the ledger's tree is over, of links that all fit as `verify_chain` checks it: the 32 bytes of each hash.

    Args:
        first: Position the first of them must have.
        head: Hash of the entry before.

    Returns:
        None says no more than that they need a closer look.
    """
    data = [sha256(body).digest() for body in links.bodies]
    found = [f"sha256:{datum.hex()}" for datum in data]
    if [*links.hashes] != found or [*links.previous_hashes] != [head, *found[:-1]]:
        return None
    if [*links.positions] != [*range(first, first + len(links))]:
        return None
    entries, texts = _read(links.bodies), links.columns()[4:]
    if entries is None or any(not set(map(type, column)) <= _TEXTS for column in texts):
        return None
    said = list(map(_BESIDE, entries))
    beside = list(zip(links.positions, links.previous_hashes, *texts, strict=True))
    return data if said == beside and {type(one[0]) for one in said} == {int} else None


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
    if set(map(tuple, entries)) != {_MEMBERS} or not _are_plain([entry["body"] for entry in entries]):
        return None
    return entries


def _are_plain(values: list[Any]) -> bool:
    """Whether `canonical` writes them: no float, no number of 2^53 or more in size, no key that is not ASCII.

    Looked at level by level, as whole lists.
    """
    while values:
        kinds = set(map(type, values))
        if not kinds <= _PLAIN:
            return False
        numbers = [one for one in values if type(one) is int] if int in kinds else [0]
        if min(numbers) <= -EXACT_LIMIT or max(numbers) >= EXACT_LIMIT:
            return False
        objects = [one for one in values if type(one) is dict] if dict in kinds else []
        if not "".join(chain.from_iterable(objects)).isascii():
            return False
        values = [
            *chain.from_iterable(map(dict.values, objects)),
            *chain.from_iterable([one for one in values if type(one) is list] if list in kinds else ()),
        ]
    return True
