"""The identity of a rule book: a hash over the names and bytes of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping


def revision_of(files: Mapping[str, bytes]) -> str:
    """The revision of some files.

    What is hashed: for every file in the order of its path (as UTF-8 bytes), the length of the path as
    an unsigned 64-bit big-endian number, the path, the length of the content likewise, the content.
    Lengths make the encoding unambiguous; one changed byte anywhere gives another revision.

    >>> revision_of({"a.yaml": b"x: 1"})[:14]
    'sha256:e1e350b'
    """
    digest = hashlib.sha256()
    for path, content in sorted((path.encode(), content) for path, content in files.items()):
        for part in (path, content):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return f"sha256:{digest.hexdigest()}"


def hash_of(content: bytes) -> str:
    """The hash of one file's bytes, as `sha256:` and hex digits."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
