"""The key that signs checkpoints: a file of its own, never in the database."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from engine.access import open_private
from engine.audit.notes import Signer
from engine.errors import InputError
from engine.vocabulary import Text


def signer_of(file: Path) -> Signer | None:
    """The key in a file; None: there is no such file.

    Raises:
        InputError: The file cannot be read, or holds no Ed25519 key.
    """
    try:
        pem = file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unusable(file, str(error.strerror)) from error
    try:
        private = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable(file, "no private key in PEM") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _unusable(file, "not an Ed25519 key")
    return _named(private)


def new_signer(file: Path) -> Signer:
    """Make a key and write it into a new file that only its owner can read.

    Raises:
        InputError: The file is there already, or cannot be written.
    """
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with open_private(file, new=True) as opened:
            opened.write(pem)
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise _unusable(file, str(error.strerror)) from error
    return _named(private)


def _named(private: Ed25519PrivateKey) -> Signer:
    """The key, named by its own first digits: names of rotated keys differ."""
    digits = private.public_key().public_bytes_raw().hex()[:8]
    return Signer(f"touchstone-{digits}", private.private_bytes_raw())


def _unusable(file: Path, why: str) -> InputError:
    return InputError(
        Text(f"The signing key {file} cannot be used: {why}.", f"签名密钥 {file} 无法使用：{why}。"),
        Text(
            "Set TOUCHSTONE_SIGNING_KEY to its file, or give it back its content.",
            "请用 TOUCHSTONE_SIGNING_KEY 指定密钥文件，或恢复该文件的内容。",
        ),
    )
