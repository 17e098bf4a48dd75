"""Secrets of API tokens: made from chance, kept only as their hash."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "ts_"
"""By this people and secret scanners know a token of Touchstone."""

_SHAPE: Final = re.compile(r"ts_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Secret:
    """A new token: `text` is shown once; handle and digest are kept.

    Attributes:
        handle: Names the token without telling anything of its secret.
        digest: SHA-256 of the whole text, in hexadecimal.
    """

    text: str = field(repr=False)
    handle: str
    digest: str = field(repr=False)


def new_secret() -> Secret:
    """A token of 256 random bits behind a readable prefix and a handle.

    >>> new_secret().text.startswith("ts_")
    True
    """
    handle = secrets.token_hex(6)
    text = f"{PREFIX}{handle}_{secrets.token_urlsafe(32)}"
    return Secret(text, handle, digest_of_secret(text))


def handle_of(text: str) -> str | None:
    """The handle of a text that has the shape of a token; None: it has not."""
    match = _SHAPE.fullmatch(text)
    return None if match is None else match[1]


def digest_of_secret(text: str) -> str:
    """What is kept of a token. The secret is 256 random bits, so a slow hash would add nothing."""
    return hashlib.sha256(text.encode()).hexdigest()


def is_secret_of(text: str, digest: str) -> bool:
    """Whether a token is the one a digest was kept of; takes the same time wherever they differ."""
    return hmac.compare_digest(digest_of_secret(text), digest)


def seal_of_secret(digest: str) -> str:
    """What a token's entry in the ledger says of its secret: a hash of what is kept, so that nobody can swap that.

    >>> seal_of_secret(digest_of_secret("x"))[:14]
    'sha256:a57b595'
    """
    return f"sha256:{hashlib.sha256(digest.encode()).hexdigest()}"
