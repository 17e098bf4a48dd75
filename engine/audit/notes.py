"""Signed heads of the ledger's tree: the text of a checkpoint and its signature.

The text is that of C2SP tlog-checkpoint inside a C2SP signed-note: origin, number of entries, root in base64, the
instant as an extension line, an empty line, and a line `— NAME SIGNATURE` for each key, where SIGNATURE is base64 of
the key's four-byte id and an Ed25519 signature over the lines before the empty one.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_ED25519: Final = b"\x01"
"""The algorithm's byte in a key id."""

_DASH: Final = "\u2014 "


@dataclass(frozen=True, slots=True)
class Head:
    """What a checkpoint says.

    Attributes:
        origin: Which ledger it is about.
        entries: Size of the tree.
        root: Its root, 32 bytes.
        at: When it was taken, ISO 8601 in UTC.
    """

    origin: str
    entries: int
    root: bytes
    at: str

    @property
    def text(self) -> str:
        """The signed part, ended by a line feed."""
        return f"{self.origin}\n{self.entries}\n{b64encode(self.root).decode()}\n{self.at}\n"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signs checkpoints.

    Attributes:
        name: As signature lines name it; no spaces, no `+`.
        raw: The 32 bytes of an Ed25519 public key.
    """

    name: str
    raw: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes: the start of SHA-256 over name, line feed, algorithm and key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:4]

    @property
    def text(self) -> str:
        """The verifier key as signed-note writes it: `NAME+ID+KEY`."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(_ED25519 + self.raw).decode()}"


def read_key(text: str) -> PublicKey:
    """A public key as `PublicKey.text` writes it.

    Raises:
        ValueError: It is none, or its id does not fit it.
    """
    parts = text.split("+", 2)
    raw = _decoded(parts[-1])
    key = PublicKey(parts[0], raw[1:])
    if len(parts) != 3 or len(raw) != 33 or raw[:1] != _ED25519 or key.key_id.hex() != parts[1]:
        raise ValueError("this is no key of Ed25519")
    return key


class Signer:
    """A private key with its name."""

    def __init__(self, name: str, seed: bytes) -> None:
        """A key by its 32-byte seed.

        Raises:
            ValueError: Not 32 bytes, or a name with spaces or `+`.
        """
        if not name or any(sign.isspace() or sign == "+" for sign in name):
            raise ValueError(f"{name!r} cannot name a key")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(name, self._private.public_key().public_bytes_raw())

    def signed(self, head: Head) -> str:
        """The checkpoint: text and signature line."""
        signature = self.public.key_id + self._private.sign(head.text.encode())
        return f"{head.text}\n{_DASH}{self.public.name} {b64encode(signature).decode()}\n"


def read_note(note: str) -> Head:
    """What a checkpoint says, its signatures unchecked.

    Raises:
        ValueError: It is none.
    """
    text, found, _ = note.rpartition("\n\n")
    lines = text.split("\n")
    if not found or len(lines) < 4 or not lines[0]:
        raise ValueError("this is no checkpoint")
    origin, entries, root, at = lines[:4]
    if not (entries.isascii() and entries.isdecimal()) or (len(entries) > 1 and entries.startswith("0")):
        raise ValueError("the number of entries is no number")
    raw = _decoded(root)
    if len(raw) != 32:
        raise ValueError("the root has not 32 bytes")
    return Head(origin, int(entries), raw, at)


def signed_by(note: str, key: PublicKey) -> bool:
    """Whether a checkpoint carries a valid signature of a key; anything that is no checkpoint does not."""
    text, found, signatures = note.rpartition("\n\n")
    if not found:
        return False
    public = Ed25519PublicKey.from_public_bytes(key.raw)
    for line in signatures.splitlines():
        name, _, encoded = line.removeprefix(_DASH).rpartition(" ")
        if not line.startswith(_DASH) or name != key.name:
            continue
        try:
            signature = _decoded(encoded)
            if signature[:4] == key.key_id:
                public.verify(signature[4:], f"{text}\n".encode())
                return True
        except (ValueError, InvalidSignature):
            continue
    return False


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except NotBase64 as error:
        raise ValueError("this is no base64") from error
